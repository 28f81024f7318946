/* SPDX-License-Identifier: GPL-2.0-only */
/* entry.S - the first instructions: from the host's stack to the first kernel stack. */
#include <linux/init.h>
#include <asm/thread_info.h>

	.text
	.globl	_start
_start:
	xor	%ebp, %ebp
	mov	%rsp, %rdi
	lea	init_stack + THREAD_SIZE - 256(%rip), %rsp
	call	host_start
	ud2

	.section .note.GNU-stack, "", @progbits
