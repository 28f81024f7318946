// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-maps: mappings where none may be, and more of them than the host can hold.
 *
 * At address 0, at the end of the address space, over the host layer; without vDSO; single pages
 * with holes between, up to the guest's limit of mappings and far beyond the host's.  The guest
 * must answer as Linux does; what it cannot have mapped at once it maps again and again.
 *
 * usage: attack-maps --inside [ROUNDS]
 */
#include <sys/auxv.h>
#include <sys/shm.h>
#include <sys/utsname.h>
#include "attack.h"

enum { MANY = 66000, READ_PAGES = 70000, SPLIT_BYTES = 192 << 20, WRONG = 67 };

#define PLACE ((char *)0x310000000000)

/* ---- where nothing may be mapped */

struct target {
	uint64_t at;
	size_t len;
	int want; /* errno; 0: it may work */
};

static int map_at(const struct target *t, int flags)
{
	void *p = mmap((void *)t->at, t->len, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_ANONYMOUS | flags, -1, 0);

	tried(1);
	if (p == MAP_FAILED)
		return errno;
	if (p == (void *)t->at)
		memset(p, 1, t->len < PAGE ? t->len : PAGE);
	munmap(p, t->len);
	/* Without MAP_FIXED the address is only a hint. */
	return p == (void *)t->at ? 0 : EEXIST;
}

static bool refused(const struct target *t)
{
	static const int how[] = { MAP_PRIVATE,
				   MAP_SHARED,
				   MAP_PRIVATE | MAP_FIXED,
				   MAP_SHARED | MAP_FIXED,
				   MAP_PRIVATE | MAP_FIXED_NOREPLACE,
				   MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE | MAP_POPULATE,
				   MAP_PRIVATE | MAP_FIXED | MAP_GROWSDOWN,
				   MAP_PRIVATE | MAP_FIXED | MAP_LOCKED };

	for (size_t i = 0; i < ARRAY_SIZE(how); i++)
		if (map_at(t, how[i]) == 0)
			return false;
	return true;
}

/* Exit status: the number of the first target that was not refused, plus one. */
static int forbidden(void *arg)
{
	struct target list[64] = {
		{ 0, PAGE, EPERM },
		{ 0, 65536, EPERM },
		{ task_size, PAGE, ENOMEM },
		{ task_size - PAGE, 2 * PAGE, ENOMEM },
		{ task_size - 65536, 1 << 20, ENOMEM },
		{ PAGE, task_size, ENOMEM },
		{ 65536, ~0ull & ~(PAGE - 1), ENOMEM },
		{ USER_END - PAGE, PAGE, ENOMEM },
		{ USER_END, PAGE, ENOMEM },
		{ 1ull << 47, PAGE, ENOMEM },
		{ 0xffffffffff600000, PAGE, ENOMEM },
		{ 0xfffffffffffff000, PAGE, ENOMEM },
		{ 0x8000000000000000, PAGE, ENOMEM },
		{ 0xffff800000000000, PAGE, ENOMEM },
	};
	int n = 14;

	(void)arg;
	for (int i = 0; i < nareas && n < 60; i++) {
		list[n++] = (struct target){ areas[i].start, PAGE, ENOMEM };
		list[n++] =
			(struct target){ areas[i].start, areas[i].end - areas[i].start, ENOMEM };
		list[n++] = (struct target){ areas[i].end - PAGE, PAGE, ENOMEM };
	}
	for (int i = 0; i < n; i++)
		if (!refused(&list[i]))
			return i + 1;
	return 0;
}

