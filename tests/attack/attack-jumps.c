// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-jumps: jumps to every byte of the host layer's code with hostile registers, half of them
 * by a jump, half by the return from a signal handler.
 *
 * usage: attack-jumps --inside [ROUNDS]
 */
#include "attack.h"

static const long dear[] = { /* calls worth trying */
			     SYS_mmap,	       SYS_mprotect,	   SYS_munmap,
			     SYS_clone,	       SYS_fork,	   SYS_execve,
			     SYS_exit,	       SYS_kill,	   SYS_tgkill,
			     SYS_rt_sigreturn, SYS_rt_sigaction,   SYS_sigaltstack,
			     SYS_prctl,	       SYS_seccomp,	   SYS_ptrace,
			     SYS_futex,	       SYS_ioctl,	   SYS_write,
			     SYS_read,	       SYS_close_range,	   SYS_clone3,
			     SYS_dup,	       SYS_sendmsg,	   SYS_recvmsg,
			     SYS_exit_group,   SYS_rt_sigprocmask, SYS_sched_yield
};

static uint64_t *own; /* 1 MiB of the attacker's memory */

static uint64_t hostile(void)
{
	const struct area *a = &areas[rnd() % (uint64_t)nareas];

	switch (rnd() % 7) {
	case 0:
		return rnd();
	case 1:
		return (uintptr_t)own + (rnd() & 0xffff8);
	case 2:
		return a->start + (rnd() % (a->end - a->start) & ~7ull);
	case 3:
		return text->start + rnd() % text_len;
	case 4:
		return rnd() & 1023;
	case 5:
		return a->start + (rnd() & 0x7ff8);
	default:
		return 0;
	}
}

static uint64_t regs[NREGS];

static void by_signal(int sig, siginfo_t *si, void *context)
{
	static const int where[] = { REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI,
				     REG_RBP, REG_R8,  REG_R9,	REG_R10, REG_R11, REG_R12,
				     REG_R13, REG_R14, REG_R15, REG_RSP, REG_RIP, REG_EFL };
	ucontext_t *uc = context;

	(void)sig;
	(void)si;
	for (int i = 0; i < NREGS; i++)
		uc->uc_mcontext.gregs[where[i]] = (greg_t)regs[i];
}

struct jump {
	uint64_t offset;
	int round;
};

static int jump(void *arg)
{
	const struct jump *j = arg;

	reseed(j->offset + (uint64_t)j->round * 0xc2b2ae3d27d4eb4f);
	for (int i = 0; i < NREGS; i++)
		regs[i] = hostile();
	if (rnd() & 1)
		regs[RAX] = (uint64_t)dear[rnd() % ARRAY_SIZE(dear)];
	for (int i = 0; i < nareas; i++)
		if (areas[i].writable && (rnd() & 1))
			regs[RSP_] = areas[i].start + 0x1000 + (rnd() & 0x6ff8);
	regs[RIP_] = text->start + j->offset;
	regs[FLAGS_] = 0x202 | (rnd() & 0x40dd5 & (rnd() & 3 ? ~0x100ull : ~0ull));
	if (j->round & 1) {
		handle(SIGUSR1, by_signal, 0);
		raise(SIGUSR1);
		return 1;
	}
	enter(regs);
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 2, jumps = 0, signals[65] = { 0 }, exits = 0;
	uint64_t sum;

	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	own = xmap(1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC);
	sum = checksum(text);
	for (int r = 0; r < rounds; r++) {
		for (uint64_t o = 0; o < text_len + 16; o++, jumps++) {
			struct jump j = { o, r };
			int status = attack(jump, &j, 60);

			tried(1);
			if (WIFSIGNALED(status))
				signals[WTERMSIG(status) & 63]++;
			else
				exits++;
			if (jumps % 64 == 63)
				end_attackers();
		}
	}
	end_attackers();
	say("%d jumps: %d ended by SIGSEGV, %d by SIGILL, %d by the time limit or SIGKILL, %d "
	    "exits",
	    jumps, signals[SIGSEGV], signals[SIGILL], signals[SIGKILL], exits);
	CHECK(checksum(text) == sum, "the code is unchanged");
	return attack_end();
}
