/* SPDX-License-Identifier: GPL-2.0-only */
/* nofault.S - copying kernel memory that may not be mapped. */
#include <linux/linkage.h>

/* unsigned long um_copy_nofault(void *to, const void *from, unsigned long len) */
	.text
	.balign	16
	.globl	um_copy_nofault
um_copy_nofault:
	mov	%rdx, %rcx
1:	rep movsb
2:	mov	%rcx, %rax
	ret

	.section __ex_table, "a"
	.balign	4
	.long	1b - .
	.long	2b - .
	.long	0
	.previous

	.section .note.GNU-stack, "", @progbits
