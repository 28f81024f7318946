// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-threads: one thread rewrites what the host layer and the kernel keep for another.
 *
 * A thread that waits in a page fault has its registers and vector state in a signal frame that
 * its siblings can write: userfaultfd holds it there as long as the attacker likes.  Threads that
 * are preempted, in the middle of a signal handler, or in a system call are overwritten at random
 * moments.  The attacker may die of it; he must get no privilege, and the kernel must not stumble.
 *
 * usage: attack-threads --inside [ROUNDS]
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include "attack.h"

enum { STACK_BYTES = 32768, STACKS = 8, PRIVILEGED = 66, PAGES = 64, SCRIBBLE_MS = 120 };

static struct result {
	uint64_t held, scribbles;
} * res;

/* ---- what is written */

static uint64_t stacks; /* first of the host layer's signal stacks */

static uint64_t hostile(void)
{
	switch (rnd() % 9) {
	case 0:
		return rnd();
	case 1:
		return stacks + rnd() % (STACKS * STACK_BYTES);
	case 2:
		return text->start + rnd() % text_len;
	case 3:
		return 0x60000000 + (rnd() & 0x3fffffff);
	case 4:
		return 1ull << (rnd() & 63);
	case 5:
		return rnd() & 0xffff;
	case 6:
		return task_size + rnd() % (USER_END - task_size);
	case 7:
		return ~0ull;
	default:
		return 0;
	}
}

static bool mapped(uint64_t at)
{
	static int8_t known[STACKS * STACK_BYTES / 4096];
	int8_t *k = &known[(at - stacks) / PAGE];

	if (!*k)
		*k = touch((void *)(at & ~(PAGE - 1)), true) ? -1 : 1;
	return *k > 0;
}

static void store(uint64_t at, uint64_t word)
{
	if (at >= stacks && at + 8 <= stacks + STACKS * STACK_BYTES && mapped(at) && mapped(at + 7))
		*(volatile uint64_t *)at = word;
}

/*
 * Offsets, from the top of a stack, where frames lie depend on the processor's vector state; so
 * words that look like part of a frame, or any at all, are replaced.
 */
static void scribble(uint64_t most)
{
	uint64_t stack = stacks + rnd() % STACKS * STACK_BYTES;

	for (uint64_t n = 1 + rnd() % most; n; n--) {
		uint64_t at = stack + STACK_BYTES - 8 - (rnd() % 6000 & ~7ull);
		uint64_t old;

		if (!mapped(at))
			return;
		old = *(volatile uint64_t *)at;
		/* Half of the time only words that are in use. */
		if (old || (rnd() & 1))
			store(at, rnd() % 4 ? hostile() : old ^ 1ull << (rnd() & 63));
	}
	res->scribbles++;
	tried(1);
}

/* One stack's frame over another's. */
static void exchange(void)
{
	uint64_t from = stacks + rnd() % STACKS * STACK_BYTES + STACK_BYTES - 6144,
		 to = stacks + rnd() % STACKS * STACK_BYTES + STACK_BYTES - 6144;

	if (mapped(from) && mapped(to) && mapped(from + 6143) && mapped(to + 6143))
		memcpy((void *)to, (void *)from, 6144);
	tried(1);
}

static void write_something(void)
{
	if (rnd() % 8)
		scribble(rnd() & 1 ? 4 : 400);
	else
		exchange();
}

/* Has somebody given us more than a user may have? */
static void look_at_privilege(void)
{
	uint64_t flags, cs;

	__asm__ volatile("pushfq; pop %0; mov %%cs, %1" : "=r"(flags), "=r"(cs));
	if ((flags & 0x3000) || (cs & 3) != 3)
		_exit(PRIVILEGED);
}

/* ---- held in a page fault */

static char *pages;

static void *toucher(void *arg)
{
	uint64_t lanes[2] = { 0x1111111111111111, 0x2222222222222222 };

	(void)arg;
	for (long i = 0;; i = (i + 1) % PAGES) {
		__asm__ volatile("movdqu %0, %%xmm3; movdqu %0, %%xmm9"
				 :
				 : "m"(lanes)
				 : "xmm3", "xmm9");
		((volatile char *)pages)[(size_t)i * PAGE]++;
		madvise(pages + (size_t)i * PAGE, PAGE, MADV_DONTNEED);
		look_at_privilege();
	}
	return NULL;
}

