// SPDX-License-Identifier: GPL-2.0-only
/*
 * log.c - events and news.
 *
 * A client can make the switch tell something with each frame. So lines have a limit a second, a
 * tenth of which may come at once, and none is written to a pipe or terminal that would block.
 */
#include <config.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/printable.h"
#include "lib/report.h"
#include "uml_switch/log.h"
#include "uml_switch/rate.h"

enum { LINE_BYTES = 512, EVENTS_A_SECOND = 200, NEWS_A_SECOND = 10000 };

static bool to_syslog;
static struct rate event_rate = { .per_second = EVENTS_A_SECOND };
static struct rate news_rate = { .per_second = NEWS_A_SECOND };
static unsigned long dropped;

void log_to_syslog(void)
{
	openlog("uml_switch", LOG_PID, LOG_DAEMON);
	to_syslog = true;
}

bool log_is_syslog(void)
{
	return to_syslog;
}

static bool may_write(int fd, struct rate *rate)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!rate_allows(rate, 1, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec))
		return false;
	return fd < 0 || (poll(&poll_fd, 1, 0) == 1 && poll_fd.revents & POLLOUT);
}

static void write_event(const char *text)
{
	if (to_syslog)
		syslog(LOG_NOTICE, "%s", text);
	else
		warn("%s", text);
}

void log_event(const char *format, ...)
{
	char text[LINE_BYTES], count[64];
	va_list arguments;

	if (!may_write(to_syslog ? -1 : STDERR_FILENO, &event_rate)) {
		dropped++;
		return;
	}
	if (dropped) {
		snprintf(count, sizeof(count), "%lu messages dropped", dropped);
		dropped = 0;
		write_event(count);
	}
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	printable_mask(text, strlen(text));
	write_event(text);
}

void log_news(const char *format, ...)
{
	char text[LINE_BYTES];
	va_list arguments;
	size_t length;

	if (to_syslog || !may_write(STDOUT_FILENO, &news_rate))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text) - 1, format, arguments);
	va_end(arguments);
	length = strlen(text);
	printable_mask(text, length);
	text[length] = '\n';
	/* Where stdout is gone there is nobody to tell. */
	if (write(STDOUT_FILENO, text, length + 1) < 0)
		return;
}
