/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attack.h - what the attack programs share.
 *
 * An attack program is started by root in a guest.  It stays root itself, only to watch; every
 * attack is made by a child that is an ordinary user and may die of it.  The program fails when an
 * attack shows an effect that it must not have, and attack.sh looks after the rest of the guest.
 *
 * Each program counts its attempts, those of its children included, and attack_end() prints them.
 *
 * The target is what lies above the guest's TASK_SIZE: the host layer's own pages, which every
 * guest process can see but must not be able to use.  Where they are is found at run time.
 */
#ifndef ATTACK_H
#define ATTACK_H

#include "../guest/guest.h"
#include <grp.h>
#include <sys/resource.h>
#include <ucontext.h>

enum { ATTACKER = 60001 };

#define USER_END 0x7ffffffff000UL /* where a native TASK_SIZE is */
#define STEP	 0x10000UL
#define FAR	 (4UL << 30) /* how far above TASK_SIZE to look */

struct area {
	uint64_t start, end;
	bool writable;
};

static struct area areas[64];
static int nareas;
static uint64_t task_size;
static struct area *text; /* the area with the code */
static uint64_t text_len; /* without its padding */
static int null_fd;
static uint64_t seed = 0x123456789abcdef;
static uint64_t *g_tries; /* shared with all children */

/* What an attacker may use, so that he starves himself only, and whether he stays root. */
static struct {
	rlim_t tasks, space_bytes, file_bytes;
	bool root;
} attacker_limit = { 50, 1UL << 30, 1 << 20, false };

static inline uint64_t rnd(void)
{
	return xorshift(&seed);
}

/* Makes rnd() another sequence: a child's own, by its number. */
static inline void reseed(uint64_t number)
{
	seed ^= (number + 1) * 0x9e3779b97f4a7c15;
	if (!seed)
		seed = 1;
	for (int i = 0; i < 20; i++)
		rnd();
}

static inline void tried(uint64_t n)
{
	__atomic_add_fetch(g_tries, n, __ATOMIC_RELAXED);
}

/* Another user's program beside the attackers, for as long as there is a parent. */
static inline pid_t start_bystander(int (*fn)(void *))
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		MUST(setresgid(ATTACKER + 1, ATTACKER + 1, ATTACKER + 1) == 0 &&
		     setresuid(ATTACKER + 1, ATTACKER + 1, ATTACKER + 1) == 0);
		_exit(fn(NULL));
	}
	return pid;
}

/* The exit status of main(). */
static inline int attack_end(void)
{
	say("%llu attempts", (unsigned long long)*g_tries);
	CHECK(*g_tries > 0, "attempts were made");
	return finish();
}

/* On the host this program would be dangerous: a mapping just below 2^47 tells where we are. */
static inline void only_inside(int argc, char **argv)
{
	void *p = mmap((void *)0x7ffffffe0000, PAGE, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (argc < 2 || strcmp(argv[1], "--inside") || p != MAP_FAILED || errno == EEXIST) {
		fprintf(stderr, "%s: runs only inside a guest, with --inside\n", argv[0]);
		exit(2);
	}
	if (getuid()) {
		fprintf(stderr, "%s: must be started by the guest's root\n", argv[0]);
		exit(2);
	}
}

static inline bool mappable(uint64_t addr)
{
	void *p = mmap((void *)addr, PAGE, PROT_READ,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == (void *)addr)
		munmap(p, PAGE);
	return p != MAP_FAILED || errno == EEXIST;
}

static inline bool find_text(struct area *a)
{
	const uint8_t *p = (const uint8_t *)a->start;
	uint8_t padding = touch((void *)(a->start + STEP - 1), false) ? 0 : p[STEP - 1];
	int calls = 0;

	for (uint64_t i = 0; i + 1 < STEP; i++) {
		if (i % PAGE == 0 && touch((void *)(a->start + i), false))
			break;
		calls += i % PAGE != PAGE - 1 && p[i] == 0x0f && p[i + 1] == 0x05;
		if (p[i] != padding)
			text_len = i + 1;
	}
	return calls >= 3;
}

/* Finds TASK_SIZE, and what is readable above it. */
static inline void find_areas(void)
{
	uint64_t low = 0x100000000, high = USER_END, end;

	while (high - low > PAGE) {
		uint64_t mid = (low + (high - low) / 2) & ~(PAGE - 1);

		if (mappable(mid))
			low = mid;
		else
			high = mid;
	}
	task_size = high;
	catch_faults();
	end = task_size + FAR < USER_END ? task_size + FAR : USER_END;
	for (uint64_t a = (task_size + STEP - 1) & ~(STEP - 1); a + STEP <= end; a += STEP) {
		struct area *last = nareas ? &areas[nareas - 1] : NULL;
		bool writable;

		if (touch((void *)a, false))
			continue;
		writable = !touch((void *)(a + 0x800), true);
		if (last && last->end == a && last->writable == writable)
			last->end = a + STEP;
		else if (nareas < (int)ARRAY_SIZE(areas))
			areas[nareas++] = (struct area){ a, a + STEP, writable };
	}
	for (int i = 0; i < nareas && !text; i++)
		if (!areas[i].writable && find_text(&areas[i]))
			text = &areas[i];
}

static inline uint64_t checksum(const struct area *a)
{
	const uint64_t *p = (const uint64_t *)a->start;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < text_len / 8; i++)
		sum = (sum << 5 | sum >> 59) ^ p[i];
	return sum;
}

