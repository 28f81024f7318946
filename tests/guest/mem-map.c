// SPDX-License-Identifier: GPL-2.0-only
/* mem-map: mmap, munmap, mprotect, mremap, brk, mincore, hints and fixed addresses. */
#include "guest.h"
#include <sys/resource.h>

static char access_of(volatile void *p)
{
	if (touch(p, true) == 0)
		return 'w';
	return touch(p, false) == 0 ? 'r' : '-';
}

/* One letter a page: what may be done there. */
static void show(const char *name, unsigned char *p, int pages)
{
	char line[65];

	for (int i = 0; i < pages; i++)
		line[i] = access_of(p + (size_t)i * PAGE);
	line[pages] = 0;
	say("%s: %s", name, line);
}

static void number(unsigned char *p, int pages)
{
	for (int i = 0; i < pages; i++)
		memset(p + (size_t)i * PAGE, i + 1, PAGE);
}

static bool numbered(unsigned char *p, int pages, int first)
{
	for (size_t i = 0; i < (size_t)pages * PAGE; i++)
		if (p[i] != (unsigned char)(first + i / PAGE))
			return false;
	return true;
}

static void holes(void)
{
	unsigned char *p = xmap(32 * PAGE, PROT_READ | PROT_WRITE);

	number(p, 32);
	MUST(munmap(p + 3 * PAGE, 2 * PAGE) == 0 && munmap(p + 31 * PAGE, PAGE) == 0);
	MUST(munmap(p + 10 * PAGE, 8 * PAGE) == 0);
	show("holes", p, 32);
	CHECK(numbered(p, 3, 1) && numbered(p + 5 * PAGE, 5, 6) && numbered(p + 18 * PAGE, 13, 19),
	      "contents around the holes");
	CHECK(munmap(p, 32 * PAGE) == 0, "munmap over holes");
	CHECK(munmap(p, 32 * PAGE) == 0, "munmap of nothing");
	show("all gone", p, 32);
	CHECK(munmap(p + 1, PAGE) == -1 && errno == EINVAL, "unaligned munmap");
	CHECK(munmap(p, 0) == -1 && errno == EINVAL, "empty munmap");
}

static void protect(void)
{
	unsigned char *p = xmap(16 * PAGE, PROT_READ | PROT_WRITE);

	number(p, 16);
	mprotect(p + PAGE, PAGE, PROT_READ);
	mprotect(p + 2 * PAGE, 2 * PAGE, PROT_NONE);
	mprotect(p + 6 * PAGE, 4 * PAGE, PROT_READ);
	mprotect(p + 7 * PAGE, PAGE, PROT_NONE);
	show("protections", p, 16);
	mprotect(p, 16 * PAGE, PROT_READ);
	show("all read-only", p, 16);
	CHECK(numbered(p, 16, 1), "contents kept");
	mprotect(p, 16 * PAGE, PROT_READ | PROT_WRITE);
	show("all writable", p, 16);
	munmap(p + 8 * PAGE, PAGE);
	CHECK(mprotect(p, 16 * PAGE, PROT_READ) == -1 && errno == ENOMEM,
	      "mprotect over a hole: ENOMEM");
	show("up to the hole", p, 16);
	for (int i = 0; i < 300; i++) {
		mprotect(p + 4 * PAGE, PAGE, PROT_NONE);
		QUIET(touch(p + 4 * PAGE, false) == SIGSEGV, "round %d: no access", i);
		mprotect(p + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE);
		QUIET(touch(p + 4 * PAGE, true) == 0, "round %d: access", i);
	}
	CHECK(p[4 * PAGE] == 5, "300 rounds of PROT_NONE and back");
	munmap(p, 16 * PAGE);
	p = xmap(8 * PAGE, PROT_NONE);
	show("mapped without rights", p, 8);
	mprotect(p + PAGE, 6 * PAGE, PROT_READ);
	show("then read-only, never touched", p, 8);
	CHECK(p[PAGE] == 0 && p[6 * PAGE] == 0, "reads zero");
	mprotect(p, 8 * PAGE, PROT_READ | PROT_WRITE);
	show("then writable", p, 8);
	munmap(p, 8 * PAGE);
}

