/* SPDX-License-Identifier: GPL-2.0-only */
/* listen.h - takes connections: requests on control sockets, seqpacket and stream ports. */
#ifndef SWITCH_LISTEN_H
#define SWITCH_LISTEN_H

#include "uml_switch/fabric.h"

enum listen_kind { LISTEN_CONTROL, LISTEN_SEQPACKET, LISTEN_STREAM };

/**
 * listen_on() - serve a listening socket from now on
 * @fabric: the fabric
 * @kind: what its connections are
 * @fd: the socket
 * @path: its path; must live as long
 *
 * Return: 0 or -errno.
 */
int listen_on(struct fabric *fabric, enum listen_kind kind, int fd, const char *path);

/**
 * listen_connect() - keep a stream port connected to a socket where another program listens
 * @fabric: the fabric
 * @path: the socket
 *
 * Return: 0 where the first try was a success, else -errno; it is tried again once a second.
 */
int listen_connect(struct fabric *fabric, const char *path);

/* listen_second() - what is done once a second: requests that do not come, connections to retry */
void listen_second(struct fabric *fabric);

/* listen_close() - end all of it */
void listen_close(struct fabric *fabric);

#endif