static inline void become_attacker(void)
{
	struct rlimit none = { 0, 0 },
		      small = { attacker_limit.file_bytes, attacker_limit.file_bytes },
		      few = { attacker_limit.tasks, attacker_limit.tasks },
		      space = { attacker_limit.space_bytes, attacker_limit.space_bytes };
	sigset_t empty;

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_NPROC, &few);
	setrlimit(RLIMIT_FSIZE, &small);
	setrlimit(RLIMIT_AS, &space);
	sigemptyset(&empty);
	sigprocmask(SIG_SETMASK, &empty, NULL);
	setsid();
	/* What a broken attacker writes must not look like a result: those go to shared memory. */
	for (int fd = 0; fd < 3; fd++)
		dup2(null_fd, fd);
	if (attacker_limit.root)
		return;
	if (setgroups(0, NULL) || setresgid(ATTACKER, ATTACKER, ATTACKER) ||
	    setresuid(ATTACKER, ATTACKER, ATTACKER))
		_exit(94);
}

/*
 * Ends whatever the attacker has started: all of his, by one of his, who may be ended by the others
 * before he has done it.
 */
static inline void end_attackers(void)
{
	bool root = attacker_limit.root;

	attacker_limit.root = false; /* all of root's would be too many */
	for (int tries = 0; tries < 1000; tries++) {
		pid_t pid = fork(), got;

		MUST(pid >= 0);
		if (!pid) {
			become_attacker();
			kill(-1, SIGKILL);
			_exit(0);
		}
		waitpid(pid, NULL, __WALL);
		for (int naps = 0; naps < 20; naps++) {
			while ((got = waitpid(-1, NULL, __WALL | WNOHANG)) > 0)
				;
			if (got < 0) {
				attacker_limit.root = root;
				return;
			}
			msleep(naps);
		}
	}
	CHECK(false, "attackers can be ended");
}

/*
 * Runs fn(arg) as the attacker for at most limit_ms.  Its wait status; SIGKILL's when it had to
 * be ended.
 */
static inline int attack(int (*fn)(void *), void *arg, int limit_ms)
{
	struct timespec t = { limit_ms / 1000, limit_ms % 1000 * 1000000L };
	sigset_t set;
	int status = 0;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		become_attacker();
		_exit(fn(arg));
	}
	/* Children of the attacker may end first: look again until the time is up. */
	for (uint64_t end = now_ns() + (uint64_t)limit_ms * 1000000;;) {
		if (waitpid(pid, &status, WNOHANG | __WALL) == pid)
			return status;
		if (now_ns() >= end)
			break;
		sigtimedwait(&set, NULL, &t);
	}
	kill(pid, SIGKILL);
	return reap(pid);
}

/*
 * Runs fn(arg), which attacks and ends attackers, beside others that this program has started: those
 * are not fn's to wait for.  Its result.
 */
static inline int apart(int (*fn)(void *), void *arg)
{
	int status;
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		g_failed = 0;
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	status = reap(pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void attack_begin(int argc, char **argv)
{
	only_inside(argc, argv);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	MUST(null_fd >= 0);
	g_tries = xshared(PAGE);
	find_areas();
	say("TASK_SIZE %#llx, %d areas above it", (unsigned long long)task_size, nareas);
	for (int i = 0; i < nareas; i++)
		say("  %#llx-%#llx %s%s", (unsigned long long)areas[i].start,
		    (unsigned long long)areas[i].end, areas[i].writable ? "rw" : "r",
		    &areas[i] == text ? ", the code" : "");
}

/* Six arguments, no C library. */
static inline long call6(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
	long r;

	__asm__ volatile("syscall"
			 : "=a"(r)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return r;
}

/* Registers in the order of the array that enter() takes. */
enum {
	RAX,
	RBX,
	RCX,
	RDX,
	RSI,
	RDI,
	RBP,
	R8_,
	R9_,
	R10_,
	R11_,
	R12_,
	R13_,
	R14_,
	R15_,
	RSP_,
	RIP_,
	FLAGS_,
	NREGS
};

static uint64_t enter_rsp, enter_rip;

/* Loads all registers and jumps; nothing comes back. */
static inline __attribute__((noreturn)) void enter(const uint64_t *r)
{
	enter_rsp = r[RSP_];
	enter_rip = r[RIP_];
	__asm__ volatile(
		"pushq 136(%0)\n"
		"mov (%0), %%rax\n mov 8(%0), %%rbx\n mov 16(%0), %%rcx\n mov 24(%0), %%rdx\n"
		"mov 32(%0), %%rsi\n mov 48(%0), %%rbp\n mov 56(%0), %%r8\n mov 64(%0), %%r9\n"
		"mov 72(%0), %%r10\n mov 80(%0), %%r11\n mov 88(%0), %%r12\n mov 96(%0), %%r13\n"
		"mov 104(%0), %%r14\n mov 112(%0), %%r15\n mov 40(%0), %%rdi\n"
		"popfq\n"
		"mov %c1(%%rip), %%rsp\n"
		"jmp *%c2(%%rip)\n"
		:
		: "D"(r), "i"(&enter_rsp), "i"(&enter_rip)
		: "memory");
	__builtin_unreachable();
}

#endif
