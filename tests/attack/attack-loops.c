// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-loops: programs that never give up the processor, in their own code and in the host
 * layer's, and bombs of processes, threads and memory.
 *
 * Each must be stopped by a plain SIGKILL, and nobody else may wait for it.
 *
 * usage: attack-loops --inside [ROUNDS]
 */
#include <pthread.h>
#include "attack.h"

enum { LIMIT_MS = 60, PATIENCE_MS = 20000, BOMB_TASKS = 300 };

static uint64_t *own; /* 64 KiB of the attacker's memory */
static uint64_t iretq_at, pause_at, report_at;

/* The next place of some bytes in the host layer's code, or 0. */
static uint64_t find(const char *bytes, size_t n)
{
	const uint8_t *p = (const uint8_t *)text->start;

	for (uint64_t i = 0; i + n <= text_len; i++)
		if (!memcmp(p + i, bytes, n))
			return text->start + i;
	return 0;
}

/* How the last stop before the loop looked to the kernel: a held call, or a whole frame. */
static void last_stop(int kind)
{
	stack_t ss;

	enter_rsp = enter_rip = 0; /* no fault afterwards */
	if (kind & 1)
		syscall(SYS_getppid);
	else
		sigaltstack(NULL, &ss);
}

static void block_all(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

static __attribute__((noreturn)) int plain(void *arg)
{
	block_all();
	last_stop((int)(intptr_t)arg);
	for (;;)
		__asm__ volatile("pause");
}

static __attribute__((noreturn)) int calls(void *arg)
{
	block_all();
	for (;;)
		last_stop((int)(intptr_t)arg);
}

static void on_fault(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	(void)context; /* goes back to what faulted */
}

static int faults(void *arg)
{
	(void)arg;
	handle(SIGSEGV, on_fault, SA_NODEFER);
	*(volatile char *)task_size = 0;
	return 1;
}

/* The return from the handler, returning to itself. */
static int iretq_loop(void *arg)
{
	uint64_t r[NREGS] = { 0 }, *f = own + 1024;
	int kind = (int)(intptr_t)arg;

	f[0] = iretq_at;
	f[1] = 0x33;
	f[2] = 0x202;
	f[3] = (uintptr_t)f;
	f[4] = 0x2b;
	r[RIP_] = iretq_at;
	r[RSP_] = (uintptr_t)f;
	r[FLAGS_] = 0x202;
	if (kind & 2 && nareas) /* on the host layer's own signal stack */
		f = memcpy((void *)(areas[nareas - 1].start + 0x4000), f, 40);
	f[3] = r[RSP_] = (uintptr_t)f;
	last_stop(kind);
	enter(r);
}

/* The interpreter's spinning, with a list of our own. */
static int list_loop(void *arg)
{
	uint64_t r[NREGS] = { 0 };
	int kind = (int)(intptr_t)arg;

	((uint32_t *)own)[0] = 7;
	((uint32_t *)own)[1] = ~0u;
	r[RIP_] = pause_at;
	r[R15_] = (uintptr_t)own;
	r[R13_] = kind & 2 ? 8 : 7;
	r[R12_] = ~0u;
	r[RSP_] = (uintptr_t)(own + 2048);
	r[FLAGS_] = 0x202;
	last_stop(kind);
	enter(r);
}

/* Reports of signals that nobody sent, again and again, among them "I have just started". */
static int report_loop(void *arg)
{
	static const uint64_t signals[] = { 0x100, 10, 11, 31, 0, 64, 65, ~0ull, 1ull << 32 | 10 };
	uint64_t r[NREGS] = { 0 };
	uint64_t kind = (uintptr_t)arg;
	const struct area *stacks = &areas[nareas - 1];

	handle(SIGSEGV, on_fault, SA_NODEFER);
	r[RIP_] = report_at;
	r[RAX] = SYS_sched_yield;
	r[RDI] = signals[kind % ARRAY_SIZE(signals)];
	r[RDX] = kind % 4 == 3 ? 0 : stacks->start + 0x1000 + (kind * 0x1238 & 0x6fff);
	r[R15_] = stacks->start;
	r[RSP_] = (uintptr_t)(own + 2048);
	r[FLAGS_] = 0x202;
	last_stop((int)kind);
	enter(r);
}

/* A program that must still be there when its time is up, or die by itself. */
static void loop(const char *name, int (*fn)(void *), int rounds)
{
	int stopped = 0, late = 0;

	for (long i = 0; i < rounds; i++) {
		uint64_t begin = now_ns();

		tried(1);
		stopped += killed(attack(fn, (void *)i, LIMIT_MS), SIGKILL);
		late += now_ns() - begin > PATIENCE_MS * 1000000ull;
	}
	end_attackers();
	say("%s: %d loops, %d ended by the time limit", name, rounds, stopped);
	CHECK(late == 0, "%s: the time limit is kept", name);
}

/* ---- bombs */

static __attribute__((noreturn)) int fork_bomb(void *arg)
{
	(void)arg;
	for (;;) {
		if (fork() >= 0)
			tried(1);
		else if (errno != EAGAIN && errno != ENOMEM)
			_exit(67);
	}
}

static void *sleeper(void *arg)
{
	pause();
	return arg;
}

/* The limit of threads is an error like any other, and the program goes on. */
static int thread_bomb(void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err = 0, n = 0;

	(void)arg;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	while (n < 10000 && !(err = pthread_create(&thread, &attr, sleeper, NULL)))
		n++;
	tried((uint64_t)n + 1);
	return err == EAGAIN || err == ENOMEM ? 0 : 67;
}

static int memory_bomb(void *arg)
{
	(void)arg;
	for (;;) {
		char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		tried(1);
		if (p == MAP_FAILED)
			return errno == ENOMEM ? 0 : 67;
		memset(p, 1, 1 << 20);
	}
}

static void bombs(void)
{
	int status;

	attacker_limit.tasks = BOMB_TASKS;
	status = attack(fork_bomb, NULL, 1500);
	CHECK(killed(status, SIGKILL), "a fork bomb meets its limit and is stopped");
	end_attackers();
	status = attack(thread_bomb, NULL, PATIENCE_MS);
	CHECK(exited(status, 0), "a bomb of threads meets its limit");
	end_attackers();
	attacker_limit.space_bytes = 100UL << 20;
	status = attack(memory_bomb, NULL, PATIENCE_MS);
	CHECK(exited(status, 0), "a bomb of memory meets its limit");
	end_attackers();
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 8;

	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	own = xmap(65536, PROT_READ | PROT_WRITE);
	iretq_at = find("\x48\xcf", 2);
	pause_at = find("\xf3\x90", 2);
	/* syscall; test %rax, %rax; js */
	report_at = find("\x0f\x05\x48\x85\xc0\x0f\x88", 7);
	CHECK(iretq_at && pause_at && report_at, "the places to loop in are found");
	loop("own code", plain, n / 2);
	loop("system calls", calls, n / 2);
	loop("faults", faults, 2);
	loop("the interpreter", list_loop, n);
	loop("forged reports", report_loop, 4 * n);
	loop("the way back", iretq_loop, n);
	bombs();
	return attack_end();
}
