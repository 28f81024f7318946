// SPDX-License-Identifier: GPL-2.0-only
/*
 * mem-big: large areas: random writes, huge-page sized maps cut in the middle, reuse of memory, the end
 * of the addresses.
 */
#include "guest.h"

enum { MIB = 1 << 20 };

static uint64_t sum_of(const uint64_t *p, size_t words)
{
	uint64_t s = 0;

	for (size_t i = 0; i < words; i++)
		s = (s << 7 | s >> 57) ^ p[i];
	return s;
}

/* Random writes over 64 MiB, each also kept in a small model: word = f(last round that hit it). */
static void random_writes(void)
{
	size_t words = 64UL * MIB / 8;
	uint64_t *p = xmap(words * 8, PROT_READ | PROT_WRITE), seed = 42;

	for (int i = 0; i < 400000; i++) {
		uint64_t r = xorshift(&seed);

		p[r % words] ^= r;
	}
	say("64 MiB, random writes: checksum %016llx", (unsigned long long)sum_of(p, words));
	seed = 42;
	for (int i = 0; i < 400000; i++) {
		uint64_t r = xorshift(&seed);

		p[r % words] ^= r;
	}
	long bad = 0;

	for (size_t i = 0; i < words; i++)
		bad += p[i] != 0;
	CHECK(bad == 0, "the same writes again leave zeroes");
	munmap(p, words * 8);
}

static void sequential(void)
{
	size_t words = 96UL * MIB / 8;
	uint64_t *p = xmap(words * 8, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < words; i++)
		p[i] = i * 0x9e3779b97f4a7c15;
	say("96 MiB, sequential: checksum %016llx", (unsigned long long)sum_of(p, words));
	munmap(p, words * 8);
	/* What comes back is zero, however often. */
	for (int round = 0; round < 3; round++) {
		p = xmap(48UL * MIB, PROT_READ | PROT_WRITE);
		for (size_t i = 0; i < 48UL * MIB / 8; i += 64) {
			QUIET(p[i] == 0, "fresh memory is zero");
			p[i] = ~0ull;
		}
		munmap(p, 48UL * MIB);
	}
	CHECK(true, "three rounds of fresh memory");
}

/* An area aligned to 2 MiB. */
static unsigned char *huge(size_t len)
{
	unsigned char *p = xmap(len + 2 * MIB, PROT_READ | PROT_WRITE), *a;

	a = (unsigned char *)(((uintptr_t)p + 2 * MIB - 1) & ~(uintptr_t)(2 * MIB - 1));
	if (a != p)
		munmap(p, (size_t)(a - p));
	munmap(a + len, (size_t)(p + 2 * MIB - a));
	madvise(a, len, MADV_HUGEPAGE);
	return a;
}

static bool is(unsigned char *p, size_t len, unsigned char value)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void cut(void)
{
	unsigned char *p = huge(8 * MIB);

	memset(p, 1, 8 * MIB);
	munmap(p + MIB, 64 * 1024);
	mprotect(p + 3 * MIB, PAGE, PROT_NONE);
	mprotect(p + 5 * MIB, 100 * PAGE, PROT_READ);
	madvise(p + 6 * MIB + 3 * PAGE, 5 * PAGE, MADV_DONTNEED);
	CHECK(touch(p + MIB, false) == SIGSEGV && touch(p + MIB + 65535, true) == SIGSEGV, "hole");
	CHECK(touch(p + 3 * MIB, false) == SIGSEGV && touch(p + 3 * MIB + PAGE, true) == 0,
	      "no access");
	CHECK(touch(p + 5 * MIB, false) == 0 && touch(p + 5 * MIB, true) == SIGSEGV &&
		      touch(p + 5 * MIB + 100 * PAGE, true) == 0,
	      "read-only");
	CHECK(is(p + 6 * MIB + 3 * PAGE, 5 * PAGE, 0), "dropped pages are zero");
	CHECK(is(p, MIB, 1) && is(p + MIB + 65536, 2 * MIB - 65536, 1) &&
		      is(p + 3 * MIB + PAGE, 3 * MIB + 2 * PAGE, 1) &&
		      is(p + 6 * MIB + 8 * PAGE, 2 * MIB - 8 * PAGE, 1),
	      "the rest is whole");
	munmap(p, 8 * MIB);
}

static void move(void)
{
	unsigned char *p = huge(6 * MIB), *q = huge(6 * MIB);

	memset(p, 2, 6 * MIB);
	CHECK(mremap(p, 4 * MIB, 4 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED, q) == q &&
		      is(q, 4 * MIB, 2),
	      "move of two huge pages");
	CHECK(mremap(q + MIB + PAGE, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     p + 7 * PAGE) == p + 7 * PAGE,
	      "move of a piece out of the middle");
	CHECK(is(p + 7 * PAGE, 64 * PAGE, 2) && touch(q + MIB + PAGE, false) == SIGSEGV &&
		      is(q + MIB + 65 * PAGE, 3 * MIB - 65 * PAGE, 2),
	      "contents");
	munmap(p, 6 * MIB);
	munmap(q, 6 * MIB);
}

