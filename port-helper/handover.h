/* SPDX-License-Identifier: GPL-2.0-only */
/* handover.h - the socket to the kernel, and the process that it ends when it closes a console. */
#ifndef PORT_HELPER_HANDOVER_H
#define PORT_HELPER_HANDOVER_H

#include <sys/types.h>

/**
 * struct anchor - a process that does nothing, whose end tells that the kernel is done with us
 * @pid: its number, the kernel kills it by that
 * @fd: a pidfd of it, readable at its end
 */
struct anchor {
	pid_t pid;
	int fd;
};

/**
 * handover_connect() - connect to the kernel's socket
 * @path: where it is; only a socket of ours or of root is taken
 *
 * Return: a descriptor, or -errno; -ENOTSOCK for what is no socket, -EPERM for another user's.
 */
int handover_connect(const char *path);

/**
 * handover_check() - see whether a descriptor that we were started with is the kernel's socket
 * @fd: the descriptor
 *
 * Return: 0 or -errno; -ENOTSOCK for what is no Unix socket.
 */
int handover_check(int fd);

/**
 * anchor_start() - start a process for the kernel to end
 * @anchor: set on success
 *
 * It holds no file, and ends when we do.
 *
 * Return: 0 or -errno.
 */
int anchor_start(struct anchor *anchor);

/**
 * anchor_become() - be the process for the kernel to end, and let a child do the work
 * @anchor: set in the child: its parent
 *
 * For helpers whose number the kernel knows. Returns in the child alone, which has to watch the
 * anchor. The parent holds no file, ends when its own parent does, and ends as the child ends.
 *
 * Return: 0 or -errno.
 */
int anchor_become(struct anchor *anchor);

/**
 * anchor_end() - end a process that anchor_start() has started, if the kernel has not
 * @anchor: the process
 *
 * Return: the signal that the kernel ended it by, else 0.
 */
int anchor_end(struct anchor *anchor);

/**
 * handover_send() - hand a terminal to the kernel
 * @socket: the socket to it
 * @terminal: descriptor of the terminal
 * @pid: the process that the kernel is to end
 *
 * Return: 0 or -errno.
 */
int handover_send(int socket, int terminal, pid_t pid);

#endif
