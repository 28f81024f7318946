// SPDX-License-Identifier: GPL-2.0-only
/*
 * kasan.c - the start of KASAN.
 *
 * The shadow of every address that the kernel process can have is mapped before the first
 * instruction of the guest kernel (host/start.c), so pages of vmalloc and modules need no
 * shadow of their own: generic KASAN clears and poisons it in place.
 */
#include <linux/build_bug.h>
#include <linux/init.h>
#include <linux/kasan.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

void __init kasan_init(void)
{
	BUILD_BUG_ON(KASAN_SHADOW_OFFSET != KASAN_SHADOW_START);
	BUILD_BUG_ON(KASAN_SHADOW_OFFSET + (1UL << (47 - KASAN_SHADOW_SCALE_SHIFT)) != KASAN_SHADOW_END);
	init_task.kasan_depth = 0;
	pr_info("KernelAddressSanitizer initialized (generic)\n");
}
