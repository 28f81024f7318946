/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tty.h - terminals of the host: raw mode, window size, descriptors that never wait.
 *
 * What host_tty_raw() changes is put back when the process ends, on every path: by
 * host_exit(), and by the guardian process if the kernel process is killed.
 */
#ifndef __HOST_TTY_H
#define __HOST_TTY_H

#include <linux/types.h>

/**
 * host_tty_raw() - put a terminal into raw mode
 * @fd: host descriptor, one that the process was started with
 *
 * May be called again, for example when a shell has changed the settings meanwhile.
 *
 * Return: 0, -ENOTTY for what is no terminal, -EIO for one that is gone, -EAGAIN if the
 * terminal belongs to another process group now, or -errno.
 */
int host_tty_raw(int fd);

/**
 * host_tty_is_raw() - does a terminal pass output on as it is?
 * @fd: host descriptor
 *
 * Return: true for a terminal that needs \r\n at the end of a line; false for one that
 * does not, and for what is no terminal.
 */
bool host_tty_is_raw(int fd);

/**
 * host_tty_size() - window size of a terminal
 * @fd: host descriptor
 * @rows: where the number of rows is stored
 * @cols: where the number of columns is stored
 *
 * Return: 0, -ENOTTY, -EIO for one that is gone, or -errno.
 */
int host_tty_size(int fd, u16 *rows, u16 *cols);

/**
 * host_tty_reopen() - a descriptor of our own for a terminal, pipe or file
 * @fd: host descriptor
 * @write: for writing, otherwise for reading
 *
 * Reads and writes on it do not wait wherever the host can open @fd a second time; where
 * it cannot, the result is a duplicate.  host_file_write_now() copes with both.
 *
 * Return: the new descriptor or -errno.
 */
int host_tty_reopen(int fd, bool write);

#endif
