// SPDX-License-Identifier: GPL-2.0-only
/*
 * fp-kick: every register of a program that is preempted, in its own code, in faults and in calls.
 *
 * The general registers, the stack pointer, the flags, the bases of fs and gs, vector and x87 registers
 * hold known values in a loop that changes some of them in a known way.  One loop does nothing else,
 * one touches fresh pages, two make calls: one that the kernel can answer by its result alone, and one
 * that shows it all registers.  Others wake up all the time and preempt it; the kernel counts how often.
 *
 * usage: fp-kick [PREEMPTIONS]
 */
#include "vector.h"
#include <sys/auxv.h>
#include <sys/resource.h>

enum { WAKERS = 3, LIMIT_S = 50, BUSY = 2, FRESH_PAGES = 2048 };

/* In the order of the assembly below. */
enum {
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	R8,
	R9,
	R10,
	R11,
	R12,
	R13,
	R14,
	R15,
	RSP,
	FLAGS,
	FS,
	GS,
	N
};

uint64_t kick_in[N], kick_out[N], kick_rsp, kick_fs, kick_gs, kick_nr;
uint8_t kick_bases; /* fs and gs base have instructions */

/* Carry, parity, adjust, zero, sign, direction, overflow, alignment check, identification. */
#define FLAGS_ALL (0x8d5ull | 0x400 | 0x40000 | 0x200000)

#define IN(reg, at)  "mov kick_in+" #at "(%%rip), %%" #reg "\n"
#define OUT(reg, at) "mov %%" #reg ", kick_out+" #at "(%%rip)\n"
#define REGISTERS(X)                                                                          \
	X(rax, 0)                                                                             \
	X(rbx, 8)                                                                             \
	X(rcx, 16)                                                                            \
	X(rdx, 24) X(rsi, 32) X(rdi, 40) X(rbp, 48) X(r8, 56) X(r9, 64) X(r10, 72) X(r11, 80) \
		X(r12, 88) X(r13, 96) X(r14, 104) X(r15, 112)

/* The bases, then the flags: moves do not change those. */
#define BEFORE                                             \
	"mov %%rsp, kick_rsp(%%rip)\n"                     \
	"cmpb $0, kick_bases(%%rip)\n"                     \
	"je 1f\n"                                          \
	"rdfsbase %%rax\n mov %%rax, kick_fs(%%rip)\n"     \
	"rdgsbase %%rax\n mov %%rax, kick_gs(%%rip)\n"     \
	"mov kick_in+136(%%rip), %%rax\n wrfsbase %%rax\n" \
	"mov kick_in+144(%%rip), %%rax\n wrgsbase %%rax\n" \
	"1: pushq kick_in+128(%%rip)\n popfq\n"

/* rdx counts up, rcx down; no flag changes. */
#define SPIN_LOOP                  \
	"2: lea 1(%%rdx), %%rdx\n" \
	"lea -1(%%rcx), %%rcx\n"   \
	"jrcxz 3f\n"               \
	"jmp 2b\n"                 \
	"3:\n"

/* The same, and a page of r14 in each turn. */
#define TOUCH_LOOP                 \
	"2: lea 1(%%rdx), %%rdx\n" \
	"movb $1, (%%r14)\n"       \
	"lea 4096(%%r14), %%r14\n" \
	"lea -1(%%rcx), %%rcx\n"   \
	"jrcxz 3f\n"               \
	"jmp 2b\n"                 \
	"3:\n"

/* r13 counts down; the call changes rax, rcx and r11. */
#define CALL_LOOP                     \
	"2: lea 1(%%rdx), %%rdx\n"    \
	"mov kick_nr(%%rip), %%rax\n" \
	"syscall\n"                   \
	"mov %%r13, %%rcx\n"          \
	"lea -1(%%rcx), %%rcx\n"      \
	"mov %%rcx, %%r13\n"          \
	"jrcxz 3f\n"                  \
	"jmp 2b\n"                    \
	"3:\n"

