// SPDX-License-Identifier: GPL-2.0-only
/* sig-frame: the signal frame: its contents, handlers that change it, flags, red zone, returns. */
#include "guest.h"
#include <cpuid.h>
#include <ucontext.h>

#define GREG(uc, reg) ((uc)->uc_mcontext.gregs[reg])

/* ---- a handler that edits registers */

static void edit(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	(void)si;
	GREG(uc, REG_RAX) = 0x1111;
	GREG(uc, REG_RBX) ^= 0xffff;
	GREG(uc, REG_R15) = 0x1515151515151515;
	GREG(uc, REG_RIP) += 2; /* over the ud2 */
	uc->uc_mcontext.fpregs->_xmm[3].element[0] = 0xdeadbeef;
	uc->uc_mcontext.fpregs->_xmm[3].element[3] ^= 0xffffffff;
	uc->uc_mcontext.fpregs->mxcsr |= 0x6000;
	uc->uc_mcontext.fpregs->cwd = 0x0f7f;
}

static void change_registers(void)
{
	uint64_t rax, rbx = 0x1234, r15;
	uint32_t xmm[4] = { 1, 2, 3, 4 }, mxcsr, normal = 0x1f80;
	uint16_t cw;

	handle(SIGILL, edit, 0);
	__asm__ volatile(
		"movdqu %[x], %%xmm3\n"
		"ud2\n"
		"mov %%r15, %[r15]\n"
		"movdqu %%xmm3, %[x]\n"
		"stmxcsr %[m]\n"
		"fnstcw %[cw]\n"
		"ldmxcsr %[n]\n"
		"fninit\n"
		: "=&a"(rax),
		  "+b"(rbx), [r15] "=&r"(r15), [x] "+m"(xmm), [m] "=m"(mxcsr), [cw] "=m"(cw)
		: [n] "m"(normal)
		: "r15", "xmm3", "memory");
	say("rax %#llx rbx %#llx r15 %#llx", (unsigned long long)rax, (unsigned long long)rbx,
	    (unsigned long long)r15);
	say("xmm3 %x %x %x %x mxcsr %#x x87 control %#x", xmm[0], xmm[1], xmm[2], xmm[3], mxcsr,
	    cw);
}

/* ---- every register and the red zone survive a signal in a busy loop */

static volatile int hits;

static void clobber(int sig, siginfo_t *si, void *uc)
{
	volatile char big[2000];

	(void)sig;
	(void)si;
	(void)uc;
	memset((char *)big, 0x77, sizeof(big));
	__asm__ volatile("xor %%ebx, %%ebx; xor %%r12d, %%r12d; pcmpeqd %%xmm0, %%xmm0; pcmpeqd "
			 "%%xmm9, %%xmm9;"
			 "std; cld; fninit; fldz"
			 :
			 :
			 : "rbx", "r12", "xmm0", "xmm9", "cc");
	hits++;
}

/*
 * Loads all registers with a pattern, stores words in the red zone, spins until the handler has
 * run often enough, and checks everything.  The number of differences.
 */
static __attribute__((noinline)) uint64_t keep(volatile int *seen, int want)
{
	uint64_t bad;

	__asm__ volatile(
		"movl %[want], %%ecx\n"
		"mov %[seen], %%rdx\n"
		"movabs $0x1111111111111111, %%rax\n"
		"mov %%rax, -8(%%rsp)\n"
		"mov %%rax, -128(%%rsp)\n"
		"mov %%rax, %%r8;  not %%r8\n"
		"lea 1(%%rax), %%r9\n"
		"lea 2(%%rax), %%r10\n"
		"lea 3(%%rax), %%r11\n"
		"lea 4(%%rax), %%r12\n"
		"lea 5(%%rax), %%r13\n"
		"lea 6(%%rax), %%r14\n"
		"lea 7(%%rax), %%r15\n"
		"lea 8(%%rax), %%rsi\n"
		"lea 9(%%rax), %%rdi\n"
		"lea 10(%%rax), %%rbx\n"
		"movq %%r8, %%xmm0\n"
		"movq %%r9, %%xmm15\n"
		"stc\n"
		"1: pause\n"
		"mov (%%rdx), %%ebx\n"
		"sub %%ecx, %%ebx\n"
		"js 1b\n"
		"xor %%ebx, %%ebx\n"
		"cmp %%rax, -8(%%rsp);   setne %%bl; mov %%ebx, %%ecx\n"
		"cmp %%rax, -128(%%rsp); setne %%bl; add %%ebx, %%ecx\n"
		"not %%r8; cmp %%r8, %%rax; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%r9;  cmp $1, %%r9;  setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%r10; cmp $2, %%r10; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%r11; cmp $3, %%r11; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%r12; cmp $4, %%r12; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%r13; cmp $5, %%r13; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%r14; cmp $6, %%r14; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%r15; cmp $7, %%r15; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%rsi; cmp $8, %%rsi; setne %%bl; add %%ebx, %%ecx\n"
		"sub %%rax, %%rdi; cmp $9, %%rdi; setne %%bl; add %%ebx, %%ecx\n"
		"movq %%xmm0, %%rsi; not %%rsi; cmp %%rsi, %%rax; setne %%bl; add %%ebx, %%ecx\n"
		"movq %%xmm15, %%rsi; sub %%rax, %%rsi; cmp $1, %%rsi; setne %%bl; add %%ebx, "
		"%%ecx\n"
		"movl %%ecx, %%eax\n"
		: "=&a"(bad)
		: [want] "m"(want), [seen] "m"(seen)
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14",
		  "r15", "xmm0", "xmm15", "memory", "cc");
	return bad & 0xffffffff;
}

