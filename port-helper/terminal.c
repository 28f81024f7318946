// SPDX-License-Identifier: GPL-2.0-only
/*
 * terminal.c - our own terminal as the guest's console.
 *
 * The kernel makes the terminal it is given the controlling terminal of a process of its own, which
 * learns of changes of the window's size. So we let go of it first. We keep it open: whoever started
 * us takes our end for the end of the console, and at the end we put its settings back, which the
 * kernel has changed.
 */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <termios.h>
#include <unistd.h>

#include "lib/report.h"
#include "port-helper/handover.h"
#include "port-helper/kernel.h"
#include "port-helper/terminal.h"
#include "port-helper/watch.h"
#include "wire/port.h"

static int open_socket(const char *path)
{
	int socket;

	if (path) {
		socket = handover_connect(path);
		if (socket == -EPERM)
			die("cannot use %s: it belongs to another user; run as the user of the kernel",
			    path);
		if (socket < 0)
			die("cannot connect to %s: %s; it is the kernel that makes this socket and "
			    "starts port-helper with its name", path, cause(socket));
		return socket;
	}
	socket = handover_check(PORT_SOCKET_FD);
	if (socket < 0)
		die("no socket of a kernel on descriptor %d: %s; port-helper is started by the kernel",
		    PORT_SOCKET_FD, cause(socket));
	return PORT_SOCKET_FD;
}

/* Let go of the controlling terminal, if that is what it is. */
static void detach(void)
{
	/* The foreground process group, ours, is hung up at that. */
	signal(SIGHUP, SIG_IGN);
	if (isatty(STDIN_FILENO) && tcgetsid(STDIN_FILENO) == getsid(0))
		ioctl(STDIN_FILENO, TIOCNOTTY);
}

static void wait_for_end(struct watch *watch)
{
	struct pollfd polls[WATCHES + 1];

	for (;;) {
		memcpy(polls, watch->polls, sizeof(watch->polls));
		/* No input is asked for, that is the kernel's; a hangup is told nevertheless. */
		polls[WATCHES] = (struct pollfd){ .fd = STDIN_FILENO };
		if (poll(polls, WATCHES + 1, -1) < 0) {
			if (errno == EINTR)
				continue;
			die("cannot wait for the end of the console: %s", cause(errno));
		}
		memcpy(watch->polls, polls, sizeof(watch->polls));
		if (watch_fired(watch) || polls[WATCHES].revents)
			return;
	}
}

/* Whatever of the kernel and of our parent there is to watch. */
static void start_watch(struct watch *watch, struct anchor *anchor, const char *path)
{
	int error = watch_start(watch);
	pid_t kernel;

	if (!error)
		error = anchor_start(anchor);
	if (error)
		die("cannot watch over the console: %s", cause(error));
	watch->polls[WATCH_ANCHOR].fd = anchor->fd;
	/* A parent outside of our pid namespace has no number. */
	watch->polls[WATCH_PARENT].fd = pidfd_open(getppid(), 0);
	kernel = path ? kernel_of_socket(path) : 0;
	if (!kernel)
		return;
	/* The number may have gone to another process since. */
	watch->polls[WATCH_KERNEL].fd = pidfd_open(kernel, 0);
	if (kernel_of_socket(path) != kernel) {
		close(watch->polls[WATCH_KERNEL].fd);
		watch->polls[WATCH_KERNEL].fd = -1;
	}
	kernel_await(kernel);
}

_Noreturn void terminal_serve(const char *path)
{
	int socket = open_socket(path), error, signal;
	struct termios settings;
	struct anchor anchor;
	struct watch watch;
	bool has_settings;

	detach();
	start_watch(&watch, &anchor, path);
	has_settings = tcgetattr(STDIN_FILENO, &settings) == 0;
	error = handover_send(socket, STDIN_FILENO, anchor.pid);
	if (error) {
		anchor_end(&anchor);
		die("cannot hand the terminal to the kernel: %s", cause(error));
	}
	close(socket);
	wait_for_end(&watch);
	if (has_settings)
		tcsetattr(STDIN_FILENO, TCSANOW, &settings);
	/* Our parent sees what it would see if the kernel had ended us. */
	signal = anchor_end(&anchor);
	if (!watch.signal)
		watch.signal = signal;
	watch_exit(&watch);
}
