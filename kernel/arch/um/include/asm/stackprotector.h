/* SPDX-License-Identifier: GPL-2.0-only */
/* stackprotector.h - one canary for all kernel stacks: there is no thread pointer to find others by. */
#ifndef __ASM_UM_STACKPROTECTOR_H
#define __ASM_UM_STACKPROTECTOR_H

#include <linux/sched.h>
#include <linux/stackprotector.h>

extern unsigned long __stack_chk_guard;

static __always_inline void boot_init_stack_canary(void)
{
	unsigned long canary = get_random_canary();

	current->stack_canary = canary;
	__stack_chk_guard = canary;
}

#endif
