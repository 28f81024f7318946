// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-vsyscall: the three calls at fixed addresses obey seccomp and tracers, however they are made.
 *
 * By a call of the page itself, and by a forged report of the fault that a host without the page
 * reports, programs under each kind of filter, and traced ones, ask for the time and the processor's
 * number.  What is forbidden must not be done, neither the answer given nor memory written.  A call that
 * returns to where no program can be harms nobody else.  An honest program in a storm of signals gets
 * right answers only.
 *
 * usage: attack-vsyscall --inside [ROUNDS [CALLS]]
 */
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/time.h>
#include <sys/user.h>
#include "attack-forge.h"

enum { EXECUTED = 42, UNTOUCHED = 43, DENIED = 44, ABSENT = 45, TRAPPED = 46, LIMIT_MS = 3000 };

#define VSYSCALL_PAGE  0xffffffffff600000ull
#define UNTOUCHED_WORD 0x5a5a5a5a5a5a5a5aull

static const struct call {
	const char *name;
	uint64_t at;
	long nr;
} calls[] = {
	{ "gettimeofday", VSYSCALL_PAGE, SYS_gettimeofday },
	{ "time", VSYSCALL_PAGE + 0x400, SYS_time },
	{ "getcpu", VSYSCALL_PAGE + 0x800, SYS_getcpu },
};

enum rule { FREE, STRICT, ERRNO, KILL, TRAP, TRACE_ALONE, TRACED_FILTER, TRACED_CALLS, RULES };

static const char *const rule_names[] = {
	"no rule",	     "strict mode",	  "a filter's error",
	"a filter's kill",   "a filter's signal", "a filter's tracer who is not there",
	"a filter's tracer", "a tracer of calls",
};

/* What becomes of a call of the page. */
static const int right[RULES] = {
	[FREE] = EXECUTED,	[ERRNO] = DENIED,	  [TRAP] = TRAPPED,
	[TRACE_ALONE] = ABSENT, [TRACED_FILTER] = DENIED, [TRACED_CALLS] = DENIED
};

enum way { BY_CALL, BY_REPORT, WAYS };

struct attempt {
	const struct call *call;
	enum rule rule;
	enum way way;
};

static volatile uint64_t answer[8];
static char *own; /* 64 KiB: an image, then a stack that grows down from its end */

/* ---- the program; no thread-local variable once the rule holds */

static __attribute__((noreturn)) void leave(int status)
{
	for (;;)
		__asm__ volatile("syscall" : : "a"(SYS_exit), "D"(status) : "rcx", "r11", "memory");
}

static __attribute__((noreturn, used)) void came_back(long result)
{
	if (answer[0] != UNTOUCHED_WORD)
		leave(EXECUTED);
	leave(result == -EPERM ? DENIED : result == -ENOSYS ? ABSENT : UNTOUCHED);
}

__attribute__((noreturn)) void vsyscall_back(void);
__asm__("	.text\n"
	"vsyscall_back:\n"
	"	mov %rax, %rdi\n"
	"	and $-16, %rsp\n"
	"	call came_back\n");

static void on_trap(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	(void)context;
	leave(answer[0] == UNTOUCHED_WORD ? TRAPPED : EXECUTED);
}

