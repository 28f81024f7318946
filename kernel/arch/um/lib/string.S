/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * string.S - memcpy, memmove and memset.
 *
 * A long one is a string operation, which the processor turns into whole cache lines but
 * takes some dozens of cycles to start.  Up to 32 bytes all is loaded, then all stored, by
 * pieces that overlap in the middle.  In between, a loop moves 32 bytes a turn and leaves
 * 1 to 32 for the end.  Loading before storing makes all but the string operation right
 * for overlapping buffers, if the loop runs in the right direction.
 *
 * rdi = to, rsi = from or value, rdx = length; rax = to.
 */
#include <linux/export.h>
#include <linux/linkage.h>

#define SHORT	32
#define LONG	256	/* the string operation wins */
#define NEAR	64	/* the string operation is slow on an overlap as close as this */

	.text

/* void *memcpy(void *to, const void *from, size_t len) */
SYM_FUNC_START(__memcpy)
	mov	%rdi, %rax
	cmp	$SHORT, %rdx
	jbe	.Lmove_short
.Lmove_any:
	cmp	$LONG, %rdx
	jb	.Lmove_up
	mov	%rdx, %rcx
	rep movsb
	RET

.Lmove_up:
	mov	(%rsi), %rcx
	mov	8(%rsi), %r8
	mov	16(%rsi), %r9
	mov	24(%rsi), %r10
	add	$32, %rsi
	mov	%rcx, (%rdi)
	mov	%r8, 8(%rdi)
	mov	%r9, 16(%rdi)
	mov	%r10, 24(%rdi)
	add	$32, %rdi
	sub	$32, %rdx
	cmp	$SHORT, %rdx
	ja	.Lmove_up

.Lmove_short:
	cmp	$16, %edx
	ja	.Lmove_17_32
	cmp	$8, %edx
	jae	.Lmove_8_16
	cmp	$4, %edx
	jae	.Lmove_4_7
	test	%edx, %edx
	jz	.Lmoved
	movzbl	(%rsi), %ecx
	movzbl	-1(%rsi, %rdx), %r8d
	mov	%rdx, %r9
	shr	%r9
	movzbl	(%rsi, %r9), %r10d	/* of three the middle, of two the last, of one the one */
	mov	%cl, (%rdi)
	mov	%r10b, (%rdi, %r9)
	mov	%r8b, -1(%rdi, %rdx)
.Lmoved:
	RET
.Lmove_17_32:
	mov	(%rsi), %rcx
	mov	8(%rsi), %r8
	mov	-16(%rsi, %rdx), %r9
	mov	-8(%rsi, %rdx), %r10
	mov	%rcx, (%rdi)
	mov	%r8, 8(%rdi)
	mov	%r9, -16(%rdi, %rdx)
	mov	%r10, -8(%rdi, %rdx)
	RET
.Lmove_8_16:
	mov	(%rsi), %rcx
	mov	-8(%rsi, %rdx), %r8
	mov	%rcx, (%rdi)
	mov	%r8, -8(%rdi, %rdx)
	RET
.Lmove_4_7:
	mov	(%rsi), %ecx
	mov	-4(%rsi, %rdx), %r8d
	mov	%ecx, (%rdi)
	mov	%r8d, -4(%rdi, %rdx)
	RET
SYM_FUNC_END(__memcpy)
EXPORT_SYMBOL(__memcpy)

SYM_FUNC_ALIAS_MEMFUNC(memcpy, __memcpy)
EXPORT_SYMBOL(memcpy)

/* void *memmove(void *to, const void *from, size_t len) */
SYM_FUNC_START(__memmove)
	mov	%rdi, %rax
	cmp	$SHORT, %rdx
	jbe	.Lmove_short
	mov	%rdi, %rcx
	sub	%rsi, %rcx
	cmp	%rdx, %rcx
	jb	.Lmove_down		/* to is inside from */
	neg	%rcx
	cmp	$NEAR, %rcx
	jb	.Lmove_up		/* from is inside to, and close */
	jmp	.Lmove_any

.Lmove_down:
	mov	-32(%rsi, %rdx), %rcx
	mov	-24(%rsi, %rdx), %r8
	mov	-16(%rsi, %rdx), %r9
	mov	-8(%rsi, %rdx), %r10
	mov	%rcx, -32(%rdi, %rdx)
	mov	%r8, -24(%rdi, %rdx)
	mov	%r9, -16(%rdi, %rdx)
	mov	%r10, -8(%rdi, %rdx)
	sub	$32, %rdx
	cmp	$SHORT, %rdx
	ja	.Lmove_down
	jmp	.Lmove_short
SYM_FUNC_END(__memmove)
EXPORT_SYMBOL(__memmove)

SYM_FUNC_ALIAS_MEMFUNC(memmove, __memmove)
EXPORT_SYMBOL(memmove)

/* void *memset(void *to, int value, size_t len) */
SYM_FUNC_START(__memset)
	mov	%rdi, %rax
	movzbl	%sil, %esi
	movabs	$0x0101010101010101, %rcx
	imul	%rcx, %rsi
	cmp	$SHORT, %rdx
	jbe	.Lset_short
	cmp	$LONG, %rdx
	jb	.Lset_up
	mov	%rdi, %r8
	mov	%rsi, %rax
	mov	%rdx, %rcx
	rep stosb
	mov	%r8, %rax
	RET

.Lset_up:
	mov	%rsi, (%rdi)
	mov	%rsi, 8(%rdi)
	mov	%rsi, 16(%rdi)
	mov	%rsi, 24(%rdi)
	add	$32, %rdi
	sub	$32, %rdx
	cmp	$SHORT, %rdx
	ja	.Lset_up

.Lset_short:
	cmp	$16, %edx
	ja	.Lset_17_32
	cmp	$8, %edx
	jae	.Lset_8_16
	cmp	$4, %edx
	jae	.Lset_4_7
	test	%edx, %edx
	jz	.Lset
	mov	%rdx, %rcx
	shr	%rcx
	mov	%sil, (%rdi)
	mov	%sil, (%rdi, %rcx)
	mov	%sil, -1(%rdi, %rdx)
.Lset:
	RET
.Lset_17_32:
	mov	%rsi, (%rdi)
	mov	%rsi, 8(%rdi)
	mov	%rsi, -16(%rdi, %rdx)
	mov	%rsi, -8(%rdi, %rdx)
	RET
.Lset_8_16:
	mov	%rsi, (%rdi)
	mov	%rsi, -8(%rdi, %rdx)
	RET
.Lset_4_7:
	mov	%esi, (%rdi)
	mov	%esi, -4(%rdi, %rdx)
	RET
SYM_FUNC_END(__memset)
EXPORT_SYMBOL(__memset)

SYM_FUNC_ALIAS_MEMFUNC(memset, __memset)
EXPORT_SYMBOL(memset)

	.section .note.GNU-stack, "", @progbits
