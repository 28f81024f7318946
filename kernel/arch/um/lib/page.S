/* SPDX-License-Identifier: GPL-2.0-only */
/* page.S - whole pages, by the processor's fast string operations. */
#include <linux/export.h>
#include <linux/linkage.h>
#include <asm/page.h>

	.text

/* void clear_page(void *page) */
SYM_FUNC_START(clear_page)
	mov	$(PAGE_SIZE / 8), %ecx
	xor	%eax, %eax
	rep stosq
	RET
SYM_FUNC_END(clear_page)
EXPORT_SYMBOL(clear_page)

/* void copy_page(void *to, void *from) */
SYM_FUNC_START(copy_page)
	mov	$(PAGE_SIZE / 8), %ecx
	rep movsq
	RET
SYM_FUNC_END(copy_page)
EXPORT_SYMBOL(copy_page)

	.section .note.GNU-stack, "", @progbits
