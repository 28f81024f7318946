/* SPDX-License-Identifier: GPL-2.0-only */
/* lock.h - one uml_net at a time changes the host. */
#ifndef UML_NET_LOCK_H
#define UML_NET_LOCK_H

/* A file of root's alone: nobody else can have the lock. */
#define LOCK_PATH "/run/uml_net.lock"

enum {
	/* How long lock_take() waits at most. */
	LOCK_WAIT_S = 60,
};

/**
 * lock_open() - open the file of the lock, which is made where it is absent
 *
 * Return: a descriptor; -EPERM where others than root may open it; or another -errno.
 */
int lock_open(void);

/**
 * lock_take() - wait for the lock, and take it for the rest of the process
 * @fd: from lock_open(); to close any descriptor of the file gives the lock away
 *
 * Who has it and does not end in time, stopped by whatever means, is killed: what it does is safe to
 * break off anywhere, but not to be gone on with when others had the lock.
 *
 * Return: 0; -EBUSY where that did not help; or another -errno.
 */
int lock_take(int fd);

#endif