static void kept(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec it = { { 0, 1000000 }, { 0, 1000000 } };
	uint64_t bad = 0;
	timer_t t;

	handle(SIGALRM, clobber, SA_RESTART);
	MUST(timer_create(CLOCK_MONOTONIC, &ev, &t) == 0 && timer_settime(t, 0, &it, NULL) == 0);
	for (int i = 0; i < 20; i++)
		bad += keep(&hits, hits + 3);
	timer_delete(t);
	CHECK(bad == 0, "registers and red zone survive signals in a busy loop");
}

/* ---- flags at handler entry and after */

static volatile uint64_t entry_flags, entry_rsp;

static void look(int sig, siginfo_t *si, void *context)
{
	uint64_t f;

	(void)sig;
	(void)si;
	__asm__ volatile("pushfq; pop %0" : "=r"(f));
	entry_flags = f;
	entry_rsp = (uint64_t)context;
	GREG((ucontext_t *)context, REG_RIP) += 2;
}

static void flags(void)
{
	uint64_t f;

	handle(SIGILL, look, 0);
	__asm__ volatile("std; stc; ud2; pushfq; pop %0; cld" : "=r"(f) : : "memory", "cc");
	CHECK(!(entry_flags & 0x400), "the direction flag is clear in the handler");
	CHECK((f & 0x401) == 0x401, "direction and carry are back after it");
	__asm__ volatile("pushfq; orl $0x240000, (%%rsp); popfq; ud2; pushfq; pop %0; pushfq;"
			 "andl $~0x240000, (%%rsp); popfq"
			 : "=r"(f)
			 :
			 : "memory", "cc");
	CHECK((f & 0x240000) == 0x240000, "AC and ID survive a signal");
}

/* ---- what stands in the frame */

static volatile struct {
	uint64_t rip, rsp, rax, eflags, cs, flags, link, sp, size;
	uint32_t magic1, xsize, magic2, xfeatures_low;
	bool aligned, masked;
} frame;

static void inspect(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	unsigned char *fp = (unsigned char *)uc->uc_mcontext.fpregs;

	(void)sig;
	(void)si;
	frame.rip = (uint64_t)GREG(uc, REG_RIP);
	frame.rsp = (uint64_t)GREG(uc, REG_RSP);
	frame.rax = (uint64_t)GREG(uc, REG_RAX);
	frame.eflags = (uint64_t)GREG(uc, REG_EFL);
	frame.cs = (uint64_t)GREG(uc, REG_CSGSFS);
	frame.flags = uc->uc_flags;
	frame.link = (uint64_t)uc->uc_link;
	frame.masked =
		sigismember(&uc->uc_sigmask, SIGHUP) && !sigismember(&uc->uc_sigmask, SIGILL);
	memcpy((void *)&frame.magic1, fp + 464, 4);
	memcpy((void *)&frame.xsize, fp + 480, 4);
	memcpy((void *)&frame.xfeatures_low, fp + 472, 4);
	memcpy((void *)&frame.magic2, fp + frame.xsize, 4);
	frame.aligned = ((uintptr_t)fp & 63) == 0;
	GREG(uc, REG_RIP) += 2;
}

