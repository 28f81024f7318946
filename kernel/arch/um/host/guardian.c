// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guardian: cleans up behind a kernel process that was killed.
 *
 * Theory of operation.  The kernel process can die at any instruction (SIGKILL, the host
 * out of memory, a bug), and then nobody would put the terminal back or remove the pid
 * file.  So a second process is forked from it at the start.  It has nothing but a few
 * pages, the terminals, the read end of a pipe whose write end the kernel process holds,
 * and memory shared with the kernel process in which is written what there is to undo.
 * It sleeps until the pipe breaks or, where the host has pidfds, the kernel process is
 * dead; does what is left to do; and ends.  It leads a session of its own and blocks
 * all signals, so that what is typed at the terminal cannot reach it.
 *
 * In an orderly end the kernel process undoes everything itself, says so, and waits for
 * the guardian's end: nothing of us is left when the shell prompts again.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/asm-generic/fcntl.h>
#include <uapi/asm-generic/ioctls.h>
#include <uapi/linux/sched.h>
#include <host/guardian.h>
#include <host/print.h>
#include <host/string.h>
#include "abi.h"
#include "clone.h"
#include "undo.h"
#include "raw.h"

#define STACK_BYTES	(16 << 10)
#define HOW_SETMASK	2
#define POLLIN		1
#define MAX_TTY_FD	64	/* terminals that we inherited have low numbers */
#define END_LIMIT_MS	2000

struct undo *host_undo;

static void *stack;
static int pipe_read = -1, pipe_write = -1;
static int guardian_pid;

void host_undo_init(void)
{
	long addr = host_call(mmap, 0, sizeof(struct undo), HOST_PROT_READ | HOST_PROT_WRITE,
			      HOST_MAP_SHARED | HOST_MAP_ANONYMOUS, -1, 0);

	if (addr < 0 && addr > -4096)
		host_die("cannot allocate memory: %s; raise the limit of address space (ulimit -v)",
			 host_strerror((int)addr));
	host_undo = (struct undo *)addr;
}

int host_cleanup_path(const char *path)
{
	size_t len = strlen(path);

	if (len >= UNDO_PATH_BYTES)
		return -ENAMETOOLONG;
	for (int i = 0; i < UNDO_PATHS; i++) {
		if (strcmp(host_undo->path[i], path) == 0)
			return 0;
	}
	for (int i = 0; i < UNDO_PATHS; i++) {
		char *entry = host_undo->path[i];

		if (*entry)
			continue;
		memcpy(entry + 1, path + 1, len);
		__atomic_store_n(entry, path[0], __ATOMIC_RELEASE);
		return 0;
	}
	return -ENOSPC;
}

void host_cleanup_forget(const char *path)
{
	for (int i = 0; i < UNDO_PATHS; i++) {
		if (strcmp(host_undo->path[i], path) == 0)
			__atomic_store_n(host_undo->path[i], 0, __ATOMIC_RELEASE);
	}
}

/* Files first; then folders, again as long as one could go: a folder may hold another. */
void host_undo_paths(void)
{
	bool again = true;

	for (int i = 0; i < UNDO_PATHS; i++) {
		if (host_undo->path[i][0])
			host_call(unlink, host_undo->path[i]);
	}
	while (again) {
		again = false;
		for (int i = 0; i < UNDO_PATHS; i++) {
			if (host_undo->path[i][0] && host_call(rmdir, host_undo->path[i]) == 0)
				again = true;
		}
	}
}

/* --------------------------------------------------------- the guardian's side */

static bool is_tty(int fd)
{
	struct termios settings;

	return host_call(ioctl, fd, TCGETS, &settings) == 0;
}

/* Locks, pipes and files end when their last descriptor does: hold terminals only. */
static void close_others(int keep_a, int keep_b)
{
	int last = keep_a > keep_b ? keep_a : keep_b;

	for (int fd = 0; fd < MAX_TTY_FD || fd <= last; fd++) {
		if (fd == keep_a || fd == keep_b)
			continue;
		if (fd >= MAX_TTY_FD || !is_tty(fd))
			host_call(close, fd);
	}
	if (last < MAX_TTY_FD)
		last = MAX_TTY_FD - 1;
	host_call(close_range, last + 1, ~0U, 0);
}

static void clean_up(void)
{
	const char *pid_file = host_undo->pid_file;

	host_tty_restore();
	if (!pid_file[0] || host_umid_left(pid_file, host_undo->owner))
		host_undo_paths();
}

static void guardian_main(void *arg)
{
	int pidfd = (int)host_call(pidfd_open, host_undo->owner, 0);
	struct host_pollfd watch[2] = {
		{ pipe_read, POLLIN, 0 },
		{ pidfd, POLLIN, 0 },
	};

	(void)arg;
	host_call(setsid);
	host_call(prctl, HOST_PR_SET_NAME, "uml-guardian");
	close_others(pipe_read, pidfd);
	/* A pidfd below 0 is passed over by poll. */
	while (host_call(poll, watch, 2, -1) <= 0)
		;
	if (!__atomic_load_n(&host_undo->in_order, __ATOMIC_ACQUIRE))
		clean_up();
	host_call(exit_group, 0);
}

/* --------------------------------------------------- the kernel process's side */

int host_guardian_pid(void)
{
	return guardian_pid;
}

static int prepare(void)
{
	int ends[2];
	long ret;

	if (!stack) {
		ret = host_call(mmap, 0, STACK_BYTES, HOST_PROT_READ | HOST_PROT_WRITE,
				HOST_MAP_PRIVATE | HOST_MAP_ANONYMOUS, -1, 0);
		if (ret < 0 && ret > -4096)
			return (int)ret;
		stack = (void *)ret;
	}
	if (pipe_write < 0) {
		ret = host_call(pipe2, ends, O_CLOEXEC);
		if (ret < 0)
			return (int)ret;
		pipe_read = ends[0];
		pipe_write = ends[1];
	}
	return 0;
}

/*
 * The read end stays open here too: a guardian that is started later needs it, and the
 * pipe breaks by the death of this process all the same.
 */
int host_guardian_start(void)
{
	unsigned long old_mask, all = ~0UL;
	int ret = prepare();

	guardian_pid = 0;
	if (ret < 0)
		return ret;
	host_undo->owner = (int)host_call(getpid);
	host_call(rt_sigprocmask, HOW_SETMASK, &all, &old_mask, sizeof(all));
	ret = (int)host_clone(HOST_SIGCHLD, (char *)stack + STACK_BYTES, guardian_main, NULL);
	host_call(rt_sigprocmask, HOW_SETMASK, &old_mask, NULL, sizeof(old_mask));
	if (ret < 0)
		return ret;
	guardian_pid = ret;
	return 0;
}

void host_guardian_end(void)
{
	struct host_timespec pause = { 0, 1000000 };
	long ret = 0;

	if (!guardian_pid)
		return;
	__atomic_store_n(&host_undo->in_order, 1, __ATOMIC_RELEASE);
	host_call(write, pipe_write, "", 1);
	for (int ms = 0; ms < END_LIMIT_MS && ret == 0; ms++) {
		ret = host_call(wait4, guardian_pid, NULL, HOST_WNOHANG, NULL);
		if (ret == 0)
			host_call(nanosleep, &pause, NULL);
	}
	if (ret == 0) {
		host_call(kill, guardian_pid, HOST_SIGKILL);
		HOST_CALL(wait4, guardian_pid, NULL, 0, NULL);
	}
	guardian_pid = 0;
}
