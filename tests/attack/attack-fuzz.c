// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-fuzz: every entry from a guest program to the kernel, at random, for a given time.
 *
 * Rounds of some processes of an ordinary user, each of one kind: random calls with random
 * arguments, jumps into the host layer's code, signal frames, mappings changed by several threads,
 * code of random bytes, registers of a debugged process, forged reports.  A round's number and the seed say all of
 * what its processes do, apart from the order in which they run.
 *
 * usage: attack-fuzz --inside [SEED [SECONDS]]
 */
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/user.h>
#include "attack-forge.h"

enum {
	ROUND_MS = 250,
	TOGETHER = 3,
	POOL = 1 << 20,
	FDS = 12,
	THREADS = 3,
	LEAK = 67,
	PRIVILEGED = 66
};

#define PLACE ((char *)0x310000000000)

static uint64_t *pool; /* 1 MiB of random words: what pointers point to */

/* ---- values */

static const char *const paths[] = { "/proc/self/maps", "/proc/self/mem",  "/tmp/fuzz/a",
				     "/tmp/fuzz/b",	"/tmp/fuzz",	   "/dev/null",
				     "/dev/zero",	"/proc/self/fd/3", "." };

static uint64_t value(void)
{
	const struct area *a = &areas[rnd() % (uint64_t)nareas];

	switch (rnd() % 16) {
	case 0:
		return rnd();
	case 1:
	case 2:
	case 3:
		return (uintptr_t)pool + (rnd() & (POOL - 8));
	case 4:
		return a->start + rnd() % (a->end - a->start);
	case 5:
		return text->start + rnd() % text_len;
	case 6:
	case 7:
		return rnd() % FDS;
	case 8:
		return 1ull << (rnd() & 63);
	case 9:
		return (1ull << (rnd() & 63)) - 1;
	case 10:
		return ~(rnd() & 0xfff);
	case 11:
		return (uintptr_t)paths[rnd() % ARRAY_SIZE(paths)];
	case 12:
		return (uintptr_t)PLACE + (rnd() % 4096 << 12);
	case 13:
		return (rnd() % 64) << 12;
	case 14:
		return task_size - (rnd() & 0xffff);
	default:
		return rnd() & 0xff;
	}
}

static void fill_pool(void)
{
	for (int i = 0; i < 2000; i++)
		pool[rnd() % (POOL / 8)] = value();
}

/* ---- faults end an attempt, not the process, where it can be helped */

static uint64_t good_fs;
static volatile uint64_t attempts_left;
static char alt[65536] __attribute__((aligned(64)));

static void next_attempt(int sig, siginfo_t *si, void *context)
{
	(void)si;
	(void)context;
	/* Thread-local variables may be anywhere now. */
	__asm__ volatile("wrfsbase %0" : : "r"(good_fs));
	if (!attempts_left)
		_exit(0);
	attempts_left--;
	siglongjmp(g_back, sig);
}

