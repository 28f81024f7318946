// SPDX-License-Identifier: GPL-2.0-only
/* mem-fault: which signal, si_code and si_addr a bad access gives; stack growth, guard pages. */
#include "guest.h"
#include <pthread.h>
#include <sys/resource.h>
#include <ucontext.h>

static volatile uint64_t fault_err, fault_trap, fault_cr2;

static void on_fault(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	if (!g_armed) {
		say("FAIL unexpected signal %d, code %d", sig, si->si_code);
		_exit(97);
	}
	g_fault = *si;
	/* Bit 0, "present", tells of the page tables and not of the program. */
	fault_err = (uint64_t)uc->uc_mcontext.gregs[REG_ERR] & ~1ull;
	fault_trap = (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
	fault_cr2 = (uint64_t)uc->uc_mcontext.gregs[REG_CR2];
	siglongjmp(g_back, sig);
}

static void report(const char *name, int sig, const volatile void *addr)
{
	if (!sig)
		say("%s: no fault", name);
	else
		say("%s: signal %d code %d, address %s, trap %llu error %#llx, cr2 %s", name, sig,
		    g_fault.si_code, g_fault.si_addr == (void *)addr ? "right" : "WRONG",
		    (unsigned long long)fault_trap, (unsigned long long)fault_err,
		    fault_cr2 == (uint64_t)addr ? "right" : "other");
}

static int call(void *at)
{
	int sig = sigsetjmp(g_back, 1);

	if (!sig) {
		g_armed = 1;
		((void (*)(void))at)();
	}
	g_armed = 0;
	return sig;
}

static void kinds(void)
{
	unsigned char *p = xmap(8 * PAGE, PROT_READ | PROT_WRITE);
	static const unsigned char ret[] = { 0xc3 };

	memcpy(p, ret, 1);
	memcpy(p + 5 * PAGE, ret, 1);
	munmap(p + PAGE, PAGE);
	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	mprotect(p + 3 * PAGE, PAGE, PROT_READ);
	mprotect(p + 5 * PAGE, PAGE, PROT_READ | PROT_EXEC);
	mprotect(p + 6 * PAGE, PAGE, PROT_WRITE);

	report("read of a hole", touch(p + PAGE + 123, false), p + PAGE + 123);
	report("write to a hole", touch(p + PAGE + 4095, true), p + PAGE + 4095);
	report("read without rights", touch(p + 2 * PAGE + 8, false), p + 2 * PAGE + 8);
	report("write of read-only, touched",
	       (touch(p + 3 * PAGE, false), touch(p + 3 * PAGE + 9, true)), p + 3 * PAGE + 9);
	mprotect(p + 4 * PAGE, PAGE, PROT_READ);
	report("call of data", call(p), p);
	report("call of a hole", call(p + PAGE), p + PAGE);
	report("call without rights", call(p + 2 * PAGE), p + 2 * PAGE);
	report("call of code", call(p + 5 * PAGE), p + 5 * PAGE);
	report("write of code", touch(p + 5 * PAGE, true), p + 5 * PAGE);
	report("write-only: write", touch(p + 6 * PAGE, true), p + 6 * PAGE);
	report("null pointer", touch((void *)0, false), (void *)0);
	report("null pointer write at 8", touch((void *)8, true), (void *)8);
	report("call of null", call(NULL), NULL);
	munmap(p, 8 * PAGE);
}

/* Addresses that no user program may have. */
static void far_away(void)
{
	static const struct {
		const char *name;
		uint64_t addr;
	} at[] = {
		{ "first non-canonical", 0x0000800000000000 },
		{ "non-canonical", 0x1234567812345678 },
		{ "last non-canonical", 0xffff7fffffffffff },
		{ "first kernel address", 0xffff800000000000 },
		{ "kernel text", 0xffffffff81000000 },
		{ "last address", 0xffffffffffffffff },
	};

	for (size_t i = 0; i < ARRAY_SIZE(at); i++) {
		int sig = touch((void *)at[i].addr, false);

		say("%s: read gives signal %d code %d, si_addr %#llx", at[i].name, sig,
		    g_fault.si_code, (unsigned long long)(uintptr_t)g_fault.si_addr);
	}
	int sig = touch((void *)at[4].addr, true);

	say("write there: signal %d code %d", sig, g_fault.si_code);
	sig = call((void *)at[1].addr);
	say("non-canonical call: signal %d code %d", sig, g_fault.si_code);
}

static void split_access(void)
{
	unsigned char *p = xmap(2 * PAGE, PROT_READ | PROT_WRITE);
	int sig;

	munmap(p + PAGE, PAGE);
	p[PAGE - 1] = 0x55;
	sig = sigsetjmp(g_back, 1);
	if (!sig) {
		g_armed = 1;
		__asm__ volatile("movq $-1, %0" : "=m"(*(uint64_t *)(p + PAGE - 4)));
	}
	g_armed = 0;
	report("write over a page end", sig, p + PAGE);
	CHECK(p[PAGE - 1] == 0x55, "nothing of it was stored");
	munmap(p, PAGE);
}

/* A fault is repaired in the handler and the instruction repeated. */
static unsigned char *repair;
static volatile int repairs;

static void on_repair(int sig, siginfo_t *si, void *uc)
{
	unsigned char *page = (unsigned char *)((uintptr_t)si->si_addr & ~(PAGE - 1));

	(void)sig;
	(void)uc;
	repairs++;
	if (page < repair || page >= repair + 64 * PAGE ||
	    mprotect(page, PAGE, PROT_READ | PROT_WRITE))
		_exit(96);
}

static void repaired(void)
{
	uint64_t sum = 0;

	repair = xmap(64 * PAGE, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < 64 * PAGE; i++)
		repair[i] = (unsigned char)(i * 7);
	mprotect(repair, 64 * PAGE, PROT_NONE);
	handle(SIGSEGV, on_repair, 0);
	for (size_t i = 0; i < 64 * PAGE; i++)
		sum = sum * 3 + repair[i];
	say("64 pages opened in the handler: %d faults, checksum %llx", repairs,
	    (unsigned long long)sum);
	handle(SIGSEGV, on_fault, SA_NODEFER);
	munmap(repair, 64 * PAGE);
}

static __attribute__((noinline)) uint64_t recurse(int n)
{
	volatile uint64_t page[512];

	for (int i = 0; i < 512; i += 16)
		page[i] = (uint64_t)n + (uint64_t)i;
	uint64_t below = n ? recurse(n - 1) : 0;

	for (int i = 0; i < 512; i += 16)
		if (page[i] != (uint64_t)n + (uint64_t)i)
			return 1u << 30;
	return below + 1;
}

static int overflow(void *arg)
{
	static char alt[65536];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };

	(void)arg;
	sigaltstack(&ss, NULL);
	handle(SIGSEGV, on_fault, SA_ONSTACK);
	int sig = sigsetjmp(g_back, 1);

	if (!sig) {
		g_armed = 1;
		recurse(1 << 30);
	}
	return sig == SIGSEGV && g_fault.si_code == SEGV_MAPERR ? 5 : 6;
}

