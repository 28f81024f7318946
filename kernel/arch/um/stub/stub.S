/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stub.S - all code that runs inside a guest's host processes, apart from the guest's.
 *
 * Theory of operation.  Three kinds of process execute this text, at STUB_TEXT, from a
 * sealed memfd:
 *
 *  - the zygote, forked once by the kernel process, creates agents;
 *  - an agent, one for each guest address space, maps and unmaps guest memory, creates
 *    carriers and answers their notifications;
 *  - a carrier runs one guest task.  After its start-up the host holds every system call
 *    that it makes and asks the kernel; none is ever executed, but for the one at
 *    stub_bases_ip where the host has no FSGSBASE: it sets the carrier's own fs or gs base.
 *
 * Zygote, agent and starting carrier share one interpreter of request lists.  A list is
 * read-only in this address space; the interpreter keeps its state in registers, has no
 * stack and writes no memory, so that nothing a guest thread can reach is trusted.  An
 * error is acknowledged with a value from a read-only table.
 *
 * A carrier enters this text again only through the signal handler, on its own signal
 * stack.  The handler reports by a system call that is recognised by its address, is
 * held like any other, and returns the address of the frame to resume: the interrupted
 * one, changed or not, or one that the kernel has built.  The frame is left by xrstor
 * and iretq; rt_sigreturn is never executed.
 *
 * The text is position independent: it is copied to STUB_TEXT, which only the host layer
 * knows, and finds the rest by its distance; symbols are relocated by the host layer.
 */
#include <host/layout.h>

#define __NR_write	1
#define __NR_munmap	11
#define __NR_sched_yield 24
#define __NR_kill	62
#define __NR_getppid	110
#define __NR_arch_prctl	158
#define __NR_futex	202
#define __NR_exit_group	231
#define EBADF		9
#define ARCH_SET_GS	0x1001
#define ARCH_SET_FS	0x1002
#define SIG_TROUBLE	12		/* SIGUSR2 to the kernel: look at my eventfd */

	.intel_syntax noprefix
	.section .rodata.stub, "a"
	.balign	64
	.globl	stub_text
stub_text:
	ud2				/* offset 0 is the signal restorer: never used */

/*
 * The zygote begins here, in the forked copy of the kernel process: drop everything of
 * the parent's address space, then serve Z_REQ.  rbx = bytes that programs have from
 * STUB_END on.
 */
	.balign	16
	.globl	stub_zygote
stub_zygote:
	mov	eax, __NR_munmap
	xor	edi, edi
	lea	rsi, [rip + stub_text]
	syscall
	test	rax, rax
	jnz	stub_die
	mov	eax, __NR_munmap
	lea	rdi, [rip + stub_text + OFF_STUB_END]
	mov	rsi, rbx
	syscall
	test	rax, rax
	jnz	stub_die
	lea	r15, [rip + stub_text + OFF_Z_REQ]
	xor	r13d, r13d
	xor	esp, esp

/*
 * The interpreter.  r15 = request list, r13d = number of the last request served,
 * r14 = operation.
 */
list_wait:
	mov	r12d, [r15 + LIST_SPIN]
1:	mov	eax, [r15 + LIST_SEQ]
	cmp	eax, r13d
	jne	3f
	sub	r12d, 1
	jc	2f
	pause
	jmp	1b
2:	mov	eax, __NR_futex		/* FUTEX_WAIT works on a read-only mapping */
	mov	rdi, r15
	xor	esi, esi
	mov	edx, r13d
	xor	r10d, r10d
	syscall
	jmp	list_wait
3:	mov	r13d, eax
	lea	r14, [r15 + LIST_OPS]

list_run:
	mov	rax, [r14]
	mov	rdi, [r14 + 8]
	mov	rsi, [r14 + 16]
	mov	rdx, [r14 + 24]
	mov	r10, [r14 + 32]
	mov	r8,  [r14 + 40]
	mov	r9,  [r14 + 48]
	mov	rbx, [r14 + 56]		/* before the call: afterwards the kernel may */
	syscall				/* already be writing the next list */
	test	bl, OP_CLONE
	jz	1f
	test	rax, rax
	jnz	1f
	mov	r14, r9			/* the child has our registers */
	jmp	list_run
