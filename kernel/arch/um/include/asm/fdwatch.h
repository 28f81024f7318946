/* SPDX-License-Identifier: GPL-2.0-only */
/* fdwatch.h - drivers wait here for host descriptors to become readable or writable. */
#ifndef __ASM_UM_FDWATCH_H
#define __ASM_UM_FDWATCH_H

#include <linux/list.h>
#include <linux/types.h>
#include <host/poll.h>

/**
 * struct um_fd_watch - one descriptor that a driver waits for
 * @fd: host descriptor; each descriptor can have one watch
 * @events: HOST_POLL_IN, HOST_POLL_OUT or both
 * @ready: called once for each um_fd_watch_arm(), in hard interrupt context, with the
 *	HOST_POLL_* bits that hold; may arm the watch again
 * @id: its name at the host layer
 * @armed: @ready is to be called
 * @always: a file or the like, which is always ready
 * @list: among the armed watches that are always ready
 *
 * The driver sets the first three.
 */
struct um_fd_watch {
	int fd;
	u32 events;
	void (*ready)(struct um_fd_watch *watch, u32 revents);

	int id;
	bool armed;
	bool always;
	struct list_head list;
};

/**
 * um_fd_watch_add() - make a watch known; it is silent until it is armed
 * @watch: the watch
 *
 * Return: 0 or -errno.  Context: process, may sleep.
 */
int um_fd_watch_add(struct um_fd_watch *watch);

/**
 * um_fd_watch_arm() - ask for the next event
 * @watch: a watch that was added; one that is armed stays so
 *
 * Context: any.
 */
void um_fd_watch_arm(struct um_fd_watch *watch);

/**
 * um_fd_watch_remove() - forget a watch; @ready is not called any more
 * @watch: a watch that was added
 *
 * Before the descriptor is closed.  Context: process.
 */
void um_fd_watch_remove(struct um_fd_watch *watch);

#endif
