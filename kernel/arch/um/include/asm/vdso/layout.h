/* SPDX-License-Identifier: GPL-2.0-only */
/* The data pages in front of the vDSO, for its linker script and for those who map it. */
#ifndef __ASM_UM_VDSO_LAYOUT_H
#define __ASM_UM_VDSO_LAYOUT_H

#define VVAR_DATA		0	/* struct vdso_data, of the time namespace if in one */
#define VVAR_HOSTCLOCK		1	/* struct um_hostclock */
#define VVAR_TIMENS		2	/* in a time namespace: the system's struct vdso_data */
#define VVAR_PAGES		3

#endif
