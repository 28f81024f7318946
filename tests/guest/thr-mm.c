// SPDX-License-Identifier: GPL-2.0-only
/* thr-mm: many threads fault, map, protect and unmap one address space; rseq and membarrier. */
#include "guest.h"
#include <linux/membarrier.h>
#include <linux/rseq.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <sys/rseq.h>

static volatile int stop;
static unsigned char *arena;
enum { ARENA = 8 << 20 };

/* Each thread fills its own pages with a pattern, drops them, and finds zeroes again. */
static void *private_maps(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg + 77;
	long bad = 0;

	for (int i = 0; i < 300; i++) {
		size_t pages = 1 + xorshift(&seed) % 40, len = pages * PAGE;
		uint64_t *p = xmap(len, PROT_READ | PROT_WRITE);

		for (size_t j = 0; j < pages; j++)
			bad += p[j * 512] != 0;
		for (size_t j = 0; j < pages; j++)
			p[j * 512] = seed + j;
		if (i % 3 == 0)
			mprotect(p, len, PROT_READ);
		for (size_t j = 0; j < pages; j++)
			bad += p[j * 512] != seed + j;
		if (i % 4 == 0) {
			mprotect(p, len, PROT_READ | PROT_WRITE);
			madvise(p, len, MADV_DONTNEED);
			for (size_t j = 0; j < pages; j++)
				bad += p[j * 512] != 0;
		}
		munmap(p, len);
	}
	return (void *)bad;
}

/* All threads touch all pages of the arena, each its own byte of a page. */
static void *touch_arena(void *arg)
{
	size_t me = (uintptr_t)arg;
	uint64_t seed = me + 1;
	long bad = 0;

	for (size_t off = 0; off < ARENA; off += PAGE) {
		size_t o = (off + me * 37 * PAGE) % ARENA;

		arena[o + me] = (unsigned char)(me + 1);
	}
	for (int i = 0; i < 20000; i++) {
		size_t o = (xorshift(&seed) % ARENA & ~(PAGE - 1)) + me;

		bad += arena[o] != (unsigned char)(me + 1);
	}
	return (void *)bad;
}

static long all(void *(*fn)(void *), int n)
{
	pthread_t t[32];
	long sum = 0;
	void *ret;

	for (long i = 0; i < n; i++)
		MUST(pthread_create(&t[i], NULL, fn, (void *)i) == 0);
	for (int i = 0; i < n; i++) {
		pthread_join(t[i], &ret);
		sum += (intptr_t)ret;
	}
	return sum;
}

static __thread sigjmp_buf back;
static __thread volatile int armed;

static void on_segv(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
	if (!armed)
		_exit(97);
	siglongjmp(back, 1);
}

static volatile uint64_t *victim, *elsewhere;

/* Reads a page that another thread maps and unmaps: its value or a fault, nothing else. */
static void *reader(void *arg)
{
	volatile long bad = 0, seen = 0;

	(void)arg;
	while (!stop) {
		if (!sigsetjmp(back, 1)) {
			armed = 1;
			uint64_t v = victim[3];

			if (v != 0 && v != 0x5a5a5a5a5a5a5a5a)
				bad++;
			seen++;
		}
		armed = 0;
	}
	return (void *)bad;
}

