// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-mappings: what guest programs cost the host beyond guest RAM: a host mapping for each
 * page.
 *
 * Some processes of one user read pages that are all the same page of zeros, or map the pages of
 * one small file backwards, so that no two neighbours can share a host mapping.  Or they have pages
 * in a row, and then give up every second one, or any right to it: each of these cuts a host
 * mapping in two, and no fault asks for it.  What that costs is seen from outside only: the program
 * says "mapped" and keeps the processes for a while.
 *
 * usage: attack-mappings --inside [PROCESSES [PAGES [SECONDS [KIND]]]]
 * KIND: pages (without one), holes or rights
 */
#include "attack.h"

enum { FILE_PAGES = 32, ROW_PAGES = 8192, HOLD_MS = 1000, LIMIT_MS = 600000 };

static struct shared {
	int done;
} * res;

static long pages;
static int row_fd; /* the file of map_rows() */

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

static void map_pages(int number)
{
	if (number % 4 == 3)
		map_backwards();
	else
		read_zeros();
}

/* The pages of one file over and over, in its order, only read: so few host mappings hold them. */
static char *map_rows(void)
{
	size_t row = ROW_PAGES * PAGE, len = ((size_t)pages + ROW_PAGES) / ROW_PAGES * row;
	char *to = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(to != MAP_FAILED);
	for (size_t at = 0; at < len; at += row)
		MUST(mmap(to + at, row, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, row_fd,
			  0) == to + at);
	for (long i = 0; i < pages; i++)
		(void)((volatile char *)to)[i * (long)PAGE];
	return to;
}

static void cut_holes(int number)
{
	char *to = map_rows();

	(void)number;
	for (long i = 1; i < pages; i += 2)
		madvise(to + i * (long)PAGE, PAGE, MADV_DONTNEED);
	tried((uint64_t)pages / 2);
}

/* As far as the guest has room for its own. */
static void cut_rights(int number)
{
	char *to = map_rows();

	(void)number;
	for (long i = 1; i < pages; i += 2) {
		mprotect(to + i * (long)PAGE, PAGE, PROT_NONE);
		tried(1);
	}
}

static const struct kind {
	const char *name;
	void (*map)(int number);
} kinds[] = {
	{ "pages", map_pages },
	{ "holes", cut_holes },
	{ "rights", cut_rights },
};

static const struct kind *kind = kinds;

static __attribute__((noreturn)) void mapper(int number)
{
	/* What comes after the last mapping must be no fault, which would ask for it all. */
	__atomic_add_fetch(&res->done, 0, __ATOMIC_SEQ_CST);
	tried(0);
	msleep(1);
	kind->map(number);
	__atomic_add_fetch(&res->done, 1, __ATOMIC_SEQ_CST);
	for (;;)
		msleep(1000);
}

static int mappers(void *arg)
{
	int n = (int)(intptr_t)arg;

	for (int i = 0; i < n; i++)
		if (!fork())
			mapper(i);
	while (res->done < n)
		msleep(10);
	/* Nobody asks the kernel for anything, so that it has no reason to look. */
	msleep(HOLD_MS);
	return 0;
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 3, seconds = argc > 4 ? atol(argv[4]) : 0;

	pages = argc > 3 ? atol(argv[3]) : 10000;
	attack_begin(argc, argv);
	for (size_t i = 0; argc > 5 && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[5], kinds[i].name))
			kind = &kinds[i];
	row_fd = memfd_create("row", MFD_CLOEXEC);
	/* All at once, so that its pages are neighbours in guest RAM, too. */
	MUST(row_fd >= 0 && !fallocate(row_fd, 0, 0, ROW_PAGES * PAGE));
	res = xshared(PAGE);
	CHECK(exited(attack(mappers, (void *)n, LIMIT_MS), 0), "%ld processes map %ld pages", n,
	      pages);
	say("mapped by %ld processes", n);
	msleep(seconds * 1000);
	end_attackers();
	return attack_end();
}
