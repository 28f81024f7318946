/* SPDX-License-Identifier: GPL-2.0-only */
/* line.h - lines typed at the prompt: edited by libedit, or bare where the build has none. */
#ifndef MCONSOLE_LINE_H
#define MCONSOLE_LINE_H

/**
 * line_begin() - start reading lines
 * @history: file that keeps the lines typed, or NULL for none
 */
void line_begin(const char *history);

/**
 * line_read() - print the prompt and read a line
 * @prompt: the prompt
 *
 * The line is shown also where it does not come from a terminal.
 *
 * Return: the line without its line feed, for free(); NULL at the end of the input.
 */
char *line_read(const char *prompt);

/**
 * line_read_plain() - the same without a terminal that lines are edited on
 */
char *line_read_plain(const char *prompt);

/**
 * line_keep() - add a line to the history, and to its file at once
 * @line: the line
 */
void line_keep(const char *line);

#endif
