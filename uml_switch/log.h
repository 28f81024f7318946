/* SPDX-License-Identifier: GPL-2.0-only */
/* log.h - what a running switch tells: events to stderr or syslog, news to stdout. */
#ifndef SWITCH_LOG_H
#define SWITCH_LOG_H

#include <stdbool.h>

/* log_to_syslog() - events go to syslog from now on, and nothing to stdout and stderr */
void log_to_syslog(void);

/* log_is_syslog() - whether log_to_syslog() was called */
bool log_is_syslog(void);

/**
 * log_event() - tell of something that happened, as `uml_switch: what: cause; remedy`
 * @format: the text
 *
 * Never waits: where nobody reads, or too much is told, the line is dropped and counted.
 */
void log_event(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* log_news() - one of the lines on stdout that scripts know, without a newline; never waits */
void log_news(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
