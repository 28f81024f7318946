// SPDX-License-Identifier: GPL-2.0-only
/* sig-fault: signals of the processor's exceptions, with their codes and addresses. */
#include "guest.h"
#include <ucontext.h>

static volatile uint64_t trapno, errcode, rip;
static volatile bool addr_is_rip;

static void on_fault(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	/* The alignment check stays on in handlers: first of all, switch it off. */
	__asm__ volatile("pushfq; andl $~0x40000, (%%rsp); popfq" : : : "memory", "cc");
	g_fault = *si;
	trapno = (uint64_t)uc->uc_mcontext.gregs[REG_TRAPNO];
	errcode = (uint64_t)uc->uc_mcontext.gregs[REG_ERR];
	rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	addr_is_rip = (uint64_t)si->si_addr == rip;
	uc->uc_mcontext.gregs[REG_EFL] &= ~0x40100ll;
	siglongjmp(g_back, sig);
}

static void report(const char *name, int sig)
{
	if (!sig)
		say("%s: no signal", name);
	else
		say("%s: signal %d code %d trap %llu error %llu, address %s", name, sig,
		    g_fault.si_code, (unsigned long long)trapno, (unsigned long long)errcode,
		    addr_is_rip	      ? "rip"
		    : g_fault.si_addr ? "other"
				      : "0");
}

#define TRY(name, ...)                              \
	do {                                        \
		int try_sig = sigsetjmp(g_back, 1); \
		if (!try_sig) {                     \
			__VA_ARGS__;                \
		}                                   \
		report(name, try_sig);              \
		__asm__ volatile("cld");            \
	} while (0)

static void arithmetic(void)
{
	uint32_t open = 0x1f80 & ~(1u << 9), normal = 0x1f80; /* divide by zero unmasked */
	uint16_t cw = 0x037f & ~0x4;
	double one = 1.0, zero = 0.0;

	TRY("integer divide by zero",
	    __asm__ volatile("xor %%ecx, %%ecx; mov $1, %%eax; cltd; idiv %%ecx"
			     :
			     :
			     : "eax", "ecx", "edx"));
	TRY("integer divide overflow",
	    __asm__ volatile("mov $0x80000000, %%eax; cltd; mov $-1, %%ecx; idiv %%ecx"
			     :
			     :
			     : "eax", "ecx", "edx"));
	TRY("SSE divide by zero", __asm__ volatile("ldmxcsr %0; movsd %1, %%xmm0; divsd %2, %%xmm0"
						   :
						   : "m"(open), "m"(one), "m"(zero)
						   : "xmm0"));
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
	open = 0x1f80 & ~(1u << 7);
	TRY("SSE invalid", __asm__ volatile("ldmxcsr %0; movsd %1, %%xmm0; divsd %1, %%xmm0"
					    :
					    : "m"(open), "m"(zero)
					    : "xmm0"));
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
	TRY("x87 divide by zero", __asm__ volatile("fninit; fldcw %0; fld1; fldz; fdivrp; fwait"
						   :
						   : "m"(cw)
						   : "memory"));
	__asm__ volatile("fnclex; fninit");
}

