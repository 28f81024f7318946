/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_ENTRY_COMMON_H
#define __ASM_UM_ENTRY_COMMON_H

#include <linux/randomize_kstack.h>
#include <linux/timex.h>

/* Where the next call of the task begins on its stack; guest_call() goes by it. */
static inline void arch_exit_to_user_mode_prepare(struct pt_regs *regs, unsigned long work)
{
	choose_random_kstack_offset((u32)get_cycles());
}
#define arch_exit_to_user_mode_prepare arch_exit_to_user_mode_prepare

#endif
