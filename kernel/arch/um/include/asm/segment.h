/* SPDX-License-Identifier: GPL-2.0-only */
/* The selectors that 64-bit Linux programs see. */
#ifndef __ASM_UM_SEGMENT_H
#define __ASM_UM_SEGMENT_H

#define __USER32_CS	0x23
#define __USER_DS	0x2b
#define __USER_CS	0x33

#endif