static void filter(uint32_t action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_gettimeofday, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_time, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getcpu, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void obey(enum rule rule)
{
	static const uint32_t actions[RULES] = {
		[ERRNO] = SECCOMP_RET_ERRNO | EPERM, [KILL] = SECCOMP_RET_KILL_PROCESS,
		[TRAP] = SECCOMP_RET_TRAP,	     [TRACE_ALONE] = SECCOMP_RET_TRACE,
		[TRACED_FILTER] = SECCOMP_RET_TRACE,
	};

	if (rule == STRICT)
		MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
	else if (actions[rule])
		filter(actions[rule]);
}

static __attribute__((noreturn)) void call_page(const struct call *call)
{
	register uint64_t at = call->at;
	long result;

	__asm__ volatile("call *%1"
			 : "=a"(result)
			 : "r"(at), "D"(answer), "S"(0ul), "d"(0ul)
			 : "rcx", "r11", "memory");
	came_back(result);
}

static int program(void *arg)
{
	const struct attempt *a = arg;
	uint64_t end = 0, sp = (uintptr_t)own + STEP - 1024, fs = fs_base();
	uint64_t *f = NULL;

	tried(1);
	if (a->way == BY_REPORT) {
		end = signal_stack_end();
		MUST(end);
		write_image((uintptr_t)own);
		*(uint64_t *)sp = (uintptr_t)vsyscall_back;
		f = write_frame(end - FRAME_ROOM, (uintptr_t)own, a->call->at, sp, fs);
		f[W_RDI] = (uintptr_t)answer;
		f[W_VECTOR] = 14;
		f[W_ERROR] = 0x15; /* an instruction that is not there */
		f[W_CR2] = a->call->at;
		*(int *)(f + W_SIGINFO + 1) = 1;
	}
	signal(SIGSEGV, SIG_DFL);
	handle(SIGSYS, on_trap, 0);
	for (size_t i = 0; i < ARRAY_SIZE(answer); i++)
		answer[i] = UNTOUCHED_WORD;
	if (a->rule >= TRACED_FILTER)
		raise(SIGSTOP);
	obey(a->rule);
	if (a->way == BY_REPORT)
		forge_report(report_site, SIGSEGV, f, sp - 512, 0x202, fs);
	call_page(a->call);
}

/* ---- the tracer, who refuses what it sees */

static bool refuse(pid_t pid, long nr)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs) || (long)regs.orig_rax != nr)
		return false;
	regs.orig_rax = ~0ull;
	regs.rax = (uint64_t)-EPERM;
	return ptrace(PTRACE_SETREGS, pid, 0, &regs) == 0;
}

/* A call that is skipped by a tracer of calls keeps its -ENOSYS until the stop at its end. */
static void give_eperm(pid_t pid)
{
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
		return;
	regs.rax = (uint64_t)-EPERM;
	ptrace(PTRACE_SETREGS, pid, 0, &regs);
}

static int traced(void *arg)
{
	const struct attempt *a = arg;
	int how = a->rule == TRACED_CALLS ? PTRACE_SYSCALL : PTRACE_CONT;
	bool refused = false;
	int status;
	pid_t pid = fork();

	if (pid < 0)
		return 1;
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		_exit(program(arg));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return 1;
	ptrace(PTRACE_SETOPTIONS, pid, 0,
	       PTRACE_O_TRACESECCOMP | PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (ptrace(how, pid, 0, 0); waitpid(pid, &status, 0) == pid && WIFSTOPPED(status);) {
		bool event = status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8);
		bool stop = WSTOPSIG(status) == (SIGTRAP | 0x80);

		if (refused && stop)
			give_eperm(pid);
		else if (event || stop)
			refused = refuse(pid, a->call->nr);
		ptrace(how, pid, 0, event || stop ? 0 : WSTOPSIG(status));
	}
	if (WIFSIGNALED(status))
		kill(getpid(), WTERMSIG(status));
	return WEXITSTATUS(status);
}

static int try(const struct attempt *a)
{
	return attack(a->rule >= TRACED_FILTER ? traced : program, (void *)a, LIMIT_MS);
}

static bool is_right(enum rule rule, int status)
{
	if (rule == STRICT)
		return killed(status, SIGKILL);
	if (rule == KILL)
		return killed(status, SIGSYS);
	return exited(status, right[rule]);
}

static void try_all(bool tell)
{
	for (int rule = 0; rule < RULES; rule++) {
		int wrong = 0, executed = 0;

		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			struct attempt a = { &calls[i], (enum rule)rule, BY_CALL };
			int status = try(&a);

			wrong += !is_right(a.rule, status);
			if (!is_right(a.rule, status))
				say("%s, %s: status %#x", calls[i].name, rule_names[rule],
				    (unsigned int)status);
			if (rule == FREE)
				continue;
			a.way = BY_REPORT;
			executed += exited(try(&a), EXECUTED);
		}
		if (tell || wrong || executed) {
			CHECK(wrong == 0, "%s: the page's calls obey", rule_names[rule]);
			CHECK(executed == 0, "%s: a forged fault in the page does nothing",
			      rule_names[rule]);
		}
	}
	end_attackers();
}

