/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The register file of a guest task, in the order of x86-64's user_regs_struct.
 *
 * During a plain system call only the call's number, arguments and address are known;
 * the rest is still in the carrier.  um_regs_pull() fetches it (kernel/user.c).
 */
#ifndef __ASM_UM_PTRACE_H
#define __ASM_UM_PTRACE_H

#include <uapi/asm/ptrace.h>
#include <asm/segment.h>
#include <asm/processor-flags.h>

#ifndef __ASSEMBLY__

#include <linux/types.h>

struct task_struct;

struct pt_regs {
	unsigned long r15, r14, r13, r12;
	unsigned long bp, bx;
	unsigned long r11, r10, r9, r8;
	unsigned long ax, cx, dx, si, di;
	unsigned long orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};

/* Kernel code has a code segment of 0; guest code keeps its own. */
static inline bool user_mode(const struct pt_regs *regs)
{
	return regs->cs != 0;
}

static inline bool regs_irqs_disabled(const struct pt_regs *regs)
{
	/* Interrupts are only ever delivered to code that has them on. */
	return false;
}
#define regs_irqs_disabled regs_irqs_disabled

static inline unsigned long instruction_pointer(const struct pt_regs *regs)	{ return regs->ip; }
static inline unsigned long user_stack_pointer(const struct pt_regs *regs)	{ return regs->sp; }
static inline unsigned long kernel_stack_pointer(const struct pt_regs *regs)	{ return regs->sp; }
static inline unsigned long frame_pointer(const struct pt_regs *regs)		{ return regs->bp; }
static inline unsigned long regs_return_value(const struct pt_regs *regs)	{ return regs->ax; }
static inline void regs_set_return_value(struct pt_regs *regs, unsigned long v)	{ regs->ax = v; }
static inline void instruction_pointer_set(struct pt_regs *regs, unsigned long ip) { regs->ip = ip; }

#define profile_pc(regs)		instruction_pointer(regs)
#define GET_IP(regs)			((regs)->ip)

#define current_user_stack_pointer()	(task_pt_regs(current)->sp)
#define current_pt_regs()		task_pt_regs(current)

#define arch_has_single_step()		(1)
#define ARCH_HAS_USER_SINGLE_STEP_REPORT

/*
 * A stop under ptrace shows all registers: fetch them before the task stops.
 */
bool um_regs_partial(void);
void um_regs_pull(void);
#define arch_ptrace_stop_needed()	um_regs_partial()
#define arch_ptrace_stop()		um_regs_pull()

#endif /* __ASSEMBLY__ */
#endif
