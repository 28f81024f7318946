// SPDX-License-Identifier: GPL-2.0-only
/*
 * Terminals of the host: raw mode and back, window size, descriptors that never wait.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/asm-generic/fcntl.h>
#include <uapi/asm-generic/ioctls.h>
#include <uapi/asm-generic/termbits.h>
#include <uapi/asm/stat.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/stat.h>
#include <host/print.h>
#include <host/tty.h>
#include "abi.h"
#include "undo.h"
#include "raw.h"

struct window_size {
	unsigned short rows, cols, xpixels, ypixels;
};

static int terminal(int fd, struct termios *settings, u64 *device)
{
	struct stat st;
	long ret = host_call(ioctl, fd, TCGETS, settings);

	if (ret < 0)
		return ret == -EIO ? -EIO : -ENOTTY;
	ret = host_call(fstat, fd, &st);
	*device = st.st_rdev;
	return (int)ret;
}

/* Note the settings of a terminal, unless they are noted already: two descriptors, one terminal. */
static int save(int fd, u64 device, const struct termios *settings)
{
	struct undo_tty *free = NULL;

	for (int i = 0; i < UNDO_TTYS; i++) {
		struct undo_tty *entry = &host_undo->tty[i];

		if (entry->used && entry->device == device)
			return 0;
		if (!entry->used && !free)
			free = entry;
	}
	if (!free)
		return -ENOSPC;
	free->fd = fd;
	free->device = device;
	free->saved = *settings;
	__atomic_store_n(&free->used, 1, __ATOMIC_RELEASE);
	return 0;
}

/* To change its settings from the background would stop us. */
static bool in_background(int fd)
{
	int group;

	return host_call(ioctl, fd, TIOCGPGRP, &group) == 0 && group != host_call(getpgid, 0);
}

int host_tty_raw(int fd)
{
	struct termios settings;
	u64 device;
	int ret;

	ret = terminal(fd, &settings, &device);
	if (ret < 0)
		return ret;
	if (in_background(fd))
		return -EAGAIN;
	ret = save(fd, device, &settings);
	if (ret < 0)
		return ret;
	settings.c_iflag &= ~(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	settings.c_oflag &= ~OPOST;
	settings.c_lflag &= ~(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	settings.c_cflag &= ~(CSIZE | PARENB);
	settings.c_cflag |= CS8;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	return (int)HOST_CALL(ioctl, fd, TCSETS, &settings);
}

bool host_tty_is_raw(int fd)
{
	struct termios settings;

	return host_call(ioctl, fd, TCGETS, &settings) == 0 && !(settings.c_oflag & OPOST);
}

/* With SIGTTOU blocked or in a session of its own, a background process may do this too. */
void host_tty_restore(void)
{
	for (int i = 0; host_undo && i < UNDO_TTYS; i++) {
		struct undo_tty *entry = &host_undo->tty[i];

		if (entry->used)
			host_call(ioctl, entry->fd, TCSETS, &entry->saved);
	}
}

int host_tty_size(int fd, u16 *rows, u16 *cols)
{
	struct window_size size;
	long ret = host_call(ioctl, fd, TIOCGWINSZ, &size);

	if (ret < 0)
		return ret == -EIO ? -EIO : -ENOTTY;
	*rows = size.rows;
	*cols = size.cols;
	return 0;
}

/*
 * O_NONBLOCK belongs to the open file, which our caller's shell shares: it must not be
 * set there.  Opening the terminal or pipe anew gives an open file of our own.
 */
int host_tty_reopen(int fd, bool write)
{
	struct termios settings;
	struct stat st;
	char name[32];
	int access = write ? O_WRONLY : O_RDONLY;
	long ret;

	ret = host_call(fstat, fd, &st);
	if (ret < 0)
		return (int)ret;
	if (S_ISFIFO(st.st_mode) || host_call(ioctl, fd, TCGETS, &settings) == 0) {
		host_format(name, sizeof(name), "/proc/self/fd/%d", fd);
		ret = HOST_CALL(openat, AT_FDCWD, name, access | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (ret >= 0)
			return (int)ret;
	}
	return (int)host_call(fcntl, fd, F_DUPFD_CLOEXEC, 3);
}
