/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's view of the data that the vDSO reads. */
#ifndef __ASM_UM_VDSO_VSYSCALL_H
#define __ASM_UM_VDSO_VSYSCALL_H

#ifndef __ASSEMBLY__

#include <linux/timekeeper_internal.h>
#include <vdso/datapage.h>

/* In guest RAM: the kernel's own image cannot be mapped into guest processes. */
extern struct vdso_data *um_vdso_data;

static __always_inline struct vdso_data *um_k_vdso_data(void)
{
	return um_vdso_data;
}
#define __arch_get_k_vdso_data	um_k_vdso_data

#include <asm-generic/vdso/vsyscall.h>

#endif
#endif
