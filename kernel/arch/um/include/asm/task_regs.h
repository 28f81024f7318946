/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The registers of guest tasks, as system calls and debuggers change them: what may be
 * put into them.
 */
#ifndef __ASM_UM_TASK_REGS_H
#define __ASM_UM_TASK_REGS_H

#include <linux/types.h>
#include <asm/processor-flags.h>
#include <asm/ptrace.h>
#include <asm/segment.h>

struct task_struct;

/* The flags that a program may set for itself, and a debugger for it. */
#define UM_USER_FLAGS								\
	(X86_EFLAGS_AC | X86_EFLAGS_OF | X86_EFLAGS_DF | X86_EFLAGS_TF |	\
	 X86_EFLAGS_SF | X86_EFLAGS_ZF | X86_EFLAGS_AF | X86_EFLAGS_PF |	\
	 X86_EFLAGS_CF | X86_EFLAGS_RF)

/**
 * um_selectors_valid() - could guest code run with these?
 * @cs: code segment: 64 bit, or the 32-bit one of the same program
 * @ss: stack segment
 *
 * With any other, the stub's iretq would fault.
 */
static inline bool um_selectors_valid(unsigned long cs, unsigned long ss)
{
	return (cs == __USER_CS || cs == __USER32_CS) && ss == __USER_DS;
}

/**
 * um_arch_prctl() - arch_prctl(2) on a task
 * @task: current, or a task stopped under ptrace; its registers are full
 * @option: ARCH_*
 * @arg: address, or where the result goes in the memory of current
 *
 * Return: 0 or -errno.
 */
long um_arch_prctl(struct task_struct *task, int option, unsigned long arg);

/** um_step_hide() - take the trap flag of a tracer out of current's registers. */
void um_step_hide(void);

/** um_step_resume() - set it again if debug registers need it. */
void um_step_resume(void);

/**
 * um_debug_trap() - serve the processor's debug exception in guest code
 * @regs: of current
 * @code: si_code that the host gave to it
 */
void um_debug_trap(struct pt_regs *regs, int code);

/**
 * um_debugreg_get() - a debug register of a stopped task
 * @task: whose
 * @reg: 0 to 7
 */
unsigned long um_debugreg_get(struct task_struct *task, unsigned int reg);

/**
 * um_debugreg_set() - write one
 * @task: a task stopped under ptrace
 * @reg: 0 to 7
 * @value: as the processor defines it
 *
 * Return: 0, -EIO for one that there is not, -EINVAL for what cannot be watched, or -ENOMEM.
 */
int um_debugreg_set(struct task_struct *task, unsigned int reg, unsigned long value);

/** um_debugregs_free() - clear all debug registers of a task. */
void um_debugregs_free(struct task_struct *task);

#endif
