/* SPDX-License-Identifier: GPL-2.0-only */
/* sleep.S - see sleep.h.  Stackless: the handler may move the instruction pointer. */
	.text
	.balign	16
	.globl	host_guarded_call
	.type	host_guarded_call, @function
host_guarded_call:
	mov	%r8, %rax
	.globl	host_guard_start
host_guard_start:
	cmpq	$0, (%rcx)
	jne	host_guard_abort
	syscall
	.globl	host_guard_end
host_guard_end:
	ret
	.globl	host_guard_abort
host_guard_abort:
	mov	$-4, %rax
	ret
	.size	host_guarded_call, . - host_guarded_call

/*
 * um_irq_thunk - where the signal handler sends interrupted kernel code: all registers
 * saved on its own stack, the C handler, and back.  The handler pushed the interrupted
 * address; with it the first two words are a frame like any other's.
 */
	.globl	um_irq_thunk
um_irq_thunk:
	push	%rbp
	mov	%rsp, %rbp
	pushfq
	cld
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%rbx
	lea	8(%rbp), %rdi		/* the interrupted address */
	mov	(%rbp), %rsi
	and	$-16, %rsp
	call	um_irq_from_kernel
	lea	-88(%rbp), %rsp
	pop	%rbx
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	popfq
	pop	%rbp
	ret

/* Where a signal handler of the kernel process returns to. */
	.globl	host_sigreturn
host_sigreturn:
	mov	$15, %eax
	syscall
	ud2

	.section .note.GNU-stack, "", @progbits