/* The last page that a program can have is its own; it is not next to anything of the host's. */
static int last_page(void *arg)
{
	uint64_t at = task_size - PAGE;
	char *p = mmap((void *)at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	(void)arg;
	tried(1);
	if (p == MAP_FAILED)
		return 0;
	catch_faults();
	memset(p, 0x90, PAGE);
	memcpy(p + PAGE - 2, "\x0f\x05", 2); /* a call whose return address is beyond */
	/* Strings and structures that cross the border. */
	if (open(p + PAGE - 4, O_RDONLY) >= 0 || errno != EFAULT)
		return WRONG;
	if (write(null_fd, p + PAGE - 8, 16) != 16 && errno != EFAULT)
		return WRONG;
	if (uname((void *)(p + PAGE - 8)) != -1 || errno != EFAULT)
		return WRONG;
	return 0;
}

/* Everything that changes mappings, aimed at what is not ours. */
static int foreign(void *arg)
{
	static const int advice[] = { MADV_DONTNEED,
				      MADV_FREE,
				      MADV_REMOVE,
				      MADV_HUGEPAGE,
				      MADV_PAGEOUT,
				      MADV_COLD,
				      22,
				      23,
				      25,
				      100 };
	int shm = shmget(IPC_PRIVATE, 65536, 0600), done = 0;
	char *own = xmap(65536, PROT_READ | PROT_WRITE);

	(void)arg;
	for (int i = 0; i < nareas; i++) {
		uint64_t at = areas[i].start;
		size_t len = areas[i].end - at;

		for (int k = 0; k < 2; k++, len = PAGE) {
			/* Taking away what is none of the guest's is no error; the calls that
			 * follow would not come back if it had an effect. */
			munmap((void *)at, len);
			for (int prot = 0; prot < 8; prot++)
				done += mprotect((void *)at, len, prot) == 0;
			for (size_t m = 0; m < ARRAY_SIZE(advice); m++)
				done += madvise((void *)at, len, advice[m]) == 0;
			done += mlock((void *)at, len) == 0;
			done += mremap((void *)at, len, len, MREMAP_MAYMOVE) != MAP_FAILED;
			done += mremap((void *)at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				       PLACE) != MAP_FAILED;
			done += mremap(own, 65536, 65536, MREMAP_MAYMOVE | MREMAP_FIXED,
				       (void *)at) != MAP_FAILED;
			done += syscall(SYS_remap_file_pages, at, len, 0, 0, 0) == 0;
			done += syscall(SYS_pkey_mprotect, at, len, 7L, -1L) == 0;
			done += shmat(shm, (void *)at, SHM_REMAP) != (void *)-1;
			done += syscall(SYS_brk, at) == (long)at;
			tried(20 + ARRAY_SIZE(advice));
		}
	}
	shmctl(shm, IPC_RMID, NULL);
	tried(1);
	munmap((void *)task_size, USER_END - task_size);
	done += getppid() < 1 || fork() < 0;
	return done ? WRONG : 0;
}

/* ---- without a vDSO, or with something else in its place */

static int no_vdso(void *arg)
{
	uint64_t vdso = getauxval(AT_SYSINFO_EHDR), head[2];
	struct timespec t;

	tried(1);
	if (!vdso)
		return WRONG;
	memcpy(head, (void *)vdso, sizeof(head));
	switch ((intptr_t)arg) {
	case 0:
		munmap((void *)vdso, PAGE);
		break;
	case 1:
		mprotect((void *)(vdso - 4 * PAGE), 6 * PAGE, PROT_READ | PROT_WRITE);
		catch_faults();
		for (uint64_t at = vdso - 4 * PAGE; at < vdso + 2 * PAGE; at += PAGE)
			touch((void *)at, true); /* its own copy, or a fault */
		break;
	case 2:
		mmap((void *)(vdso - 4 * PAGE), 6 * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		break;
	default:
		mremap((void *)vdso, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, PLACE);
	}
	/* By the call itself: the functions may be gone. */
	return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t) == 0 && fork() >= 0 ? 0 : WRONG;
}

/* Was it only ours? */
static int vdso_is_good(void *arg)
{
	struct timespec a, b;

	(void)arg;
	clock_gettime(CLOCK_MONOTONIC, &a);
	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &b);
	return b.tv_sec - a.tv_sec < 60 && !memcmp((void *)getauxval(AT_SYSINFO_EHDR), "\177ELF", 4)
		       ? 0
		       : WRONG;
}

/* ---- more than the host can hold */