static int overflow_plain(void *arg)
{
	struct rlimit none = { 0, 0 };

	(void)arg;
	setrlimit(RLIMIT_CORE, &none);
	handle(SIGSEGV, on_fault, 0);
	recurse(1 << 30);
	return 6;
}

static int small_stack(void *arg)
{
	struct rlimit rl = { 1 << 20, 8 << 20 };

	setrlimit(RLIMIT_STACK, &rl);
	return overflow(arg);
}

static void stack(void)
{
	unsigned char here, *below;

	say("a stack of 6 MiB: %llu pages", (unsigned long long)recurse(1500));
	below = (unsigned char *)(((uintptr_t)&here & ~(PAGE - 1)) - 64 * PAGE);
	CHECK(touch(below, true) == 0, "a jump down the stack grows it");
	CHECK(exited(run(overflow, NULL), 5), "overflow: SIGSEGV on the alternate stack");
	CHECK(exited(run(small_stack, NULL), 5), "with a smaller limit, too");
	CHECK(killed(run(overflow_plain, NULL), SIGSEGV), "without an alternate stack: killed");
}

static void grows_down(void)
{
	unsigned char *area = xmap(600 * PAGE, PROT_NONE), *p;

	munmap(area, 600 * PAGE);
	p = mmap(area + 590 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	MUST(p != MAP_FAILED);
	for (int i = 0; i < 100; i++)
		QUIET(touch(p - i * (long)PAGE, true) == 0, "page %d", i);
	CHECK(p[-99 * (long)PAGE] == 0, "MAP_GROWSDOWN grows by 99 pages");
}

/* The kernel meets bad user memory: an error, not a signal. */
static void kernel_access(void)
{
	unsigned char *p = xmap(4 * PAGE, PROT_READ | PROT_WRITE);
	int fd[2];

	MUST(pipe(fd) == 0);
	munmap(p + PAGE, PAGE);
	mprotect(p + 2 * PAGE, PAGE, PROT_READ);
	CHECK(write(fd[1], p + PAGE, 10) == -1 && errno == EFAULT, "write from a hole");
	CHECK(write(fd[1], p + PAGE - 6, 10) == 6 || errno == EFAULT,
	      "write over the edge: short or EFAULT");
	CHECK(write(fd[1], p, 16) == 16, "write");
	CHECK(read(fd[0], p + PAGE, 4) == -1 && errno == EFAULT, "read into a hole");
	CHECK(read(fd[0], p + 2 * PAGE, 4) == -1 && errno == EFAULT, "read into a read-only page");
	CHECK(read(fd[0], (void *)0xffffffff81000000, 4) == -1 && errno == EFAULT,
	      "read into the kernel");
	CHECK(read(fd[0], p + 3 * PAGE, 4) > 0, "read into an untouched page");
	CHECK(syscall(SYS_clock_gettime, 0, 8) == -1 && errno == EFAULT, "clock_gettime to 8");
	CHECK(open((char *)p + PAGE, O_RDONLY) == -1 && errno == EFAULT, "open of a bad path");
	memset(p + PAGE - 3, 'a', 3);
	CHECK(open((char *)p + PAGE - 3, O_RDONLY) == -1 && errno == EFAULT,
	      "a path that runs into a hole");
	munmap(p, 4 * PAGE);
}

static void *guard_thread(void *arg)
{
	(void)arg;
	recurse(1 << 30);
	return NULL;
}

static int guard(void *arg)
{
	struct rlimit none = { 0, 0 };
	pthread_t t;

	(void)arg;
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	pthread_create(&t, NULL, guard_thread, NULL);
	pthread_join(t, NULL);
	return 0;
}

int main(void)
{
	handle(SIGSEGV, on_fault, SA_NODEFER);
	handle(SIGBUS, on_fault, SA_NODEFER);
	kinds();
	far_away();
	split_access();
	repaired();
	stack();
	grows_down();
	kernel_access();
	CHECK(killed(run(guard, NULL), SIGSEGV), "a thread's guard page");
	return finish();
}
