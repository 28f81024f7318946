/* SPDX-License-Identifier: GPL-2.0-only */
/* mmsg.h - batches of frames by recvmmsg(2) and sendmmsg(2), a frame a message. */
#ifndef SWITCH_MMSG_H
#define SWITCH_MMSG_H

#include <sys/socket.h>

#include "uml_switch/port.h"

/**
 * mmsg_receive() - take frames from a socket
 * @fd: the socket
 * @batch: filled
 * @limit: how many at most
 * @names: where each came from, NULL where that is known; @limit of them, and a frame of the batch
 *	has the same place there
 *
 * Return: messages taken, or -errno; -EAGAIN where there is none.
 */
int mmsg_receive(int fd, struct batch *batch, unsigned int limit, struct sockaddr_un *names,
		 socklen_t *name_lengths);

/**
 * mmsg_send() - send packets
 * @fd: the socket
 * @packets: the packets; those that the socket does not take at all get the length 0
 * @count: how many
 * @name: where to, NULL for a connected socket
 * @name_length: its length
 *
 * Return: packets done with, or -errno where the other end is gone.
 */
int mmsg_send(int fd, struct packet *packets, unsigned int count, const struct sockaddr_un *name,
	      socklen_t name_length);

#endif