static void *remapper(void *arg)
{
	(void)arg;
	for (int i = 0; i < 400; i++) {
		void *p = mmap((void *)victim, PAGE, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

		if (p == MAP_FAILED)
			return (void *)1;
		victim[3] = 0x5a5a5a5a5a5a5a5a;
		sched_yield();
		if (i & 1)
			mprotect(p, PAGE, PROT_NONE);
		munmap(p, PAGE);
		/* The freed page is likely to come back here, with other contents. */
		for (int j = 0; j < 4 * 512; j++)
			elsewhere[j] = 0xbadbadbadbad;
		madvise((void *)elsewhere, 4 * PAGE, MADV_DONTNEED);
	}
	stop = 1;
	return NULL;
}

static void unmap_under_readers(void)
{
	pthread_t t[4];
	long bad = 0;
	void *ret;

	elsewhere = xmap(4 * PAGE, PROT_READ | PROT_WRITE);
	victim = xmap(PAGE, PROT_READ | PROT_WRITE);
	handle(SIGSEGV, on_segv, SA_NODEFER);
	for (int i = 0; i < 3; i++)
		MUST(pthread_create(&t[i], NULL, reader, NULL) == 0);
	MUST(pthread_create(&t[3], NULL, remapper, NULL) == 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		bad += (intptr_t)ret;
	}
	signal(SIGSEGV, SIG_DFL);
	CHECK(bad == 0, "readers of a page that comes and goes see its value or fault");
}

/* A counter under rapid copy-on-write: threads write while the process forks. */
static volatile uint64_t *counters;

static void *cow_writer(void *arg)
{
	size_t me = (uintptr_t)arg;
	uint64_t n = 0;

	while (!stop) {
		size_t at = (n % 64) * 512 + me;

		if (counters[at] != n / 64)
			return (void *)1;
		counters[at] = n / 64 + 1;
		n++;
	}
	return NULL;
}

static void fork_under_writers(void)
{
	pthread_t t[4];
	long bad = 0;
	void *ret;

	counters = xmap(64 * PAGE, PROT_READ | PROT_WRITE);
	stop = 0;
	for (long i = 0; i < 4; i++)
		MUST(pthread_create(&t[i], NULL, cow_writer, (void *)i) == 0);
	for (int i = 0; i < 60; i++) {
		pid_t pid = fork();

		if (!pid) {
			uint64_t sum = 0, again = 0;

			for (int j = 0; j < 64 * 512; j++)
				sum += counters[j];
			sched_yield();
			for (int j = 0; j < 64 * 512; j++)
				again += counters[j];
			_exit(sum == again ? 0 : 1);
		}
		QUIET(exited(reap(pid), 0), "the child's copy stands still (fork %d)", i);
	}
	stop = 1;
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		bad += (intptr_t)ret;
	}
	CHECK(bad == 0, "no write lost while the process forks");
}

static void rseq(void)
{
	struct rseq *r = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
	unsigned int cpu;
	bool match = false;

	CHECK(__rseq_size >= 20, "glibc registered rseq");
	if (!__rseq_size)
		return;
	for (int i = 0; i < 100 && !match; i++) {
		getcpu(&cpu, NULL);
		match = *(volatile uint32_t *)&r->cpu_id == cpu;
	}
	CHECK(match, "rseq's cpu_id agrees with getcpu");
	CHECK(syscall(SYS_rseq, r, 32, 0, RSEQ_SIG) == -1 && errno == EBUSY,
	      "second registration: EBUSY");
}

/* A critical section that spins until it is aborted by preemption or a signal. */
static bool rseq_abort(void)
{
	struct rseq *r = (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
	uint64_t limit = now_ns() + 5000000000u;
	int aborted = 0;

	while (!aborted && now_ns() < limit) {
		uint64_t n = 20000000;

		__asm__ volatile goto(".pushsection __rseq_cs, \"aw\"\n"
				      ".balign 32\n"
				      "3: .long 0, 0\n"
				      ".quad 1f, 2f - 1f, 4f\n"
				      ".popsection\n"
				      "leaq 3b(%%rip), %%rax\n"
				      "movq %%rax, 8(%0)\n"
				      "1: decq %1\n"
				      "jnz 1b\n"
				      "2: jmp 5f\n"
				      ".byte 0x0f, 0xb9, 0x3d\n"
				      ".long 0x53053053\n"
				      "4: jmp %l[abort]\n"
				      "5:\n"
				      :
				      : "r"(r), "r"(n)
				      : "rax", "memory", "cc"
				      : abort);
		continue;
	abort:
		aborted = 1;
	}
	return aborted;
}

static void barriers(void)
{
	long q = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);

	CHECK(q > 0 && (q & MEMBARRIER_CMD_GLOBAL), "membarrier query");
	CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == -1 &&
		      errno == EPERM,
	      "private expedited needs registration");
	CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0,
	      "register");
	CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0,
	      "private expedited");
	CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0, "global");
}

static void on_alarm(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
}

int main(void)
{
	CHECK(all(private_maps, 12) == 0, "12 threads map, fill, protect and drop their own pages");
	arena = xmap(ARENA, PROT_READ | PROT_WRITE);
	CHECK(all(touch_arena, 16) == 0, "16 threads fault the same pages");
	unmap_under_readers();
	fork_under_writers();
	rseq();
	handle(SIGALRM, on_alarm, SA_RESTART);
	alarm(1);
	CHECK(rseq_abort(), "a signal aborts an rseq critical section");
	barriers();
	return finish();
}
