/* SPDX-License-Identifier: GPL-2.0-only */
/* session.h - a telnet client as the guest's console. */
#ifndef PORT_HELPER_SESSION_H
#define PORT_HELPER_SESSION_H

/**
 * session_serve() - serve the telnet client on standard input until one side ends, exit
 *
 * The kernel's socket is descriptor PORT_SOCKET_FD.
 */
_Noreturn void session_serve(void);

#endif
