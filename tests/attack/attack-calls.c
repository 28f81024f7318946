// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-calls: every system call number, by every way into the kernel.
 *
 * Numbers that Linux 6.12 does not have must be answered ENOSYS by the guest kernel: a newer host
 * would answer some of them otherwise, so this also shows that the host executes none.  The known
 * numbers get arguments of many kinds; the attacker may harm himself with them, nobody else.
 */
#include "attack.h"

enum { NUMBERS = 1024, PATTERNS = 12, LAST_KNOWN = 462, LIMIT_MS = 150 };

/* Numbers that the host executes before any filter sees them, whose answer is the host's. */
static const int passing[] = { 336 };

static struct shared {
	int wrong[NUMBERS][2]; /* answers to unknown numbers that were not ENOSYS */
	int done[NUMBERS][2];
	int int80, sysenter, compat; /* answers that nobody may get */
	int fds;
} * res;

static char buf[65536] __attribute__((aligned(4096)));

static bool known(int nr)
{
	return nr <= 335 || (nr >= 424 && nr <= LAST_KNOWN);
}

static bool passes(int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(passing); i++)
		if (passing[i] == nr)
			return true;
	return false;
}

static long argument(int pattern)
{
	switch (pattern) {
	case 0:
		return 0;
	case 1:
		return (long)(uintptr_t)buf;
	case 2:
		return -1;
	case 3:
		return (long)(rnd() & 15);
	}
	switch (rnd() % 6) {
	case 0:
		return (long)(rnd() & 1023);
	case 1:
		return (long)((uintptr_t)buf + (rnd() & 0xfff8));
	case 2:
		return (long)(task_size + rnd() % (USER_END - task_size));
	case 3:
		return (long)rnd();
	case 4:
		return (long)(1UL << (rnd() & 63));
	default:
		return -(long)(rnd() & 255);
	}
}

static bool makes_child(int nr)
{
	return nr == SYS_fork || nr == SYS_vfork || nr == SYS_clone || nr == SYS_clone3;
}

static int one_number(void *arg)
{
	int nr = (int)(intptr_t)arg;

	seed ^= (uint64_t)(nr + 1) * 0x9e3779b97f4a7c15;
	for (int x32 = 1; x32 >= 0; x32--)
		for (int p = 0; p < PATTERNS; p++) {
			long r = call6(nr | (long)x32 << 30, argument(p), argument(p), argument(p),
				       argument(p), argument(p), argument(p));

			/* A child that shares our stack must not return on it. */
			if (r == 0 && makes_child(nr))
				call6(SYS_exit, 0, 0, 0, 0, 0, 0);
			res->done[nr][x32]++;
			tried(1);
			if (x32 || !known(nr))
				res->wrong[nr][x32] += r != -ENOSYS;
		}
	return 0;
}

/* The forms with the x32 bit come first and must all come back, unknown numbers too. */
static bool came_back(int nr)
{
	return res->done[nr][1] >= PATTERNS && (known(nr) || res->done[nr][0] >= PATTERNS);
}

/* On a busy host the time may be up before the first call. */
static int number(int nr)
{
	int status = 0;

	for (int tries = 0; tries < 3 && !came_back(nr); tries++) {
		memset(res->done[nr], 0, sizeof(res->done[nr]));
		status = attack(one_number, (void *)(intptr_t)nr, LIMIT_MS << (2 * tries));
		if (!killed(status, SIGKILL))
			break;
	}
	return status;
}

static void numbers(void)
{
	int wrong = 0, short_runs = 0, overtime = 0, died = 0;

	for (int nr = 0; nr < NUMBERS; nr++) {
		int status = number(nr);

		if (known(nr)) {
			overtime += killed(status, SIGKILL);
			died += WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL;
			end_attackers();
		}
		if (!came_back(nr)) {
			short_runs++;
			say("number %d: status %#x after %d and %d calls", nr, status,
			    res->done[nr][1], res->done[nr][0]);
		}
		for (int x32 = 0; x32 < 2; x32++)
			if (res->wrong[nr][x32] && (x32 || !(passes(nr) || known(nr)))) {
				wrong++;
				say("number %#x: not ENOSYS", nr | x32 << 30);
			}
	}
	say("known numbers: %d attackers ended by the time limit, %d by a signal", overtime, died);
	CHECK(short_runs == 0, "every call comes back");
	CHECK(wrong == 0, "every unknown number is answered ENOSYS");
}

