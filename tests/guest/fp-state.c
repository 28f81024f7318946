// SPDX-License-Identifier: GPL-2.0-only
/*
 * fp-state: the vector and x87 registers across calls, faults, switches, signals, fork and exec.
 *
 * One routine loads every register that the processor has from a pattern, does one thing in
 * assembly, and stores them all again, so no compiled code runs in between.
 */
#include "vector.h"
#include <sys/time.h>

/*
 * What happens between load and store: n times { rax = nr; syscall if nr >= 0; one store to *at;
 * at += step }, until *until is not 0 or n is used up.
 */
struct act {
	int64_t nr, n, step;
	volatile uint8_t *at;
	volatile int *until;
	int64_t a0, a1;
};

#define MIDDLE                                                                                  \
	"mov 8(%%rbx), %%r8\n"                                                                  \
	"mov 24(%%rbx), %%r9\n"                                                                 \
	"1: mov (%%rbx), %%rax\n"                                                               \
	"test %%rax, %%rax\n"                                                                   \
	"js 2f\n"                                                                               \
	"push %%rdi\n push %%rsi\n"                                                             \
	"mov 40(%%rbx), %%rdi\n mov 48(%%rbx), %%rsi\n xor %%edx, %%edx\n xor %%r10d, %%r10d\n" \
	"syscall\n"                                                                             \
	"pop %%rsi\n pop %%rdi\n"                                                               \
	"2: movb $1, (%%r9)\n"                                                                  \
	"add 16(%%rbx), %%r9\n"                                                                 \
	"mov 32(%%rbx), %%rcx\n"                                                                \
	"cmpl $0, (%%rcx)\n"                                                                    \
	"jne 3f\n"                                                                              \
	"dec %%r8\n"                                                                            \
	"jnz 1b\n"                                                                              \
	"3:\n"

