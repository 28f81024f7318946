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

#endif
