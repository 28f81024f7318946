// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-recycle: what the next program inherits from one that ended in a forged report.
 *
 * Host processes are used again for other programs.  A program jumps to the instruction by which
 * the host layer reports a signal, with flags, a stack pointer and a frame of its own choice, and is
 * ended in that report: by an exit that the frame asks for, by a signal that it claims, or by being
 * killed while it forges the report of a kick, which leaves the true kick to come.  The program
 * started next must find every register, its flags, its stack and its signals as they must be.
 *
 * usage: attack-recycle --inside [ROUNDS]
 */
#include "attack-forge.h"

enum { INHERITED = 67, LIMIT_MS = 2000, FRAME_BELOW = 0x2000 };

/* How the program ends in its report. */
enum ending { BY_EXIT, BY_SIGNAL, BY_KILL, ENDINGS };

#define DF 0x400ull
#define TF 0x100ull
#define AC 0x40000ull
#define NT 0x4000ull
#define RF 0x10000ull

static struct shared {
	uint64_t kicks; /* forged ones that were answered */
	uint64_t seen;	/* what a next program has seen: the line that checks it, or 0 */
} * shared;

static char *own; /* 64 KiB: vector state, then a stack that grows down from its end */

/* ---- the forger */

static uint64_t own_stack(void)
{
	return (uintptr_t)own + STEP - 256;
}

static uint64_t odd_flags(uint64_t forbidden)
{
	static const uint64_t single[] = { 0, TF, DF, AC, NT, RF };
	uint64_t flags = rnd() & 1 ? single[rnd() % ARRAY_SIZE(single)]
				   : rnd() & (TF | DF | AC | NT | RF | 0xcd5);

	return (flags & ~forbidden) | 0x202;
}

/* Where a signal that strikes in the next program would be pushed. */
static uint64_t odd_stack(uint64_t end)
{
	switch (rnd() % 6) {
	case 0:
		return 0;
	case 1:
		return own_stack();
	case 2:
		return text->start + 64;
	case 3:
		return rnd();
	case 4: /* right above the next program's first frame */
		return end - (rnd() & 0xff8);
	default:
		return end - 8 - (rnd() & 0x6ff8);
	}
}

/* Each answer to a forged kick goes on here, with the next one. */
static uint64_t *kick_frame, fs;

static void forge_kick(void)
{
	/* With NT the way back faults, where the processor is not emulated: seldom, to live on. */
	uint64_t forbidden = rnd() % 256 ? TF | NT : TF;

	shared->kicks++;
	forge_report(report_site, SIG_OF_KICK, kick_frame, own_stack() - 4096 - (rnd() & 0xff0),
		     odd_flags(forbidden), fs);
}

static int forge(void *arg)
{
	uint64_t number = (uintptr_t)arg, end = signal_stack_end(), at = end - FRAME_BELOW;

	reseed(number);
	tried(1);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	/* The processor's own state, for the way back from a report. */
	__asm__ volatile("xsave64 (%0)" : : "r"(own), "a"(-1), "d"(-1) : "memory");
	fs = fs_base();
	switch (number % ENDINGS) {
	case BY_EXIT:
		forge_report(report_site, SIG_OF_CALL,
			     write_call_frame(at - rnd() % 32 * 64, (uintptr_t)own, own_stack() - 8,
					      SYS_exit_group, FORGED),
			     odd_stack(end), odd_flags(0), fs);
	case BY_SIGNAL:
		forge_report(report_site, SIGILL,
			     write_frame(at, (uintptr_t)own, site[0], own_stack() - 8, fs),
			     odd_stack(end), odd_flags(0), fs);
	default:
		kick_frame =
			write_frame(at, (uintptr_t)own, (uintptr_t)forge_kick, own_stack() - 8, fs);
		forge_kick();
	}
	return 1;
}

/* ---- the next program: all of it is in plain order, or something has been left to it */

/* Registers before and after a fork, in the order rbx rbp rsi rdi rdx r8-r10 r12-r15, flags. */
enum { LOOKED_AT = 12 };
uint64_t fork_before[LOOKED_AT], fork_after[LOOKED_AT + 1];
long fork_and_look(void);

