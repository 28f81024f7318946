// SPDX-License-Identifier: GPL-2.0-only
/*
 * step.c - single steps, and the debug registers that are made of them.
 *
 * A single step is the processor's trap flag, set in the registers that the carrier
 * resumes with.  thread.stepping remembers that it was not the program who set it, so
 * that the program does not see it, and keeps its own.
 *
 * The host's debug registers are out of reach.  A traced task that has some set runs in
 * steps that its tracer does not hear of (thread.watching).  After each, the watched words
 * are compared with what was in them, and the address of the next instruction with the
 * watched code.  What differs from a processor: a store of the value that is there already
 * is none, a store by a system call or by another thread is one, reads cannot be watched,
 * and a program that pushes its flags finds the trap flag in them.
 */
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <uapi/asm/debugreg.h>
#include <asm/processor-flags.h>
#include <asm/task_regs.h>
#include <asm/trapnr.h>

#define WATCHES		(DR_LASTADDR + 1)
#define DR_ENABLED(i)	(3UL << ((i) * 2))	/* local or global: the same here */
#define DR_ANY_ENABLED	0xffUL

/**
 * struct um_watch - a task's debug registers
 * @addr: dr0 to dr3
 * @dr7: which of them count, and how
 * @seen: contents of the watched words when they were last looked at
 */
struct um_watch {
	unsigned long addr[WATCHES];
	unsigned long dr7;
	u64 seen[WATCHES];
};

/* ------------------------------------------------------------ steps */

/*
 * Is the next instruction one that loads the flags (popf, iret)?  Then it decides about
 * the trap flag, and what it leaves there is the program's.
 */
static bool next_insn_loads_flags(struct task_struct *task)
{
	static const u8 prefixes[] = {
		0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3,
	};
	struct pt_regs *regs = task_pt_regs(task);
	u8 insn[15];
	int len, i;

	len = access_process_vm(task, regs->ip, insn, sizeof(insn), FOLL_FORCE);
	for (i = 0; i < len; i++) {
		if (insn[i] == 0x9d || insn[i] == 0xcf)
			return true;
		if (!memchr(prefixes, insn[i], sizeof(prefixes)) &&
		    !(regs->cs == __USER_CS && (insn[i] & 0xf0) == 0x40))
			return false;
	}
	return false;
}

/* Sets the trap flag; false if the program itself had it set. */
static bool arm_step(struct task_struct *task)
{
	struct pt_regs *regs = task_pt_regs(task);
	bool own = (regs->flags & X86_EFLAGS_TF) && !task->thread.stepping;

	/* A step into a system call ends behind it, before the next instruction. */
	set_task_syscall_work(task, SYSCALL_EXIT_TRAP);
	regs->flags |= X86_EFLAGS_TF;
	task->thread.stepping = !own && !next_insn_loads_flags(task);
	return !own;
}

static void disarm_step(struct task_struct *task)
{
	clear_task_syscall_work(task, SYSCALL_EXIT_TRAP);
	task->thread.watching = false;
	if (task->thread.stepping) {
		task->thread.stepping = false;
		task_pt_regs(task)->flags &= ~X86_EFLAGS_TF;
	}
}

static bool has_watches(struct task_struct *task)
{
	struct um_watch *watch = task->thread.watch;

	return task->ptrace && watch && watch->dr7 & DR_ANY_ENABLED;
}

static void arm_watches(struct task_struct *task)
{
	if (has_watches(task) && !test_tsk_thread_flag(task, TIF_SINGLESTEP))
		task->thread.watching = arm_step(task);
}

void user_enable_single_step(struct task_struct *task)
{
	set_tsk_thread_flag(task, TIF_SINGLESTEP);
	task->thread.watching = false;
	arm_step(task);
}

void user_disable_single_step(struct task_struct *task)
{
	clear_tsk_thread_flag(task, TIF_SINGLESTEP);
	disarm_step(task);
	arm_watches(task);
}

void um_step_hide(void)
{
	disarm_step(current);
}

void um_step_resume(void)
{
	arm_watches(current);
}

/* ------------------------------------------------------------ debug registers */

static unsigned int watch_kind(unsigned long dr7, int i)
{
	return dr7 >> (DR_CONTROL_SHIFT + i * DR_CONTROL_SIZE) & 3;
}

static unsigned int watch_length(unsigned long dr7, int i)
{
	unsigned int bits = dr7 >> (DR_CONTROL_SHIFT + i * DR_CONTROL_SIZE) & 0xc;

	return bits == DR_LEN_8 ? 8 : (bits >> 2) + 1;
}

static bool watch_valid(const struct um_watch *watch, unsigned long dr7, int i)
{
	unsigned int length = watch_length(dr7, i);

	switch (watch_kind(dr7, i)) {
	case DR_RW_EXECUTE:
		return length == 1;
	case DR_RW_WRITE:
		return watch->addr[i] % length == 0;
	default:
		return false;
	}
}

