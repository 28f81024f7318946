/* SPDX-License-Identifier: GPL-2.0-only */
/* disk.h - regular files and block devices: opened with care, measured, locked. */
#ifndef MOO_DISK_H
#define MOO_DISK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "moo/problem.h"

/**
 * struct disk - an open file or block device
 * @path: its name, for messages; kept, not copied
 * @fd: its descriptor, -1 where it is not open
 * @stat: as of opening
 * @size_bytes: its size
 */
struct disk {
	const char *path;
	int fd;
	struct stat stat;
	uint64_t size_bytes;
};

/**
 * disk_open() - open a regular file or a block device that exists
 * @disk: set; closed by disk_close(), also after a failure
 * @path: its name
 * @flags: O_RDONLY, O_WRONLY or O_RDWR
 * @problem: says why not
 *
 * Other kinds of files are refused unopened: nothing waits for the other end of a FIFO, no tape
 * rewinds.
 *
 * Return: 0 or -1; errno is EACCES, EPERM, EROFS or ETXTBSY if that is the cause.
 */
int disk_open(struct disk *disk, const char *path, int flags, struct problem *problem);
void disk_close(struct disk *disk);

/**
 * disk_same() - whether two names led to one file
 */
bool disk_same(const struct disk *one, const struct disk *other);

/**
 * disk_user() - the process that holds a lock on it, as kernels do on the disks they use
 * @disk: an open disk
 * @write: whether readers are in the way too
 *
 * Return: its id, -1 where only the lock is known, 0 where there is none.
 */
int disk_user(const struct disk *disk, bool write);

/**
 * disk_lock() - lock it, as far as its file system can, until it is closed
 * @disk: an open disk
 * @write: also against readers; the disk is open for writing
 *
 * Return: as disk_user(), then without the lock.
 */
int disk_lock(const struct disk *disk, bool write);

#endif
