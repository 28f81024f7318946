// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - host signals of the virtual CPU: interrupts, deaths, and faults of the kernel.
 *
 * Theory of operation.  All handlers run on one signal stack with every signal masked
 * and finish at once.  An interrupt sets its bit; if the kernel has interrupts on, the
 * handler turns them off and changes the signal frame so that the interrupted code goes
 * on at um_irq_thunk, on its own kernel stack and outside of any signal context.  If it
 * was about to sleep in a guarded call, the frame is moved to the call's abort path
 * instead.  So a kernel stack never carries a signal frame, and interrupt handlers may
 * be interrupted, may enable interrupts and need no signal mask.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <host/err.h>
#include <host/irq.h>
#include <host/process.h>
#include <host/start.h>
#include "abi.h"
#include "sleep.h"
#include "raw.h"

#define SIGNAL_STACK_BYTES	65536

unsigned long host_irq_pending;
unsigned int host_irq_enabled;
unsigned long host_trouble;
unsigned long host_trouble_count;
int host_term_requests;

static int cpu_thread;
static int kernel_process;
static char signal_stack[SIGNAL_STACK_BYTES] __attribute__((aligned(64)));

extern const char um_irq_thunk[], host_sigreturn[];

static void set_pending(enum host_irq irq)
{
	__atomic_or_fetch(&host_irq_pending, 1UL << irq, __ATOMIC_SEQ_CST);
}

void host_irq_raise(enum host_irq irq)
{
	set_pending(irq);
	host_call(tgkill, kernel_process, cpu_thread, HOST_SIGIO);
}

unsigned long host_irq_take(void)
{
	return __atomic_exchange_n(&host_irq_pending, 0, __ATOMIC_SEQ_CST);
}

void host_irq_wait(void)
{
	host_guarded_call(0, 0, 0, &host_irq_pending, __NR_pause);
}

/* Send the interrupted kernel code to an assembly entry, as if it had called it. */
static void divert(struct host_ucontext *uc, const char *entry)
{
	if (um_stack_guard_holds(uc->sp - 8))
		um_kernel_fault(HOST_SIGSEGV, 0, uc->sp - 8, uc->ip, uc->sp, uc->bp);
	uc->sp -= 8;
	*(unsigned long *)uc->sp = uc->ip;
	uc->ip = (unsigned long)entry;
}

static void deliver(struct host_ucontext *uc)
{
	if (uc->ip >= (unsigned long)host_guard_start && uc->ip < (unsigned long)host_guard_end) {
		uc->ip = (unsigned long)host_guard_abort;
		return;
	}
	if (!host_irq_enabled)
		return;
	host_irq_enabled = 0;
	divert(uc, um_irq_thunk);
}

static void interrupt_signal(int sig, struct host_siginfo *info, struct host_ucontext *uc)
{
	switch (sig) {
	case HOST_SIGALRM:
		set_pending(HOST_IRQ_TIMER);
		break;
	case HOST_SIGCHLD:
	case HOST_SIG_TROUBLE:
		host_trouble = 1;
		host_trouble_count++;
		set_pending(HOST_IRQ_CHILD);
		break;
	case HOST_SIGCONT:		/* a shell may have changed the terminal meanwhile */
	case HOST_SIGWINCH:
		set_pending(HOST_IRQ_WINCH);
		break;
	case HOST_SIGIO:		/* another thread has set its bit */
		break;
	default:
		host_term_requests++;
		set_pending(HOST_IRQ_TERM);
	}
	deliver(uc);
}

/*
 * The kernel itself faulted: a mapping to be brought in, a fixup, or the end.  What looks for
 * the last two may be in such a mapping itself.
 */
static void fault_signal(int sig, struct host_siginfo *info, struct host_ucontext *uc)
{
	if (sig == HOST_SIGSEGV && um_kernel_map_fault(info->addr))
		return;
	if (um_fixup_exception(&uc->ip))
		return;
	um_kernel_fault(sig, info->code, info->addr, uc->ip, uc->sp, uc->bp);
}

#define SIGNAL_BIT(sig)	(1UL << ((sig) - 1))

static void set_handler(int sig, void (*handler)(int, struct host_siginfo *, struct host_ucontext *),
			unsigned long unmasked)
{
	struct host_sigaction act = {
		.handler = (unsigned long)handler,
		.flags = HOST_SA_SIGINFO | HOST_SA_ONSTACK | HOST_SA_RESTORER |
			 (unmasked ? HOST_SA_NODEFER : 0),
		.restorer = (unsigned long)host_sigreturn,
		.mask = ~unmasked,
	};

	host_call(rt_sigaction, sig, &act, 0, 8);
}

void host_signals_start(void)
{
	static const u8 interrupts[] = {
		HOST_SIGALRM, HOST_SIGIO, HOST_SIGCHLD, HOST_SIG_TROUBLE, HOST_SIGWINCH, HOST_SIGCONT,
		HOST_SIGTERM, HOST_SIGINT, HOST_SIGHUP, HOST_SIGQUIT,
	};
	static const u8 faults[] = { HOST_SIGSEGV, HOST_SIGBUS, HOST_SIGFPE, HOST_SIGILL, HOST_SIGTRAP };
	struct host_sigstack ss = { signal_stack, 0, sizeof(signal_stack) };
	struct host_sigaction ignore = { .handler = 1, .flags = HOST_SA_RESTORER };
	u64 none = 0;
	unsigned int i;

	cpu_thread = host_call(gettid);
	kernel_process = host_call(getpid);
	host_call(sigaltstack, &ss, 0);
	for (i = 0; i < ARRAY_LEN(interrupts); i++)
		set_handler(interrupts[i], interrupt_signal, 0);
	for (i = 0; i < ARRAY_LEN(faults); i++)
		set_handler(faults[i], fault_signal, SIGNAL_BIT(HOST_SIGSEGV));
	host_call(rt_sigaction, HOST_SIGPIPE, &ignore, 0, 8);
	host_call(rt_sigprocmask, 2, &none, 0, 8);
}