#define AFTER                                               \
	"mov kick_rsp(%%rip), %%rsp\n"                      \
	"pushfq\n popq kick_out+128(%%rip)\n"               \
	"pushq $2\n popfq\n"                                \
	"cmpb $0, kick_bases(%%rip)\n"                      \
	"je 4f\n"                                           \
	"rdfsbase %%rax\n mov %%rax, kick_out+136(%%rip)\n" \
	"rdgsbase %%rax\n mov %%rax, kick_out+144(%%rip)\n" \
	"mov kick_fs(%%rip), %%rax\n wrfsbase %%rax\n"      \
	"mov kick_gs(%%rip), %%rax\n wrgsbase %%rax\n"      \
	"4:\n"

#define IN_ALL	REGISTERS(IN) IN(rsp, 120)
#define OUT_ALL REGISTERS(OUT) OUT(rsp, 120)

/* The images' addresses lie on the stack meanwhile. */
#define ROUTINE(name, target_isa, load, loop, save)                                             \
	static __attribute__((noinline, target(target_isa))) void name(const struct image *in,  \
								       struct image *out)       \
	{                                                                                       \
		__asm__ volatile("sub $256, %%rsp\n push %%rbp\n push %%rdi\n" load LEGACY_LOAD \
					 BEFORE IN_ALL loop OUT_ALL AFTER                       \
				 "pop %%rdi\n" save LEGACY_SAVE                                 \
				 "fninit\n pop %%rbp\n add $256, %%rsp\n"                       \
				 : "+S"(in), "+D"(out)                                          \
				 :                                                              \
				 : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", \
				   "r13", "r14", "r15", "memory", "cc");                        \
	}

#define ROUTINES(isa, target_isa, load, save)                    \
	ROUTINE(spin_##isa, target_isa, load, SPIN_LOOP, save)   \
	ROUTINE(touch_##isa, target_isa, load, TOUCH_LOOP, save) \
	ROUTINE(call_##isa, target_isa, load, CALL_LOOP, save)

ROUTINES(sse, "sse2", R16(LX), R16(SX))
ROUTINES(avx, "avx", R16(LY), R16(SY) "vzeroupper\n")
ROUTINES(avx512, "avx512f,avx512bw", R32(LZ) R8(LK, ), R32(SZ) R8(SK, ) "vzeroupper\n")

typedef void routine(const struct image *in, struct image *out);

static const struct kind {
	const char *name;
	routine *routines[3]; /* SSE, AVX, AVX-512 */
	long nr;	      /* of the call, or -1 */
	uint64_t turns;
} kinds[] = {
	{ "in its own code", { spin_sse, spin_avx, spin_avx512 }, -1, 1 << 20 },
	{ "in faults", { touch_sse, touch_avx, touch_avx512 }, -1, FRESH_PAGES },
	{ "in calls", { call_sse, call_avx, call_avx512 }, SYS_getppid, 2000 },
	{ "in calls that show all", { call_sse, call_avx, call_avx512 }, SYS_sigaltstack, 1000 },
};

static char *fresh;

/* Preemptions of this process so far. */
static long preemptions(void)
{
	struct rusage usage;

	MUST(getrusage(RUSAGE_SELF, &usage) == 0);
	return usage.ru_nivcsw;
}

/* Wakes up as often as it can, before everybody else where that is permitted. */
static __attribute__((noreturn)) int waker(void *arg)
{
	struct timespec nap = { 0, 100000 + (long)(intptr_t)arg * 37000 };
	struct sched_param first = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &first))
		setpriority(PRIO_PROCESS, 0, -10);
	prctl(PR_SET_TIMERSLACK, 1);
	for (;;)
		nanosleep(&nap, NULL);
}

static __attribute__((noreturn)) int busy(void *arg)
{
	(void)arg;
	setpriority(PRIO_PROCESS, 0, 10);
	for (;;)
		;
}

/* All on one processor, so that who wakes up there preempts us. */
static void stay_here(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	MUST(sched_setaffinity(0, sizeof(set), &set) == 0);
}

static void load_registers(uint64_t seed, const struct kind *kind)
{
	seed = seed * 0x9e3779b97f4a7c15 + 1;
	for (int i = 0; i < N; i++)
		kick_in[i] = xorshift(&seed);
	kick_in[FLAGS] = (kick_in[FLAGS] & FLAGS_ALL) | 0x202;
	/* Any canonical address will do: nothing is read there. */
	kick_in[FS] = (uint64_t)((int64_t)(kick_in[FS] << 17) >> 17);
	kick_in[GS] = (uint64_t)((int64_t)(kick_in[GS] << 17) >> 17);
	kick_in[RCX] = kick_in[R13] = kind->turns;
	kick_in[R14] = (uintptr_t)fresh;
	if (kind->nr >= 0)
		kick_in[RDI] = kick_in[RSI] = 0;
	kick_nr = (uint64_t)kind->nr;
}

/* What must be there afterwards. */
static void change_as_known(const struct kind *kind)
{
	kick_in[RDX] += kind->turns;
	kick_in[RCX] = 0;
	if (kind->turns == FRESH_PAGES)
		kick_in[R14] += kind->turns * PAGE;
	if (kind->nr < 0)
		return;
	kick_in[R13] = 0;
	kick_in[R11] = kick_in[FLAGS];
	kick_in[RAX] = kind->nr == SYS_getppid ? (uint64_t)getppid() : 0;
}

static int wrong_registers(void)
{
	int bad = 0;

	for (int i = 0; i < (kick_bases ? N : FS); i++)
		bad += kick_out[i] != kick_in[i];
	return bad;
}

static int once(uint64_t seed, const struct kind *kind)
{
	static struct image in, out;
	uint32_t normal = 0x1f80;

	madvise(fresh, FRESH_PAGES * PAGE, MADV_DONTNEED);
	make(&in, seed);
	memset(&out, 0, sizeof(out));
	load_registers(seed, kind);
	kind->routines[width == AVX512 ? 2 : width == AVX ? 1 : 0](&in, &out);
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
	change_as_known(kind);
	return differ(&in, &out) + wrong_registers();
}

static void preempted(const struct kind *kind, long wanted, bool tell)
{
	uint64_t end = now_ns() + LIMIT_S / ARRAY_SIZE(kinds) * 1000000000ull;
	long struck = 0;
	int bad = 0;

	for (uint64_t seed = 1; struck < wanted && (tell || now_ns() < end); seed++) {
		long before = preemptions();

		bad += once(seed, kind) != 0;
		struck += preemptions() - before;
	}
	if (tell)
		say("%s: %ld preemptions", kind->name, struck);
	CHECK(struck >= wanted, "%s: preempted as often as wanted", kind->name);
	CHECK(bad == 0, "%s: every register is as it was", kind->name);
}

int main(int argc, char **argv)
{
	long wanted = argc > 1 ? atol(argv[1]) : 1000;
	pid_t pid[WAKERS + BUSY];

	detect();
	kick_bases = (getauxval(AT_HWCAP2) & 2) != 0;
	fresh = xmap(FRESH_PAGES * PAGE, PROT_READ | PROT_WRITE);
	madvise(fresh, FRESH_PAGES * PAGE, MADV_NOHUGEPAGE);
	stay_here();
	for (long i = 0; i < WAKERS; i++)
		pid[i] = spawn(waker, (void *)i);
	for (long i = 0; i < BUSY; i++)
		pid[WAKERS + i] = spawn(busy, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		preempted(&kinds[i], wanted / (long)ARRAY_SIZE(kinds), argc > 1);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		kill(pid[i], SIGKILL);
	for (size_t i = 0; i < ARRAY_SIZE(pid); i++)
		reap(pid[i]);
	return finish();
}
