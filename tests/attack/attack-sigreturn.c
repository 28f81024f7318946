// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-sigreturn: forged signal frames.
 *
 * Handlers return to frames they have spoilt, and rt_sigreturn is called on frames made up from
 * nothing, in the attacker's memory and in the host layer's.
 *
 * usage: attack-sigreturn --inside [ROUNDS]
 */
#include "attack.h"

static uint8_t *own; /* 1 MiB */

static uint64_t value(void)
{
	const struct area *a = nareas ? &areas[rnd() % (uint64_t)nareas] : NULL;

	switch (rnd() % 8) {
	case 0:
		return rnd();
	case 1:
		return (uintptr_t)own + (rnd() & 0xffff8);
	case 2:
		return a ? a->start + rnd() % (a->end - a->start) : 0;
	case 3:
		return text ? text->start + rnd() % text_len : 0;
	case 4:
		return 0xffffffff81000000 + (rnd() & 0xffffff);
	case 5:
		return 1ull << (rnd() & 63);
	case 6:
		return rnd() & 0xffff;
	default:
		return 0;
	}
}

/* One to four words of the frame, or of its vector state, become something else. */
static void spoil(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	uint64_t *words = context;
	uint8_t *fp = (uint8_t *)uc->uc_mcontext.fpregs;

	(void)sig;
	(void)si;
	for (uint64_t n = 1 + rnd() % 4; n; n--) {
		uint64_t v = value();

		switch (rnd() % 8) {
		case 0:
			uc->uc_mcontext.gregs[REG_RIP] = (greg_t)v;
			break;
		case 1:
			uc->uc_mcontext.gregs[REG_EFL] = (greg_t)v;
			break;
		case 2:
			uc->uc_mcontext.gregs[REG_CSGSFS] = (greg_t)v;
			break;
		case 3:
			memcpy(fp + rnd() % 832 / 8 * 8, &v, 8);
			break; /* also the XSAVE header */
		case 4:
			uc->uc_mcontext.fpregs = (void *)(uintptr_t)v;
			break;
		case 5:
			uc->uc_stack.ss_sp = (void *)(uintptr_t)v;
			uc->uc_stack.ss_size = value();
			break;
		default:
			words[rnd() % (sizeof(*uc) / 8)] = v;
			break;
		}
	}
}

static int spoilt(void *arg)
{
	uint64_t flags;

	reseed((uintptr_t)arg);
	handle(SIGUSR1, spoil, 0);
	for (int i = 0; i < 5; i++) {
		tried(1);
		raise(SIGUSR1);
		__asm__ volatile("pushfq; pop %0" : "=r"(flags));
		if (flags & 0x3000)
			return 66; /* in and out instructions for a user: never */
	}
	return 0;
}

/* rt_sigreturn with the stack pointer on bytes of our choice. */
static int made_up(void *arg)
{
	uint64_t *frame = (uint64_t *)(void *)(own + 0x8000);
	uint64_t rsp;

	reseed((uintptr_t)arg);
	tried(1);
	for (int i = 0; i < 600; i++)
		frame[i] = value();
	switch (rnd() & 3) {
	case 0:
		rsp = value();
		break;
	case 1: /* what the last signal left on the host layer's stacks */
		rsp = nareas ? areas[nareas - 1].start + (rnd() & 0x7ff8) : 0;
		break;
	default: /* nearly right: selectors and vector state plausible */
		frame[23] = 0x002b000000000033;
		frame[22] = 0x202;
		frame[28] = rnd() & 1 ? 0 : (uintptr_t)(own + 0x10000);
		rsp = (uintptr_t)frame + 8;
	}
	__asm__ volatile("mov %0, %%rsp; syscall; ud2"
			 :
			 : "r"(rsp), "a"((long)SYS_rt_sigreturn)
			 : "memory");
	return 1;
}

static void rounds(const char *name, int (*fn)(void *), int n)
{
	int by_signal = 0, survived = 0, overtime = 0, privileged = 0;

	for (long i = 0; i < n; i++) {
		int status = attack(fn, (void *)i, 100);

		overtime += killed(status, SIGKILL);
		by_signal += WIFSIGNALED(status) && !killed(status, SIGKILL);
		survived += exited(status, 0);
		privileged += exited(status, 66);
	}
	end_attackers();
	say("%s: %d frames, %d ended by a signal, %d by the time limit, %d went on", name, n,
	    by_signal, overtime, survived);
	CHECK(privileged == 0, "%s: nobody gets I/O privilege", name);
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 1500;

	attack_begin(argc, argv);
	own = xmap(1 << 20, PROT_READ | PROT_WRITE);
	rounds("spoilt frames", spoilt, n);
	rounds("made-up frames", made_up, n);
	return attack_end();
}
