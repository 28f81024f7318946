/* SPDX-License-Identifier: GPL-2.0-only */
/* kernel.h - the process of the kernel that we work for. */
#ifndef PORT_HELPER_KERNEL_H
#define PORT_HELPER_KERNEL_H

#include <sys/types.h>

/**
 * kernel_of_socket() - find the process that has a bound Unix socket open
 * @path: the name that the socket is bound to
 *
 * Of several, which have it by fork, it is the first of the family.
 *
 * Return: its number, 0 where none is seen.
 */
pid_t kernel_of_socket(const char *path);

/**
 * kernel_await() - wait until the kernel listens to us
 * @pid: its process
 *
 * A kernel starts its helper first and listens to the helper's socket then, a moment later; a
 * message that is there before that would wait for the next interrupt of any device. All that the
 * kernel does in between it does without sleeping: once it sleeps it listens.
 *
 * Returns at the latest after a second or so.
 */
void kernel_await(pid_t pid);

#endif
