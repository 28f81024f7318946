/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_CURRENT_H
#define __ASM_UM_CURRENT_H

#ifndef __ASSEMBLY__

struct task_struct;

/*
 * The task on each virtual CPU; written by __switch_to() only.  gdb's helpers (scripts/gdb, the
 * function lx_current) look for it by these names.
 */
extern struct um_cpu_task {
	struct task_struct *task;
} cpu_tasks[];

#define current		(cpu_tasks[0].task)

#endif
#endif