/* Looks at a watched word: has it changed since the last time? */
static bool watch_changed(struct task_struct *task, struct um_watch *watch, int i)
{
	unsigned int length = watch_length(watch->dr7, i);
	u64 now = 0;
	bool changed;

	if (access_process_vm(task, watch->addr[i], &now, length, FOLL_FORCE) != length)
		return false;
	changed = now != watch->seen[i];
	watch->seen[i] = now;
	return changed;
}

static unsigned long watch_hits(struct task_struct *task, unsigned long ip)
{
	struct um_watch *watch = task->thread.watch;
	unsigned long hits = 0;
	int i;

	if (!has_watches(task))
		return 0;
	for (i = 0; i < WATCHES; i++) {
		if (!(watch->dr7 & DR_ENABLED(i)))
			continue;
		if (watch_kind(watch->dr7, i) == DR_RW_WRITE ? watch_changed(task, watch, i) :
							       watch->addr[i] == ip)
			hits |= DR_TRAP0 << i;
	}
	return hits;
}

unsigned long um_debugreg_get(struct task_struct *task, unsigned int reg)
{
	struct um_watch *watch = task->thread.watch;

	if (reg == DR_STATUS)
		return task->thread.dr6 ^ DR6_RESERVED;
	if (!watch)
		return 0;
	if (reg == DR_CONTROL)
		return watch->dr7;
	return reg <= DR_LASTADDR ? watch->addr[reg] : 0;
}

static int set_control(struct task_struct *task, struct um_watch *watch, unsigned long dr7)
{
	int i;

	for (i = 0; i < WATCHES; i++)
		if (dr7 & DR_ENABLED(i) && !watch_valid(watch, dr7, i))
			return -EINVAL;
	watch->dr7 = dr7;
	for (i = 0; i < WATCHES; i++)
		watch_changed(task, watch, i);
	return 0;
}

static int set_address(struct task_struct *task, struct um_watch *watch, unsigned int reg,
		       unsigned long addr)
{
	unsigned long old = watch->addr[reg];

	if (addr >= TASK_SIZE)
		return -EINVAL;
	watch->addr[reg] = addr;
	if (watch->dr7 & DR_ENABLED(reg) && !watch_valid(watch, watch->dr7, reg)) {
		watch->addr[reg] = old;
		return -EINVAL;
	}
	watch_changed(task, watch, reg);
	return 0;
}

int um_debugreg_set(struct task_struct *task, unsigned int reg, unsigned long value)
{
	struct um_watch *watch = task->thread.watch;

	if (reg == DR_STATUS) {
		task->thread.dr6 = value ^ DR6_RESERVED;
		return 0;
	}
	if (reg != DR_CONTROL && reg > DR_LASTADDR)
		return -EIO;
	if (!watch) {
		if (!value)
			return 0;
		watch = kzalloc(sizeof(*watch), GFP_KERNEL);
		if (!watch)
			return -ENOMEM;
		task->thread.watch = watch;
	}
	return reg == DR_CONTROL ? set_control(task, watch, value) :
				   set_address(task, watch, reg, value);
}

void um_debugregs_free(struct task_struct *task)
{
	kfree(task->thread.watch);
	task->thread.watch = NULL;
	task->thread.dr6 = 0;
}

/* ------------------------------------------------------------ traps */

/* Returns the si_code of the signal that a step's end is, 0 if it is nobody's. */
static int step_ended(struct pt_regs *regs, int code)
{
	struct thread_struct *t = &current->thread;
	unsigned long hits = watch_hits(current, regs->ip);

	t->dr6 = hits | (t->watching ? 0 : DR_STEP);
	if (!t->watching)
		return code;
	if (hits)
		return TRAP_HWBKPT;
	if (has_watches(current))
		arm_watches(current);
	else
		disarm_step(current);	/* its tracer is gone */
	return 0;
}

static void send_trap(struct pt_regs *regs, int code)
{
	if (code)
		force_sig_fault(SIGTRAP, code, (void __user *)regs->ip);
}

void um_debug_trap(struct pt_regs *regs, int code)
{
	/* icebp */
	if (code == TRAP_BRKPT)
		send_trap(regs, code);
	else
		send_trap(regs, step_ended(regs, TRAP_TRACE));
}

/*
 * The step that ended behind a system call, reported as native Linux does.  Where the tracer
 * asked for no step it may have asked for the stop that generic code left out for this one.
 */
void user_single_step_report(struct pt_regs *regs)
{
	bool watching = current->thread.watching;

	current->thread.trap_nr = X86_TRAP_DB;
	current->thread.error_code = 0;
	send_trap(regs, step_ended(regs, TRAP_BRKPT));
	if (watching && test_syscall_work(SYSCALL_TRACE))
		ptrace_report_syscall(PTRACE_EVENTMSG_SYSCALL_EXIT);
}
