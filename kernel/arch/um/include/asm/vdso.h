/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_VDSO_H
#define __ASM_UM_VDSO_H

struct mm_struct;

extern const char um_vdso_start[], um_vdso_end[];

#endif
