// SPDX-License-Identifier: GPL-2.0-only
/* line_plain.c - lines that come from elsewhere than an editing terminal. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/printable.h"
#include "mconsole/line.h"

char *line_read_plain(const char *prompt)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t length;

	fputs(prompt, stdout);
	fflush(stdout);
	length = getline(&line, &room, stdin);
	if (length < 0) {
		free(line);
		return NULL;
	}
	if (length && line[length - 1] == '\n')
		line[length - 1] = '\0';
	if (!isatty(STDIN_FILENO)) {
		printable_write(stdout, line, strlen(line), PRINTABLE_LINES);
		putchar('\n');
	}
	return line;
}
