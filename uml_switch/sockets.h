/* SPDX-License-Identifier: GPL-2.0-only */
/* sockets.h - the sockets by which a switch is found: made, and removed on every way out. */
#ifndef SWITCH_SOCKETS_H
#define SWITCH_SOCKETS_H

#include <sys/types.h>

/**
 * struct socket_access - who may connect
 * @mode: permissions, -1 as umask says
 * @group: the group, (gid_t)-1 for that of the process
 */
struct socket_access {
	int mode;
	gid_t group;
};

/**
 * socket_bind() - bind a Unix socket to a path
 * @path: the path; a socket there that nobody serves any more is removed first
 * @type: SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM
 * @access: who may connect
 *
 * The socket's path is removed when the process ends, unless another's socket is there by then.
 *
 * Return: the descriptor, listening where it is no datagram socket; -EADDRINUSE where a living
 * program has the socket; -EEXIST where something else stands there; -EPERM where a symbolic link on
 * the way, or a dead socket there, is another user's; -errno.
 */
int socket_bind(const char *path, int type, const struct socket_access *access);

/* sockets_remove() - remove the paths of all sockets that this process made */
void sockets_remove(void);

#endif
