// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-fill: some processes touch every page that they can see of the host layer.
 *
 * What they make the host spend on it is seen from outside only: the program says "filled" and
 * keeps the processes for a while.
 *
 * usage: attack-fill --inside [PROCESSES [SECONDS]]
 */
#include "attack.h"

static struct shared {
	int done;
} * res;

static __attribute__((noreturn)) int fill(void *arg)
{
	(void)arg;
	catch_faults();
	for (int i = 0; i < nareas; i++)
		for (uint64_t at = areas[i].start; at < areas[i].end; at += PAGE) {
			touch((void *)at, areas[i].writable);
			tried(1);
		}
	__atomic_add_fetch(&res->done, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static int fillers(void *arg)
{
	int n = (int)(intptr_t)arg;

	for (int i = 0; i < n; i++)
		if (!fork())
			fill(NULL);
	while (res->done < n)
		msleep(10);
	return 0;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 3, seconds = argc > 3 ? atol(argv[3]) : 0;

	attack_begin(argc, argv);
	res = xshared(PAGE);
	CHECK(exited(attack(fillers, (void *)n, 60000), 0), "%ld processes touch all they see", n);
	say("filled by %ld processes", n);
	msleep(seconds * 1000);
	end_attackers();
	return attack_end();
}
