// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-mappings: what guest programs cost the host beyond guest RAM: a host mapping for each page.
 *
 * Some processes of one user read pages that are all the same page of zeros, or map the pages of one
 * small file backwards, so that no two neighbours can share a host mapping.  What that costs is seen
 * from outside only: the program says "mapped" and keeps the processes for a while.
 *
 * usage: attack-mappings --inside [PROCESSES [PAGES [SECONDS]]]
 */
#include "attack.h"

enum { FILE_PAGES = 32, LIMIT_MS = 600000 };

static struct shared {
	int done;
} * res;

static long pages;

/* Every fourth process: each of these mappings costs the guest memory, too. */
static void map_backwards(void)
{
	int fd = memfd_create("backwards", MFD_CLOEXEC);
	char *to =
		mmap(NULL, (size_t)pages / 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || to == MAP_FAILED || ftruncate(fd, FILE_PAGES * PAGE))
		return;
	for (long i = 0; i < pages / 4; i++) {
		volatile char *p =
			mmap(to + i * (long)PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fd,
			     (off_t)((FILE_PAGES - 1 - i % FILE_PAGES) * (long)PAGE));

		if (p != MAP_FAILED)
			(void)*p;
		tried(1);
	}
}

static void read_zeros(void)
{
	volatile char *p = mmap(NULL, (size_t)pages * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return;
	madvise((void *)p, (size_t)pages * PAGE, MADV_NOHUGEPAGE);
	for (long i = 0; i < pages; i++)
		(void)p[i * (long)PAGE];
	tried((uint64_t)pages);
}

static __attribute__((noreturn)) void mapper(int number)
{
	if (number % 4 == 3)
		map_backwards();
	else
		read_zeros();
	__atomic_add_fetch(&res->done, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

static int mappers(void *arg)
{
	int n = (int)(intptr_t)arg;

	for (int i = 0; i < n; i++)
		if (!fork())
			mapper(i);
	while (res->done < n)
		msleep(10);
	return 0;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 3, seconds = argc > 4 ? atol(argv[4]) : 0;

	pages = argc > 3 ? atol(argv[3]) : 10000;
	attack_begin(argc, argv);
	res = xshared(PAGE);
	CHECK(exited(attack(mappers, (void *)n, LIMIT_MS), 0), "%ld processes map %ld pages", n,
	      pages);
	say("mapped by %ld processes", n);
	msleep(seconds * 1000);
	end_attackers();
	return attack_end();
}
