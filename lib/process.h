/* SPDX-License-Identifier: GPL-2.0-only */
/* process.h - what /proc tells about a process that a file names: is it still the same one? */
#ifndef LIB_PROCESS_H
#define LIB_PROCESS_H

#include <sys/stat.h>
#include <sys/types.h>

/**
 * process_wrote() - does the process live that wrote its number into a file?
 * @pid: the number
 * @written_s: when, seconds since the epoch
 *
 * A number in use later than that is another process's if that one began after it.
 *
 * Return: 1 yes, 0 no, -errno where /proc does not tell.
 */
int process_wrote(pid_t pid, time_t written_s);

/**
 * process_holds_socket() - has a process the Unix socket open that is bound to a path?
 * @pid: the process
 * @path: the path
 * @file: what stands there now, or NULL
 *
 * Return: 1 yes, 0 no, -errno where /proc does not tell; -EACCES for processes that keep to
 * themselves.
 */
int process_holds_socket(pid_t pid, const char *path, const struct stat *file);

#endif