#define ROUTINE(name, target_isa, load, save)                                                 \
	static __attribute__((noinline, target(target_isa))) int64_t name(                    \
		const struct image *in, struct image *out, struct act *a)                     \
	{                                                                                     \
		int64_t left;                                                                 \
		__asm__ volatile("sub $256, %%rsp\n" load LEGACY_LOAD MIDDLE save LEGACY_SAVE \
				 "fninit\n mov %%r8, %%rax\n add $256, %%rsp\n"               \
				 : "=&a"(left), "+S"(in), "+D"(out), "+b"(a)                  \
				 :                                                            \
				 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory", "cc");   \
		return left;                                                                  \
	}

ROUTINE(act_sse, "sse2", R16(LX), R16(SX))
ROUTINE(act_avx, "avx", R16(LY), R16(SY) "vzeroupper\n")
ROUTINE(act_avx512, "avx512f,avx512bw", R32(LZ) R8(LK, ), R32(SZ) R8(SK, ) "vzeroupper\n")

static volatile int never;

static int act(uint64_t seed, struct act *a)
{
	struct image in, out;
	uint32_t normal = 0x1f80;

	make(&in, seed);
	memset(&out, 0, sizeof(out));
	if (!a->until)
		a->until = &never;
	if (width == AVX512)
		act_avx512(&in, &out, a);
	else if (width == AVX)
		act_avx(&in, &out, a);
	else
		act_sse(&in, &out, a);
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
	return differ(&in, &out);
}

static uint8_t sink[64];

static void calls(void)
{
	struct act a = { .nr = SYS_getppid, .n = 2000, .at = sink };

	CHECK(act(1, &a) == 0, "2000 calls");
	a = (struct act){ .nr = SYS_sched_yield, .n = 500, .at = sink };
	CHECK(act(2, &a) == 0, "500 yields");
	struct timespec ts = { 0, 1000000 };
	a = (struct act){ .nr = SYS_nanosleep, .n = 20, .at = sink, .a0 = (int64_t)(intptr_t)&ts };
	CHECK(act(3, &a) == 0, "20 sleeps");
}

static void faults(void)
{
	size_t len = 16 << 20;
	uint8_t *p = xmap(len, PROT_READ | PROT_WRITE);
	struct act a = { .nr = -1, .n = (int64_t)(len / PAGE), .step = (int64_t)PAGE, .at = p };

	CHECK(act(4, &a) == 0, "first touch of 4096 pages");
	pid_t pid = fork();

	if (!pid) {
		a.at = p;
		_exit(act(5, &a));
	}
	CHECK(exited(reap(pid), 0), "copy-on-write of 4096 pages");
	munmap(p, len);
}

/* Several processes compute at once, each with its own registers. */
static int busy(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg;
	int bad = 0;

	for (int i = 0; i < 30; i++) {
		struct act a = { .nr = -1, .n = 3000000, .at = sink };

		bad += act(seed * 100 + (uint64_t)i, &a);
	}
	return bad != 0;
}

static void switches(void)
{
	pid_t pid[4];
	int good = 0;

	for (long i = 0; i < 4; i++)
		pid[i] = spawn(busy, (void *)(i + 10));
	for (int i = 0; i < 4; i++)
		good += exited(reap(pid[i]), 0);
	say("busy processes with all registers intact: %d of 4", good);
}

static volatile int hits, stop;
static int hits_wanted;

/* A handler that uses every register itself. */
static void on_tick(int sig, siginfo_t *si, void *uc)
{
	struct act a = { .nr = SYS_getppid, .n = 1, .at = sink + 8 };

	(void)sig;
	(void)si;
	(void)uc;
	if (act((uint64_t)hits + 1000, &a))
		_exit(95);
	if (++hits >= hits_wanted)
		stop = 1;
}

static void signals(void)
{
	struct itimerval it = { { 0, 1000 }, { 0, 1000 } }, none = { { 0, 0 }, { 0, 0 } };
	struct act a = { .nr = -1, .n = INT64_MAX, .at = sink, .until = &stop };
	int bad = 0;

	handle(SIGALRM, on_tick, SA_RESTART);
	setitimer(ITIMER_REAL, &it, NULL);
	for (int i = 0; i < 10; i++) {
		stop = 0;
		hits_wanted = hits + 20;
		bad += act((uint64_t)i + 50, &a);
	}
	a.nr = SYS_getppid;
	for (int i = 0; i < 10; i++) {
		stop = 0;
		hits_wanted = hits + 20;
		bad += act((uint64_t)i + 70, &a);
	}
	setitimer(ITIMER_REAL, &none, NULL);
	CHECK(bad == 0, "signal handlers that use every register");
}

/* The child of a fork has its parent's registers: the call is made in the routine itself. */
static void forks(void)
{
	int status, bad = 0;

	for (int i = 0; i < 30; i++) {
		struct act a = { .nr = SYS_fork, .n = 1, .at = sink };
		pid_t me = getpid();
		int d = act((uint64_t)i + 90, &a);

		if (getpid() != me)
			_exit(d != 0);
		bad += d;
		MUST(wait(&status) > 0);
		bad += !exited(status, 0);
	}
	CHECK(bad == 0, "parent and child of a fork keep all registers");
}

/* exec starts with empty registers: the second life prints what it finds. */
static int second_life(void)
{
	struct image out;
	uint32_t normal = 0x1f80;
	uint64_t any = 0;
	uint8_t x87[112];

	memset(&out, 0, sizeof(out));
	if (width == AVX512)
		__asm__ volatile(
#define ORZ(i) "vporq %%zmm" #i ", %%zmm31, %%zmm31\n"
			"vmovdqu64 %%zmm31, (%0)\n"
			"vporq %%zmm30, %%zmm29, %%zmm29\n vporq %%zmm28, %%zmm29, %%zmm29\n"
			"vporq %%zmm20, %%zmm29, %%zmm29\n vporq %%zmm16, %%zmm29, %%zmm29\n"
			"vmovdqu64 %%zmm29, 64(%0)\n"
			:
			: "r"(&out)
			: "memory");
	__asm__ volatile("fnsave %0; stmxcsr %1; ldmxcsr %2"
			 : "=m"(x87), "=m"(out.mxcsr)
			 : "m"(normal));
	for (int i = 0; i < 128; i++)
		any |= out.z[i / 64][i % 64];
	say("after exec: high registers %s, mxcsr %#x, x87 control %#x tags %#x",
	    any ? "NOT empty" : "empty", out.mxcsr, x87[0] | x87[1] << 8, x87[8] | x87[9] << 8);
	return 0;
}

static char *const exec_argv[] = { (char *)"fp", (char *)"-second", NULL };

static void exec_resets(void)
{
	pid_t pid = fork();

	if (!pid) {
		/* Load everything, and execve within the same routine. */
		static const char path[] = "/proc/self/exe";
		struct act a = { .nr = SYS_execve,
				 .n = 1,
				 .at = sink,
				 .a0 = (int64_t)(intptr_t)path,
				 .a1 = (int64_t)(intptr_t)exec_argv };

		act(7, &a);
		_exit(9);
	}
	CHECK(exited(reap(pid), 0), "exec");
}

int main(int argc, char **argv)
{
	(void)argv;
	detect();
	if (argc > 1)
		return second_life();
	say("vector registers: %d of %d bytes", nregs, (int)width);
	calls();
	faults();
	switches();
	signals();
	forks();
	exec_resets();
	return finish();
}
