/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_EXEC_H
#define __ASM_UM_EXEC_H

/* Where a new program's stack begins: randomised within a page or two. */
unsigned long arch_align_stack(unsigned long sp);

#endif