static int every_fd(void *arg)
{
	(void)arg;
	for (long fd = 3; fd < 4096; fd++) {
		long r = call6(SYS_mmap, 0, PAGE, PROT_READ, MAP_SHARED, fd, 0);

		tried(1);
		res->fds += r != -EBADF;
	}
	return 0;
}

static int only_std_fds(void *arg)
{
	close_range(3, ~0u, 0);
	return every_fd(arg);
}

/* ---- other ways into a kernel; a fault comes back by siglongjmp */

static char alt[65536];

static void back_to_work(int sig, siginfo_t *si, void *uc)
{
	(void)si;
	(void)uc;
	siglongjmp(g_back, sig);
}

static void catch_all(void)
{
	static const int sigs[] = { SIGSEGV, SIGILL, SIGBUS, SIGTRAP, SIGSYS };
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };

	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		handle(sigs[i], back_to_work, SA_NODEFER | SA_ONSTACK);
}

static int int80(void *arg)
{
	(void)arg;
	catch_all();
	for (volatile long nr = 0; nr < 512; nr++) {
		long r = nr;

		tried(1);
		if (sigsetjmp(g_back, 0))
			continue;
		__asm__ volatile("int $0x80"
				 : "+a"(r)
				 : "b"(0L), "c"(0L), "d"(0L), "S"(0L), "D"(0L)
				 : "r8", "r9", "r10", "r11", "memory");
		res->int80 += (int)r != -ENOSYS;
	}
	return 0;
}

static int sysenter(void *arg)
{
	(void)arg;
	catch_all();
	for (volatile long nr = 0; nr < 512; nr++) {
		tried(1);
		if (sigsetjmp(g_back, 0))
			continue;
		__asm__ volatile("mov %%rsp, %%rbp; sysenter"
				 :
				 : "a"(nr)
				 : "rbx", "rcx", "rdx", "rsi", "rdi", "memory");
		res->sysenter++; /* it never goes on behind the instruction */
	}
	return 0;
}

/* 32-bit code below 4 GiB: mov nr, %eax; int $0x80; back to 64 bits. */
static int compat(void *arg)
{
	static const uint8_t head[] = { 0xcd, 0x80, 0x89, 0xc1, 0xea, 0, 0, 0, 0, 0x33, 0 };
	static const uint8_t tail[] = { 0x48, 0x89, 0xdc, 0xff,
					0xe5 }; /* mov %rbx, %rsp; jmp *%rbp */
	uint8_t *low = mmap((void *)0x20000000, 4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	uint32_t target = 0x20000040;

	(void)arg;
	MUST(low != MAP_FAILED);
	catch_all();
	memcpy(low, head, sizeof(head));
	memcpy(low + 5, &target, 4);
	memcpy(low + 64, tail, sizeof(tail));
	for (volatile long nr = 0; nr < 512; nr++) {
		uint32_t r;

		tried(1);
		if (sigsetjmp(g_back, 0))
			continue;
		__asm__ volatile("push %%rbp\n mov %%rsp, %%rbx\n lea 1f(%%rip), %%rbp\n"
				 "push $0x23\n push $0x20000000\n lretq\n"
				 "1: pop %%rbp\n"
				 : "=c"(r)
				 : "a"(nr), "d"(0), "S"(0), "D"(0)
				 : "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
				   "memory", "cc");
		res->compat += r != (uint32_t)-ENOSYS;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int status;

	attack_begin(argc, argv);
	res = xshared(sizeof(*res));
	numbers();
	status = attack(only_std_fds, NULL, 5000);
	CHECK(exited(status, 0) && res->fds == 0, "no descriptor but our own can be mapped");
	status = attack(int80, NULL, 5000);
	CHECK(exited(status, 0) && res->int80 == 0, "int $0x80 reaches no kernel");
	status = attack(sysenter, NULL, 5000);
	CHECK(exited(status, 0) && res->sysenter == 0, "sysenter reaches no kernel");
	status = attack(compat, NULL, 5000);
	CHECK(exited(status, 0) && res->compat == 0, "a 32-bit code segment reaches no kernel");
	end_attackers();
	return attack_end();
}
