/* SPDX-License-Identifier: GPL-2.0-only */
/* terminal.h - our own terminal as the guest's console. */
#ifndef PORT_HELPER_TERMINAL_H
#define PORT_HELPER_TERMINAL_H

/**
 * terminal_serve() - hand the terminal on standard input to the kernel, wait for the end, exit
 * @path: the kernel's socket, or NULL for descriptor PORT_SOCKET_FD
 */
_Noreturn void terminal_serve(const char *path);

#endif
