// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-tables: what programs that have ended go on to cost the host: page tables.
 *
 * Some programs exist together.  One after the other has pages so far apart that each needs page
 * tables of its own, on the host as in the guest, and ends.  What stays of them is seen from
 * outside only: the program says "ended" and waits for a while.
 *
 * usage: attack-tables --inside [PROGRAMS [PAGES [SECONDS]]]
 */
#include "attack.h"

enum { PROGRAMS_MAX = 32, LIMIT_MS = 300000 };

#define APART (1ul << 30) /* a page table and a directory for each page */
#define FIRST (1ul << 40)

static struct shared {
	long pages; /* that programs have had in all */
} * shared;

static struct gate gates[PROGRAMS_MAX];
static long programs, pages;

static __attribute__((noreturn)) void spread(int number)
{
	long n = 0;

	gate_wait(&gates[number]);
	for (; n < pages; n++) {
		volatile char *p = mmap((void *)(FIRST + (uint64_t)n * APART), PAGE, PROT_READ,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		if (p == MAP_FAILED)
			break;
		(void)*p;
	}
	__atomic_add_fetch(&shared->pages, n, __ATOMIC_SEQ_CST);
	_exit(0);
}

static int one_after_other(void *arg)
{
	pid_t pid[PROGRAMS_MAX];

	(void)arg;
	for (int i = 0; i < programs; i++) {
		pid[i] = fork();
		if (!pid[i])
			spread(i);
		if (pid[i] < 0)
			return 1;
	}
	for (int i = 0; i < programs; i++) {
		gate_open(&gates[i]);
		if (!exited(reap(pid[i]), 0))
			return 2;
	}
	return 0;
}

int main(int argc, char **argv)
{
	long seconds = argc > 4 ? atol(argv[4]) : 0;

	programs = argc > 2 ? atol(argv[2]) : 4;
	pages = argc > 3 ? atol(argv[3]) : 2000;
	MUST(programs <= PROGRAMS_MAX);
	attack_begin(argc, argv);
	shared = xshared(PAGE);
	for (int i = 0; i < programs; i++)
		gate_init(&gates[i]);
	CHECK(exited(attack(one_after_other, NULL, LIMIT_MS), 0),
	      "programs have page tables, and end");
	CHECK(shared->pages == programs * pages, "%ld programs, %ld pages", programs,
	      shared->pages);
	tried((uint64_t)shared->pages);
	say("ended %ld programs", programs);
	msleep(seconds * 1000);
	end_attackers();
	return attack_end();
}