static void survive(uint64_t attempts)
{
	static const int sigs[] = { SIGSEGV, SIGILL, SIGBUS, SIGTRAP, SIGSYS, SIGFPE, SIGALRM };
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	struct itimerval often = { { 0, 4000 }, { 0, 4000 } };

	__asm__ volatile("rdfsbase %0" : "=r"(good_fs));
	attempts_left = attempts;
	sigaltstack(&ss, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		handle(sigs[i], next_attempt, SA_NODEFER | SA_ONSTACK);
	setitimer(ITIMER_REAL, &often, NULL); /* what waits for ever */
}

static void check_privilege(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; pop %0" : "=r"(flags));
	if (flags & 0x3000)
		_exit(PRIVILEGED);
}

/* ---- the kinds */

static void open_things(void)
{
	int p[2];

	close_range(3, ~0u, 0);
	open("/proc/self/maps", O_RDONLY);
	open("/tmp/fuzz/a", O_RDWR | O_CREAT, 0600);
	(void)!pipe(p);
	socketpair(AF_UNIX, SOCK_STREAM, 0, p);
	socket(AF_INET, SOCK_DGRAM, 0);
	memfd_create("fuzz", 0);
	epoll_create1(0);
	eventfd(3, EFD_NONBLOCK);
}

static __attribute__((noreturn)) int calls(void)
{
	open_things();
	survive(5000);
	sigsetjmp(g_back, 0);
	for (;;) {
		long nr = (long)(rnd() % 470);

		if (nr == SYS_exit || nr == SYS_exit_group || nr == SYS_rt_sigreturn ||
		    nr == SYS_pause)
			continue;
		if (rnd() % 64 == 0)
			nr = (long)rnd();
		tried(1);
		call6(nr, (long)value(), (long)value(), (long)value(), (long)value(), (long)value(),
		      (long)value());
	}
}

static __attribute__((noreturn)) int jumps(void)
{
	uint64_t r[NREGS];

	survive(400);
	sigsetjmp(g_back, 0);
	for (;;) {
		for (int i = 0; i < NREGS; i++)
			r[i] = value();
		r[RIP_] = text->start + rnd() % text_len;
		if (rnd() & 1)
			r[RAX] = rnd() % 470;
		if (rnd() & 1)
			r[RSP_] = areas[nareas - 1].start + 0x1000 + (rnd() & 0x6ff8);
		if (rnd() & 1)
			r[R15_] = rnd() & 1 ? (uintptr_t)pool & ~63ull : areas[nareas - 1].start;
		r[FLAGS_] = 0x202 | (rnd() & 0x244dd5 & (rnd() & 7 ? ~0x100ull : ~0ull));
		tried(1);
		if (rnd() & 1)
			getppid(); /* the last stop: a held call, not a frame */
		enter(r);
	}
}

static void spoil(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;
	uint64_t *words = context, *fp = (uint64_t *)(void *)uc->uc_mcontext.fpregs;

	(void)sig;
	(void)si;
	for (uint64_t n = 1 + rnd() % 3; n; n--) {
		if (rnd() & 1)
			words[rnd() % (sizeof(*uc) / 8)] = value();
		else if (fp)
			fp[rnd() % 300] = rnd() & 1 ? rnd() : 0;
	}
}

static __attribute__((noreturn)) int frames(void)
{
	survive(400);
	handle(SIGUSR1, spoil, SA_NODEFER);
	sigsetjmp(g_back, 0);
	for (;;) {
		tried(1);
		if (rnd() % 4) {
			raise(SIGUSR1);
			check_privilege();
		} else {
			uint64_t rsp = value();

			fill_pool();
			__asm__ volatile("mov %0, %%rsp; syscall; ud2"
					 :
					 : "r"(rsp), "a"((long)SYS_rt_sigreturn)
					 : "memory");
		}
	}
}

/* Pages hold nothing, or the number of this process. */
static void *map_thread(void *arg)
{
	uint64_t mark = (uint64_t)getpid() << 32 | 0xf0220000;

	(void)arg;
	for (;;) {
		char *p = PLACE + (rnd() % 2048 << 12);
		size_t len = (1 + rnd() % (rnd() & 1 ? 4 : 600)) << 12;

		tried(1);
		switch (rnd() % 14) {
		case 0:
			munmap(p, len);
			break;
		case 1:
			mprotect(p, len, (int)(rnd() & 7));
			break;
		case 2:
			madvise(p, len, (int)(rnd() % 26));
			break;
		case 3:
			mremap(p, len, (1 + rnd() % 64) << 12, MREMAP_MAYMOVE | MREMAP_FIXED,
			       PLACE + (rnd() % 2048 << 12));
			break;
		case 4:
			mlock(p, len);
			munlock(p, len);
			break;
		case 5:
			mmap(p, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
			     -1, 0);
			break;
		case 6:
			if (fork() == 0)
				_exit(0);
			break;
		case 7:
		case 8:
			mmap(p, len, PROT_READ | PROT_WRITE | (int)(rnd() & PROT_EXEC),
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED |
				     (rnd() & 1 ? MAP_POPULATE : 0),
			     -1, 0);
			break;
		default:
			for (int i = 0; i < 32; i++) {
				volatile uint64_t *at =
					(volatile uint64_t *)(PLACE +
							      (rnd() % (2048 << 12) & ~7ull));
				uint64_t word;

				/* By calls, that tell of a fault. */
				if (write(3, (void *)(uintptr_t)at, 8) != 8 ||
				    read(4, &word, 8) != 8)
					continue;
				if (word && word != mark)
					_exit(LEAK);
				if (write(3, &mark, 8) == 8)
					(void)!read(4, (void *)(uintptr_t)at, 8);
			}
		}
	}
	return NULL;
}

/* Plain accesses: what faults has its page mapped, in the middle of it all. */
static void on_map_fault(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	if (mmap((void *)((uintptr_t)si->si_addr & ~(PAGE - 1)), PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		_exit(0);
}

static void *touch_thread(void *arg)
{
	uint64_t mark = (uint64_t)getpid() << 32 | 0xf0220000;

	(void)arg;
	for (;;) {
		volatile uint64_t *at =
			(volatile uint64_t *)(PLACE + (rnd() % (2048 << 12) & ~7ull));
		uint64_t word = *at;

		if (word && word != mark)
			_exit(LEAK);
		*at = mark;
	}
	return NULL;
}

static int maps(void)
{
	pthread_t thread;
	int p[2];

	close_range(3, ~0u, 0);
	MUST(pipe2(p, O_NONBLOCK) == 0);
	MUST(dup2(p[0], 10) == 10 && dup2(p[1], 3) == 3 && dup2(10, 4) == 4);
	handle(SIGSEGV, on_map_fault, SA_NODEFER);
	handle(SIGBUS, on_map_fault, SA_NODEFER);
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&thread, NULL, touch_thread, NULL);
	map_thread(NULL);
	return 0;
}

/* Bytes that are no program, with here and there an instruction that leads out. */
static __attribute__((noreturn)) int random_code(void)
{
	static const char *const bits[] = { "\x0f\x05",
					    "\xcd\x80",
					    "\x0f\x34",
					    "\xcc",
					    "\x48\xcf",
					    "\x9d",
					    "\xf3\x48\x0f\xae\xd0",
					    "\xf3\x48\x0f\xae\xd8",
					    "\x0f\x01\xd0",
					    "\x0f\xae\x28",
					    "\x48\x0f\xae\x28",
					    "\xcb",
					    "\x48\xcb",
					    "\xf4",
					    "\x8e\xd8",
					    "\x8e\xe8",
					    "\x0f\x01\xf8",
					    "\xeb\xfe" };
	uint8_t *code = xmap(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	uint64_t r[NREGS];

	survive(2000);
	sigsetjmp(g_back, 0);
	for (;;) {
		for (int i = 0; i < 64; i += 8)
			((uint64_t *)(void *)code)[i / 8] = rnd();
		for (uint64_t n = rnd() % 5, at = 0; n; n--, at += rnd() % 12) {
			const char *b = bits[rnd() % ARRAY_SIZE(bits)];

			memcpy(code + at % 50, b, strlen(b));
		}
		for (int i = 0; i < NREGS; i++)
			r[i] = value();
		r[RIP_] = (uintptr_t)code;
		r[RSP_] = (uintptr_t)pool + POOL / 2;
		r[FLAGS_] = 0x202;
		tried(1);
		enter(r);
	}
}

static int debugged(void)
{
	for (;;) {
		struct user_regs_struct regs;
		pid_t pid = fork();
		int status;

		if (pid < 0)
			return 0;
		if (!pid) {
			ptrace(PTRACE_TRACEME, 0, 0, 0);
			raise(SIGSTOP);
			for (;;)
				getppid();
		}
		for (int i = 0;
		     i < 40 && waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status); i++) {
			tried(1);
			if (ptrace(PTRACE_GETREGS, pid, 0, &regs))
				break;
			if (regs.eflags & 0x3000)
				_exit(PRIVILEGED);
			for (uint64_t n = rnd() % 3; n; n--)
				((uint64_t *)&regs)[rnd() % (sizeof(regs) / 8)] = value();
			ptrace(PTRACE_SETREGS, pid, 0, &regs);
			ptrace((int)(rnd() % 32), pid, value(), value());
			ptrace(PTRACE_POKEUSER, pid, rnd() % 1000 & ~7ull, value());
			ptrace(rnd() % 4 ? PTRACE_SINGLESTEP : PTRACE_SYSCALL, pid, 0,
			       rnd() % 4 ? 0 : rnd() % 65);
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, __WALL);
	}
}

/* ---- forged reports, of one thread or of several with the frames of each other */

static uint64_t stack_end;

static void reports_again(void);

static uint64_t goes_on_at(void)
{
	switch (rnd() % 4) {
	case 0:
		return (uintptr_t)reports_again;
	case 1:
		return report_site + 2 - rnd() % 4;
	case 2:
		return text->start + rnd() % text_len;
	default:
		return value();
	}
}

static uint64_t any_signal(void)
{
	switch (rnd() % 4) {
	case 0:
		return SIG_OF_KICK;
	case 1:
		return SIG_OF_CALL;
	case 2:
		return rnd() & 1 ? REPORT_START : value();
	default:
		return rnd() % 65;
	}
}

/* Mostly as a true one would be, with some words that are not. */
static uint64_t *any_frame(void)
{
	uint64_t at = rnd() & 1 ? true_frame : stack_end - 0x7000 + (rnd() & 0x6ff8);
	uint64_t image = rnd() & 1 ? true_image : stack_end - IMAGE_ROOM, *f;

	if (at + W_WORDS * 8 > stack_end)
		at = stack_end - FRAME_ROOM;
	write_image(image);
	f = write_frame(at, image, goes_on_at(), (uintptr_t)alt - (rnd() & 0xff8), good_fs);
	f[W_RAX] = rnd() & 1 ? at : value();
	f[W_RSP] = rnd() & 1 ? at : (uintptr_t)pool + POOL / 2;
	if (rnd() & 1) {
		f[W_VECTOR] = rnd() & 1 ? 14 : rnd() % 32;
		f[W_CR2] = value();
		f[W_ERROR] = rnd() & 31;
	}
	if (rnd() & 1) {
		f[W_CALL_ARCH] = X86_64_ABI;
		f[W_RAX] = rnd() % 470;
	}
	for (uint64_t n = rnd() % 4; n; n--)
		f[rnd() % W_WORDS] = value();
	return f;
}

static __attribute__((noreturn)) void report_all(void)
{
	for (;;) {
		uint64_t *frame = any_frame();

		tried(1);
		if (rnd() % 8 == 0)
			getppid();
		forge_report(rnd() % 8 ? report_site : site[rnd() % (uint64_t)nsites], any_signal(),
			     rnd() % 8 ? frame : (uint64_t *)value(), (uintptr_t)pool + POOL / 2,
			     0x202 | (rnd() & 0xcd5 & (rnd() & 7 ? 0 : ~0ull)), good_fs);
	}
}

static void reports_again(void)
{
	go_on(report_all, (uintptr_t)pool + POOL / 2, good_fs);
}

/* A sibling, that is no thread, changes the frames under way. */
static __attribute__((noreturn)) int report_sibling(void *arg)
{
	(void)arg;
	for (;;) {
		*(volatile uint64_t *)(stack_end - 8 - (rnd() & 0xff8)) = value();
		if (rnd() % 64 == 0)
			syscall(SYS_sched_yield);
	}
}

static __attribute__((noreturn)) int reports(void)
{
	static char stack[32768] __attribute__((aligned(16)));

	catch_faults();
	stack_end = signal_stack_end();
	MUST(stack_end && true_frame);
	if (rnd() & 1)
		clone(report_sibling, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	survive(2000);
	sigsetjmp(g_back, 0);
	report_all();
}

static int (*const kinds[])(void) = { calls, jumps, frames, maps, random_code, debugged, reports };

/* ---- rounds */

struct round {
	uint64_t seed, number;
};

/* Several processes at a time, one of them this one. */
static int crowd(void *arg)
{
	const struct round *r = arg;
	uint64_t which = 0;

	(void)!chdir("/tmp/fuzz");
	while (which + 1 < TOGETHER && fork() > 0)
		which++;
	reseed(r->seed + r->number * TOGETHER + which);
	fill_pool();
	return kinds[rnd() % ARRAY_SIZE(kinds)]();
}

/* A place for files and messages that goes away with the round. */
static void fresh_place(void)
{
	umount2("/tmp/fuzz", MNT_DETACH);
	mkdir("/tmp/fuzz", 0755);
	MUST(mount("fuzz", "/tmp/fuzz", "tmpfs", 0, "size=8m,mode=1777") == 0);
	MUST(unshare(CLONE_NEWIPC) == 0);
}

int main(int argc, char **argv)
{
	struct round r = { argc > 2 ? strtoull(argv[2], NULL, 0) : 1, 0 };
	long seconds = argc > 3 ? atol(argv[3]) : 30;
	uint64_t end = now_ns() + (uint64_t)seconds * 1000000000, good_count = 0, sum;
	int bad = 0;

	if (!forge_begin(argc, argv))
		return finish();
	pool = xmap(POOL, PROT_READ | PROT_WRITE | PROT_EXEC);
	sum = checksum(text);
	say("seed %llu, %ld s", (unsigned long long)r.seed, seconds);
	for (; now_ns() < end; r.number++) {
		uint64_t begin = now_ns();
		int status;

		if (r.number % 16 == 0)
			fresh_place();
		status = attack(crowd, &r, ROUND_MS);
		end_attackers();
		if (exited(status, LEAK) || exited(status, PRIVILEGED) ||
		    now_ns() - begin > 30000000000ull) {
			bad++;
			say("round %llu: status %#x after %llu ms", (unsigned long long)r.number,
			    (unsigned int)status, (unsigned long long)(now_ns() - begin) / 1000000);
		}
		/* They can write to the counter, too. */
		if (*g_tries < good_count || *g_tries > good_count + 10000000)
			*g_tries = good_count;
		good_count = *g_tries;
	}
	say("%llu rounds", (unsigned long long)r.number);
	CHECK(bad == 0, "no round shows what it must not");
	CHECK(checksum(text) == sum, "the code is unchanged");
	umount2("/tmp/fuzz", MNT_DETACH);
	return attack_end();
}
