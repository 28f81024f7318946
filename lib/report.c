// SPDX-License-Identifier: GPL-2.0-only
/* report.c - messages of the tools. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/printable.h"
#include "lib/report.h"

static const char *tool_name = "uml";

void report_name(const char *name)
{
	tool_name = name;
}

static void __attribute__((format(printf, 1, 0))) print_line(const char *format, va_list arguments)
{
	char line[1024];
	int used = snprintf(line, sizeof(line), "%s: ", tool_name);
	int text = vsnprintf(line + used, sizeof(line) - used - 1, format, arguments);
	size_t length = used + (text < 0 ? 0 : text);

	if (length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	/* Names that others chose must neither start a line nor be obeyed by a terminal. */
	printable_mask(line, length);
	line[length++] = '\n';
	/* Where stderr is gone there is nobody to tell. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

void warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
}

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(format, arguments);
	va_end(arguments);
	exit(EXIT_FAILED);
}

const char *cause(int error)
{
	return strerror(error < 0 ? -error : error);
}