static void instructions(void)
{
	TRY("ud2", __asm__ volatile("ud2"));
	TRY("bad opcode", __asm__ volatile(".byte 0x06"));
	TRY("lock on a register", __asm__ volatile(".byte 0xf0, 0x90"));
	TRY("hlt", __asm__ volatile("hlt"));
	TRY("cli", __asm__ volatile("cli"));
	TRY("in", __asm__ volatile("in $0x80, %%al" : : : "eax"));
	TRY("out", __asm__ volatile("out %%al, $0x80" : :));
	TRY("mov from cr0", __asm__ volatile("mov %%cr0, %%rax" : : : "rax"));
	TRY("mov to cr3", __asm__ volatile("mov %%rax, %%cr3" : :));
	TRY("rdmsr", __asm__ volatile("mov $0x10, %%ecx; rdmsr" : : : "eax", "ecx", "edx"));
	TRY("wrmsr", __asm__ volatile("mov $0x10, %%ecx; wrmsr" : : : "eax", "ecx", "edx"));
	TRY("invlpg", __asm__ volatile("invlpg (%%rsp)" : :));
	TRY("lgdt", __asm__ volatile("lgdt (%%rsp)" : :));
	TRY("bad segment", __asm__ volatile("mov $0xfff0, %%eax; mov %%eax, %%ds" : : : "eax"));
	TRY("iretq to ring 0",
	    __asm__ volatile("push $0; push %%rsp; pushfq; push $0x10; push $0; iretq"
			     :
			     :
			     : "memory"));
	TRY("unaligned SSE",
	    __asm__ volatile("lea 1(%%rsp), %%rax; and $-16, %%rax; movaps 1(%%rax), %%xmm0"
			     :
			     :
			     : "rax", "xmm0"));
	TRY("int $0x81", __asm__ volatile("int $0x81"));
	TRY("int $0x0d", __asm__ volatile("int $0x0d"));
	TRY("syscall 1000", __asm__ volatile("mov $1000, %%eax; syscall"
					     :
					     :
					     : "rax", "rcx", "r11", "memory"));
}

static void debugging(void)
{
	TRY("int3", __asm__ volatile("int3"));
	TRY("int $3", __asm__ volatile(".byte 0xcd, 3"));
	TRY("int1", __asm__ volatile(".byte 0xf1"));
	TRY("trap flag", __asm__ volatile("pushfq; orl $0x100, (%%rsp); popfq; nop; nop"
					  :
					  :
					  : "memory", "cc"));
}

static void alignment(void)
{
	static char buf[64] __attribute__((aligned(64)));

	TRY("alignment check",
	    __asm__ volatile("pushfq; orl $0x40000, (%%rsp); popfq; mov 1(%0), %%eax;"
			     "pushfq; andl $~0x40000, (%%rsp); popfq"
			     :
			     : "r"(buf)
			     : "eax", "memory", "cc"));
	__asm__ volatile("pushfq; andl $~0x40000, (%%rsp); popfq" : : : "memory", "cc");
}

static int no_handler(void *arg)
{
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	signal(SIGFPE, SIG_DFL);
	if ((intptr_t)arg == 0)
		__asm__ volatile("ud2");
	if ((intptr_t)arg == 1)
		__asm__ volatile("int3");
	return 0;
}

static int ignored(void *arg)
{
	signal(SIGSEGV, SIG_IGN);
	*(volatile int *)arg = 1;
	return 0;
}

static int blocked(void *arg)
{
	sigset_t set;

	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	handle(SIGSEGV, on_fault, 0);
	*(volatile int *)arg = 1;
	return 0;
}

static void bad_handler_stack(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
	_exit(3);
}

/* No room for the frame: the process cannot be told, so it dies of SIGSEGV. */
static int no_stack(void *arg)
{
	(void)arg;
	handle(SIGUSR1, bad_handler_stack, 0);
	handle(SIGSEGV, bad_handler_stack, 0);
	__asm__ volatile(
		"mov %%rsp, %%rbx; mov $16, %%esp; mov $39, %%eax; syscall; mov %%eax, %%edi;"
		"mov $62, %%eax; mov $10, %%esi; syscall; mov %%rbx, %%rsp"
		:
		:
		: "rax", "rbx", "rcx", "rdi", "rsi", "r11", "memory");
	return 0;
}

int main(void)
{
	static const int sigs[] = { SIGFPE, SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGSYS };

	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		handle(sigs[i], on_fault, 0);
	arithmetic();
	instructions();
	debugging();
	alignment();
	say("ud2 without a handler: %d", WTERMSIG(run(no_handler, (void *)0)));
	say("int3 without a handler: %d", WTERMSIG(run(no_handler, (void *)1)));
	say("fault with SIGSEGV ignored: %d", WTERMSIG(run(ignored, (void *)8)));
	say("fault with SIGSEGV blocked: %d", WTERMSIG(run(blocked, (void *)8)));
	say("signal without a stack: %d", WTERMSIG(run(no_stack, NULL)));
	return finish();
}
