// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beginning, end and new beginning of the kernel process.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/asm-generic/fcntl.h>
#include <uapi/asm/stat.h>
#include <uapi/linux/auxvec.h>
#include <uapi/linux/fcntl.h>
#include <host/print.h>
#include <host/process.h>
#include <host/string.h>
#include <host/unit.h>
#include "abi.h"
#include "undo.h"
#include "raw.h"
#include "thread.h"

#define HOW_SETMASK	2
#define OPEN_FILES	7	/* RLIMIT_NOFILE */
#define SIG_DFL_HANDLER	0UL
#define SIG_IGN_HANDLER	1UL
#define SIGXFSZ_NUMBER	25
#define PATH_ONLY	010000000	/* O_PATH */

/* What the process was started with. */
static struct {
	char **argv;
	char **envp;
	const char *path;		/* AT_EXECFN */
	int program;			/* descriptor of the program's file, or -errno */
	unsigned long mask;
	unsigned long ignored;		/* signals, bit 0: signal 1 */
	struct host_rlimit open_files;
} start;

static u32 ending;

static const char *find_program_path(char **envp)
{
	const unsigned long *aux;

	while (*envp)
		envp++;
	for (aux = (const unsigned long *)(envp + 1); aux[0] != AT_NULL; aux += 2) {
		if (aux[0] == AT_EXECFN)
			return (const char *)aux[1];
	}
	return NULL;
}

/* A descriptor below 3 that is closed would become that of some file of ours. */
static void fill_standard_descriptors(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (host_call(fcntl, fd, F_GETFD) == -EBADF)
			HOST_CALL(openat, AT_FDCWD, "/dev/null", O_RDWR);
	}
}

static void note_signals(void)
{
	struct host_sigaction action;

	host_call(rt_sigprocmask, HOW_SETMASK, NULL, &start.mask, sizeof(start.mask));
	for (int sig = 1; sig <= HOST_NSIG; sig++) {
		if (host_call(rt_sigaction, sig, NULL, &action, sizeof(action.mask)) == 0 &&
		    action.handler == SIG_IGN_HANDLER)
			start.ignored |= 1UL << (sig - 1);
	}
}

static void set_signal(int sig, unsigned long handler)
{
	struct host_sigaction action = { .handler = handler };

	host_call(rt_sigaction, sig, &action, NULL, sizeof(action.mask));
}

void host_process_init(int argc, char **argv, char **envp)
{
	(void)argc;
	start.argv = argv;
	start.envp = envp;
	fill_standard_descriptors();
	host_undo_init();
	start.path = find_program_path(envp);
	start.program = (int)HOST_CALL(openat, AT_FDCWD, "/proc/self/exe", PATH_ONLY | O_CLOEXEC);
	if (start.program < 0 && start.path)
		start.program = (int)HOST_CALL(openat, AT_FDCWD, start.path, PATH_ONLY | O_CLOEXEC);
	note_signals();
	host_call(prlimit64, 0, OPEN_FILES, NULL, &start.open_files);
	host_thread_init();
	/* A pipe that breaks, or a limit of file size, is an error of the write, not our end. */
	set_signal(HOST_SIGPIPE, SIG_IGN_HANDLER);
	set_signal(SIGXFSZ_NUMBER, SIG_IGN_HANDLER);
}

const char *host_getenv(const char *name)
{
	size_t len = strlen(name);

	for (char **env = start.envp; env && *env; env++) {
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return (*env)[len + 1] ? *env + len + 1 : NULL;
	}
	return NULL;
}

/*
 * Undo everything that would outlive the process.  The guardian goes last: should this
 * process be killed here, it still finishes the work.
 */
static void end_all(int status)
{
	unsigned long all = ~0UL;

	host_call(rt_sigprocmask, HOW_SETMASK, &all, NULL, sizeof(all));
	if (__atomic_exchange_n(&ending, 1, __ATOMIC_SEQ_CST))
		host_call(exit_group, status);
	if (!host_undo)
		return;
	host_tty_restore();
	host_units_kill();
	host_undo_paths();
	host_guardian_end();
	while (host_call(wait4, -1, NULL, HOST_WNOHANG | HOST_WALL, NULL) > 0)
		;
}

void host_exit(int status)
{
	end_all(status);
	for (;;)
		host_call(exit_group, status);
}

static bool path_is_program(void)
{
	struct stat by_path, by_fd;

	return start.path && host_call(stat, start.path, &by_path) == 0 &&
	       host_call(fstat, start.program, &by_fd) == 0 && by_path.st_dev == by_fd.st_dev &&
	       by_path.st_ino == by_fd.st_ino;
}

/*
 * Signals that wait for this kernel must not kill the next one before it has handlers.  Those
 * by which the kernel's own timer and threads interrupt it may still be sent until the very
 * exec, and stay ignored over it.
 */
static void reset_signals(void)
{
	const unsigned long own = 1UL << (HOST_SIGALRM - 1) | 1UL << (HOST_SIGIO - 1) |
				  1UL << (HOST_SIG_TROUBLE - 1);

	for (int sig = 1; sig <= HOST_NSIG; sig++) {
		set_signal(sig, SIG_IGN_HANDLER);
		if (!((start.ignored | own) & (1UL << (sig - 1))))
			set_signal(sig, SIG_DFL_HANDLER);
	}
	host_call(rt_sigprocmask, HOW_SETMASK, &start.mask, NULL, sizeof(start.mask));
}

void host_restart(void)
{
	long ret = -ENOENT;

	end_all(1);
	reset_signals();
	host_thread_unbind();
	host_call(prlimit64, 0, OPEN_FILES, &start.open_files, NULL);
	/* By name where that is still the same file: then the host shows the right name. */
	if (path_is_program())
		ret = host_call(execve, start.path, start.argv, start.envp);
	if (ret < 0 && start.program >= 0)
		ret = host_call(execveat, start.program, "", start.argv, start.envp, AT_EMPTY_PATH);
	host_error("cannot restart: %s; start it again by hand", host_strerror((int)ret));
	for (;;)
		host_call(exit_group, 1);
}