/* ---- returns to anywhere */

static uint64_t hostile(void)
{
	const struct area *a = &areas[rnd() % (uint64_t)nareas];

	switch (rnd() % 9) {
	case 0:
		return 0;
	case 1:
		return 4;
	case 2:
		return 1ull << 47;
	case 3:
		return 1ull << 63 | rnd();
	case 4:
		return 0xffffffff81000000 + (rnd() & 0xffffff);
	case 5:
		return text->start + rnd() % text_len;
	case 6:
		return a->start + rnd() % (a->end - a->start);
	case 7:
		return VSYSCALL_PAGE + rnd() % PAGE;
	default:
		return rnd();
	}
}

static int return_to(void *arg)
{
	uint64_t number = (uintptr_t)arg, sp = (uintptr_t)own + STEP - 1024, end, fs, *f;
	const struct call *call = &calls[number % 3];

	reseed(number);
	tried(1);
	end = signal_stack_end();
	MUST(end);
	fs = fs_base();
	*(uint64_t *)sp = hostile();
	if (rnd() % 8 == 0)
		sp = hostile();
	if (number % 2)
		__asm__ volatile("mov %0, %%rsp\n jmp *%1"
				 :
				 : "r"(sp), "r"(call->at), "D"(answer), "S"(0ul), "d"(0ul)
				 : "memory");
	write_image((uintptr_t)own);
	f = write_frame(end - FRAME_ROOM, (uintptr_t)own, call->at, sp, fs);
	f[W_RDI] = rnd() & 1 ? (uintptr_t)answer : hostile();
	f[W_VECTOR] = 14;
	f[W_ERROR] = 0x15;
	f[W_CR2] = call->at;
	*(int *)(f + W_SIGINFO + 1) = 1;
	forge_report(report_site, SIGSEGV, f, (uintptr_t)own + STEP - 2048, 0x202, fs);
}

static void return_anywhere(int n)
{
	for (long i = 0; i < n; i++) {
		attack(return_to, (void *)i, 30);
		if (i % 32 == 31)
			end_attackers();
	}
	end_attackers();
}

/* ---- an honest program */

static volatile uint64_t storm;

static void on_alarm(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	(void)context;
	storm++;
}

static uint64_t real_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static long page_call(int which, void *a)
{
	return ((long (*)(void *, void *, void *))calls[which].at)(a, NULL, NULL);
}

/* Exit status: what was wrong, or 0. */
static int honest(void *arg)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
	long n = *(const long *)arg;

	handle(SIGALRM, on_alarm, 0);
	setitimer(ITIMER_REAL, &often, NULL);
	for (long i = 0; i < n; i++) {
		uint64_t before = real_us(), after, got;
		struct timeval tv = { 0, 0 };
		unsigned int cpu = ~0u;
		long result = page_call((int)(i % 3), i % 3 == 0   ? (void *)&tv
						      : i % 3 == 1 ? NULL
								   : (void *)&cpu);

		after = real_us();
		got = (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;
		if (i % 3 == 0 && (result || got + 1000 < before || got > after + 1000))
			return 1;
		/* Seconds are counted at ticks. */
		if (i % 3 == 1 &&
		    ((uint64_t)result + 1 < before / 1000000 || (uint64_t)result > after / 1000000))
			return 2;
		if (i % 3 == 2 && (result || cpu >= 4096))
			return 3;
	}
	return storm ? 0 : 4;
}

static __attribute__((noreturn)) int busy(void *arg)
{
	(void)arg;
	for (;;)
		sched_yield();
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1, status;
	long n = argc > 3 ? atol(argv[3]) : 100000;
	pid_t pid;

	if (!forge_begin(argc, argv))
		return finish();
	own = xmap(STEP, PROT_READ | PROT_WRITE);
	for (int round = 0; round < rounds; round++)
		try_all(!round);
	return_anywhere(200 * rounds);
	pid = spawn(busy, NULL);
	status = run(honest, &n);
	kill(pid, SIGKILL);
	reap(pid);
	tried((uint64_t)n);
	CHECK(exited(status, 0), "%ld calls in a storm of signals are right (status %#x)", n,
	      (unsigned int)status);
	return attack_end();
}