static __attribute__((noreturn)) int held_in_fault(void *arg)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffd_msg msg;
	pthread_t thread;
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);

	reseed((uintptr_t)arg);
	MUST(fd >= 0 && ioctl(fd, UFFDIO_API, &api) == 0);
	pages = xmap(PAGES * PAGE, PROT_READ | PROT_WRITE);
	reg.range.start = (uintptr_t)pages;
	reg.range.len = PAGES * PAGE;
	MUST(ioctl(fd, UFFDIO_REGISTER, &reg) == 0);
	MUST(pthread_create(&thread, NULL, toucher, NULL) == 0);
	for (;;) {
		struct uffdio_zeropage zero = { .range.len = PAGE };

		MUST(read(fd, &msg, sizeof(msg)) == sizeof(msg));
		if (msg.event != UFFD_EVENT_PAGEFAULT)
			continue;
		for (uint64_t n = rnd() % 3; n; n--)
			write_something();
		res->held++;
		zero.range.start = msg.arg.pagefault.address & ~(PAGE - 1);
		ioctl(fd, UFFDIO_ZEROPAGE, &zero);
	}
}

/* ---- at any moment */

static volatile uint64_t *user_stack; /* of the thread in a signal handler */

static void on_signal(int sig, siginfo_t *si, void *context)
{
	volatile uint64_t here[64] = { 0 };

	(void)sig;
	(void)si;
	user_stack = context;
	for (int i = 0; i < 2000; i++)
		here[i & 63]++;
	look_at_privilege();
}

static void *worker(void *arg)
{
	char *page = xmap(PAGE, PROT_READ | PROT_WRITE);
	uint64_t id = (uintptr_t)arg;
	stack_t ss;

	for (;;) {
		for (int i = 0; i < 5000; i++)
			__asm__ volatile("pause");
		switch (id % 4) {
		case 0:
			syscall(SYS_getppid);
			break;
		case 1:
			sigaltstack(NULL, &ss);
			break;
		case 2:
			page[0]++;
			madvise(page, PAGE, MADV_DONTNEED);
			break;
		default:
			raise(SIGUSR1);
		}
		look_at_privilege();
	}
	return NULL;
}

static __attribute__((noreturn)) int at_any_moment(void *arg)
{
	pthread_t thread;

	reseed((uintptr_t)arg);
	handle(SIGUSR1, on_signal, SA_NODEFER);
	for (uintptr_t i = 0; i < 4; i++)
		MUST(pthread_create(&thread, NULL, worker, (void *)i) == 0);
	for (;;) {
		write_something();
		if (user_stack && rnd() % 64 == 0)
			user_stack[rnd() % 160] = hostile();
		if (rnd() % 256 == 0)
			sched_yield();
	}
}

static void rounds(const char *name, int (*fn)(void *), int n)
{
	int died = 0, stopped = 0, privileged = 0, failed = 0;

	for (long i = 0; i < n; i++) {
		int status = attack(fn, (void *)i, SCRIBBLE_MS);

		died += WIFSIGNALED(status) && !killed(status, SIGKILL);
		stopped += killed(status, SIGKILL);
		privileged += exited(status, PRIVILEGED);
		failed += exited(status, 98);
	}
	end_attackers();
	say("%s: %d programs, %d ended by a signal, %d by the time limit", name, n, died, stopped);
	CHECK(privileged == 0, "%s: nobody gets more privilege", name);
	CHECK(failed * 4 < n, "%s: the attack is made", name);
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 150;
	uint64_t sum;

	attack_begin(argc, argv);
	CHECK(text && nareas && areas[nareas - 1].writable, "code and stacks are found");
	if (!text || !nareas)
		return finish();
	stacks = areas[nareas - 1].start;
	res = xshared(PAGE);
	sum = checksum(text);
	rounds("held in a page fault", held_in_fault, n);
	CHECK(res->held > 0, "threads were held in page faults");
	rounds("at any moment", at_any_moment, n / 2);
	say("%llu threads held, %llu frames written to", (unsigned long long)res->held,
	    (unsigned long long)res->scribbles);
	CHECK(checksum(text) == sum, "the code is unchanged");
	return attack_end();
}