static void contents(void)
{
	uint32_t a, b, c, d;
	uint64_t rip, rsp;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	handle(SIGILL, inspect, 0);
	__asm__ volatile("lea 1f(%%rip), %0; mov %%rsp, %1; mov $0x4242, %%eax; stc; 1: ud2"
			 : "=&r"(rip), "=&r"(rsp)
			 :
			 : "rax", "memory", "cc");
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK(frame.rip == rip && frame.rsp == rsp && frame.rax == 0x4242, "rip, rsp, rax");
	CHECK((frame.eflags & 0x201) == 0x201, "eflags: carry and interrupt flag");
	say("cs %#llx ss %#llx", (unsigned long long)(frame.cs & 0xffff),
	    (unsigned long long)(frame.cs >> 48));
	say("uc_flags %#llx, uc_link %llu", (unsigned long long)frame.flags,
	    (unsigned long long)frame.link);
	CHECK(frame.masked, "the mask of before");
	__cpuid_count(13, 0, a, b, c, d);
	say("xsave magic %#x %#x", frame.magic1, frame.magic2);
	CHECK(frame.xsize >= 576 && frame.xsize <= c + 64, "xsave size");
	CHECK((frame.xfeatures_low & 3) == 3 && (frame.xfeatures_low & ~a) == 0, "xsave features");
	CHECK(frame.aligned, "xsave area aligned to 64");
	(void)b;
	(void)d;
}

/* ---- leaving a handler by siglongjmp, many times */

static sigjmp_buf env;

static void jump_out(int sig, siginfo_t *si, void *uc)
{
	(void)si;
	(void)uc;
	siglongjmp(env, sig);
}

static void jumps(void)
{
	static char alt[65536];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	volatile int n = 0;
	sigset_t now;

	sigaltstack(&ss, NULL);
	for (volatile int flag = 0; flag < 2; flag++) {
		handle(SIGUSR1, jump_out, flag ? SA_ONSTACK : 0);
		for (volatile int i = 0; i < 5000; i++) {
			if (!sigsetjmp(env, 1))
				raise(SIGUSR1);
			else
				n++;
		}
	}
	sigprocmask(SIG_BLOCK, NULL, &now);
	say("siglongjmp out of %d handlers, still blocked: %d", n, sigismember(&now, SIGUSR1));
	handle(SIGSEGV, jump_out, 0);
	n = 0;
	for (volatile int i = 0; i < 2000; i++) {
		if (!sigsetjmp(env, 1))
			*(volatile int *)(8 * (uintptr_t)i % 4096) = 1;
		else
			n++;
	}
	say("siglongjmp out of %d faults", n);
	signal(SIGSEGV, SIG_DFL);
	ss.ss_flags = SS_DISABLE;
	sigaltstack(&ss, NULL);
}

/* ---- frames that rt_sigreturn must refuse or mend: the process dies or goes on, nothing else */

enum bad_frame {
	RIP_NONCANONICAL,
	RIP_KERNEL,
	CS_ZERO,
	CS_KERNEL,
	SS_BAD,
	FLAGS_IOPL,
	FLAGS_NT,
	FLAGS_TF,
	MXCSR_BAD,
	XSTATE_BAD,
	FPSTATE_BAD,
	FPSTATE_NULL,
	MAGIC_BAD,
	RSP_BAD,
	NKINDS
};

static const char *const bad_names[NKINDS] = {
	"non-canonical rip",
	"kernel rip",
	"cs 0",
	"cs of the kernel",
	"bad ss",
	"IOPL 3",
	"NT",
	"TF",
	"bad mxcsr",
	"bad xsave features",
	"bad fpstate pointer",
	"no fpstate",
	"bad magic",
	"rsp 0",
};

static volatile enum bad_frame kind;
static volatile int traps;

