/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_ENTRY_COMMON_H
#define __ASM_UM_ENTRY_COMMON_H

/* The generic hooks of kernel/entry/common.c do all that this port needs. */

#endif
