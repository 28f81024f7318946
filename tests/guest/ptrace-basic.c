// SPDX-License-Identifier: GPL-2.0-only
/* ptrace-basic: memory, registers, register sets, stepping and breakpoints of a traced child. */
#include "trace.h"
#include <cpuid.h>
#include <elf.h>
#include <stddef.h>
#include <sys/uio.h>
#include <sys/user.h>

static volatile uint64_t word = 0x1122334455667788;
static volatile const uint64_t constant_word = 0xaabbccddeeff0011;

static int check_word(void *arg)
{
	return word == 0x5555 && constant_word == 0x7777 ? (int)(intptr_t)arg : 1;
}

static void memory(void)
{
	pid_t pid = traced(check_word, (void *)20, 0);
	struct user_regs_struct regs;
	siginfo_t si;

	errno = 0;
	CHECK((uint64_t)ptrace(PTRACE_PEEKDATA, pid, &word, 0) == 0x1122334455667788 && !errno,
	      "PEEKDATA");
	CHECK(ptrace(PTRACE_POKEDATA, pid, &word, 0x5555) == 0, "POKEDATA");
	CHECK(ptrace(PTRACE_POKETEXT, pid, &constant_word, 0x7777) == 0,
	      "POKETEXT to a read-only page");
	CHECK((uint64_t)ptrace(PTRACE_PEEKTEXT, pid, &constant_word, 0) == 0x7777, "PEEKTEXT");
	CHECK(ptrace(PTRACE_PEEKDATA, pid, 8, 0) == -1 && errno == EIO, "PEEKDATA of a hole: EIO");
	CHECK(ptrace(PTRACE_GETREGS, pid, 0, &regs) == 0, "GETREGS");
	errno = 0;
	CHECK((uint64_t)ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, rip), 0) ==
		      regs.rip,
	      "PEEKUSER of rip");
	CHECK(ptrace(PTRACE_PEEKUSER, pid, 3, 0) == -1 && errno == EIO, "PEEKUSER, unaligned: EIO");
	CHECK(regs.cs == 0x33 && regs.ss == 0x2b, "cs and ss");
	CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &si) == 0 && si.si_signo == SIGSTOP &&
		      si.si_pid == pid,
	      "GETSIGINFO");
	CHECK(word == 0x1122334455667788 && constant_word == 0xaabbccddeeff0011,
	      "our own memory is unchanged");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 20), "the child found the new values");
}

/* ---- general registers */

static __attribute__((noinline)) int registers_child(void *arg)
{
	uint64_t sum;

	(void)arg;
	__asm__ volatile(
		"mov $1, %%eax; mov $2, %%ebx; mov $3, %%ecx; mov $4, %%edx; mov $5, %%esi; mov "
		"$6, %%edi\n"
		"mov $8, %%r8d; mov $9, %%r9d; mov $10, %%r10d; mov $11, %%r11d; mov $12, %%r12d\n"
		"mov $13, %%r13d; mov $14, %%r14d; mov $15, %%r15d\n"
		"int3\n"
		"add %%rbx, %%rax; add %%rcx, %%rax; add %%rdx, %%rax; add %%rsi, %%rax; add "
		"%%rdi, %%rax\n"
		"add %%r8, %%rax; add %%r9, %%rax; add %%r10, %%rax; add %%r11, %%rax; add %%r12, "
		"%%rax\n"
		"add %%r13, %%rax; add %%r14, %%rax; add %%r15, %%rax\n"
		: "=a"(sum)
		:
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "cc");
	return sum == 2000 ? 30 : 31;
}

