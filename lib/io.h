/* SPDX-License-Identifier: GPL-2.0-only */
/* io.h - reads and writes that go on after short transfers and signals; descriptors over sockets. */
#ifndef LIB_IO_H
#define LIB_IO_H

#include <stddef.h>
#include <sys/types.h>

/**
 * read_full_at() - read from a place in a file until the buffer is full or the file ends
 * @fd: descriptor of a file that can seek
 * @buffer: where to
 * @length: bytes wanted
 * @offset: place in the file, bytes
 *
 * Return: bytes read, less than @length only at the file's end, or -errno.
 */
ssize_t read_full_at(int fd, void *buffer, size_t length, off_t offset);

/**
 * write_full_at() - write all bytes to a place in a file
 * @fd: descriptor of a file that can seek
 * @buffer: what
 * @length: bytes
 * @offset: place in the file, bytes
 *
 * Return: 0 or -errno.
 */
int write_full_at(int fd, const void *buffer, size_t length, off_t offset);

/**
 * write_full() - write all bytes to a descriptor that blocks
 * @fd: descriptor
 * @buffer: what
 * @length: bytes
 *
 * Return: 0 or -errno.
 */
int write_full(int fd, const void *buffer, size_t length);

/**
 * send_fd() - pass a descriptor over a Unix socket, with some bytes
 * @socket: the socket
 * @fd: the descriptor to pass
 * @bytes: what goes with it, at least one byte
 * @length: count of bytes
 *
 * Return: 0 or -errno.
 */
int send_fd(int socket, int fd, const void *bytes, size_t length);

/**
 * receive_fd() - wait for a message on a Unix socket, and for a descriptor that may come with it
 * @socket: the socket
 * @bytes: where its bytes go to
 * @length: how many at most
 * @fd: set to the descriptor, or to -1
 *
 * Return: count of bytes, 0 where the other end is closed, or -errno.
 */
ssize_t receive_fd(int socket, void *bytes, size_t length, int *fd);

#endif