1:	test	bl, OP_RETRY
	jz	2f
	cmp	rax, -EBADF
	jne	2f
	mov	eax, __NR_sched_yield
	syscall
	cmp	r13d, [r15 + LIST_SEQ]	/* a new list: what we wait for will never be */
	je	list_run
	jmp	list_wait
2:	test	ebx, OP_CHECK | OP_HEAL | OP_ANSWER
	jz	list_next
	cmp	rax, -4095
	jae	list_failed
list_next:
	add	r14, OP_SIZE
	test	bl, OP_JUMP
	jnz	4f
	test	bl, OP_PARK
	jnz	carrier_start
	test	bl, OP_END
	jz	list_run
	jmp	list_wait
4:	mov	r15, rbx
	shr	r15, 8
	mov	r13d, [r15 + LIST_SEQ]
	lea	r14, [r15 + LIST_OPS]
	jmp	list_run

/*
 * A change of the guest's mappings that fails must not leave half of it: what there is goes,
 * whole areas at a time, so that the host needs no new ones, and faults bring it back.  Then the
 * list goes on.  An agent that cannot do that ends, and its program with it.
 */
list_failed:
	mov	r12, rax
	test	bl, OP_HEAL
	jz	1f
	mov	eax, __NR_munmap
	xor	edi, edi
	lea	rsi, [rip + stub_text]
	syscall
	test	rax, rax
	jnz	stub_die
1:	lea	rsi, [rip + stub_text + OFF_G_RO + G_LOST]
	test	ebx, OP_ANSWER
	jnz	2f
	neg	r12d
	lea	rsi, [rip + stub_text + OFF_G_RO + G_ERRTAB]
	lea	rsi, [rsi + r12 * 8]
2:	mov	edi, FD_ACK
	mov	edx, 8
	mov	eax, __NR_write
	syscall
	mov	eax, __NR_getppid
	syscall
	mov	edi, eax
	mov	esi, SIG_TROUBLE
	mov	eax, __NR_kill
	syscall
	test	ebx, OP_HEAL | OP_ANSWER
	jz	3f
	test	bl, OP_END
	jz	list_next
	jmp	list_wait
3:	test	bl, OP_SELF
	jz	list_wait
stub_die:
	mov	eax, __NR_exit_group
	mov	edi, 1
	syscall
	ud2

/*
 * A carrier's start-up is done and its filter holds: report for the first time, or that it could
 * not give its descriptors up.
 */
carrier_start:
	mov	r12, rax
	lea	rax, [rip + stub_text + OFF_C_RO0]	/* r14 is inside C_RO(i): find C_RW(i) */
	mov	r15, r14
	sub	r15, rax
	shr	r15, C_RO_SHIFT
	shl	r15, C_RW_SHIFT
	lea	rax, [rip + stub_text + OFF_C_RW0]
	add	r15, rax
	mov	edi, REPORT_START
	xor	esi, esi
	test	r12, r12
	cmovnz	edi, esi
	xor	edx, edx
	xor	r10d, r10d
	jmp	report

/*
 * The only signal handler: on the signal stack, no signal masked.  rdi = signal,
 * rsi = siginfo, rdx = ucontext, rsp = frame.  The carrier is told by the signal stack's
 * base, which the host writes into the frame; no register of the guest is believed.
 */
	.balign	64
	.globl	stub_handler
stub_handler:
	push	2			/* NT would make iretq fault, AC our accesses */
	popfq
	mov	r15, [rsp + F_SS_SP]
	sub	r15, ALTSTACK_OFF
	xor	r10d, r10d