static void registers(void)
{
	pid_t pid = traced(registers_child, NULL, 0);
	struct user_regs_struct r, old;
	struct iovec iov = { &r, sizeof(r) };
	siginfo_t si;

	CHECK(WSTOPSIG(next(pid, PTRACE_CONT, 0)) == SIGTRAP, "int3 stops the child");
	MUST(ptrace(PTRACE_GETREGS, pid, 0, &r) == 0);
	ptrace(PTRACE_GETSIGINFO, pid, 0, &si);
	say("int3: si_code %d", si.si_code);
	say("registers: %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu %llu",
	    r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14,
	    r.r15);
	say("orig_rax %lld", (long long)r.orig_rax);
	old = r;
	r.rax = 1000;
	r.rbx = 100;
	r.rdi = 797;
	CHECK(ptrace(PTRACE_SETREGS, pid, 0, &r) == 0, "SETREGS");
	memset(&r, 0, sizeof(r));
	CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) == 0 && iov.iov_len == sizeof(r) &&
		      r.rbx == 100 && r.rip == old.rip && r.rsp == old.rsp,
	      "GETREGSET NT_PRSTATUS");
	/* 1000+100+3+4+5+797+8+...+15 = 2001; one less in r15 gives 2000. */
	r.r15 = 14;
	CHECK(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov) == 0, "SETREGSET NT_PRSTATUS");
	r.rip = 0xffffffff81000000;
	ptrace(PTRACE_GETREGS, pid, 0, &old);
	old.cs = 0x10;
	CHECK(ptrace(PTRACE_SETREGS, pid, 0, &old) == -1 && errno == EIO,
	      "kernel code segment refused: EIO");
	ptrace(PTRACE_GETREGS, pid, 0, &old);
	old.eflags |= 0x3000;
	CHECK(ptrace(PTRACE_SETREGS, pid, 0, &old) == 0 &&
		      ptrace(PTRACE_GETREGS, pid, 0, &old) == 0 && !(old.eflags & 0x3000),
	      "IOPL is not settable");
	CHECK(ptrace(PTRACE_POKEUSER, pid, offsetof(struct user_regs_struct, fs_base), 1UL << 63) ==
		      -1,
	      "fs base in the kernel refused");
	iov.iov_len = 24;
	CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) == 0 && iov.iov_len == 24,
	      "short GETREGSET");
	CHECK(ptrace(PTRACE_GETREGSET, pid, 0x7777, &iov) == -1 && errno == EINVAL,
	      "unknown set: EINVAL");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 30), "the child computed with the new values");
}

/* ---- floating point and vector registers */

static __attribute__((noinline)) int fp_child(void *arg)
{
	uint64_t in[2] = { 0x0102030405060708, 0x1112131415161718 }, out[2];
	uint32_t mxcsr = 0;
	double x87;
	float pi = 0;

	(void)arg;
	__asm__ volatile("movdqu %[in], %%xmm7\n"
			 "fninit\n fldpi\n"
			 "int3\n"
			 "movdqu %%xmm7, %[out]\n"
			 "fstpl %[x]\n"
			 "stmxcsr %[m]\n"
			 : [out] "=m"(out), [x] "=m"(x87), [m] "=m"(mxcsr)
			 : [in] "m"(in), "m"(pi)
			 : "xmm7", "memory");
	mxcsr &= ~0x3fu; /* the sticky flags */
	return out[0] == 0xfefefefefefefefe && out[1] == in[1] && mxcsr == 0x7f80 && x87 == 1.0
		       ? 40
		       : 41;
}

static void fp_regs(void)
{
	pid_t pid = traced(fp_child, NULL, 0);
	struct user_fpregs_struct f;
	uint64_t xmm7[2];

	MUST(WSTOPSIG(next(pid, PTRACE_CONT, 0)) == SIGTRAP);
	CHECK(ptrace(PTRACE_GETFPREGS, pid, 0, &f) == 0, "GETFPREGS");
	memcpy(xmm7, &f.xmm_space[7 * 4], 16);
	CHECK(xmm7[0] == 0x0102030405060708 && xmm7[1] == 0x1112131415161718, "xmm7");
	say("x87 control %#x tag %#x top %d, st0 %08x%08x %04x", f.cwd, f.ftw, f.swd >> 11 & 7,
	    f.st_space[1], f.st_space[0], f.st_space[2] & 0xffff);
	f.xmm_space[28] = f.xmm_space[29] = 0xfefefefe;
	f.mxcsr = 0x7f80;
	f.st_space[0] = 0;
	f.st_space[1] = 0x80000000;
	f.st_space[2] = 0x3fff; /* 1.0 */
	CHECK(ptrace(PTRACE_SETFPREGS, pid, 0, &f) == 0, "SETFPREGS");
	f.mxcsr = 0xffffffff;
	CHECK(ptrace(PTRACE_SETFPREGS, pid, 0, &f) == -1 && errno == EINVAL,
	      "bad mxcsr refused: EINVAL");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 40), "the child has the new values");
}

