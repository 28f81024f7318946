// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-odd: what does not fit elsewhere.
 *
 * The vsyscall page; sysenter; requests for processor state that nobody has permitted; signals to process
 * numbers of the host; debuggers that write to the host layer, put a program into it or give it
 * registers that nobody can have; code that changes while it runs, and calls inside of other
 * instructions; the calls that a host executes before it asks anybody.
 *
 * usage: attack-odd --inside [HOST-PID]...
 */
#include <elf.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include "attack.h"

enum { WRONG = 67, HOST_PIDS = 40000, STEPS = 3000, TRACED = 400 };

static int host_pid[16], nhost_pids;

/* ---- vsyscall */

static long vsyscall(uint64_t at, long a, long b, long c)
{
	return ((long (*)(long, long, long))at)(a, b, c);
}

static void exit_on_fault(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	(void)context;
	_exit(0);
}

static int vsyscalls(void *arg)
{
	uint64_t number = (uintptr_t)arg, base = 0xffffffffff600000;
	long pointers[] = { 0,
			    (long)task_size,
			    (long)base,
			    -1,
			    (long)text->start,
			    (long)areas[nareas - 1].start + 0x1000,
			    (long)(uintptr_t)&number };

	reseed(number);
	handle(SIGSEGV, exit_on_fault, SA_NODEFER);
	tried(1);
	if (number < 3 * 7 * 7)
		vsyscall(base + number % 3 * 1024, pointers[number / 3 % 7], pointers[number / 21],
			 0);
	else
		vsyscall(base + rnd() % PAGE, pointers[rnd() % 7], pointers[rnd() % 7],
			 (long)rnd());
	return 0;
}

/* ---- the other way into a kernel: what the program sees of the host's answer */

static volatile uint64_t sysenter_at;

static void look_at_rip(int sig, siginfo_t *si, void *context)
{
	uint64_t rip = (uint64_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];

	(void)sig;
	(void)si;
	_exit(rip && rip - sysenter_at + 16 > 64 ? WRONG : 0);
}

static int sysenter(void *arg)
{
	static char alt[65536];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };

	tried(1);
	sigaltstack(&ss, NULL);
	handle(SIGSEGV, look_at_rip, SA_ONSTACK);
	handle(SIGILL, look_at_rip, SA_ONSTACK);
	handle(SIGSYS, look_at_rip, SA_ONSTACK);
	handle(SIGBUS, look_at_rip, SA_ONSTACK);
	__asm__ volatile("lea 1f(%%rip), %%rcx\n mov %%rcx, %0\n"
			 "mov %%rsp, %%rbp\n mov %1, %%eax\n"
			 "1: sysenter\n"
			 : "=m"(sysenter_at)
			 : "r"((uint32_t)(uintptr_t)arg)
			 : "rax", "rcx", "rdx", "memory");
	return 0;
}

/* ---- processor state */

static int tiles(void *arg)
{
	unsigned long mask = 0;

	(void)arg;
	for (long feature = 0; feature < 64; feature++) {
		tried(2);
		syscall(SYS_arch_prctl, 0x1023, feature); /* ARCH_REQ_XCOMP_PERM */
		syscall(SYS_arch_prctl, 0x1025, feature);
	}
	if (syscall(SYS_arch_prctl, 0x1022, &mask) == 0 && (mask & (3ul << 17)))
		return WRONG;
	handle(SIGILL, exit_on_fault, SA_NODEFER);
	handle(SIGSEGV, exit_on_fault, SA_NODEFER);
	__asm__ volatile(".byte 0xc4, 0xe2, 0x78, 0x49, 0xc0"); /* tilerelease */
	return 0;
}

/* ---- processes of the host */

static int host_numbers(void *arg)
{
	bool all = !arg;
	int hit = 0;

	for (int i = all ? 1 : 0; i < (all ? HOST_PIDS : nhost_pids); i++) {
		int pid = all ? i : host_pid[i];

		/* Those that exist in the guest are left alone: this asks for the others. */
		if (kill(pid, 0) == 0 || errno == EPERM)
			continue;
		tried(1);
		hit += kill(pid, SIGKILL) == 0;
		hit += kill(-pid, SIGKILL) == 0;
		hit += syscall(SYS_tgkill, pid, pid, SIGKILL) == 0;
		if (all)
			continue;
		hit += syscall(SYS_tkill, pid, SIGKILL) == 0;
		hit += syscall(SYS_pidfd_open, pid, 0) >= 0;
		hit += ptrace(PTRACE_SEIZE, pid, 0, 0) == 0;
		hit += syscall(SYS_setpgid, pid, 0) == 0;
		hit += syscall(SYS_sched_setaffinity, pid, 8, &hit) == 0;
		hit += syscall(SYS_prlimit64, pid, 7, 0, 0) == 0;
		hit += syscall(SYS_setpriority, 0, pid, 19) == 0;
	}
	return hit ? WRONG : 0;
}

