/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_EXTABLE_H
#define __ASM_UM_EXTABLE_H

/* An instruction that may fault, and where to go on if it does; both relative. */
struct exception_table_entry {
	int insn, fixup;
	int data;
};
#define ARCH_HAS_RELATIVE_EXTABLE

#include <asm/extable_fixup_types.h>

struct pt_regs;
bool um_fixup_exception(unsigned long *ip);

#endif
