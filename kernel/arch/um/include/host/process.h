/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * process.h - the kernel process itself: its beginning, its end and its new beginning.
 */
#ifndef __HOST_PROCESS_H
#define __HOST_PROCESS_H

#include <linux/types.h>

/**
 * host_process_init() - remember what host_restart() and the threads need
 * @argc: as the host gave it
 * @argv: as the host gave it
 * @envp: as the host gave it; the auxiliary vector follows it
 *
 * Makes sure that descriptors 0 to 2 are open, opens the program's own file, notes the
 * host CPUs, signal mask and descriptor limit that the process began with, and ignores
 * SIGPIPE and SIGXFSZ.  Called by host_options_parse(), before anything else of the host layer.
 */
void host_process_init(int argc, char **argv, char **envp);

/**
 * host_getenv() - look up a variable of the host's environment
 * @name: without "="
 *
 * Return: its value, or NULL if it is not set or empty.
 */
const char *host_getenv(const char *name);

/**
 * host_exit() - end the kernel process in order
 * @status: exit status, 0 to 255
 *
 * Puts the terminals back, removes the registered files, ends the guest processes and
 * the guardian and waits for them.
 *
 * Context: any thread of the kernel process, any state of the guest kernel.
 */
void host_exit(int status) __attribute__((noreturn));

/**
 * host_restart() - begin again: same program, same arguments, same process id
 *
 * Ends everything as host_exit() does, then executes the program's file anew.
 *
 * Context: as host_exit().
 */
void host_restart(void) __attribute__((noreturn));

#endif
