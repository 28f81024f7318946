/* SPDX-License-Identifier: GPL-2.0-only */
/* owner.h - whose socket a Unix socket is connected to, and where it is bound. */
#ifndef SWITCH_OWNER_H
#define SWITCH_OWNER_H

#include <stdint.h>
#include <sys/types.h>

struct owner {
	uint32_t inode;		/* tells the socket from all others */
	uid_t uid;
};

/**
 * owner_of_peer() - the owner of the socket that a Unix socket is connected to
 * @fd: the connected socket
 * @owner: set on success
 *
 * Return: 0 or -errno; -EOPNOTSUPP where the host's kernel does not tell.
 */
int owner_of_peer(int fd, struct owner *owner);

/**
 * owner_bound_file() - the file that bind(2) made for a Unix socket
 * @fd: the socket
 * @inode: set to the low 32 bits of its inode
 *
 * Return: 0 or -errno; -EOPNOTSUPP where the host's kernel does not tell.
 */
int owner_bound_file(int fd, uint32_t *inode);

#endif