/* ---- the calls that a host executes unasked, with all kinds of arguments */

static int unasked(void *arg)
{
	reseed((uintptr_t)arg);
	handle(SIGILL, exit_on_fault, SA_NODEFER);
	for (int i = 0; i < 200; i++) {
		const struct area *a = &areas[rnd() % (uint64_t)nareas];

		tried(2);
		call6(335 + (i & 1), (long)(a->start + rnd() % 65536), (long)rnd(), (long)rnd(), 0,
		      0, 0);
		call6((335 + (i & 1)) | 1 << 30, (long)rnd(), (long)rnd(), (long)rnd(), 0, 0, 0);
	}
	return 0;
}

/* ---- code */

/* Bytes that a patcher of call instructions must not take for one. */
static int hidden_calls(void *arg)
{
	static const uint8_t programs[][32] = {
		/* mov $0x050fb8, %rax as part of another immediate; ret */
		{ 0x48, 0xb8, 0xb8, 0x27, 0, 0, 0, 0x0f, 0x05, 0x00, 0xc3 },
		/* jump into the middle: b8 27 0f 05 c3 .. is "getpid" without the number's rest */
		{ 0xb8, 0x27, 0, 0, 0, 0xeb, 0x01, 0xb8, 0x0f, 0x05, 0xc3 },
		/* lea with a displacement that holds syscall */
		{ 0x48, 0x8d, 0x80, 0x0f, 0x05, 0x00, 0x00, 0x31, 0xc0, 0xc3 },
		/* getpid twice, jump over the number the second time */
		{ 0x31, 0xdb, 0xb8, 0x27, 0,	0, 0, 0x0f, 0x05, 0x85, 0xdb, 0x75,
		  0x09, 0xff, 0xc3, 0xb8, 0x27, 0, 0, 0,    0xeb, 0xf1, 0xc3 },
	};
	size_t which = (uintptr_t)arg % ARRAY_SIZE(programs);
	uint8_t *code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	/* Every place, across the border of two pages too. */
	long want = getpid(), got;

	for (size_t at = PAGE - 40; at < PAGE + 8; at++) {
		memset(code, 0xcc, 2 * PAGE);
		memcpy(code + at, programs[which], 32);
		for (int i = 0; i < 30; i++) {
			tried(1);
			__asm__ volatile("call *%1"
					 : "=a"(got)
					 : "r"(code + at)
					 : "rbx", "rcx", "r11", "memory", "cc");
			if ((which == 1 || which == 3) && got != want)
				return WRONG;
		}
		if (memcmp(code + at, programs[which], 32))
			return WRONG;
	}
	return 0;
}

/* One that rewrites its own call for each turn. */
static int changing_code(void *arg)
{
	uint8_t *code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static const uint32_t nr[] = { SYS_getpid, SYS_getppid, SYS_getuid, 1000 };
	long want[] = { getpid(), getppid(), getuid(), -ENOSYS };

	(void)arg;
	for (size_t i = 0; i < 4000; i++) {
		memcpy(code, "\xb8\0\0\0\0\x0f\x05\xc3", 8);
		memcpy(code + 1, &nr[i % 4], 4);
		tried(1);
		if (((long (*)(void))code)() != want[i % 4])
			return WRONG;
		if (i % 512 == 0 && fork() == 0)
			_exit(0);
	}
	return 0;
}

/* ---- debuggers */

static pid_t tracee(void)
{
	pid_t pid = fork();

	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		for (;;)
			getppid();
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return pid;
}

static uint64_t hostile(void)
{
	const struct area *a = &areas[rnd() % (uint64_t)nareas];

	switch (rnd() % 7) {
	case 0:
		return text->start + rnd() % text_len;
	case 1:
		return a->start + rnd() % (a->end - a->start);
	case 2:
		return 0xffffffff81000000 + (rnd() & 0xffffff);
	case 3:
		return 0x800000000000ull + rnd();
	case 4:
		return rnd() & 0xffff;
	case 5:
		return 0;
	default:
		return rnd();
	}
}

