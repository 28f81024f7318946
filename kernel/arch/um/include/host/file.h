/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * file.h - opening, measuring, reading and writing host files, in the caller's thread.
 */
#ifndef __HOST_FILE_H
#define __HOST_FILE_H

#include <linux/types.h>

#define HOST_OPEN_WRITE		0x1	/* read and write; otherwise read only */
#define HOST_OPEN_SYNC		0x2	/* O_SYNC */
#define HOST_OPEN_CREATE	0x4

/**
 * host_file_open() - open a host file, close-on-exec
 * @path: host path
 * @flags: HOST_OPEN_*
 *
 * Return: descriptor or -errno.
 */
int host_file_open(const char *path, unsigned int flags);

/**
 * host_file_close() - close a host descriptor
 * @fd: the descriptor
 */
void host_file_close(int fd);

/**
 * host_file_text() - the beginning of a file, as a text
 * @path: host path
 * @text: where to
 * @size: of @text, its end included
 *
 * Return: false if it cannot be read.
 */
bool host_file_text(const char *path, char *text, size_t size);

#define HOST_NO_NUMBER		(~(u64)0)

/**
 * host_file_number() - the number that a file begins with
 * @path: host path, of a file such as those in /proc/sys
 *
 * Return: the number, or HOST_NO_NUMBER if it begins with none or cannot be read.
 */
u64 host_file_number(const char *path);

/**
 * host_file_size() - size of a file or block device
 * @fd: the descriptor
 * @size_bytes: where the size is stored
 *
 * Return: 0 or -errno; -EISDIR, -ESPIPE for what is neither.
 */
int host_file_size(int fd, u64 *size_bytes);

/**
 * host_file_lock() - lock a whole file, for as long as it stays open
 * @fd: the descriptor
 * @exclusive: for writing; otherwise shared with other readers
 *
 * Return: 0, -EAGAIN if another process holds a conflicting lock, or -errno.
 */
int host_file_lock(int fd, bool exclusive);

/**
 * host_file_lock_holder() - who holds the lock that host_file_lock() met?
 * @fd: the descriptor
 * @exclusive: as asked for
 *
 * Return: a host process id, or 0 if it cannot be told.
 */
int host_file_lock_holder(int fd, bool exclusive);

/**
 * host_file_read() - read up to a length at an offset
 * @fd: the descriptor
 * @buf: where to
 * @len_bytes: how much
 * @offset_bytes: from where; -1: from the current position (terminals, pipes)
 *
 * Return: bytes read (less than asked only at the end, or from a terminal), or -errno.
 */
ssize_t host_file_read(int fd, void *buf, size_t len_bytes, s64 offset_bytes);

/**
 * host_file_write() - write a buffer at an offset
 * @fd: the descriptor
 * @buf: what
 * @len_bytes: how much
 * @offset_bytes: where to; -1: at the current position
 *
 * Return: bytes written, or -errno.
 */
ssize_t host_file_write(int fd, const void *buf, size_t len_bytes, s64 offset_bytes);

/**
 * host_file_ready() - can the descriptor be read or written without waiting?
 * @fd: the descriptor
 * @events: HOST_POLL_IN or HOST_POLL_OUT
 *
 * Return: the HOST_POLL_* bits that hold now, 0 for none, or -errno.
 */
int host_file_ready(int fd, unsigned int events);

/**
 * host_file_wait() - wait until the descriptor can be read or written
 * @fd: the descriptor
 * @events: HOST_POLL_IN or HOST_POLL_OUT
 * @timeout_ms: how long at most; -1: for ever
 *
 * Return: the HOST_POLL_* bits that hold, 0 after the time, or -errno.
 */
int host_file_wait(int fd, unsigned int events, int timeout_ms);

/**
 * host_file_write_now() - write as much as can be written without waiting
 * @fd: a descriptor, best one made by host_tty_reopen()
 * @buf: what
 * @len_bytes: how much
 *
 * Return: bytes written, -EAGAIN if none could be, or -errno.
 */
ssize_t host_file_write_now(int fd, const void *buf, size_t len_bytes);

#endif
