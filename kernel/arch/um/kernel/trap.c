// SPDX-License-Identifier: GPL-2.0-only
/* trap.c - faults of guest code, as the host's signals report them; faults of the kernel. */
#include <linux/extable.h>
#include <linux/kdebug.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/panic.h>
#include <linux/uaccess.h>
#include <host/process.h>
#include <host/start.h>
#include <asm/trapnr.h>
#include <asm/um_user.h>

/*
 * Two host calls pass every seccomp filter (uretprobe, uprobe); the host answers the
 * first with SIGILL.  To the guest they do not exist.
 */
static bool is_refused_call(struct pt_regs *regs)
{
	u8 insn[2];

	return regs->ax == -1UL && !copy_from_user(insn, (void __user *)(regs->ip - 2), 2) &&
	       insn[0] == 0x0f && insn[1] == 0x05;
}

static void trap_ill(struct pt_regs *regs)
{
	if (current->thread.trap_nr != X86_TRAP_UD && is_refused_call(regs))
		regs->ax = -ENOSYS;
	else
		force_sig_fault(SIGILL, ILL_ILLOPN, (void __user *)regs->ip);
}

/* Of the code only what the processor could have meant is passed on. */
static void trap_fpe(struct pt_regs *regs, int code)
{
	if (code < FPE_INTDIV || code > FPE_FLTSUB)
		code = FPE_FLTUNK;
	force_sig_fault(SIGFPE, code, (void __user *)regs->ip);
}

static void trap_debug(struct pt_regs *regs, int code)
{
	if (current->thread.trap_nr == X86_TRAP_BP)
		force_sig(SIGTRAP);
	else
		force_sig_fault(SIGTRAP, code == TRAP_BRKPT ? TRAP_BRKPT : TRAP_TRACE,
				(void __user *)regs->ip);
}

void um_trap(struct pt_regs *regs, unsigned int signal, int code)
{
	struct thread_struct *t = &current->thread;

	switch (signal) {
	case SIGSEGV:
		/* Without an address of its own the frame shows the last fault's vector. */
		if (t->trap_nr == X86_TRAP_PF && code != SI_KERNEL)
			um_page_fault(regs, t->cr2, t->error_code);
		else
			force_sig(SIGSEGV);
		break;
	case SIGBUS:
		if (t->trap_nr == X86_TRAP_PF)
			um_page_fault(regs, t->cr2, t->error_code);
		else if (t->trap_nr == X86_TRAP_AC)
			force_sig_fault(SIGBUS, BUS_ADRALN, NULL);
		else
			force_sig(SIGBUS);
		break;
	case SIGFPE:
		trap_fpe(regs, code);
		break;
	case SIGILL:
		trap_ill(regs);
		break;
	case SIGTRAP:
		trap_debug(regs, code);
		break;
	default:	/* the guest made up a report, or used int $0x80 */
		force_sig(SIGSEGV);
	}
}

bool um_fixup_exception(unsigned long *ip)
{
	const struct exception_table_entry *entry = search_exception_tables(*ip);

	if (!entry)
		return false;
	*ip = (unsigned long)&entry->fixup + entry->fixup;
	return true;
}

void um_kernel_fault(int sig, int code, unsigned long addr, unsigned long ip, unsigned long sp,
		     unsigned long bp)
{
	struct pt_regs regs = { .ip = ip, .sp = sp, .bp = bp };

	host_irq_enabled = ARCH_IRQ_DISABLED;
	bust_spinlocks(1);
	pr_emerg("kernel fault: signal %d, code %d, address %lx, at %pS, stack %lx, task %s\n",
		 sig, code, addr, (void *)ip, sp, current->comm);
	show_regs(&regs);
	panic("kernel fault");
}