static void grow(void)
{
	unsigned char *p = xmap(4 * PAGE, PROT_READ | PROT_WRITE), *q, *r;

	number(p, 4);
	q = mremap(p, 4 * PAGE, 400 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && numbered(q, 4, 1), "grow keeps the contents");
	CHECK(q[399 * PAGE] == 0, "the new part is zero");
	number(q, 200);
	CHECK(mremap(q, 400 * PAGE, 100 * PAGE, 0) == q, "shrink stays");
	CHECK(numbered(q, 100, 1) && touch(q + 100 * PAGE, false) == SIGSEGV, "shrink cuts");
	MUST(mmap(q + 100 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		  0) != MAP_FAILED);
	CHECK(mremap(q, 100 * PAGE, 101 * PAGE, 0) == MAP_FAILED && errno == ENOMEM,
	      "no room and no leave to move: ENOMEM");
	r = xmap(300 * PAGE, PROT_READ | PROT_WRITE);
	memset(r, 0xee, 300 * PAGE);
	CHECK(mremap(q, 100 * PAGE, 100 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r + 50 * PAGE) ==
		      r + 50 * PAGE,
	      "move onto a mapping");
	CHECK(numbered(r + 50 * PAGE, 100, 1) && r[50 * PAGE - 1] == 0xee && r[150 * PAGE] == 0xee,
	      "contents moved, neighbours kept");
	CHECK(touch(q, false) == SIGSEGV && touch(q + 99 * PAGE, false) == SIGSEGV,
	      "old place empty");
	CHECK(mremap(r, 10 * PAGE, 10 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, r + 5 * PAGE) ==
			      MAP_FAILED &&
		      errno == EINVAL,
	      "overlapping move: EINVAL");
	munmap(r, 300 * PAGE);
	munmap(q + 100 * PAGE, PAGE);
}

static void dontunmap(void)
{
	unsigned char *p = xmap(64 * PAGE, PROT_READ | PROT_WRITE), *q;

	number(p, 64);
	/* The C library passes no address without MREMAP_FIXED, the kernel wants one. */
	q = (void *)syscall(SYS_mremap, p, 64 * PAGE, 64 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
			    0);
	CHECK(q != MAP_FAILED && q != p && numbered(q, 64, 1), "DONTUNMAP moves the contents");
	CHECK(p[0] == 0 && p[63 * PAGE] == 0, "the old place reads zero");
	number(p, 64);
	q[0] = 99;
	CHECK(p[0] == 1 && q[0] == 99, "the two are apart");
	munmap(p, 64 * PAGE);
	munmap(q, 64 * PAGE);
	p = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	number(p, 8);
	q = mremap(p, 0, 8 * PAGE, MREMAP_MAYMOVE);
	CHECK(q != MAP_FAILED && numbered(q, 8, 1), "old size 0 duplicates a shared mapping");
	q[3 * PAGE] = 77;
	CHECK(p[3 * PAGE] == 77, "both show one memory");
}

static void fixed(void)
{
	unsigned char *p = xmap(16 * PAGE, PROT_READ | PROT_WRITE), *q;

	number(p, 16);
	q = mmap(p + 4 * PAGE, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(q == p + 4 * PAGE && q[0] == 0, "MAP_FIXED replaces");
	show("replaced", p, 16);
	CHECK(numbered(p, 4, 1) && numbered(p + 8 * PAGE, 8, 9), "neighbours kept");
	q = mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		 -1, 0);
	CHECK(q == MAP_FAILED && errno == EEXIST, "MAP_FIXED_NOREPLACE: EEXIST");
	munmap(p + 2 * PAGE, PAGE);
	q = mmap(p + 2 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE,
		 -1, 0);
	CHECK(q == p + 2 * PAGE && q[0] == 0, "MAP_FIXED_NOREPLACE in a hole");
	CHECK(mmap(p + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
			      MAP_FAILED &&
		      errno == EINVAL,
	      "unaligned MAP_FIXED");
	CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
		      errno == EINVAL,
	      "empty map");
	CHECK(mmap(NULL, 1UL << 47, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED &&
		      errno == ENOMEM,
	      "larger than the address space");
	CHECK(mmap((void *)(1UL << 47), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		   -1, 0) == MAP_FAILED &&
		      errno == ENOMEM,
	      "beyond the address space");
	q = mmap((void *)(1UL << 47), PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED && (uintptr_t)q < 1UL << 47, "a hint beyond it is only a hint");
	q = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1,
		 0);
	CHECK(q != MAP_FAILED && (uintptr_t)q < 1UL << 31, "MAP_32BIT");
	CHECK(access_of(q) == 'w', "and it works");
	munmap(p, 16 * PAGE);
}

