// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-segments: what one program loads into ds, es, fs and gs, and what the next one finds there.
 *
 * Host processes are used again for other programs, and no frame holds these four selectors.  A
 * program of one user loads every value that the processor takes, and ends by an exit, by a fault, or
 * is killed in a loop or in a call.  The next program, of another user, must find the selectors that
 * every program begins with, right after fork() and after execve().
 *
 * usage: attack-segments --inside [ROUNDS]
 */
#include "attack.h"

enum { INHERITED = 67, REFUSED = 68, LIMIT_MS = 500, SELECTORS = 128, NEXT_USER = ATTACKER + 1 };

enum ending { BY_EXIT, BY_FAULT, BY_KILL, BY_KILL_IN_CALL, ENDINGS };

struct selectors {
	uint16_t ds, es, fs, gs;
};

static const char *self;
static struct selectors at_start; /* of this program itself */
static uint16_t usable[SELECTORS];
static int nusable;

static inline __attribute__((always_inline)) struct selectors selectors_now(void)
{
	struct selectors s;

	__asm__ volatile("mov %%ds, %0\n mov %%es, %1\n mov %%fs, %2\n mov %%gs, %3"
			 : "=r"(s.ds), "=r"(s.es), "=r"(s.fs), "=r"(s.gs));
	return s;
}

static bool same(struct selectors a, struct selectors b)
{
	return a.ds == b.ds && a.es == b.es && a.fs == b.fs && a.gs == b.gs;
}

/* ---- who loads them: no thread-local variable afterwards */

struct attempt {
	uint16_t value;
	enum ending ending;
};

static __attribute__((noinline)) void raw_call(long nr, long a)
{
	long r;

	__asm__ volatile("syscall" : "=a"(r) : "a"(nr), "D"(a) : "rcx", "r11", "memory");
}

static int load(void *arg)
{
	struct attempt t = *(const struct attempt *)arg;

	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	tried(1);
	__asm__ volatile("mov %0, %%ds\n mov %0, %%es\n mov %0, %%fs\n mov %0, %%gs"
			 :
			 : "r"(t.value));
	switch (t.ending) {
	case BY_FAULT:
		__asm__ volatile("ud2");
		break;
	case BY_KILL:
		for (;;)
			__asm__ volatile("pause");
	case BY_KILL_IN_CALL:
		for (;;)
			raw_call(SYS_pause, 0);
	default:
		break;
	}
	raw_call(SYS_exit_group, 0);
	return 1;
}

/* ---- the next program */

static int look(void *arg)
{
	struct selectors now = selectors_now();

	(void)arg;
	return same(now, at_start) ? 0 : INHERITED;
}

static void become_next_user(void)
{
	if (setresgid(NEXT_USER, NEXT_USER, NEXT_USER) ||
	    setresuid(NEXT_USER, NEXT_USER, NEXT_USER))
		_exit(94);
}

static int look_after_exec(void *arg)
{
	(void)arg;
	become_next_user();
	execl(self, self, "--look", (char *)NULL);
	return 95;
}

/* ---- which values there are */

static bool can_be_loaded(uint16_t value)
{
	struct attempt t = { value, BY_EXIT };

	return exited(attack(load, &t, LIMIT_MS), 0);
}

static void find_usable(void)
{
	for (int value = 1; value < 4 * SELECTORS && nusable < SELECTORS; value++)
		if (can_be_loaded((uint16_t)value))
			usable[nusable++] = (uint16_t)value;
	end_attackers();
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 100, inherited = 0, after_exec = 0, wrong = 0;
	struct selectors zero = { 0, 0, 0, 0 };

	at_start = selectors_now();
	if (argc == 2 && !strcmp(argv[1], "--look"))
		return same(at_start, zero) ? 0 : INHERITED;
	self = argv[0];
	attack_begin(argc, argv);
	CHECK(same(at_start, zero), "a program begins with empty selectors");
	at_start = zero;
	find_usable();
	say("%d selectors can be loaded", nusable);
	CHECK(nusable > 1, "some can be loaded");
	for (int i = 0; i < n && nusable; i++) {
		struct attempt t = { usable[i % nusable], (enum ending)(i / nusable % ENDINGS) };
		int status;

		attack(load, &t, t.ending < BY_KILL ? LIMIT_MS : 3);
		status = run(i & 1 ? look : look_after_exec, NULL);
		inherited += (i & 1) && exited(status, INHERITED);
		after_exec += !(i & 1) && exited(status, INHERITED);
		wrong += !exited(status, 0) && !exited(status, INHERITED);
		if (i % 32 == 31)
			end_attackers();
	}
	end_attackers();
	say("inherited by %d of %d programs, %d after execve", inherited + after_exec, n,
	    after_exec);
	CHECK(inherited == 0, "a forked program has its parent's selectors");
	CHECK(after_exec == 0, "a new program begins with empty selectors");
	CHECK(wrong == 0, "the next programs live");
	return attack_end();
}
