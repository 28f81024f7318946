/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * port.h - the message by which a helper hands a terminal to the kernel, for `port` and `xterm`
 * consoles.
 *
 * One datagram on a Unix socket: the number of a process in the byte order of the host, and with
 * it, by SCM_RIGHTS, one descriptor, the terminal. The kernel ends that process by SIGKILL when it
 * closes the console.
 */
#ifndef WIRE_PORT_H
#define WIRE_PORT_H

#include <stdint.h>

struct port_message {
	int32_t pid;
};

/* The descriptor of the socket in a helper that is not told the socket's path. */
enum { PORT_SOCKET_FD = 3 };

#endif
