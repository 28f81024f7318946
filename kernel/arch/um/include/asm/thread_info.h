/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_THREAD_INFO_H
#define __ASM_UM_THREAD_INFO_H

#include <asm/page.h>

#ifdef CONFIG_KASAN
#define THREAD_SIZE_ORDER	3
#else
#define THREAD_SIZE_ORDER	2
#endif
#define THREAD_SIZE		(PAGE_SIZE << THREAD_SIZE_ORDER)

#ifndef __ASSEMBLY__

#include <linux/types.h>

struct thread_info {
	unsigned long flags;
	unsigned long syscall_work;
	int preempt_count;
	u32 cpu;
};

#define INIT_THREAD_INFO(tsk)							\
{										\
	.flags = 0,								\
	.preempt_count = INIT_PREEMPT_COUNT,					\
}

#endif

#define TIF_NOTIFY_RESUME	1	/* callback before returning to the guest */
#define TIF_SIGPENDING		2
#define TIF_NEED_RESCHED	3
#define TIF_SINGLESTEP		4	/* step on return to the guest */
#define TIF_NOTIFY_SIGNAL	5
#define TIF_MEMDIE		6
#define TIF_POLLING_NRFLAG	7
#define TIF_RESTORE_SIGMASK	8
#define TIF_UPROBE		9

#define _TIF_NOTIFY_RESUME	(1 << TIF_NOTIFY_RESUME)
#define _TIF_SIGPENDING		(1 << TIF_SIGPENDING)
#define _TIF_NEED_RESCHED	(1 << TIF_NEED_RESCHED)
#define _TIF_SINGLESTEP		(1 << TIF_SINGLESTEP)
#define _TIF_NOTIFY_SIGNAL	(1 << TIF_NOTIFY_SIGNAL)
#define _TIF_UPROBE		(1 << TIF_UPROBE)

#endif
