/* SPDX-License-Identifier: GPL-2.0-only */
/* owner.h - the process behind a Unix socket. */
#ifndef PORT_HELPER_OWNER_H
#define PORT_HELPER_OWNER_H

/**
 * owner_of_socket() - find the process that has a bound Unix socket open
 * @path: the name that the socket is bound to
 *
 * Of several, which have it by fork, it is the first of the family.
 *
 * Return: a pidfd of it, readable at its end, or -errno: -ENOENT where none is seen.
 */
int owner_of_socket(const char *path);

#endif
