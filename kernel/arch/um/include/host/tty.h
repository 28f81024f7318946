/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tty.h - terminals of the host: raw mode and window size.
 *
 * What host_tty_raw() changes is put back when the process ends, on every path: by
 * host_exit(), and by the guardian process if the kernel process is killed.
 */
#ifndef __HOST_TTY_H
#define __HOST_TTY_H

#include <linux/types.h>

/**
 * host_tty_raw() - put a terminal into raw mode
 * @fd: host descriptor
 *
 * Return: 0, -ENOTTY for what is no terminal, or -errno.
 */
int host_tty_raw(int fd);

/**
 * host_tty_size() - window size of a terminal
 * @fd: host descriptor
 * @rows: where the number of rows is stored
 * @cols: where the number of columns is stored
 *
 * Return: 0, -ENOTTY, or -errno.
 */
int host_tty_size(int fd, u16 *rows, u16 *cols);

#endif
