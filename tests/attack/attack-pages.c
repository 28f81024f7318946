// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-pages: threads that go on using pages that their program gives away.
 *
 * While one thread unmaps, protects, moves, discards, truncates, swaps out or shares pages by fork,
 * others read and write them without pause.  They may fault or see what was theirs, never a byte of
 * another program: a tenant, who fills and frees pages all the time, finds his pages as he left
 * them and his secret nowhere else.
 *
 * usage: attack-pages --inside [ROUNDS]
 */
#include <pthread.h>
#include "attack.h"

enum { PAGES = 64, ROUND_MS = 250, READERS = 3, TENANT_PAGES = 1024, LEAK = 67 };

#define PLACE  ((char *)0x310000000000)
#define AWAY   ((char *)0x320000000000)
#define SECRET 0x7e4a47c0ffee7e4aULL
#define MARK   0xa77acca77acca77aULL

static struct result {
	uint64_t reads, faults, leaks, changes, tenant_rounds, tenant_losses, wrong;
	uint64_t leaked;
} * res;

/* ---- the tenant: another user, whose pages go round with the attackers' */

static __attribute__((noreturn)) int tenant(void *arg)
{
	(void)arg;
	for (;;) {
		uint64_t *p = xmap(TENANT_PAGES * PAGE, PROT_READ | PROT_WRITE);

		for (uint64_t i = 0; i < TENANT_PAGES * PAGE / 8; i++)
			p[i] = SECRET;
		for (uint64_t i = 0; i < TENANT_PAGES * PAGE / 8; i++)
			res->tenant_losses += p[i] != SECRET;
		munmap(p, TENANT_PAGES * PAGE);
		res->tenant_rounds++;
	}
}

/* ---- the attacker */

static __thread sigjmp_buf back;
static __thread volatile int armed;

static void on_fault(int sig, siginfo_t *si, void *context)
{
	(void)si;
	(void)context;
	if (!armed)
		_exit(sig);
	siglongjmp(back, 1);
}

static bool allowed(uint64_t word)
{
	return word == 0 || word == MARK;
}

/* Reads and writes, whatever happens to the pages. */
static void *user_of_pages(void *arg)
{
	volatile uint64_t at;

	(void)arg;
	setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 5);
	for (volatile uint64_t i = 0;; i++) {
		at = (uintptr_t)PLACE + (i * 0x9e3779b1 % PAGES) * PAGE + i % 512 * 8;
		if (sigsetjmp(back, 0)) {
			res->faults++;
			armed = 0;
			continue;
		}
		armed = 1;
		for (int k = 0; k < 64; k++) {
			uint64_t word = *(volatile uint64_t *)at;

			if (!allowed(word)) {
				res->leaks++;
				res->leaked = word;
			}
			*(volatile uint64_t *)at = MARK;
		}
		armed = 0;
		res->reads += 64;
		tried(1);
	}
	return NULL;
}

