/* SPDX-License-Identifier: GPL-2.0-only */
/* print.h - text of guests and file names on a terminal of ours. */
#ifndef MCONSOLE_PRINT_H
#define MCONSOLE_PRINT_H

#include <stddef.h>
#include <stdio.h>

/**
 * print_escaped() - print text, with \xNN for each byte of what is not printable here
 * @out: where to
 * @text: the text; line feeds and tabs stay as they are
 * @length: its length, bytes
 *
 * A guest cannot move the cursor, change the title or type ahead on the terminal with it.
 */
void print_escaped(FILE *out, const char *text, size_t length);

/**
 * escape_line() - the same in memory, with line feeds and tabs escaped as well
 * @text: the text
 *
 * Return: the string, for free(); NULL where there is no memory.
 */
char *escape_line(const char *text);

#endif
