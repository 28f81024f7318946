/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * undo.h - what the kernel process and its guardian share: how to leave the host as it was.
 *
 * The page lies in shared anonymous memory.  The kernel process writes it, the guardian
 * only reads it, and only after the kernel process is dead.  Every entry is complete
 * before its first word makes it valid.
 */
#ifndef __UM_HOST_UNDO_H
#define __UM_HOST_UNDO_H

#include <linux/types.h>
#include <uapi/asm-generic/termbits.h>

#define UNDO_TTYS		16
#define UNDO_PATHS		32
#define UNDO_PATH_BYTES	4096

/**
 * struct undo_tty - a terminal whose settings were changed
 * @used: the entry is valid
 * @fd: descriptor that kernel process and guardian have it open on
 * @device: which terminal it is: st_rdev
 * @saved: settings as found
 */
struct undo_tty {
	u32 used;
	int fd;
	u64 device;
	struct termios saved;
};

/**
 * struct undo - what is to be undone at the end
 * @in_order: the kernel process has undone it all itself
 * @owner: process id of the kernel process
 * @tty: terminals to put back
 * @pid_file: if not empty: remove nothing unless this file is still @owner's
 * @path: files, sockets and empty folders to remove; an empty name is a free entry
 */
struct undo {
	u32 in_order;
	int owner;
	struct undo_tty tty[UNDO_TTYS];
	char pid_file[UNDO_PATH_BYTES];
	char path[UNDO_PATHS][UNDO_PATH_BYTES];
};

extern struct undo *host_undo;

/** host_undo_init() - make the shared memory; ends the process when there is none. */
void host_undo_init(void);

/** host_undo_paths() - remove the registered files. */
void host_undo_paths(void);

/** host_guardian_end() - everything is undone: let the guardian end and wait for that. */
void host_guardian_end(void);

/** host_tty_restore() - put all terminals back. */
void host_tty_restore(void);

/**
 * host_umid_left() - did a dead kernel leave its umid folder, and nobody took it since?
 * @pid_file: name of the pid file in it
 * @owner: process id of the dead kernel
 *
 * Return: true, and the pid file stays locked as long as the caller lives.
 */
bool host_umid_left(const char *pid_file, int owner);

#endif