static void map_again(void)
{
	MUST(mmap(PLACE, PAGES * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == PLACE);
}

/* A child whose copy must not follow the parent, nor the parent the child. */
static void share_by_fork(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		for (int i = 0; i < 20; i++)
			for (size_t n = 0; n < PAGES; n++)
				((volatile uint64_t *)(PLACE + n * PAGE))[n] = i & 1 ? 0 : MARK;
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
}

static int file = -1;

static void change(uint64_t what)
{
	uint64_t first = rnd() % PAGES, n = 1 + rnd() % (PAGES - first);
	char *p = PLACE + first * PAGE;

	switch (what % 10) {
	case 0:
		munmap(p, n * PAGE);
		break;
	case 1:
		mprotect(p, n * PAGE, PROT_NONE);
		break;
	case 2:
		mprotect(p, n * PAGE, PROT_READ);
		break;
	case 3:
		madvise(p, n * PAGE, MADV_DONTNEED);
		break;
	case 4:
		mremap(p, n * PAGE, n * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AWAY + first * PAGE);
		munmap(AWAY, PAGES * PAGE);
		break;
	case 5:
		madvise(p, n * PAGE, MADV_FREE);
		break;
	case 6:
		madvise(p, n * PAGE, MADV_PAGEOUT);
		break;
	case 7:
		share_by_fork();
		break;
	case 8:
		mmap(PLACE, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
		for (int i = 0; i < 10; i++) {
			MUST(ftruncate(file, (off_t)(rnd() % PAGES * PAGE)) == 0);
			sched_yield();
			MUST(ftruncate(file, PAGES * PAGE) == 0);
		}
		break;
	default:
		mmap(p, n * PAGE, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0);
	}
	res->changes++;
}

static __attribute__((noreturn)) int changer(void *arg)
{
	uint64_t what = (uintptr_t)arg;
	pthread_t thread;

	reseed(what);
	file = memfd_create("attack", MFD_CLOEXEC);
	MUST(file >= 0 && ftruncate(file, PAGES * PAGE) == 0);
	map_again();
	handle(SIGSEGV, on_fault, SA_NODEFER);
	handle(SIGBUS, on_fault, SA_NODEFER);
	for (int i = 0; i < READERS; i++)
		MUST(pthread_create(&thread, NULL, user_of_pages, NULL) == 0);
	for (;;) {
		change(what);
		sched_yield(); /* somebody else may get the pages now */
		sched_yield();
		if (rnd() % 4 == 0)
			map_again();
		if (rnd() % 16 == 0)
			what = rnd();
	}
}

/* ---- what one thread took away, its sibling must not have a moment later */

static pthread_barrier_t gate_a, gate_b;

static void *sibling(void *arg)
{
	volatile bool *reached = arg;

	for (;;) {
		pthread_barrier_wait(&gate_a);
		*reached = false;
		if (!sigsetjmp(back, 0)) {
			armed = 1;
			*(volatile uint64_t *)PLACE = 1;
			*reached = true;
		}
		armed = 0;
		pthread_barrier_wait(&gate_b);
	}
	return NULL;
}

static int at_once(void *arg)
{
	volatile bool reached = false;
	pthread_t thread;

	(void)arg;
	handle(SIGSEGV, on_fault, SA_NODEFER);
	handle(SIGBUS, on_fault, SA_NODEFER);
	pthread_barrier_init(&gate_a, NULL, 2);
	pthread_barrier_init(&gate_b, NULL, 2);
	MUST(pthread_create(&thread, NULL, sibling, (void *)&reached) == 0);
	for (int i = 0; i < 900; i++) {
		bool gone = i % 3 != 2;

		map_again();
		*(volatile uint64_t *)PLACE = MARK;
		if (i % 3 == 0)
			munmap(PLACE, PAGE);
		else if (i % 3 == 1)
			mprotect(PLACE, PAGE, i & 1 ? PROT_READ : PROT_NONE);
		tried(1);
		pthread_barrier_wait(&gate_a);
		pthread_barrier_wait(&gate_b);
		if (reached == gone)
			return LEAK;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 30;
	pid_t pid;

	attack_begin(argc, argv);
	res = xshared(PAGE);
	CHECK(exited(attack(at_once, NULL, 60000), 0), "what is taken away is gone for siblings");
	pid = start_bystander(tenant);
	for (long i = 0; i < n; i++) {
		int status = attack(changer, (void *)i, ROUND_MS);

		if (!killed(status, SIGKILL)) {
			res->wrong++;
			say("attacker %ld: status %#x", i, (unsigned int)status);
		}
	}
	kill(pid, SIGKILL);
	reap(pid);
	end_attackers();
	say("%llu accesses, %llu faults, %llu changes; the tenant filled his pages %llu times",
	    (unsigned long long)res->reads, (unsigned long long)res->faults,
	    (unsigned long long)res->changes, (unsigned long long)res->tenant_rounds);
	if (res->leaks)
		say("a byte of another: %#llx", (unsigned long long)res->leaked);
	CHECK(res->leaks == 0, "nobody sees a byte of another program");
	CHECK(res->tenant_losses == 0 && res->tenant_rounds > 0,
	      "nobody writes to another program");
	CHECK(res->wrong == 0, "the attackers' own faults are all caught");
	return attack_end();
}
