/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * socket.h - Unix sockets to other programs of the host, and event counters.
 *
 * Nothing here waits: what cannot be done at once is -EAGAIN.
 */
#ifndef __HOST_SOCKET_H
#define __HOST_SOCKET_H

#include <linux/types.h>

#define HOST_SOCKET_PASS	8	/* descriptors that one message can carry */

/**
 * host_socket_connect() - connect to a listening stream socket
 * @path: its name
 *
 * Waits for up to five seconds while the other side's queue of connections is full.
 *
 * Return: descriptor or -errno.
 */
int host_socket_connect(const char *path);

/**
 * host_socket_pair() - two connected stream sockets
 * @fds: where the descriptors are stored
 *
 * Return: 0 or -errno.
 */
int host_socket_pair(int fds[2]);

/**
 * host_socket_send() - send bytes, with descriptors if there are any
 * @fd: a connected socket
 * @buf: what
 * @len_bytes: how much
 * @pass: descriptors that go with the first byte
 * @count: how many, at most HOST_SOCKET_PASS
 *
 * Return: bytes sent, -EAGAIN if none could be, or -errno.
 */
ssize_t host_socket_send(int fd, const void *buf, size_t len_bytes, const int *pass,
			 unsigned int count);

/**
 * host_socket_receive() - receive bytes; descriptors that come with them are dropped
 * @fd: a connected socket
 * @buf: where to
 * @len_bytes: how much at most
 *
 * Return: bytes received, 0 when the other side has closed, -EAGAIN if there are none,
 * or -errno.
 */
ssize_t host_socket_receive(int fd, void *buf, size_t len_bytes);

/**
 * host_event_create() - a descriptor that counts events
 *
 * Return: descriptor or -errno.
 */
int host_event_create(void);

/** host_event_raise() - count one event; whoever waits for the descriptor is woken. */
void host_event_raise(int fd);

/** host_event_clear() - the events so far are seen. */
void host_event_clear(int fd);

#endif