/* Registers that nobody has; then one step, or on. */
static int spoilt_registers(void *arg)
{
	reseed((uintptr_t)arg);
	for (int i = 0; i < 40; i++) {
		struct user_regs_struct regs;
		uint64_t *word = (uint64_t *)&regs, area[512];
		struct iovec image = { area, sizeof(area) };
		pid_t pid = tracee();
		int status;

		if (pid < 0)
			return 0;
		if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
			return WRONG;
		for (uint64_t n = 1 + rnd() % 5; n; n--)
			word[rnd() % (sizeof(regs) / 8)] = hostile();
		tried(1);
		ptrace(PTRACE_SETREGS, pid, 0, &regs);
		if (ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &image) == 0) {
			for (uint64_t n = rnd() % 4; n; n--)
				area[rnd() % (image.iov_len / 8)] = hostile();
			if (rnd() % 4 == 0)
				image.iov_len = rnd() % sizeof(area);
			ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &image);
		}
		ptrace(PTRACE_POKEUSER, pid, (void *)(rnd() % 1024 & ~7ull), hostile());
		ptrace(rnd() & 1 ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, 0, 0);
		usleep(200);
		if (waitpid(pid, &status, WNOHANG) == pid && WIFSTOPPED(status) &&
		    ptrace(PTRACE_GETREGS, pid, 0, &regs) == 0 &&
		    ((regs.eflags & 0x3000) || (regs.cs & 3) != 3))
			return WRONG;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return 0;
}

/* Step by step through the host layer's code, and whatever it does to the program. */
static int steps(void *arg)
{
	struct user_regs_struct regs;
	pid_t pid = tracee();
	int status;

	reseed((uintptr_t)arg);
	if (pid < 0 || ptrace(PTRACE_GETREGS, pid, 0, &regs))
		return WRONG;
	for (int i = 0; i < STEPS; i++) {
		tried(1);
		if (i % 50 == 0) {
			struct user_regs_struct there = regs;

			there.rip = text->start + rnd() % text_len;
			there.r15 = hostile();
			there.rdi = hostile();
			there.orig_rax = ~0ull;
			ptrace(PTRACE_SETREGS, pid, 0, &there);
		}
		if (ptrace(PTRACE_SINGLESTEP, pid, 0, 0) || waitpid(pid, &status, 0) != pid)
			break;
		if (!WIFSTOPPED(status)) {
			pid = tracee();
			if (pid < 0)
				break;
		}
	}
	kill(pid, SIGKILL);
	return 0;
}

/* What debuggers may write to their own program's code must change no other's. */
static int own_code(void *arg)
{
	uint64_t at = (uintptr_t)tracee & ~7ull;
	int mem = open("/proc/self/mem", O_RDWR);
	uint64_t old = *(volatile uint64_t *)at, trap = 0xcccccccccccccccc;
	pid_t pid = fork();
	int status;

	(void)arg;
	tried(3);
	if (!pid) {
		pwrite(mem, &trap, 8, (off_t)at);
		_exit(*(volatile uint64_t *)at == trap ? 0 : 1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 0;
	if (*(volatile uint64_t *)at != old)
		return WRONG;
	return pwrite(mem, &trap, 8, (off_t)text->start) == 8 ? WRONG : 0;
}

/* ---- all of them */

static void rounds(const char *name, int (*fn)(void *), long n, int limit_ms)
{
	int wrong = 0;

	for (long i = 0; i < n; i++)
		wrong += exited(attack(fn, (void *)i, limit_ms), WRONG);
	end_attackers();
	CHECK(wrong == 0, "%s", name);
}

int main(int argc, char **argv)
{
	uint64_t sum;

	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	for (int i = 2; i < argc && nhost_pids < (int)ARRAY_SIZE(host_pid); i++)
		host_pid[nhost_pids++] = atoi(argv[i]);
	sum = checksum(text);
	rounds("the vsyscall page", vsyscalls, 300, 1000);
	rounds("sysenter shows no address of the host's", sysenter, 40, 1000);
	rounds("processor state that nobody has permitted", tiles, 1, 5000);
	rounds("numbers of the host's processes", host_numbers, 2, 30000);
	/* The guest's root has no more luck. */
	CHECK(host_numbers(NULL) == 0 && host_numbers(&sum) == 0, "the same by the guest's root");
	rounds("calls that a host executes unasked", unasked, 4, 5000);
	rounds("calls inside of other instructions", hidden_calls, 4, 10000);
	rounds("code that changes", changing_code, 1, 10000);
	rounds("registers from a debugger", spoilt_registers, TRACED / 40, 10000);
	rounds("single steps through the host layer", steps, 2, 20000);
	rounds("code changed by its own program", own_code, 2, 5000);
	CHECK(checksum(text) == sum, "the code is unchanged");
	return attack_end();
}
