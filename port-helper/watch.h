/* SPDX-License-Identifier: GPL-2.0-only */
/* watch.h - what ends a helper, besides its terminal or client: its parent, the kernel, signals. */
#ifndef PORT_HELPER_WATCH_H
#define PORT_HELPER_WATCH_H

#include <poll.h>

enum { WATCH_PARENT, WATCH_KERNEL, WATCH_ANCHOR, WATCH_SIGNALS, WATCHES };

/**
 * struct watch - descriptors to poll for the end
 * @polls: one an event, their fd -1 where there is nothing to watch
 * @signal: the signal that asked us to end, 0 if none did
 */
struct watch {
	struct pollfd polls[WATCHES];
	int signal;
};

/**
 * watch_start() - block the signals that end us and watch for them
 * @watch: set; to be called once, early
 *
 * The caller adds pidfds.
 *
 * Return: 0 or -errno.
 */
int watch_start(struct watch *watch);

/**
 * watch_fired() - whether one of them tells the end
 * @watch: the watch, its polls filled in by poll(2)
 */
int watch_fired(struct watch *watch);

/**
 * watch_exit() - end this process: by the signal that asked for it, else with status 0
 * @watch: the watch
 */
_Noreturn void watch_exit(const struct watch *watch);

#endif