static bool has_avx;

static __attribute__((noinline, target("avx"))) int avx_child(void *arg)
{
	uint8_t in[32], out[32];
	int bad = 0;

	(void)arg;
	for (int i = 0; i < 32; i++)
		in[i] = (uint8_t)(i + 1);
	__asm__ volatile("vmovdqu %[in], %%ymm5\n int3\n vmovdqu %%ymm5, %[out]\n vzeroupper\n"
			 : [out] "=m"(out)
			 : [in] "m"(in)
			 : "xmm5", "memory");
	for (int i = 0; i < 32; i++)
		bad += out[i] != (i < 16 ? i + 1 : 0xa0 + i);
	return bad ? 51 : 50;
}

static void xstate(void)
{
	pid_t pid = traced(avx_child, NULL, 0);
	static uint8_t buf[16384] __attribute__((aligned(64)));
	struct iovec iov = { buf, sizeof(buf) };
	uint32_t size, off, c, d;
	uint64_t bv, xcr0;
	int bad = 0;

	MUST(WSTOPSIG(next(pid, PTRACE_CONT, 0)) == SIGTRAP);
	CHECK(ptrace(PTRACE_GETREGSET, pid, NT_X86_XSTATE, &iov) == 0, "GETREGSET NT_X86_XSTATE");
	__cpuid_count(13, 2, size, off, c, d);
	memcpy(&bv, buf + 512, 8);
	memcpy(&xcr0, buf + 464, 8);
	CHECK(iov.iov_len >= off + size && size == 256, "its size");
	CHECK((bv & 4) && (xcr0 & 7) == 7, "AVX state is in use and enabled");
	for (uint32_t i = 0; i < 16; i++) {
		bad += buf[160 + 5 * 16 + i] != i + 1;
		bad += buf[off + 5 * 16 + i] != i + 17;
		buf[off + 5 * 16 + i] = (uint8_t)(0xb0 + i);
	}
	CHECK(bad == 0, "ymm5, both halves");
	CHECK(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &iov) == 0, "SETREGSET NT_X86_XSTATE");
	uint64_t all = ~0ull;

	memcpy(buf + 512, &all, 8);
	CHECK(ptrace(PTRACE_SETREGSET, pid, NT_X86_XSTATE, &iov) == -1 && errno == EINVAL,
	      "unknown features refused: EINVAL");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 50), "the child has the new upper half");
}

/* ---- single steps */

static __attribute__((noinline)) int step_child(void *arg)
{
	(void)arg;
	__asm__ volatile("int3\n"
			 "mov $100, %%ecx\n"
			 "1: dec %%ecx\n"
			 "jnz 1b\n"
			 "mov $39, %%eax\n"
			 "syscall\n"
			 "pushfq\n"
			 "pop %%rax\n"
			 "nop\n"
			 "int3\n"
			 :
			 :
			 : "rax", "rcx", "r11", "memory", "cc");
	return 60;
}

static void steps(void)
{
	pid_t pid = traced(step_child, NULL, 0);
	struct user_regs_struct r;
	siginfo_t si;
	int n = 0, status, wrong = 0;
	bool tf = false;

	MUST(WSTOPSIG(next(pid, PTRACE_CONT, 0)) == SIGTRAP);
	for (;;) {
		MUST(ptrace(PTRACE_GETREGS, pid, 0, &r) == 0);
		errno = 0;
		uint64_t code = (uint64_t)ptrace(PTRACE_PEEKTEXT, pid, r.rip, 0);

		if ((code & 0xff) == 0xcc)
			break;
		if ((code & 0xff) == 0x90)
			tf = r.rax & 0x100;
		status = next(pid, PTRACE_SINGLESTEP, 0);
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP || n > 1000) {
			CHECK(false, "step %d: status %#x", n, status);
			break;
		}
		ptrace(PTRACE_GETSIGINFO, pid, 0, &si);
		wrong += si.si_code != TRAP_TRACE && si.si_code != TRAP_BRKPT;
		n++;
	}
	say("single steps: %d, wrong si_code: %d", n, wrong);
	say("the trap flag in a pushfq under single step: %d", tf);
	CHECK(WSTOPSIG(next(pid, PTRACE_CONT, 0)) == SIGTRAP, "the second int3");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 60), "runs on");
}