report:	lea	rax, [rip + stub_text + OFF_G_RO + G_FSGSBASE]
	cmp	qword ptr [rax], 0
	je	1f
	rdfsbase r8
	rdgsbase r9
	/*
	 * A kick may strike as soon as the report is answered, before anything below is executed,
	 * and its own report may meet the next one likewise.  From a fixed place their frames do
	 * not pile up: each takes the place of the one before, which has been reported, and all
	 * lie below the frame that is to be resumed, in the upper half.
	 */
1:	lea	rsp, [r15 + ALTSTACK_MIDDLE]
	mov	eax, NR_REPORT
	syscall
	.globl	stub_report_ip
stub_report_ip:
	test	rax, rax
	js	carrier_end
	mov	rsp, rax
	.globl	stub_resume
stub_resume:
	mov	rbx, [rsp + F_UCLINK]
	mov	rsi, [rsp + F_FSBASE]
	cmp	rbx, BASES_ALL
	jne	5f
0:	wrfsbase rsi
	mov	rsi, [rsp + F_GSBASE]
	wrgsbase rsi
	jmp	4f
1:	mov	edi, ARCH_SET_FS
	test	bl, BASES_FS
	jnz	3f
2:	mov	edi, ARCH_SET_GS
	mov	rsi, [rsp + F_GSBASE]
	test	bl, BASES_GS
	jz	4f
3:	mov	eax, __NR_arch_prctl
	syscall
	.globl	stub_bases_ip
stub_bases_ip:
	cmp	edi, ARCH_SET_FS
	je	2b
	jmp	4f
5:	test	bl, SEGMENTS_NULL
	jz	1b
	xor	eax, eax
	mov	ds, eax
	mov	es, eax
	mov	fs, eax
	mov	gs, eax
	test	bl, BASES_ALL
	jnz	0b
	jmp	1b
4:	mov	rcx, [rsp + F_FPSTATE]
	mov	eax, ~F_XTILE & 0xffffffff
	mov	edx, -1
	xrstor64 [rcx]
	/*
	 * The iret frame stands below the signal frame: a signal that strikes right before
	 * iretq must not be pushed over the frame, which may have to be resumed once more.
	 */
	mov	rax, [rsp + F_RIP]
	mov	[rsp + F_IRET], rax
	movzx	eax, word ptr [rsp + F_CS]
	mov	[rsp + F_IRET + 8], rax
	mov	rax, [rsp + F_EFLAGS]
	mov	[rsp + F_IRET + 16], rax
	mov	rax, [rsp + F_RSP]
	mov	[rsp + F_IRET + 24], rax
	movzx	eax, word ptr [rsp + F_SS]
	mov	[rsp + F_IRET + 32], rax
	mov	r8,  [rsp + F_R8]
	mov	r9,  [rsp + F_R9]
	mov	r10, [rsp + F_R10]
	mov	r11, [rsp + F_R11]
	mov	r12, [rsp + F_R12]
	mov	r13, [rsp + F_R13]
	mov	r14, [rsp + F_R14]
	mov	r15, [rsp + F_R15]
	mov	rdi, [rsp + F_RDI]
	mov	rsi, [rsp + F_RSI]
	mov	rbp, [rsp + F_RBP]
	mov	rbx, [rsp + F_RBX]
	mov	rdx, [rsp + F_RDX]
	mov	rax, [rsp + F_RAX]
	mov	rcx, [rsp + F_RCX]
	lea	rsp, [rsp + F_IRET]
	iretq

/*
 * Nobody listens any more, or the kernel said so.  exit_group would be answered the same
 * way: overflow the signal stack, then the host cannot deliver a signal and kills us.
 * 512 because the host subtracts the 128 bytes of the red zone before it asks whether
 * rsp is on the signal stack; with less it would begin again at the top, for ever.
 */
carrier_end:
	lea	rsp, [r15 + ALTSTACK_OFF + 512]
	ud2

	.globl	stub_text_end
stub_text_end:

	.att_syntax
	.section .note.GNU-stack, "", @progbits
