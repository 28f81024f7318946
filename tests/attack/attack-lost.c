// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-lost: pages are taken from a program that has as many mappings as the host allows.
 *
 * Taking one page out of the middle of a host mapping makes two of it.  A program that maps runs of
 * three pages thousands of times comes so near to the host's limit that the next removals fail.  They
 * strike inside clone(), vfork(), fork(), execve(), in a stop of a tracer's, and when a signal is
 * delivered in a call; other pages are taken away together with them.  Whatever then happens to the
 * program, neither it nor who shares its memory may find one of those pages where it was, and another
 * user's secret must not be there.  A program that does nothing but lose many pages must live on.
 *
 * usage: attack-lost --inside [ROUNDS]
 *
 * 0 ROUNDS are a short one: only ways that differ in how the removals reach the host layer.
 */
#include <stddef.h>
#include <sys/ptrace.h>
#include "attack-forge.h"

enum {
	HOST_MAPS = 65530, /* the host's usual limit */
	PER_GROUP = 1500,
	GROUPS = (HOST_MAPS / PER_GROUP + 1) / 2,
	MANY_PER_GROUP = 3050, /* more than one request list holds */
	MANY_GROUPS = (HOST_MAPS / MANY_PER_GROUP + 2) / 2,
	POOL = 4096, /* pages among which the groups are */
	DUE_PAGES = 512,
	LAST_MAPS = 80, /* so many notes that those before them reach the host layer */
	VICTIM_BYTES = 4 << 20,
	LIMIT_MS = 120000,
	LOST = 67,
};

#define FILL   ((char *)0x200000000000)
#define DUE    ((volatile uint64_t *)0x300000000000)
#define LAST   ((char *)0x310000000000)
#define SECRET 0x5ec5e7c0ffee5ec5ull
#define BAD    0xbadbadbadbadbad0ull
#define MARK   0xa77acca77acca77aull
#define PUNCH  (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* In what the removals strike. */
static const struct way {
	const char *name;
	long nr;	/* the call; 0: a signal is delivered in one that waits */
	uint64_t flags; /* of clone() */
	int signal;	/* that the tracer sends with it */
	bool dear;	/* in a short round too */
} ways[] = {
	{ "a new thread", SYS_clone,
	  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM, 0,
	  true },
	{ "a process that shares memory", SYS_clone, CLONE_VM | SIGCHLD, 0, false },
	{ "vfork", SYS_vfork, 0, 0, true },
	{ "fork", SYS_fork, 0, 0, false },
	{ "execve", SYS_execve, 0, 0, false },
	{ "a tracer's stop", SYS_getppid, 0, 0, false },
	{ "a tracer's signal", SYS_getppid, 0, SIGUSR1, false },
	{ "a signal in a call, with a sibling", 0, 0, 0, true },
};

static struct shared {
	volatile int ready, go, collapsed;
	volatile uint64_t turns, looks, stale, foreign, secrets, changed, victim_rounds, killed;
} * res;

static int fill_fd, due_fd, wake[2];
static unsigned long group[MANY_GROUPS + GROUPS]; /* first page of each */
static const struct way *way;

/* ---- which pages of the file are neighbours in memory: the guest's root can see */

static uint64_t frame_of(int pagemap, const char *at)
{
	uint64_t entry = 0;

	MUST(pread(pagemap, &entry, 8, (off_t)((uintptr_t)at / PAGE * 8)) == 8);
	return entry & ((1ull << 55) - 1);
}

static int find_groups(const char *all, int most)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC), n = 0;

	MUST(pagemap >= 0);
	for (unsigned long i = 0; i + 3 <= POOL && n < most; i++) {
		uint64_t first = frame_of(pagemap, all + i * PAGE);

		if (!first || frame_of(pagemap, all + (i + 1) * PAGE) != first + 1 ||
		    frame_of(pagemap, all + (i + 2) * PAGE) != first + 2)
			continue;
		group[n++] = i;
		i += 3;
	}
	close(pagemap);
	return n;
}

static void new_files(int groups)
{
	size_t bytes = (POOL + 4) * PAGE;
	char *all;

	fill_fd = memfd_create("fill", MFD_CLOEXEC);
	due_fd = memfd_create("due", MFD_CLOEXEC);
	MUST(fill_fd >= 0 && due_fd >= 0 && ftruncate(fill_fd, (off_t)bytes) == 0 &&
	     ftruncate(due_fd, DUE_PAGES * PAGE) == 0 && pipe(wake) == 0);
	all = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fill_fd, 0);
	MUST(all != MAP_FAILED);
	/* One half forwards, one backwards: freed pages are given out again in either order. */
	for (size_t i = 0; i < POOL / 2; i++)
		*(volatile uint64_t *)(all + i * PAGE) = MARK;
	for (size_t i = POOL + 4; i-- > POOL / 2;)
		*(volatile uint64_t *)(all + i * PAGE) = MARK;
	CHECK(find_groups(all, groups) == groups, "enough neighbours in memory");
	munmap(all, bytes);
	memset((void *)res, 0, offsetof(struct shared, stale));
}

