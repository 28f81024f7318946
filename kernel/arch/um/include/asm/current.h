/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_CURRENT_H
#define __ASM_UM_CURRENT_H

#ifndef __ASSEMBLY__

struct task_struct;

/* The task on the virtual CPU; written by __switch_to() only. */
extern struct task_struct *um_current;

#define current		um_current

#endif
#endif