static void fork_huge(void)
{
	unsigned char *p = huge(8 * MIB);
	pid_t pid;

	memset(p, 3, 8 * MIB);
	pid = fork();
	if (!pid) {
		p[MIB] = 9;
		munmap(p + 2 * MIB + 17 * PAGE, PAGE);
		mprotect(p + 4 * MIB + PAGE, PAGE, PROT_READ);
		memset(p + 6 * MIB, 4, MIB);
		_exit(is(p, MIB, 3) && p[MIB] == 9 && is(p + MIB + 1, MIB - 1, 3) &&
				      is(p + 6 * MIB, MIB, 4) && is(p + 7 * MIB, MIB, 3)
			      ? 0
			      : 1);
	}
	p[5 * MIB] = 8;
	CHECK(exited(reap(pid), 0), "the child cuts and writes its copy");
	CHECK(p[5 * MIB] == 8 && is(p, 5 * MIB, 3) && is(p + 5 * MIB + 1, 3 * MIB - 1, 3),
	      "the parent's is whole");
	munmap(p, 8 * MIB);
}

static void file_map(void)
{
	int fd = make_file(16 * MIB);
	uint64_t *p = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), *q, seed = 5;
	static uint64_t buf[8192];
	long bad = 0;

	MUST(p != MAP_FAILED);
	for (size_t i = 0; i < 16 * MIB / 8; i++)
		p[i] = xorshift(&seed);
	munmap(p, 16 * MIB);
	seed = 5;
	for (off_t off = 0; off < 16 * MIB; off += (off_t)sizeof(buf)) {
		MUST(pread(fd, buf, sizeof(buf), off) == (ssize_t)sizeof(buf));
		for (size_t i = 0; i < ARRAY_SIZE(buf); i++)
			bad += buf[i] != xorshift(&seed);
	}
	CHECK(bad == 0, "16 MiB written by a map, read back");
	q = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	MUST(q != MAP_FAILED);
	for (size_t i = 0; i < 16 * MIB / 8; i += 1024)
		q[i] = 0;
	seed = 5;
	for (size_t i = 0; i < 16 * MIB / 8; i++) {
		uint64_t want = xorshift(&seed);

		bad += q[i] != (i % 1024 ? want : 0);
	}
	CHECK(bad == 0, "a private map of it, each second page changed");
	munmap(q, 16 * MIB);
	close(fd);
}

/* Six processes at once, each with its own pattern over 8 MiB. */
static int pattern(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg + 1, again = seed;
	size_t words = 8UL * MIB / 8;
	uint64_t *p = xmap(words * 8, PROT_READ | PROT_WRITE);
	long bad = 0;

	for (size_t i = 0; i < words; i++)
		p[i] = xorshift(&seed);
	sched_yield();
	for (size_t i = 0; i < words; i++)
		bad += p[i] != xorshift(&again);
	return bad != 0;
}

/* Where the last of the program's own mappings ends. */
static unsigned long last_end(void)
{
	unsigned long start, end, last = 0;
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	MUST(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%lx-%lx", &start, &end) == 2 && end < 1UL << 47)
			last = end;
	fclose(maps);
	return last;
}

/* A program may give up, and ask for, all addresses up to the page below 2^47. */
static void whole_space(void)
{
	unsigned long from = last_end(), end = (1UL << 47) - PAGE;
	char *at = (char *)from;

	CHECK(munmap(at, end - from) == 0, "munmap up to the last page");
	CHECK(munmap(at, end + PAGE - from) == -1 && errno == EINVAL, "and not with that one");
	CHECK(mprotect(at, end - from, PROT_READ) == -1 && errno == ENOMEM, "mprotect up to there");
	CHECK(madvise((char *)end - PAGE, PAGE, MADV_NORMAL) == -1 && errno == ENOMEM, "madvise there");
	CHECK(mmap((char *)end, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	      MAP_FAILED && errno == ENOMEM, "no mapping at the last page");
	CHECK(mremap(at, PAGE, PAGE, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT, "nothing to move");
	CHECK(touch((char *)end - PAGE, false) == SIGSEGV, "nothing to read");
}

int main(void)
{
	pid_t pid[6];
	int good = 0;

	catch_faults();
	whole_space();
	random_writes();
	sequential();
	cut();
	move();
	fork_huge();
	file_map();
	for (long i = 0; i < 6; i++)
		pid[i] = spawn(pattern, (void *)i);
	for (int i = 0; i < 6; i++)
		good += exited(reap(pid[i]), 0);
	say("processes with patterns: %d of 6 good", good);
	return finish();
}
