// SPDX-License-Identifier: GPL-2.0-only
/*
 * watch-debugreg: the debug registers of a traced child: watched words and code.
 *
 * Not every host has debug registers that work, so this runs in the guest only.
 */
#include "trace.h"
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/user.h>

#define DR7_ENABLE(i)		(1UL << ((i) * 2))
#define DR7_KIND(i, kind, len)	(((kind) | (((len) == 8 ? 2UL : (len) - 1UL) << 2)) << (16 + (i) * 4))
#define EXECUTE			0UL
#define WRITE			1UL

static volatile struct {
	uint64_t before, word[4], after;
} watched;

static long set(pid_t pid, int reg, unsigned long value)
{
	return ptrace(PTRACE_POKEUSER, pid, offsetof(struct user, u_debugreg) + 8UL * (unsigned)reg,
		      value);
}

static unsigned long get(pid_t pid, int reg)
{
	errno = 0;
	return (unsigned long)ptrace(PTRACE_PEEKUSER, pid,
				     offsetof(struct user, u_debugreg) + 8UL * (unsigned)reg, 0);
}

/* Goes on to a stop for debug register @reg, with @value in the word @word by then. */
static void stop(pid_t pid, int reg, int word, unsigned long value, const char *name)
{
	int status = next(pid, PTRACE_CONT, 0);
	siginfo_t si = { 0 };

	while (WIFSTOPPED(status) && WSTOPSIG(status) == SIGCHLD)
		status = next(pid, PTRACE_CONT, 0);
	if (!WIFSTOPPED(status)) {
		CHECK(!"stopped", "%s: ended with %#x", name, status);
		return;
	}
	ptrace(PTRACE_GETSIGINFO, pid, 0, &si);
	CHECK(WSTOPSIG(status) == SIGTRAP && si.si_code == TRAP_HWBKPT, "%s: signal %d code %d",
	      name, WSTOPSIG(status), si.si_code);
	CHECK((get(pid, 6) & 0x400f) == 1UL << reg, "%s: dr6 %#lx", name, get(pid, 6));
	CHECK((unsigned long)ptrace(PTRACE_PEEKDATA, pid, &watched.word[word], 0) == value,
	      "%s: the word is %#lx", name, value);
	set(pid, 6, 0);
}

/* The kernel stores into a watched word. */
static long read_into_word(void)
{
	int fd = memfd_create("48", 0);

	return pwrite(fd, "HHHHHHHH", 8, 0) == 8 ? pread(fd, (void *)watched.word, 8, 0) : -1;
}

static int storing(void *arg)
{
	volatile uint8_t *bytes = (volatile uint8_t *)watched.word;

	(void)arg;
	watched.before = 1;
	watched.after = 2;
	watched.word[0] = 3;			/* dr0, 8 bytes */
	watched.before = 4;
	bytes[8] = 5;				/* not watched */
	bytes[9] = 6;				/* dr1, 1 byte */
	*(volatile uint16_t *)&bytes[16] = 7;	/* not watched */
	*(volatile uint32_t *)&bytes[20] = 8;	/* dr2, 4 bytes */
	bytes[21] = 9;				/* dr2 */
	watched.word[3] = 1UL << 48;		/* dr3, 2 bytes */
	getppid();
	watched.word[0] = 10;			/* dr0 */
	if (read_into_word() != 8)	/* dr0 */
		return 21;
	watched.word[0] = 11;			/* no longer */
	return 20;
}

static void stores(void)
{
	pid_t pid = traced(storing, NULL, 0);
	unsigned long base = (unsigned long)watched.word;

	CHECK(set(pid, 0, base) == 0 && set(pid, 1, base + 9) == 0 && set(pid, 2, base + 20) == 0 &&
		      set(pid, 3, base + 30) == 0,
	      "addresses");
	CHECK(set(pid, 7, DR7_ENABLE(0) | DR7_KIND(0, WRITE, 8) | DR7_ENABLE(1) | DR7_KIND(1, WRITE, 1) |
				  DR7_ENABLE(2) | DR7_KIND(2, WRITE, 4) | DR7_ENABLE(3) |
				  DR7_KIND(3, WRITE, 2)) == 0,
	      "dr7");
	CHECK(get(pid, 0) == base && get(pid, 3) == base + 30, "they can be read");
	CHECK(get(pid, 7) == 0x5d190055, "dr7 is %#lx", get(pid, 7));
	stop(pid, 0, 0, 3, "8 bytes");
	stop(pid, 1, 1, 0x605, "1 byte");
	stop(pid, 2, 2, 0x800000007, "4 bytes");
	stop(pid, 2, 2, 0x90800000007, "a byte of 4");
	stop(pid, 3, 3, 1UL << 48, "2 bytes");
	stop(pid, 0, 0, 10, "behind a system call");
	stop(pid, 0, 0, 0x4848484848484848, "by a system call");
	CHECK(set(pid, 7, 0) == 0 && get(pid, 7) == 0, "off");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 20), "the child ran to its end");
}

static __attribute__((noinline)) int called(void)
{
	__asm__ volatile("");
	return (int)(watched.word[0] += 3);
}

