/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * abi.h - structures and constants of the host's x86-64 system call interface that the
 * kernel's user headers spread over files which collide with internal ones.
 */
#ifndef __UM_HOST_ABI_H
#define __UM_HOST_ABI_H

#include <linux/types.h>

#define HOST_SIGINT	2
#define HOST_SIGHUP	1
#define HOST_SIGQUIT	3
#define HOST_SIGILL	4
#define HOST_SIGTRAP	5
#define HOST_SIGBUS	7
#define HOST_SIGFPE	8
#define HOST_SIGKILL	9
#define HOST_SIGUSR1	10
#define HOST_SIGSEGV	11
#define HOST_SIGUSR2	12
#define HOST_SIGPIPE	13
#define HOST_SIGALRM	14
#define HOST_SIGTERM	15
#define HOST_SIGCHLD	17
#define HOST_SIGCONT	18
#define HOST_SIGWINCH	28
#define HOST_SIGIO	29
#define HOST_SIGSYS	31
#define HOST_NSIG	64

/* An agent's list failed: look at the acknowledgements (stub.S). */
#define HOST_SIG_TROUBLE HOST_SIGUSR2

#define HOST_SA_SIGINFO	0x00000004UL
#define HOST_SA_RESTORER 0x04000000UL
#define HOST_SA_ONSTACK	0x08000000UL
#define HOST_SA_RESTART	0x10000000UL
#define HOST_SA_NODEFER	0x40000000UL

struct host_sigaction {
	unsigned long handler;
	unsigned long flags;
	unsigned long restorer;
	unsigned long mask;
};

struct host_sigstack {
	void *sp;
	int flags;
	size_t size;
};

struct host_siginfo {
	int signo;
	int errnum;
	int code;
	int pad;
	union {
		struct {
			int pid;
			u32 uid;
			int status;
		};
		unsigned long addr;
		int fields[28];
	};
};

struct host_ucontext {
	unsigned long flags;
	void *link;
	struct host_sigstack stack;
	unsigned long r8, r9, r10, r11, r12, r13, r14, r15;
	unsigned long di, si, bp, bx, dx, ax, cx, sp, ip, eflags;
	u16 cs, gs, fs, ss;
	unsigned long err, trapno, oldmask, cr2;
	void *fpstate;
};

struct host_timespec {
	s64 sec;
	s64 nsec;
};

struct host_itimerspec {
	struct host_timespec interval;
	struct host_timespec value;
};

struct host_pollfd {
	int fd;
	short events;
	short revents;
};

struct host_rlimit {
	u64 soft;
	u64 hard;
};

#define HOST_O_NONBLOCK		04000
#define HOST_O_CLOEXEC		02000000

#define HOST_PROT_READ		1
#define HOST_PROT_WRITE		2
#define HOST_PROT_EXEC		4
#define HOST_MAP_SHARED		0x01
#define HOST_MAP_PRIVATE	0x02
#define HOST_MAP_FIXED		0x10
#define HOST_MAP_ANONYMOUS	0x20
#define HOST_MAP_NORESERVE	0x4000
#define HOST_MAP_POPULATE	0x8000
#define HOST_MAP_FIXED_NOREPLACE 0x100000

#define HOST_CLONE_VM		0x00000100
#define HOST_CLONE_FILES	0x00000400
#define HOST_CLONE_PARENT	0x00008000

#define HOST_WNOHANG		0x00000001
#define HOST_WEXITED		0x00000004
#define HOST_WALL		0x40000000

#define HOST_PR_SET_PDEATHSIG	1
#define HOST_PR_SET_DUMPABLE	4
#define HOST_PR_GET_SECCOMP	21
#define HOST_PR_SET_NAME	15
#define HOST_PR_SET_NO_NEW_PRIVS 38

#endif
