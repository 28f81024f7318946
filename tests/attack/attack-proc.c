// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-proc: looks at processes in every state by all files of /proc/PID.
 *
 * What the kernel shows of another process it reads from that one's stack, registers and memory,
 * which a process that has ended has given back already: they may belong to others by then.  So
 * there are zombies, whose pages have been used again since, threads that come and go, and ones that
 * sleep, run, are stopped and are traced, and every file of theirs is read over and over.
 *
 * usage: attack-proc --inside [ROUNDS]
 */
#include <dirent.h>
#include <pthread.h>
#include <sys/ptrace.h>
#include "attack.h"

enum { ZOMBIES = 200, CHURN_BYTES = 32 << 20 };

static long rounds = 3;

static uint64_t read_file(int folder, const char *name)
{
	char buf[4096];
	int fd = openat(folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return 1;
	for (int i = 0; i < 16 && read(fd, buf, sizeof(buf)) == (ssize_t)sizeof(buf); i++)
		;
	close(fd);
	return 1;
}

static uint64_t look_at(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	uint64_t n = 0;

	while (folder && (entry = readdir(folder)))
		if (entry->d_type == DT_REG)
			n += read_file(dirfd(folder), entry->d_name);
	if (folder)
		closedir(folder);
	return n;
}

static void look_at_process(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	tried(look_at(path));
	snprintf(path, sizeof(path), "/proc/%d/task/%d", pid, pid);
	tried(look_at(path));
}

/* Pages that others had just now are taken, filled and given back. */
static void churn(void)
{
	uint64_t *p = mmap(NULL, CHURN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fds[64];

	if (p == MAP_FAILED)
		_exit(1);
	for (size_t i = 0; i < CHURN_BYTES / sizeof(*p); i++)
		p[i] = rnd();
	munmap(p, CHURN_BYTES);
	/* The kernel's own memory too. */
	for (size_t i = 0; i < ARRAY_SIZE(fds); i += 2)
		if (pipe(fds + i) || write(fds[i + 1], "x", 1) != 1)
			_exit(1);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
}

static int look_at_zombies(void *arg)
{
	static pid_t pid[ZOMBIES];

	(void)arg;
	for (int i = 0; i < ZOMBIES; i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			return 1;
		if (!pid[i])
			_exit(0);
	}
	for (int i = 0; i < ZOMBIES; i++) {
		siginfo_t info;

		if (waitid(P_PID, (id_t)pid[i], &info, WEXITED | WNOWAIT))
			return 1;
	}
	for (long n = 0; n < rounds; n++) {
		churn();
		for (int i = 0; i < ZOMBIES; i++)
			look_at_process(pid[i]);
	}
	return 0;
}

static void *short_life(void *arg)
{
	return arg;
}

static void threads_come_and_go(void)
{
	for (;;) {
		pthread_t thread;

		if (!pthread_create(&thread, NULL, short_life, NULL))
			pthread_join(thread, NULL);
	}
}

static void sleep_in_pipe(void)
{
	int fds[2];
	char byte;

	if (!pipe(fds))
		while (read(fds[0], &byte, 1) != 1)
			;
}

static void spin(void)
{
	for (;;)
		__asm__ volatile("");
}

static void fork_and_reap(void)
{
	for (;;) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static void stop(void)
{
	raise(SIGSTOP);
}

static void be_traced(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
}

static int look_at_living(void *arg)
{
	static void (*const state[])(void) = {
		threads_come_and_go, sleep_in_pipe, spin, fork_and_reap, stop, be_traced,
	};
	pid_t pid[ARRAY_SIZE(state)];

	(void)arg;
	for (size_t i = 0; i < ARRAY_SIZE(state); i++) {
		pid[i] = fork();
		if (pid[i] < 0)
			return 1;
		if (!pid[i]) {
			state[i]();
			_exit(0);
		}
	}
	for (long n = 0; n < 20 * rounds; n++)
		for (size_t i = 0; i < ARRAY_SIZE(state); i++)
			look_at_process(pid[i]);
	for (size_t i = 0; i < ARRAY_SIZE(state); i++)
		kill(pid[i], SIGKILL);
	/* While they end, too. */
	for (size_t i = 0; i < ARRAY_SIZE(state); i++)
		look_at_process(pid[i]);
	return 0;
}

/* Of everybody: kernel threads, init, root's. */
static int look_at_all(void *arg)
{
	(void)arg;
	for (long n = 0; n < rounds; n++)
		for (pid_t pid = 1; pid < 400; pid++)
			look_at_process(pid);
	return 0;
}

static void held(int (*fn)(void *), const char *what)
{
	int status = attack(fn, NULL, 120000);

	end_attackers();
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%s: looked at all (status %#x)", what, status);
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);
	if (argc > 2)
		rounds = atol(argv[2]);
	attacker_limit.tasks = ZOMBIES + 50;
	held(look_at_zombies, "zombies");
	held(look_at_living, "the living");
	held(look_at_all, "everybody");
	/* Root sees more of them: stacks, system calls. */
	attacker_limit.root = true;
	held(look_at_zombies, "zombies, as root");
	held(look_at_living, "the living, as root");
	held(look_at_all, "everybody, as root");
	return attack_end();
}
