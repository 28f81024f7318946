/* SPDX-License-Identifier: GPL-2.0-only */
/* mmap() as x86-64 has it; mm/unmapped_area.c knows its extra flag. */
#ifndef __ASM_UM_MMAN_H
#define __ASM_UM_MMAN_H

#include <uapi/asm/mman.h>

#define HAVE_ARCH_UNMAPPED_AREA
#define HAVE_ARCH_UNMAPPED_AREA_TOPDOWN

#endif
