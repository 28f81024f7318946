/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_VDSO_CLOCKSOURCE_H
#define __ASM_UM_VDSO_CLOCKSOURCE_H

/* The clocksource counts by um_hostclock_read(). */
#define VDSO_ARCH_CLOCKMODES	VDSO_CLOCKMODE_HOSTCLOCK

#endif
