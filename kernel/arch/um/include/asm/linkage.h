/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_LINKAGE_H
#define __ASM_UM_LINKAGE_H

#undef notrace
#define notrace		__attribute__((no_instrument_function))

#define __ALIGN		.balign 16, 0x90
#define __ALIGN_STR	".balign 16, 0x90"
#define RET		ret
#define ASM_RET		"ret\n\t"
#define SYM_FUNC_ALIAS_MEMFUNC	SYM_FUNC_ALIAS_WEAK

#endif