static void close_files(void)
{
	close(fill_fd);
	close(due_fd);
	close(wake[0]);
	close(wake[1]);
}

/* ---- the program at its limit */

static void punch(int fd, unsigned long page, unsigned long pages)
{
	MUST(fallocate(fd, PUNCH, (off_t)(page * PAGE), (off_t)(pages * PAGE)) == 0);
}

static char *copy_of(int g, int per_group, int i)
{
	return FILL + ((size_t)g * (size_t)per_group + (size_t)i) * 4 * PAGE;
}

/* Runs of three pages; then the middle of all but the last group's is taken away. */
static void come_near(int groups, int per_group)
{
	for (int g = 0; g < groups; g++)
		for (int i = 0; i < per_group; i++) {
			char *p = copy_of(g, per_group, i);

			MUST(mmap(p, 3 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fill_fd,
				  (off_t)(group[g] * PAGE)) == p);
			(void)*(volatile char *)(p + PAGE);
		}
	for (int g = 0; g < groups - 1; g++) {
		punch(fill_fd, group[g] + 1, 1);
		syscall(SYS_getppid);
	}
}

static void haunt(void)
{
	for (;;) {
		uint64_t foreign = 0, stale = 0;

		res->turns++;
		if (!res->go)
			continue;
		for (size_t i = 0; i < DUE_PAGES * PAGE / 8; i++) {
			uint64_t word = DUE[i];

			stale += word == MARK;
			foreign += word && word != MARK && word != BAD;
			if (word == SECRET) {
				res->secrets++;
				DUE[i] = BAD;
			}
		}
		res->stale += stale;
		res->foreign += foreign;
		res->looks++;
	}
}

static void on_signal(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	(void)context;
	haunt();
}

static int sibling(void *arg)
{
	char byte;

	(void)arg;
	while (syscall(SYS_read, wake[0], &byte, 1L) != 1)
		;
	haunt();
	return 0;
}

/* Whoever comes back from the call looks at the pages: with a stack of its own, if it is another. */
static __attribute__((noreturn)) void call_and_haunt(char *stack)
{
	static const char *const words[] = { "sleep", "1000", NULL };
	register uint64_t r10 __asm__("r10") = 0, r8 __asm__("r8") = 0;
	uint64_t a = way->flags, b = (uintptr_t)stack, c = 0;
	long result;

	if (way->nr == SYS_execve) {
		a = (uintptr_t) "/bin/nothing-here";
		b = (uintptr_t)words;
	}
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(way->nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	/* Nothing of the frame is used any more: a new one has none. */
	__asm__ volatile("test %%rsp, %%rsp\n jmp *%0" : : "r"(haunt) : "memory");
	__builtin_unreachable();
}

static int program(void *arg)
{
	static char stack[65536] __attribute__((aligned(16))), stack2[65536];

	(void)arg;
	handle(SIGUSR1, on_signal, 0);
	memset(stack, 0, sizeof(stack));
	MUST(mmap((void *)DUE, DUE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		  due_fd, 0) == DUE);
	for (size_t i = 0; i < DUE_PAGES * PAGE / 8; i++)
		DUE[i] = MARK;
	for (int i = 0; i < LAST_MAPS; i++) {
		char *p = LAST + (size_t)i * 4 * PAGE;

		MUST(mmap(p, 2 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, fill_fd, POOL * PAGE) ==
		     p);
		(void)*(volatile char *)p;
	}
	if (!way->nr)
		MUST(clone(sibling, stack2 + sizeof(stack2), CLONE_VM | SIGCHLD, NULL) > 0);
	come_near(GROUPS, PER_GROUP);
	for (size_t i = 0; i < DUE_PAGES * PAGE / 8; i += 512)
		DUE[i] = MARK;
	res->ready = 1;
	if (!way->nr)
		for (;;)
			pause();
	syscall(SYS_kill, getpid(), SIGSTOP);
	call_and_haunt(stack + sizeof(stack) - 64);
}

/* ---- who takes the pages away: of the same user */

static void take_away(void)
{
	punch(fill_fd, group[GROUPS - 1] + 1, 1);
	punch(due_fd, 0, DUE_PAGES);
	punch(fill_fd, POOL, 1);
	res->go = 1;
}

/* At the entry of the call, or asleep in one. */
static bool stop_it(pid_t pid)
{
	int status;

	if (!way->nr)
		return EVENTUALLY(res->ready && proc_state(pid) == 'S');
	for (;;) {
		if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			return false;
		if (res->ready && WSTOPSIG(status) == SIGSTOP)
			break;
		ptrace(PTRACE_CONT, pid, 0, 0);
	}
	return ptrace(PTRACE_SYSCALL, pid, 0, 0) == 0 && waitpid(pid, &status, __WALL) == pid &&
	       WIFSTOPPED(status);
}

static void go_on_from_stop(pid_t pid)
{
	if (way->nr) {
		ptrace(PTRACE_CONT, pid, 0, way->signal);
		return;
	}
	kill(pid, SIGUSR1);
	msleep(20);
	MUST(write(wake[1], "x", 1) == 1);
}

static int taker(void *arg)
{
	uint64_t end;
	pid_t pid;
	int status;

	way = arg;
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		if (way->nr)
			ptrace(PTRACE_TRACEME, 0, 0, 0);
		_exit(program(NULL));
	}
	if (!stop_it(pid))
		return 1;
	take_away();
	go_on_from_stop(pid);
	end = now_ns() + 1500000000ull;
	while (now_ns() < end && res->looks < 20) {
		if (waitpid(pid, &status, WNOHANG | __WALL) == pid) {
			if (WIFSTOPPED(status))
				ptrace(PTRACE_CONT, pid, 0, 0);
			else if (killed(status, SIGKILL))
				res->killed++;
		}
		msleep(10);
	}
	return 0;
}

