/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * disk.h - the files behind the ubd devices, opened and locked from the command line.
 */
#ifndef __HOST_DISK_H
#define __HOST_DISK_H

#include <linux/types.h>

#define HOST_DISKS		16

#define HOST_DISK_READONLY	0x01	/* r */
#define HOST_DISK_SYNC		0x02	/* s: each write is on stable storage when it ends */
#define HOST_DISK_DATA		0x04	/* d: take the file as it is, whatever its header says */
#define HOST_DISK_SHARED	0x08	/* c: no lock */
#define HOST_DISK_NO_TRIM	0x10	/* t: no discard */

/**
 * struct host_disk - one ubd device
 * @path: its file; NULL: there is no such device
 * @fd: the open file
 * @flags: HOST_DISK_*
 * @size_bytes: size of the file or block device when it was opened
 */
struct host_disk {
	const char *path;
	int fd;
	unsigned int flags;
	u64 size_bytes;
};

extern struct host_disk host_disks[HOST_DISKS];

/**
 * host_disk_parse() - open a disk as an option describes it
 * @text: what follows "ubd": <n or letter><flags>=<file>; must stay in memory
 * @error: where the reason is stored if it fails: cause; remedy
 * @size: of @error in bytes
 *
 * Return: number of the disk, or -errno.
 */
int host_disk_parse(const char *text, char *error, size_t size);

#endif
