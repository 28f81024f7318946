/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guardian.h - a small host process that cleans up when the kernel process is killed.
 */
#ifndef __HOST_GUARDIAN_H
#define __HOST_GUARDIAN_H

#include <linux/types.h>

/**
 * host_guardian_start() - start the guardian, or another one after the first was killed
 *
 * Call it before guest RAM is mapped and before the umid folder is made; later only
 * when a child with the number host_guardian_pid() has died.
 *
 * Return: 0 or -errno.  Context: the virtual CPU.
 */
int host_guardian_start(void);

/**
 * host_guardian_pid() - process id of the guardian
 *
 * Return: the id, or 0 if there is none.
 */
int host_guardian_pid(void);

/**
 * host_cleanup_path() - have a file, socket or folder removed when the kernel ends
 * @path: its name; folders are removed only if they are empty by then
 *
 * Register first, create afterwards: then nothing is left whenever the end comes.
 *
 * Return: 0, -ENAMETOOLONG, or -ENOSPC when too many are registered.
 */
int host_cleanup_path(const char *path);

/**
 * host_cleanup_forget() - take back host_cleanup_path()
 * @path: the same name
 */
void host_cleanup_forget(const char *path);

#endif