/* ---- a breakpoint put in by hand, hit many times */

static volatile int calls;

static __attribute__((noinline)) int target(int n)
{
	__asm__ volatile("nop; nop; nop; nop");
	calls += n;
	return n + 1;
}

static int break_child(void *arg)
{
	int n = 0;

	(void)arg;
	for (int i = 0; i < 50; i++)
		n = target(n);
	return n;
}

static void breakpoints(void)
{
	pid_t pid = traced(break_child, NULL, 0);
	uint64_t addr = (uintptr_t)target, old;
	struct user_regs_struct r;
	int hits = 0, status;

	errno = 0;
	old = (uint64_t)ptrace(PTRACE_PEEKTEXT, pid, addr, 0);
	MUST(!errno);
	MUST(ptrace(PTRACE_POKETEXT, pid, addr, (old & ~0xffull) | 0xcc) == 0);
	for (;;) {
		status = next(pid, PTRACE_CONT, 0);
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
			break;
		MUST(ptrace(PTRACE_GETREGS, pid, 0, &r) == 0);
		QUIET(r.rip == addr + 1, "rip behind the breakpoint");
		hits++;
		r.rip = addr;
		MUST(ptrace(PTRACE_SETREGS, pid, 0, &r) == 0);
		MUST(ptrace(PTRACE_POKETEXT, pid, addr, old) == 0);
		status = next(pid, PTRACE_SINGLESTEP, 0);
		QUIET(WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP,
		      "step over the breakpoint");
		MUST(ptrace(PTRACE_POKETEXT, pid, addr, (old & ~0xffull) | 0xcc) == 0);
	}
	say("breakpoint hits: %d, end %#x", hits, status);
	CHECK(target(1) == 2, "our own copy has no breakpoint");
}

/* ---- signals under trace */

static int signal_child(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		raise(SIGUSR1);
	return 70;
}

static void signals(void)
{
	pid_t pid = traced(signal_child, NULL, 0);
	siginfo_t si;
	int status;

	CHECK(WSTOPSIG(next(pid, PTRACE_CONT, 0)) == SIGUSR1, "a signal stops the child first");
	CHECK(WSTOPSIG(next(pid, PTRACE_CONT, 0)) == SIGUSR1, "dropped; the next one");
	MUST(ptrace(PTRACE_GETSIGINFO, pid, 0, &si) == 0);
	CHECK(si.si_signo == SIGUSR1 && si.si_code == SI_TKILL && si.si_pid == pid, "its facts");
	sigset_t set, back;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	CHECK(ptrace(PTRACE_SETSIGMASK, pid, 8, &set) == 0 &&
		      ptrace(PTRACE_GETSIGMASK, pid, 8, &back) == 0 && sigismember(&back, SIGHUP),
	      "SETSIGMASK, GETSIGMASK");
	status = next(pid, PTRACE_CONT, SIGTERM);
	CHECK(killed(status, SIGTERM), "replaced by SIGTERM, it dies");
	pid = traced(signal_child, NULL, 0);
	CHECK(killed(next(pid, PTRACE_KILL, 0), SIGKILL), "PTRACE_KILL");
	CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == -1 && errno == ESRCH, "gone: ESRCH");
	CHECK(ptrace(PTRACE_PEEKDATA, 1, &word, 0) == -1 && errno == ESRCH, "not ours: ESRCH");
	pid = traced(signal_child, NULL, 0);
	MUST(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
	CHECK(killed(reap(pid), SIGUSR1), "detached, it runs alone");
}

int main(void)
{
	uint32_t a, b, c, d;

	__cpuid(1, a, b, c, d);
	has_avx = c & 1u << 28;
	memory();
	registers();
	fp_regs();
	if (has_avx)
		xstate();
	steps();
	breakpoints();
	signals();
	return finish();
}
