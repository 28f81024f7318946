// SPDX-License-Identifier: GPL-2.0-only
/* trap.c - faults of guest code, as the host's signals report them; faults of the kernel. */
#include <linux/extable.h>
#include <linux/kasan.h>
#include <linux/kdebug.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/panic.h>
#include <linux/uaccess.h>
#include <host/process.h>
#include <host/start.h>
#include <asm/task_regs.h>
#include <asm/trapnr.h>
#include <asm/um_user.h>

#define STATUS_FAULT	1	/* as of a panic */

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

static void trap_ill(struct pt_regs *regs, const struct um_trap *trap)
{
	if (trap->vector != X86_TRAP_UD && is_refused_call(regs))
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

static void trap_debug(struct pt_regs *regs, const struct um_trap *trap)
{
	if (trap->vector == X86_TRAP_BP)
		force_sig(SIGTRAP);
	else
		um_debug_trap(regs, trap->code);
}

/* Without an address of its own a SIGSEGV shows the last fault's vector. */
static bool is_page_fault(const struct um_trap *trap)
{
	return trap->vector == X86_TRAP_PF &&
	       (trap->signal == SIGBUS || (trap->signal == SIGSEGV && trap->code != SI_KERNEL));
}

void um_trap_keep(const struct um_trap *trap)
{
	struct thread_struct *t = &current->thread;

	t->trap_nr = trap->vector;
	t->error_code = trap->error_code;
	if (trap->vector == X86_TRAP_PF)
		t->cr2 = trap->addr;
}

void um_trap(struct pt_regs *regs, const struct um_trap *trap)
{
	if (is_page_fault(trap)) {
		um_page_fault(regs, trap);
		return;
	}
	um_trap_keep(trap);
	switch (trap->signal) {
	case SIGBUS:
		if (trap->vector == X86_TRAP_AC)
			force_sig_fault(SIGBUS, BUS_ADRALN, NULL);
		else
			force_sig(SIGBUS);
		break;
	case SIGFPE:
		trap_fpe(regs, trap->code);
		break;
	case SIGILL:
		trap_ill(regs, trap);
		break;
	case SIGTRAP:
		trap_debug(regs, trap);
		break;
	default:	/* SIGSEGV without an address; a report that the guest made up */
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

/* The page below the stack of interrupts, or that of the current task. */
bool um_stack_guard_holds(unsigned long addr)
{
	unsigned long stack = (unsigned long)task_stack_page(current);

	return addr - (unsigned long)um_irq_stack.guard < sizeof(um_irq_stack.guard) ||
	       (IS_ENABLED(CONFIG_VMAP_STACK) && addr - (stack - PAGE_SIZE) < PAGE_SIZE);
}

void um_kernel_fault(int sig, int code, unsigned long addr, unsigned long ip, unsigned long sp,
		     unsigned long bp)
{
	struct pt_regs regs = { .ip = ip, .sp = sp, .bp = bp };
	static unsigned int depth;

	/* One more fault while the first is told is told too, then it is enough. */
	if (depth++ > 1)
		host_exit(STATUS_FAULT);
	host_irq_enabled = ARCH_IRQ_DISABLED;
	bust_spinlocks(1);
	if (um_stack_guard_holds(addr))
		pr_emerg("kernel stack overflow: the stack of %s\n",
			 um_irq_stack_holds(sp + PAGE_SIZE) ? "interrupts" : "a task");
	pr_emerg("kernel fault: signal %d, code %d, address %lx, at %pS, stack %lx, task %s\n",
		 sig, code, addr, (void *)ip, sp, current->comm);
	kasan_non_canonical_hook(addr);
	show_regs(&regs);
	panic("kernel fault");
}
