// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-clocks: the pages with the kernel's clocks, which every program sees, in time namespaces.
 *
 * An ordinary user makes namespaces with clocks of their own.  Whoever is born there sees the same
 * time by the pages and by system call, whether its parent has looked at the clock before or not;
 * so does who enters one, and everybody outside.  attack.sh sees that the kernel does not complain.
 *
 * usage: attack-clocks --inside [ROUNDS]
 */
#include "attack.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

enum { OFFSET_S = 1000000, LIMIT_MS = 60000 };

static struct shared {
	uint64_t looks, inside, wrong;
	long at_first, vdso_s, call_s; /* the last wrong one, and of what offset */
	int err;		       /* why there is no namespace */
} * shared;

static const clockid_t clocks[] = { CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE };

/* By the pages, and by calls before and after; @offset_s is what this program's clocks have. */
static void look(long offset_s)
{
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		struct timespec before, t, after;

		syscall(SYS_clock_gettime, clocks[i], &before);
		clock_gettime(clocks[i], &t);
		syscall(SYS_clock_gettime, clocks[i], &after);
		shared->looks++;
		shared->inside += before.tv_sec >= OFFSET_S;
		if (t.tv_sec >= before.tv_sec && t.tv_sec <= after.tv_sec &&
		    (before.tv_sec >= OFFSET_S) == (offset_s >= OFFSET_S))
			continue;
		shared->wrong++;
		shared->at_first = offset_s;
		shared->vdso_s = t.tv_sec;
		shared->call_s = before.tv_sec;
	}
}

/* A child, and its child, which has got from it what it has looked at. */
static void look_in_children(long offset_s)
{
	pid_t pid = fork();

	if (pid < 0)
		return;
	if (pid) {
		reap(pid);
		return;
	}
	look(offset_s);
	pid = fork();
	if (!pid) {
		look(offset_s);
		_exit(0);
	}
	if (pid > 0)
		reap(pid);
	_exit(0);
}

static int namespace_make(void)
{
	static const char offsets[] = "monotonic 1000000 0\nboottime 1000000 0\n";
	int fd, good;

	prctl(PR_SET_DUMPABLE, 1); /* or the file is root's */
	if (unshare(CLONE_NEWUSER | CLONE_NEWTIME))
		return errno;
	fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	good = fd >= 0 && write(fd, offsets, sizeof(offsets) - 1) == (ssize_t)sizeof(offsets) - 1;
	return good ? 0 : errno;
}

static int namespaces(void *arg)
{
	bool first = (intptr_t)arg % 2;
	int fd;

	tried(1);
	/* Who has used the pages before gives them to its children, with what they show it. */
	if (first)
		look(0);
	look_in_children(0);
	shared->err = namespace_make();
	if (shared->err)
		return 1;
	if (first)
		look(0); /* still outside, its children are not */
	for (int i = 0; i < 4; i++)
		look_in_children(OFFSET_S);
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && !setns(fd, CLONE_NEWTIME)) {
		look(OFFSET_S);
		look_in_children(OFFSET_S);
	}
	return 0;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 10, made = 0;

	attack_begin(argc, argv);
	shared = xshared(PAGE);
	for (long i = 0; i < n; i++)
		made += exited(attack(namespaces, (void *)i, LIMIT_MS), 0);
	end_attackers();
	CHECK(made == n, "%ld namespaces of %ld: %s", made, n, strerror(shared->err));
	CHECK(shared->inside > 0, "%llu looks at clocks, %llu inside namespaces",
	      (unsigned long long)shared->looks, (unsigned long long)shared->inside);
	CHECK(shared->wrong == 0,
	      "%llu of them are wrong, the last says %ld s by the pages, %ld s by call, of %ld s",
	      (unsigned long long)shared->wrong, shared->vdso_s, shared->call_s, shared->at_first);
	return attack_end();
}
