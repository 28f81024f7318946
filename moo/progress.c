// SPDX-License-Identifier: GPL-2.0-only
/* progress.c - a bar on terminals, signals that stop. */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/printable.h"
#include "lib/signals.h"
#include "moo/progress.h"

enum { REDRAW_MS = 100, BAR_MAX = 40 };

static volatile sig_atomic_t caught;

static void catch(int number)
{
	caught = number;
}

void progress_catch_signals(void)
{
	/* Once: a second one ends the process at once. */
	struct sigaction action = { .sa_handler = catch, .sa_flags = (int)SA_RESETHAND };
	sigset_t ending;

	signals_ending(&ending);
	for (int number = 1; number <= SIGRTMAX; number++)
		if (sigismember(&ending, number) == 1)
			sigaction(number, &action, NULL);
}

int progress_signal(void)
{
	return caught;
}

static int64_t elapsed_ms(const struct progress *progress)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - progress->begin.tv_sec) * 1000 +
	       (now.tv_nsec - progress->begin.tv_nsec) / 1000000;
}

void progress_begin(struct progress *progress, const char *what, uint64_t total_bytes,
		    bool visible)
{
	*progress = (struct progress){ .what = what, .total_bytes = total_bytes };
	progress->visible = visible && isatty(STDERR_FILENO);
	clock_gettime(CLOCK_MONOTONIC, &progress->begin);
}

/* Columns left for the bar itself. */
static int bar_columns(size_t text)
{
	struct winsize size = { 0 };
	int columns = 80;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col)
		columns = size.ws_col;
	columns -= (int)text + 4;
	return columns < 0 ? 0 : columns > BAR_MAX ? BAR_MAX : columns;
}

static void draw(const struct progress *progress, int64_t now_ms)
{
	double part = progress->total_bytes ?
			      (double)progress->done_bytes / (double)progress->total_bytes : 1;
	double mib = (double)progress->done_bytes / (1 << 20);
	char what[61], text[96], line[256];
	int columns, length;

	if (part > 1)
		part = 1;
	snprintf(text, sizeof(text), " %3.0f %%  %.0f of %.0f MiB  %.0f MiB/s", 100 * part, mib,
		 (double)progress->total_bytes / (1 << 20),
		 now_ms ? mib * 1000 / (double)now_ms : 0.0);
	snprintf(what, sizeof(what), "%s", progress->what);
	printable_mask(what, strlen(what));
	columns = bar_columns(strlen(what) + strlen(text));
	length = snprintf(line, sizeof(line), "\r%s [%-*.*s]%s\033[K", what, columns,
			  (int)(part * columns), "########################################", text);
	if (length > 0 && length < (int)sizeof(line))
		(void)!write(STDERR_FILENO, line, (size_t)length);
}

int progress_add(struct progress *progress, uint64_t bytes)
{
	progress->done_bytes += bytes;
	if (progress->visible) {
		int64_t now_ms = elapsed_ms(progress);

		if (now_ms - progress->shown_ms >= REDRAW_MS) {
			progress->shown_ms = now_ms;
			draw(progress, now_ms);
		}
	}
	return caught ? -EINTR : 0;
}

void progress_end(struct progress *progress)
{
	if (progress->visible && progress->shown_ms)
		(void)!write(STDERR_FILENO, "\r\033[K", 4);
	progress->visible = false;
}
