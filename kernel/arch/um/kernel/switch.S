/* SPDX-License-Identifier: GPL-2.0-only */
/* switch.S - changing kernel stacks: nothing the host would have to know about. */
#include <linux/linkage.h>
#include <asm/asm-offsets.h>

/* struct task_struct *um_switch_stacks(struct task_struct *prev, struct task_struct *next) */
	.text
	.balign	16
	.globl	um_switch_stacks
um_switch_stacks:
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, TASK_THREAD_SP(%rdi)
	mov	TASK_THREAD_SP(%rsi), %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	mov	%rdi, %rax
	ret

/*
 * void um_call_on_stack(void *top, void (*fn)(void *arg), void *arg)
 *
 * The word at the top leads traces without frame pointers back to the first stack.
 */
	.globl	um_call_on_stack
um_call_on_stack:
	push	%rbp
	mov	%rsp, %rbp
	mov	%rdi, %rsp
	push	%rbp
	push	$0
	mov	%rdx, %rdi
	call	*%rsi
	mov	%rbp, %rsp
	pop	%rbp
	ret

/* A new task's first instructions: r12 = function or 0, r13 = its argument. */
	.globl	um_task_entry
um_task_entry:
	mov	%rax, %rdi
	mov	%r12, %rsi
	mov	%r13, %rdx
	xor	%ebp, %ebp
	call	um_task_start
	ud2

	.section .note.GNU-stack, "", @progbits