/* Single pages with holes between, each with its own content, up to the limit of mappings. */
static int holes(void *arg)
{
	long n = 0;

	(void)arg;
	while (n < MANY) {
		char *p = PLACE + n * 2 * PAGE;

		tried(1);
		if (mmap(p, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0) == MAP_FAILED)
			break;
		*(long *)p = n++;
	}
	if (errno != ENOMEM || n < 60000)
		return 1;
	for (long i = 0; i < n; i++)
		if (*(volatile long *)(PLACE + i * 2 * PAGE) != i)
			return WRONG;
	return munmap(PLACE, (size_t)n * 2 * PAGE) == 0 ? 0 : 2;
}

/* One mapping for the guest, one for each page for the host: all are the same empty page. */
static int same_page(void *arg)
{
	volatile char *p = mmap(PLACE, READ_PAGES * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	(void)arg;
	if (p != PLACE || madvise(PLACE, READ_PAGES * PAGE, MADV_NOHUGEPAGE))
		return 1;
	for (size_t i = 0; i < READ_PAGES; i++)
		if (p[i * PAGE])
			return WRONG;
	tried(READ_PAGES);
	return 0;
}

/* Large pages, then every other small one is taken away or made read-only. */
static int split(void *arg)
{
	long way = (intptr_t)arg;
	volatile char *p = mmap(PLACE, SPLIT_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	if (p != PLACE)
		return 1;
	memset(PLACE, 1, SPLIT_BYTES);
	for (size_t at = 0; at < SPLIT_BYTES; at += 2 * PAGE) {
		tried(1);
		if (way == 0)
			madvise(PLACE + at, PAGE, MADV_DONTNEED);
		else if (way == 1)
			mprotect(PLACE + at, PAGE, PROT_READ);
		else
			munmap(PLACE + at, PAGE);
	}
	for (size_t at = 0; at < SPLIT_BYTES; at += PAGE) {
		bool taken = at % (2 * PAGE) == 0;

		if (!(taken && way == 2) && p[at] != (taken && way == 0 ? 0 : 1))
			return WRONG;
	}
	return 0;
}

/* The same, but no user code runs in between: one call changes thousands of places. */
static int split_at_once(void *arg)
{
	volatile char *p = mmap(PLACE, SPLIT_BYTES, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	pid_t pid;
	int status;

	(void)arg;
	if (p != PLACE)
		return 1;
	memset(PLACE, 1, SPLIT_BYTES);
	for (size_t at = 0; at < SPLIT_BYTES; at += 16 * PAGE)
		madvise(PLACE + at, PAGE, MADV_DONTNEED);
	/* fork write-protects all of it, piece by piece. */
	pid = fork();
	if (!pid)
		_exit(p[PAGE] == 1 ? 0 : WRONG);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !exited(status, 0))
		return 2;
	for (size_t at = 0; at < SPLIT_BYTES; at += PAGE)
		if (p[at] != (at % (16 * PAGE) ? 1 : 0))
			return WRONG;
	tried(SPLIT_BYTES / PAGE / 16);
	return 0;
}

static void expect(const char *name, int (*fn)(void *), long arg)
{
	uint64_t begin = now_ns();
	int status = attack(fn, (void *)arg, 60000);

	CHECK(exited(status, 0), "%s: status %#x, %llu ms", name, (unsigned int)status,
	      (unsigned long long)(now_ns() - begin) / 1000000);
	end_attackers();
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1;

	attack_begin(argc, argv);
	attacker_limit.space_bytes = 2UL << 30;
	while (n--) {
		expect("nothing can be mapped where it may not be", forbidden, 0);
		expect("the last page", last_page, 0);
		expect("no call changes what is the host's", foreign, 0);
		for (long way = 0; way < 4; way++)
			expect("a program without vDSO", no_vdso, way);
		expect("the vDSO of others", vdso_is_good, 0);
		expect("single pages up to the limit of mappings", holes, 0);
		expect("one page at many places", same_page, 0);
		expect("every other page given back", split, 0);
		expect("every other page made read-only", split, 1);
		expect("every other page unmapped", split, 2);
		expect("thousands of places changed by one call", split_at_once, 0);
	}
	return attack_end();
}