__asm__("	.text\n"
	"fork_and_look:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	lea fork_before(%rip), %rax\n"
	"	mov (%rax), %rbx; mov 8(%rax), %rbp; mov 16(%rax), %rsi; mov 24(%rax), %rdi\n"
	"	mov 32(%rax), %rdx; mov 40(%rax), %r8; mov 48(%rax), %r9; mov 56(%rax), %r10\n"
	"	mov 64(%rax), %r12; mov 72(%rax), %r13; mov 80(%rax), %r14; mov 88(%rax), %r15\n"
	"	mov $57, %eax\n"
	"	syscall\n"
	"	lea fork_after(%rip), %rcx\n"
	"	mov %rbx, (%rcx); mov %rbp, 8(%rcx); mov %rsi, 16(%rcx); mov %rdi, 24(%rcx)\n"
	"	mov %rdx, 32(%rcx); mov %r8, 40(%rcx); mov %r9, 48(%rcx); mov %r10, 56(%rcx)\n"
	"	mov %r12, 64(%rcx); mov %r13, 72(%rcx); mov %r14, 80(%rcx); mov %r15, 88(%rcx)\n"
	"	pushfq; pop 96(%rcx)\n"
	"	cld\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n");

static volatile int struck;

static void on_signal(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	struck += sig == SIGUSR2 && si->si_pid == getpid() ? 1 : 1000;
}

#define EXPECT(cond)                             \
	do {                                     \
		if (!(cond)) {                   \
			shared->seen = __LINE__; \
			_exit(INHERITED);        \
		}                                \
	} while (0)

static void next_program(pid_t parent)
{
	char *p = xmap(STEP, PROT_READ | PROT_WRITE);

	for (int i = 0; i < LOOKED_AT; i++)
		EXPECT(fork_after[i] == fork_before[i]);
	EXPECT(!(fork_after[LOOKED_AT] & (TF | DF | AC | NT)));
	EXPECT(getppid() == parent);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP && sig != SIGCHLD)
			handle(sig, on_signal, 0);
	for (uint64_t i = 0; i < STEP; i += 64)
		EXPECT(p[i] == 0);
	memset(p, 0x5a, STEP);
	for (uint64_t i = 0; i < STEP; i += 64)
		EXPECT(p[i] == 0x5a);
	EXPECT(struck == 0);
	raise(SIGUSR2);
	EXPECT(struck == 1);
	_exit(0);
}

/* Starts it as soon as the attacker is gone; its wait status. */
static int run_next(void)
{
	pid_t parent = getpid(), pid;

	shared->seen = 0;
	for (int i = 0; i < LOOKED_AT; i++)
		fork_before[i] = rnd();
	pid = (pid_t)fork_and_look();
	MUST(pid >= 0);
	if (!pid)
		next_program(parent);
	return reap(pid);
}

/* ---- the watcher */

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 300, believed[ENDINGS] = { 0 }, inherited = 0;

	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	own = xmap(STEP, PROT_READ | PROT_WRITE);
	shared = xshared(PAGE);
	CHECK(find_report(), "the place that reports is found");
	for (long i = 0; i < n && report_site; i++) {
		int limit = i % ENDINGS == BY_KILL ? 1 + (int)(rnd() % 8) : LIMIT_MS;
		int status = attack(forge, (void *)i, limit), next = run_next();

		believed[BY_EXIT] += exited(status, FORGED);
		believed[BY_SIGNAL] += killed(status, SIGILL);
		believed[BY_KILL] += i % ENDINGS == BY_KILL && killed(status, SIGKILL);
		if (!exited(next, 0)) {
			inherited++;
			say("attempt %ld: the next program ended with %#x, line %llu", i,
			    (unsigned)next, (unsigned long long)shared->seen);
		}
	}
	end_attackers();
	say("%d programs: %d by an exit, %d by a signal, %d killed in %llu kicks", n,
	    believed[BY_EXIT], believed[BY_SIGNAL], believed[BY_KILL],
	    (unsigned long long)shared->kicks);
	CHECK(believed[BY_EXIT] && believed[BY_SIGNAL] && believed[BY_KILL], "forged in each way");
	CHECK(shared->kicks > (uint64_t)n, "forged kicks are answered");
	CHECK(inherited == 0, "the next programs inherit nothing");
	return attack_end();
}
