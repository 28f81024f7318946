/* SPDX-License-Identifier: GPL-2.0-only */
/* progress.h - how far a long step is, on terminals; and the wish to stop it. */
#ifndef MOO_PROGRESS_H
#define MOO_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
	const char *what;
	uint64_t total_bytes;
	uint64_t done_bytes;
	struct timespec begin;
	int64_t shown_ms;	/* when the bar was last drawn */
	bool visible;
};

/**
 * progress_catch_signals() - have signals that end a program stop the next step in good order
 */
void progress_catch_signals(void);

/**
 * progress_begin() - begin a step
 * @progress: set
 * @what: its name for the bar
 * @total_bytes: its length
 * @visible: draw a bar on stderr, if that is a terminal
 */
void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes,
		    bool visible);

/**
 * progress_add() - so many bytes more are done
 *
 * Return: 0, or -EINTR where a signal wants the step to end.
 */
int progress_add(struct progress *progress, uint64_t bytes);

/**
 * progress_end() - remove the bar
 */
void progress_end(struct progress *progress);

/**
 * progress_signal() - the signal that came, 0 for none
 */
int progress_signal(void);

#endif
