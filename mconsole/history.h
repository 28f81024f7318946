/* SPDX-License-Identifier: GPL-2.0-only */
/* history.h - the file of lines that were typed at prompts: text, the newest line last. */
#ifndef MCONSOLE_HISTORY_H
#define MCONSOLE_HISTORY_H

/* Lines that are kept; a file of more bytes is none of ours and left alone. */
enum { HISTORY_LINES = 1000, HISTORY_BYTES = 16 << 20 };

/**
 * history_read() - read the file, and cut it where it has grown to twice what is kept
 * @path: its name; there may be none yet
 * @take: gets each of the last HISTORY_LINES lines, the oldest first
 */
void history_read(const char *path, void (*take)(const char *line));

/**
 * history_append() - add a line to the file, which is made where there is none
 * @path: its name
 * @line: the line, without its line feed
 *
 * Several prompts may be open: each adds its lines, none overwrites the others'. History is a
 * convenience: what goes wrong is not told.
 */
void history_append(const char *path, const char *line);

#endif