static int calling(void *arg)
{
	(void)arg;
	called();
	called();
	return called();
}

static void code(void)
{
	pid_t pid = traced(calling, NULL, 0);
	struct user_regs_struct r;

	CHECK(set(pid, 2, (unsigned long)called) == 0 && set(pid, 7, DR7_ENABLE(2)) == 0, "of code");
	stop(pid, 2, 0, 0, "first call");
	MUST(ptrace(PTRACE_GETREGS, pid, 0, &r) == 0);
	CHECK(r.rip == (unsigned long)called, "before the instruction");
	stop(pid, 2, 0, 3, "second call");
	stop(pid, 2, 0, 6, "third call");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 9), "the child ran to its end");
}

/* The tracer's own steps go on beside it. */
static void steps(void)
{
	pid_t pid = traced(storing, NULL, 0);
	int status, stepped = 0;
	bool changed = false;

	MUST(set(pid, 0, (unsigned long)watched.word) == 0);
	MUST(set(pid, 7, DR7_ENABLE(0) | DR7_KIND(0, WRITE, 8)) == 0);
	while (!changed) {
		status = next(pid, PTRACE_SINGLESTEP, 0);
		MUST(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
		changed = ptrace(PTRACE_PEEKDATA, pid, &watched.word[0], 0) == 3;
		QUIET(get(pid, 6) & 0x4000, "each is a step");
		QUIET(!(get(pid, 6) & 1) == !changed, "the store's is a hit, and only that");
		set(pid, 6, 0);
		stepped++;
	}
	CHECK(stepped > 3, "steps");
	set(pid, 7, 0);
	CHECK(exited(next(pid, PTRACE_CONT, 0), 20), "the child ran to its end");
}

static int calling_kernel(void *arg)
{
	(void)arg;
	getppid();
	getppid();
	return 22;
}

/* Nor do they swallow the stops of system calls. */
static void call_stops(void)
{
	pid_t pid = traced(calling_kernel, NULL, 0);
	int status, entries = 0, exits = 0;

	MUST(set(pid, 0, (unsigned long)watched.word) == 0);
	MUST(set(pid, 7, DR7_ENABLE(0) | DR7_KIND(0, WRITE, 8)) == 0);
	for (;;) {
		struct __ptrace_syscall_info info = { 0 };

		status = next(pid, PTRACE_SYSCALL, 0);
		if (!WIFSTOPPED(status))
			break;
		QUIET(WSTOPSIG(status) == (SIGTRAP | 0x80), "only stops of calls");
		if (ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, orig_rax), 0) !=
		    SYS_getppid)
			continue;
		ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info);
		entries += info.op == PTRACE_SYSCALL_INFO_ENTRY;
		exits += info.op == PTRACE_SYSCALL_INFO_EXIT;
	}
	CHECK(entries == 2 && exits == 2, "stops of two calls: %d, %d", entries, exits);
	CHECK(exited(status, 22), "the child ran to its end");
}

static void *store_in_thread(void *arg)
{
	watched.word[1] = 1;
	return arg;
}

static int with_relatives(void *arg)
{
	pthread_t thread;
	int status;
	pid_t pid = fork();

	(void)arg;
	if (!pid) {
		watched.word[0] = 2;
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		return 1;
	if (pthread_create(&thread, NULL, store_in_thread, NULL))
		return 2;
	pthread_join(thread, NULL);
	watched.word[0] = 3;
	return 21;
}

/* They are the thread's own: children and other threads are not stopped. */
static void inheritance(void)
{
	pid_t pid = traced(with_relatives, NULL, 0);

	MUST(set(pid, 0, (unsigned long)&watched.word[0]) == 0);
	MUST(set(pid, 7, DR7_ENABLE(0) | DR7_KIND(0, WRITE, 8)) == 0);
	stop(pid, 0, 0, 3, "only the own store");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 21), "the child ran to its end");
}

static void refused(void)
{
	pid_t pid = traced(storing, NULL, 0);

	CHECK(set(pid, 0, 0xffffffff81000000) == -1, "an address of the kernel");
	CHECK(set(pid, 4, 0) == -1 && errno == EIO && set(pid, 5, 0) == -1 && errno == EIO,
	      "dr4 and dr5");
	MUST(set(pid, 0, (unsigned long)watched.word + 2) == 0);
	CHECK(set(pid, 7, DR7_ENABLE(0) | DR7_KIND(0, WRITE, 4)) == -1 && errno == EINVAL,
	      "an odd address");
	CHECK(set(pid, 7, DR7_ENABLE(0) | DR7_KIND(0, EXECUTE, 4)) == -1 && errno == EINVAL,
	      "a length of code");
	CHECK(set(pid, 7, DR7_ENABLE(0) | DR7_KIND(0, 2UL, 1)) == -1 && errno == EINVAL, "ports");
	CHECK(get(pid, 7) == 0, "nothing is on");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 20), "the child ran to its end");
}

int main(void)
{
	stores();
	code();
	steps();
	call_stops();
	inheritance();
	refused();
	return finish();
}
