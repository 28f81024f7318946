/* SPDX-License-Identifier: GPL-2.0-only */
/* report.h - what the tools tell on stderr: `tool: what failed: cause; remedy`. */
#ifndef LIB_REPORT_H
#define LIB_REPORT_H

/* Exit statuses of all tools; a tool's manual names those that it adds. */
enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/**
 * report_name() - set the name that messages begin with
 * @name: the tool's name; kept, not copied
 */
void report_name(const char *name);

/**
 * warn() - print one line `tool: ...` on stderr
 * @format: the text, without the tool's name and the final newline
 *
 * The line is written by one write(2), so that lines of several processes do not mix. What a
 * terminal must not get becomes question marks, see printable.h.
 */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * die() - print one line `tool: ...` on stderr and exit with status 1
 * @format: the text, without the tool's name and the final newline
 */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * cause() - the text of an error
 * @error: an errno value, or its negative
 */
const char *cause(int error);

#endif
