/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.h - the part of every guest address space that belongs to the host layer.
 *
 * Everything below STUB_BASE is the guest process's own.  The rest is mapped by the
 * zygote and by the agents and can never be named by a guest mapping (TASK_MAP_END
 * is STUB_BASE).  STUB_BASE is in the last GiB of what the host gives programs, which is less
 * where the host is a guest of such a kernel; all else has its fixed place behind it:
 *
 *   STUB_TEXT   64 KiB  r-x  all code that is not the guest's (a sealed memfd)
 *   G_RO        64 KiB  r--  constants of all processes: filter, table of error values
 *   Z_REQ       64 KiB  r--  the zygote's request list (unmapped in units)
 *   U_REQ      132 KiB  r--  the agent's request list and message structures
 *   C_RO(i)      4 KiB  r--  carrier i: start-up list, reply words, selector
 *   C_RW(i)     32 KiB  rw-  carrier i: mailbox page, then its signal stack
 *
 * C_RO(i) and C_RW(i) are mapped when the unit has its carrier i for the first time: what a
 * program can fill with the host's memory, beyond guest RAM, is 36 KiB a task.
 *
 * Read by C and by assembly, by the kernel, by the host layer and by the stub.
 */
#ifndef __HOST_LAYOUT_H
#define __HOST_LAYOUT_H

/* Offsets from STUB_BASE. */
#define STUB_TEXT_SIZE		0x10000
#define OFF_G_RO		0x10000
#define G_RO_SIZE		0x10000
#define OFF_Z_REQ		0x20000
#define Z_REQ_SIZE		0x10000
#define OFF_U_REQ		0x200000
#define U_REQ_SIZE		(LIST_DATA + 0x1000)
#define OFF_C_RO0		0x1000000
#define C_RO_SHIFT		12
#define OFF_C_RW0		0x10000000
#define C_RW_SHIFT		15
#define C_RW_STRIDE		(1 << C_RW_SHIFT)
#define UNIT_CARRIERS		4096
#define OFF_STUB_END		0x20000000
#define STUB_SPACE		(1UL << 30)	/* what STUB_BASE is a multiple of */

#ifndef __ASSEMBLY__
#include <host/space.h>

#define STUB_BASE		host_stub_base
#define STUB_TEXT		STUB_BASE
#define G_RO			(STUB_BASE + OFF_G_RO)
#define Z_REQ			(STUB_BASE + OFF_Z_REQ)
#define U_REQ			(STUB_BASE + OFF_U_REQ)
#define C_RO0			(STUB_BASE + OFF_C_RO0)
#define C_RW0			(STUB_BASE + OFF_C_RW0)
#define STUB_END		(STUB_BASE + OFF_STUB_END)
#endif

/* The control memfd: the zygote's pages, then one slot for each unit. */
#define CTL_Z_REQ		G_RO_SIZE
#define CTL_SLOT0		0x10000000
#define CTL_SLOT_SIZE		0x10000000
#define CTL_SLOT_RW		0x8000000	/* where C_RW0 stands in a slot */

/*
 * The signal stack inside C_RW(i).  Frames stand in its upper half; a carrier that is held in a
 * report has its stack pointer in the middle (stub.S).
 */
#define ALTSTACK_OFF		0x1000
#define ALTSTACK_SIZE		(C_RW_STRIDE - ALTSTACK_OFF)
#define ALTSTACK_MIDDLE		(ALTSTACK_OFF + ALTSTACK_SIZE / 2)

/* A request list: sequence number, spin limit; operations; then data. */
#define LIST_SEQ		0x0
#define LIST_SPIN		0x4
#define LIST_OPS		0x40
#define LIST_DATA		0x20000