/* ---- one who only loses pages */

static int innocent(void *arg)
{
	(void)arg;
	come_near(MANY_GROUPS, MANY_PER_GROUP);
	punch(fill_fd, group[MANY_GROUPS - 1] + 1, 1);
	for (int g = 0; g < MANY_GROUPS; g++)
		for (int i = 0; i < MANY_PER_GROUP; i += 7) {
			char *p = copy_of(g, MANY_PER_GROUP, i);

			if (*(volatile uint64_t *)p != MARK ||
			    *(volatile uint64_t *)(p + PAGE) != 0 ||
			    *(volatile uint64_t *)(p + 2 * PAGE) != MARK)
				return LOST;
		}
	return 0;
}

/* ---- the victim: another user, whose pages are those that became free */

static __attribute__((noreturn)) int victim(void *arg)
{
	(void)arg;
	setpriority(PRIO_PROCESS, 0, 10);
	MUST(setresgid(ATTACKER + 1, ATTACKER + 1, ATTACKER + 1) == 0 &&
	     setresuid(ATTACKER + 1, ATTACKER + 1, ATTACKER + 1) == 0);
	for (;;) {
		uint64_t *p = xmap(VICTIM_BYTES, PROT_READ | PROT_WRITE);

		for (uint64_t i = 0; i < VICTIM_BYTES / 8; i++)
			p[i] = SECRET;
		msleep(5);
		for (uint64_t i = 0; i < VICTIM_BYTES / 8; i++)
			res->changed += p[i] != SECRET;
		munmap(p, VICTIM_BYTES);
		res->victim_rounds++;
	}
}

static void try_innocent(void)
{
	int status;

	new_files(MANY_GROUPS);
	tried(MANY_GROUPS * MANY_PER_GROUP);
	status = attack(innocent, NULL, LIMIT_MS);
	say("who loses %d pages at once: status %#x", MANY_PER_GROUP, (unsigned int)status);
	CHECK(exited(status, 0), "who only loses many pages at once lives on");
	close_files();
}

static void try_way(const struct way *w)
{
	uint64_t stale = res->stale;

	new_files(GROUPS);
	tried(GROUPS * PER_GROUP);
	CHECK(exited(attack(taker, (void *)w, LIMIT_MS), 0), "%s: pages are taken away", w->name);
	end_attackers();
	say("%s: looked %llu times", w->name, (unsigned long long)res->looks);
	CHECK(res->stale == stale, "%s: what is taken away is gone", w->name);
	close_files();
}

static int try_all(void *arg)
{
	int rounds = *(const int *)arg;

	for (int round = 0; round < rounds || !round; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
			if (rounds || ways[i].dear)
				try_way(&ways[i]);
		try_innocent();
	}
	return finish();
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1;
	pid_t pid;

	attack_begin(argc, argv);
	res = xshared(PAGE);
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		victim(NULL);
	}
	CHECK(apart(try_all, &rounds) == 0, "all ways are tried");
	kill(pid, SIGKILL);
	reap(pid);
	say("%llu words of freed pages, %llu foreign words, %llu secrets, %llu words changed",
	    (unsigned long long)res->stale, (unsigned long long)res->foreign,
	    (unsigned long long)res->secrets, (unsigned long long)res->changed);
	CHECK(res->victim_rounds > 0, "the victim took part");
	CHECK(res->foreign == 0 && res->changed == 0, "nobody reads or writes another's memory");
	CHECK(res->killed == 0 || log_tells_of_ends(), "the log tells of programs that were ended");
	return attack_end();
}
