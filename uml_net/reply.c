// SPDX-License-Identifier: GPL-2.0-only
/* reply.c - answers the asking kernel on stdout. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/report.h"
#include "uml_net/reply.h"

enum { TEXT_SIZE = 1024 };

static enum reply_form expected;

void reply_expected(enum reply_form form)
{
	expected = form;
}

static bool kernel_listens(void)
{
	struct stat status;

	return !fstat(STDOUT_FILENO, &status) &&
	       (S_ISSOCK(status.st_mode) || S_ISFIFO(status.st_mode));
}

static void put_text(const char *text, size_t length)
{
	uint32_t count = (uint32_t)length;

	/* Who does not listen any more needs no answer. */
	if (write_full(STDOUT_FILENO, &count, sizeof(count)))
		return;
	if (length)
		write_full(STDOUT_FILENO, text, length);
}

void reply_failure(const char *problem)
{
	char text[TEXT_SIZE];
	size_t length;

	if (!kernel_listens()) {
		warn("%s", problem);
		return;
	}
	snprintf(text, sizeof(text) - 1, "uml_net: %.*s\n", (int)sizeof(text) - 16, problem);
	length = strlen(text) + 1;
	if (expected == REPLY_MESSAGE) {
		write_full(STDOUT_FILENO, text, length);
		return;
	}
	if (expected == REPLY_FLAG_AND_TEXT)
		write_full(STDOUT_FILENO, "", 1);
	put_text(text, length);
}

void reply_die(const char *format, ...)
{
	char problem[TEXT_SIZE / 2];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem, sizeof(problem), format, arguments);
	va_end(arguments);
	reply_failure(problem);
	exit(EXIT_FAILED);
}

int reply_interface(int fd, const char name[IFNAMSIZ])
{
	char bytes[IFNAMSIZ] = "";

	memcpy(bytes, name, strnlen(name, IFNAMSIZ - 1));
	return send_fd(STDOUT_FILENO, fd, bytes, sizeof(bytes));
}

void reply_done(void)
{
	if (kernel_listens())
		put_text(NULL, 0);
}