/* Maps where asked in all parts of the address space, low to nearly the top. */
static void places(void)
{
	int good = 0, top = 0;

	for (int bit = 22; bit < 47; bit++) {
		unsigned char *want = (unsigned char *)(1UL << bit) + 0x123000, *p;

		p = mmap(want, 3 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
		if (p != want && errno == EEXIST) {
			good++; /* the program itself is there */
			continue;
		}
		if (p != want)
			continue;
		number(p, 3);
		good += numbered(p, 3, 1);
		munmap(p, 3 * PAGE);
	}
	say("addresses 2^22..2^46: %d", good);
	/* The stack lies somewhere in the last 16 GiB; most of these places are free. */
	for (uintptr_t a = 0x7ffb00000000; a < 0x7fffff000000; a += 0x10000000) {
		unsigned char *p = mmap((void *)a, 2 * PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (p != (void *)a)
			continue;
		number(p, 2);
		top += numbered(p, 2, 1);
		munmap(p, 2 * PAGE);
	}
	CHECK(top > 40, "addresses in the last 20 GiB below 2^47");
}

static void heap(void)
{
	unsigned char *b = sbrk(0), *e;

	CHECK(sbrk(64 * PAGE) == b, "brk grows");
	number(b, 64);
	e = sbrk(0);
	CHECK(e == b + 64 * PAGE, "to the new end");
	CHECK(sbrk(-32 * (long)PAGE) == e, "brk shrinks");
	CHECK(touch(b + 40 * PAGE, false) == SIGSEGV, "the cut part is gone");
	sbrk(32 * PAGE);
	CHECK(numbered(b, 32, 1) && b[32 * PAGE] == 0 && b[63 * PAGE] == 0,
	      "grown again, it is zero");
	sbrk(-64 * (long)PAGE);
	CHECK(syscall(SYS_brk, 1L << 46) == (long)(uintptr_t)sbrk(0), "brk too far: unchanged");
}

static void residence(void)
{
	unsigned char *p = xmap(8 * PAGE, PROT_READ | PROT_WRITE), vec[8];
	char line[9];

	madvise(p, 8 * PAGE, MADV_NOHUGEPAGE);
	p[2 * PAGE] = p[5 * PAGE] = 1;
	MUST(mincore(p, 8 * PAGE, vec) == 0);
	CHECK((vec[2] & 1) && (vec[5] & 1), "mincore: written pages are there");
	MUST(madvise(p, 8 * PAGE, MADV_DONTNEED) == 0 && mincore(p, 8 * PAGE, vec) == 0);
	for (int i = 0; i < 8; i++)
		line[i] = (char)('0' + (vec[i] & 1));
	line[8] = 0;
	say("mincore after DONTNEED: %s", line);
	munmap(p, 4 * PAGE);
	CHECK(mincore(p, 8 * PAGE, vec) == -1 && errno == ENOMEM, "mincore of a hole: ENOMEM");
	munmap(p, 8 * PAGE);
}

static void many_maps(void)
{
	enum { N = 3000 };
	unsigned char *p = xmap(2 * N * PAGE, PROT_READ | PROT_WRITE);
	long bad = 0;

	for (size_t i = 0; i < N; i++)
		mprotect(p + 2 * i * PAGE, PAGE, PROT_READ);
	for (size_t i = 0; i < N; i++) {
		p[(2 * i + 1) * PAGE] = (unsigned char)i;
		bad += p[2 * i * PAGE] != 0;
	}
	for (size_t i = 0; i < N; i += 7)
		bad += touch(p + 2 * i * PAGE, true) != SIGSEGV;
	for (size_t i = 0; i < N; i++)
		bad += p[(2 * i + 1) * PAGE] != (unsigned char)i;
	CHECK(bad == 0, "%d alternating protections", 2 * N);
	CHECK(munmap(p, 2 * N * PAGE) == 0, "one munmap for all");
}

static void limits(void)
{
	struct rlimit rl = { 64 << 20, 64 << 20 };
	pid_t pid = fork();

	if (!pid) {
		setrlimit(RLIMIT_AS, &rl);
		_exit(mmap(NULL, 128 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
					      MAP_FAILED &&
				      errno == ENOMEM
			      ? 0
			      : 1);
	}
	CHECK(exited(reap(pid), 0), "RLIMIT_AS is honoured");
	pid = fork();
	if (!pid) {
		char *p = xmap(4 * PAGE, PROT_READ | PROT_WRITE);

		rl.rlim_cur = rl.rlim_max = 2 * PAGE;
		setrlimit(RLIMIT_MEMLOCK, &rl);
		if (!getuid() && setuid(65534))
			_exit(9);
		_exit(mlock(p, 4 * PAGE) == -1 && errno == ENOMEM && mlock(p, PAGE) == 0 &&
				      munlock(p, PAGE) == 0
			      ? 0
			      : 1);
	}
	CHECK(exited(reap(pid), 0), "RLIMIT_MEMLOCK is honoured");
}

int main(void)
{
	catch_faults();
	holes();
	protect();
	grow();
	dontunmap();
	fixed();
	places();
	heap();
	residence();
	many_maps();
	limits();
	return finish();
}
