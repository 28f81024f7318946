/* SPDX-License-Identifier: GPL-2.0-only */
/* image.S - the linked vDSO, as data of the kernel; copied to pages that guests may map. */
#include <linux/linkage.h>
#include <asm/page.h>

	.section .rodata, "a"
	.balign	16
	.globl	um_vdso_start
um_vdso_start:
	.incbin	"arch/um/vdso/vdso.so"
	.globl	um_vdso_end
um_vdso_end:

	.section .note.GNU-stack, "", @progbits
