/* SPDX-License-Identifier: GPL-2.0-only */
/* What seccomp, ptrace and audit ask about the system call of a task. */
#ifndef __ASM_UM_SYSCALL_H
#define __ASM_UM_SYSCALL_H

#include <uapi/linux/audit.h>
#include <linux/sched.h>
#include <linux/err.h>
#include <asm/ptrace.h>

typedef long (*sys_call_ptr_t)(unsigned long, unsigned long, unsigned long,
			       unsigned long, unsigned long, unsigned long);
extern const sys_call_ptr_t sys_call_table[];

static inline int syscall_get_nr(struct task_struct *tsk, struct pt_regs *regs)
{
	return regs->orig_ax;
}

static inline void syscall_rollback(struct task_struct *tsk, struct pt_regs *regs)
{
	regs->ax = regs->orig_ax;
}

static inline long syscall_get_error(struct task_struct *tsk, struct pt_regs *regs)
{
	return IS_ERR_VALUE(regs->ax) ? regs->ax : 0;
}

static inline long syscall_get_return_value(struct task_struct *tsk, struct pt_regs *regs)
{
	return regs->ax;
}

static inline void syscall_set_return_value(struct task_struct *tsk, struct pt_regs *regs,
					    int error, long val)
{
	regs->ax = (long)error ?: val;
}

static inline void syscall_get_arguments(struct task_struct *tsk, struct pt_regs *regs,
					 unsigned long *args)
{
	args[0] = regs->di;
	args[1] = regs->si;
	args[2] = regs->dx;
	args[3] = regs->r10;
	args[4] = regs->r8;
	args[5] = regs->r9;
}

static inline int syscall_get_arch(struct task_struct *tsk)
{
	return AUDIT_ARCH_X86_64;
}

/* The guest's vDSO holds no code that calls the kernel by syscall user dispatch. */
bool arch_syscall_is_vdso_sigreturn(struct pt_regs *regs);
#define arch_syscall_is_vdso_sigreturn arch_syscall_is_vdso_sigreturn

#endif
