// SPDX-License-Identifier: GPL-2.0-only
/*
 * load: a guest at work, that tells of each process it loses.
 *
 * Workers fork, run threads, map memory, share it with a process that is no thread of theirs, and send
 * bytes through pipes.  None of them ends by itself: one that does, or a child of theirs that ends
 * otherwise than it should, has been ended from outside.  A line "turn N lost M" comes five times a
 * second.
 *
 * usage: load [SECONDS]
 */
#include <pthread.h>
#include "../guest/guest.h"

enum { WORKERS = 10, THREADS = 4, BYTES = 4 << 20 };

static volatile struct {
	int lost;
} * shared;

static void lost(void)
{
	__atomic_add_fetch(&shared->lost, 1, __ATOMIC_RELAXED);
}

static void forker(void)
{
	for (;;) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			execl("/bin/true", "true", (char *)NULL);
			_exit(1);
		}
		if (pid > 0 && waitpid(pid, &status, 0) == pid && status)
			lost();
	}
}

static void *one_thread(void *arg)
{
	for (int i = 0; i < 20000; i++)
		__atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
	return arg;
}

static void threads(void)
{
	for (;;) {
		pthread_t thread[THREADS];
		int sum = 0, n = 0;

		while (n < THREADS && !pthread_create(&thread[n], NULL, one_thread, &sum))
			n++;
		for (int i = 0; i < n; i++)
			pthread_join(thread[i], NULL);
		if (sum != n * 20000)
			_exit(1);
	}
}

static void mapper(void)
{
	for (uint64_t turn = 1;; turn++) {
		uint64_t *p = xmap(BYTES, PROT_READ | PROT_WRITE);

		for (size_t i = 0; i < BYTES / 8; i += 64)
			p[i] = turn + i;
		for (size_t i = 0; i < BYTES / 8; i += 64)
			if (p[i] != turn + i)
				_exit(1);
		munmap(p, BYTES);
	}
}

static void piper(void)
{
	char byte = 0;
	int p[2];

	MUST(pipe(p) == 0);
	for (;;)
		if (write(p[1], &byte, 1) != 1 || read(p[0], &byte, 1) != 1)
			_exit(1);
}

static volatile uint64_t shared_turns;

static int partner(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (volatile char *p = arg;; p = p == arg ? p + PAGE : arg) {
		*p = 1;
		shared_turns++;
	}
	return 0;
}

/* Two processes with one memory: when one of them ends, both do. */
static void sharer(void)
{
	static char stack[32768] __attribute__((aligned(16)));
	char *p = xmap(BYTES, PROT_READ | PROT_WRITE);
	pid_t pid = clone(partner, stack + sizeof(stack), CLONE_VM | SIGCHLD, p);

	while (pid > 0 && waitpid(pid, NULL, WNOHANG) == 0) {
		madvise(p, BYTES, MADV_DONTNEED);
		memset(p + 2 * PAGE, 1, BYTES / 8);
		sched_yield();
	}
	_exit(1);
}

static pid_t start(int i)
{
	static void (*const kinds[])(void) = { forker, threads, mapper, piper, sharer };
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	kinds[i % (int)ARRAY_SIZE(kinds)]();
	_exit(1);
}

int main(int argc, char **argv)
{
	long turns = argc > 1 ? atol(argv[1]) * 5 : 1000000;
	pid_t worker[WORKERS];

	shared = xshared(PAGE);
	for (int i = 0; i < WORKERS; i++)
		worker[i] = start(i);
	for (long turn = 0; turn < turns; turn++) {
		pid_t pid;

		while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
			for (int i = 0; i < WORKERS; i++)
				if (worker[i] == pid) {
					lost();
					worker[i] = start(i);
				}
		for (int i = 0; i < WORKERS; i++)
			if (worker[i] < 0)
				worker[i] = start(i);
		say("turn %ld lost %d", turn, shared->lost);
		msleep(200);
	}
	return 0;
}