static void spoil(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	unsigned char *fp = (unsigned char *)uc->uc_mcontext.fpregs;
	uint64_t all = ~0ull;

	(void)sig;
	(void)si;
	GREG(uc, REG_RIP) += 2;
	switch (kind) {
	case RIP_NONCANONICAL:
		GREG(uc, REG_RIP) = 0x0123456789abcdef;
		break;
	case RIP_KERNEL:
		GREG(uc, REG_RIP) = (greg_t)0xffffffff81000000;
		break;
	case CS_ZERO:
		GREG(uc, REG_CSGSFS) &= ~0xffffll;
		break;
	case CS_KERNEL:
		GREG(uc, REG_CSGSFS) = (GREG(uc, REG_CSGSFS) & ~0xffffll) | 0x10;
		break;
	case SS_BAD:
		GREG(uc, REG_CSGSFS) |= (greg_t)0xfff8ll << 48;
		break;
	case FLAGS_IOPL:
		GREG(uc, REG_EFL) |= 0x3000;
		break;
	case FLAGS_NT:
		GREG(uc, REG_EFL) |= 0x4000;
		break;
	case FLAGS_TF:
		GREG(uc, REG_EFL) |= 0x100;
		break;
	case MXCSR_BAD:
		uc->uc_mcontext.fpregs->mxcsr = 0xffff1f80;
		break;
	case XSTATE_BAD:
		memcpy(fp + 512, &all, 8);
		break;
	case FPSTATE_BAD:
		uc->uc_mcontext.fpregs = (void *)8;
		break;
	case FPSTATE_NULL:
		uc->uc_mcontext.fpregs = NULL;
		break;
	case MAGIC_BAD:
		memset(fp + 464, 0, 4);
		break;
	case RSP_BAD:
		GREG(uc, REG_RSP) = 0;
		break;
	default:
		break;
	}
}

static void on_trap(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	GREG((ucontext_t *)context, REG_EFL) &= ~0x100ll;
	traps++;
}

static int bad_return(void *arg)
{
	uint64_t f = 0;

	kind = (enum bad_frame)(intptr_t)arg;
	handle(SIGTRAP, on_trap, 0);
	handle(SIGILL, spoil, 0);
	__asm__ volatile("mov %%rsp, %%r12; ud2; nop; nop; mov %%r12, %%rsp; pushfq; pop %0"
			 : "=r"(f)
			 :
			 : "r12", "memory", "cc");
	return traps * 10 + ((f & 0x3000) ? 1 : 0) + ((f & 0x4000) ? 2 : 0);
}

static void bad_returns(void)
{
	for (int i = 0; i < NKINDS; i++) {
		int status = run(bad_return, (void *)(intptr_t)i);

		say("%s: status %#x", bad_names[i], status & ~0x80);
	}
}

/* ---- a return that faults is the program's fault, at the address that it gave */

static uint64_t far_rip, far_back, far_stack;
static volatile uint64_t seen_rip, seen_err, seen_trapno;

static void go_far(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	far_back = (uint64_t)GREG((ucontext_t *)context, REG_RIP) + 2;
	far_stack = (uint64_t)GREG((ucontext_t *)context, REG_RSP);
	GREG((ucontext_t *)context, REG_RIP) = (greg_t)far_rip;
}

static void come_back(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	seen_rip = (uint64_t)GREG((ucontext_t *)context, REG_RIP);
	seen_trapno = (uint64_t)GREG((ucontext_t *)context, REG_TRAPNO);
	GREG((ucontext_t *)context, REG_RIP) = (greg_t)far_back;
	GREG((ucontext_t *)context, REG_RSP) = (greg_t)far_stack;
}

static void far_returns(void)
{
	static const uint64_t rips[] = { 1ull << 47, 1ull << 48, 1ull << 62, ~0ull << 48,
					 0x7ffffffff000, 0xffffffff81000000 };

	handle(SIGILL, go_far, 0);
	handle(SIGSEGV, come_back, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rips); i++) {
		far_rip = rips[i];
		seen_rip = 0;
		__asm__ volatile("ud2" : : : "memory", "cc");
		CHECK(seen_rip == far_rip, "return to %#llx", (unsigned long long)far_rip);
	}
}

/* ---- a fault that was served shows in no later frame, one that led to a signal does */

static void look_at_fault(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	seen_err = (uint64_t)GREG((ucontext_t *)context, REG_ERR);
	seen_trapno = (uint64_t)GREG((ucontext_t *)context, REG_TRAPNO);
}

static void last_fault(void)
{
	char *page = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	handle(SIGUSR1, look_at_fault, 0);
	handle(SIGILL, edit, 0);
	__asm__ volatile("ud2" : : : "rax", "rbx", "r15", "xmm3", "memory");
	page[PAGE] = 1;
	raise(SIGUSR1);
	say("after an undefined instruction and a served fault: vector %lld, error %lld",
	    (long long)seen_trapno, (long long)seen_err);
	munmap(page, 4 * PAGE);
}

int main(void)
{
	change_registers();
	kept();
	flags();
	contents();
	jumps();
	bad_returns();
	far_returns();
	last_fault();
	return finish();
}
