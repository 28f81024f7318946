// SPDX-License-Identifier: GPL-2.0-only
/*
 * handover.c - a terminal goes to the kernel by one message, see wire/port.h.
 *
 * The kernel ends the process named in the message by SIGKILL when it closes the console, and so it
 * does with the telnet daemon that it has started. Neither is the process that does the work, which
 * still has to deliver the last output or to put the terminal right. They are the anchor, a process
 * without files that waits: a child of the worker, or where the kernel knows our number, its parent.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/report.h"
#include "port-helper/handover.h"
#include "wire/port.h"

int handover_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat file;
	int fd, error;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	if (lstat(path, &file) < 0)
		return -errno;
	if (!S_ISSOCK(file.st_mode))
		return -ENOTSOCK;
	if (file.st_uid != geteuid() && file.st_uid)
		return -EPERM;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

int handover_check(int fd)
{
	int domain;
	socklen_t length = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) < 0)
		return -errno;
	return domain == AF_UNIX ? 0 : -ENOTSOCK;
}

/* Nothing is kept open, and whoever ends our parent ends us. */
static void settle_as_anchor(pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* It may have ended before that line. */
	if (getppid() != parent)
		_exit(EXIT_DONE);
	close_range(0, ~0U, 0);
}

int anchor_start(struct anchor *anchor)
{
	pid_t parent = getpid();
	sigset_t others;

	anchor->pid = fork();
	if (anchor->pid < 0)
		return -errno;
	if (!anchor->pid) {
		settle_as_anchor(parent);
		sigfillset(&others);
		sigdelset(&others, SIGTERM);
		for (;;)
			sigsuspend(&others);
	}
	anchor->fd = pidfd_open(anchor->pid, 0);
	if (anchor->fd < 0) {
		int error = -errno;

		anchor_end(anchor);
		return error;
	}
	return 0;
}

/* Wait for the child and end in the same way. */
static _Noreturn void follow(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status))
		raise(WTERMSIG(status));
	_exit(WEXITSTATUS(status));
}

int anchor_become(struct anchor *anchor)
{
	pid_t parent = getppid(), child;

	anchor->pid = getpid();
	anchor->fd = pidfd_open(anchor->pid, 0);
	if (anchor->fd < 0)
		return -errno;
	signal(SIGCHLD, SIG_DFL);
	child = fork();
	if (child > 0) {
		settle_as_anchor(parent);
		follow(child);
	}
	return child < 0 ? -errno : 0;
}

int anchor_end(struct anchor *anchor)
{
	int status = 0;

	kill(anchor->pid, SIGTERM);
	while (waitpid(anchor->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (anchor->fd >= 0)
		close(anchor->fd);
	return WIFSIGNALED(status) && WTERMSIG(status) != SIGTERM ? WTERMSIG(status) : 0;
}

int handover_send(int socket, int terminal, pid_t pid)
{
	struct port_message message = { .pid = pid };

	return send_fd(socket, terminal, &message, sizeof(message));
}