/* An operation: call number, six arguments, control word: 64 bytes. */
#define OP_SIZE			64
#define OP_SIZE_SHIFT		6
#define OP_END			0x01	/* last of the list */
#define OP_CHECK		0x02	/* an error ends the list and is acknowledged */
#define OP_RETRY		0x04	/* EBADF: yield, then try again, unless a new list is there */
#define OP_CLONE		0x08	/* the child goes on at the list whose address is a[5] */
#define OP_JUMP			0x10	/* afterwards: the request list moves to control >> 8 */
#define OP_PARK			0x20	/* afterwards: the carrier reports and waits */
#define OP_SELF			0x40	/* start-up: an error ends this process */
#define OP_HEAL			0x80	/* an error is acknowledged after all of the guest's was unmapped */
#define OP_ANSWER		0x100	/* an error is acknowledged as an answer that was lost */

/* Descriptors of the zygote and of every agent. */
#define FD_RAM			0
#define FD_CTL			1
#define FD_SOCK			2
#define FD_ACK			3
#define FD_FIRST_LISTENER	4

/*
 * The carrier's report.  Its number is one that every container profile permits
 * (sched_yield); a report is recognised by the address of its instruction, which is
 * the host's word.
 */
#define NR_REPORT		24
#define REPORT_START		0x100	/* instead of a signal number: ready */
#define SIG_KICK		10	/* SIGUSR1: stop and report */

/* Offsets in G_RO. */
#define G_DONE			0x0	/* u64 ACK_DONE: acknowledges a list */
#define G_ZERO			0x8	/* u64 0: the empty signal mask */
#define G_FPROG			0x10	/* struct sock_fprog */
#define G_FSGSBASE		0x20	/* u64: not 0: fs and gs base have instructions */
#define G_LOST			0x28	/* u64 ACK_LOST: an answer could not be given */
#define G_FILTER		0x40	/* its instructions */
#define G_ERRTAB		0x1000	/* 4096 values of 64 bits: ACK_ERROR + errno */

/* What acknowledgements add up to in an eventfd: a byte each of lost answers and of lists done,
 * two of errors, four of their errnos. */
#define ACK_ERROR_SHIFT		32
#define ACK_DONE_SHIFT		48
#define ACK_LOST_SHIFT		56

/* Offsets in C_RO(i). */
#define RO_SELECTOR		0x0	/* u8: for syscall user dispatch */
#define RO_SPIN			0x4	/* u32: spin limit, 0: never spin */
#define RO_RESP			0x80	/* struct seccomp_notif_resp */
#define RO_SIGSTACK		0xc0	/* stack_t */
#define RO_OPS			0x100	/* start-up list */

/* The x86-64 rt_sigframe, from the stack pointer at the handler's entry. */
#define F_IRET			(-40)	/* where the stub builds its iret frame: rip to ss */
#define F_UC			8
#define F_UCLINK		16	/* what to load of fs and gs base, from the next words: */
#define BASES_ALL		1	/* both, by instructions */
#define BASES_FS		2	/* fs, by a call */
#define BASES_GS		4	/* gs, by a call */
#define SEGMENTS_NULL		8	/* before that, null selectors into ds, es, fs and gs */
#define F_SS_SP			24	/* on delivery: base of this thread's signal stack */
#define F_FSBASE		24
#define F_GSBASE		40
#define F_R8			48
#define F_R9			56
#define F_R10			64
#define F_R11			72
#define F_R12			80
#define F_R13			88
#define F_R14			96
#define F_R15			104
#define F_RDI			112
#define F_RSI			120
#define F_RBP			128
#define F_RBX			136
#define F_RDX			144
#define F_RAX			152
#define F_RCX			160
#define F_RSP			168
#define F_RIP			176
#define F_EFLAGS		184
#define F_CS			192	/* u16 cs, gs, fs, ss */
#define F_SS			198
#define F_ERR			200
#define F_TRAPNO		208
#define F_OLDMASK		216
#define F_CR2			224
#define F_FPSTATE		232
#define F_SIGMASK		304
#define F_INFO			312	/* siginfo */
#define F_SIZE			440

/*
 * State that a program may use by permission only, which no carrier has: the tile registers
 * of AMX.  xrstor is told to leave it alone: it reads an image up to the end of the last
 * component it is asked for, in the image or not, and frames end before this one.
 */
#define F_XTILE			0x60000

#endif
