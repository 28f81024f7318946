/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * printable.h - text that others chose, made fit for a terminal.
 *
 * What may be shown: ASCII without control characters, and in a UTF-8 locale valid UTF-8 without the
 * characters of printable.c's table. All else is replaced: neither a name nor a guest's answer moves
 * the cursor, begins a line, changes a colour or a title, or turns what stands beside it around.
 */
#ifndef LIB_PRINTABLE_H
#define LIB_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* How printable_write() treats what could be shown or not. */
enum {
	PRINTABLE_LINES = 1,	/* line feeds and tabs stay */
	PRINTABLE_EXACT = 2,	/* a backslash is replaced too: the text can be told from the output */
};

/**
 * utf8_decode() - the character that bytes begin with
 * @text: the bytes
 * @length: how many, at least one
 * @character: set to the character
 *
 * Return: bytes of its sequence (RFC 3629), 0 where there is no valid one.
 */
size_t utf8_decode(const char *text, size_t length, uint32_t *character);

/**
 * printable_locale_is_utf8() - whether the user's locale has UTF-8
 *
 * Elsewhere a byte above 0x7f may be anything, also a control character of a terminal.
 */
bool printable_locale_is_utf8(void);

/**
 * printable_character() - whether a terminal may get a character
 * @character: its number in Unicode
 *
 * Only what is ASCII may where the locale has no UTF-8.
 */
bool printable_character(uint32_t character);

/**
 * printable_next() - the piece that text begins with: a character, or a byte that is none
 * @text: the text
 * @length: its length, at least one byte
 * @shown: set to whether a terminal may get it
 *
 * Return: bytes of the piece.
 */
size_t printable_next(const char *text, size_t length, bool *shown);

/**
 * printable_write() - write text with \xNN for each byte of what must not be shown
 * @out: where to
 * @text: the text, which may have NULs
 * @length: its length, bytes
 * @flags: PRINTABLE_LINES, PRINTABLE_EXACT or 0
 */
void printable_write(FILE *out, const char *text, size_t length, int flags);

/**
 * printable_line() - the same in memory, without flags
 * @text: the text
 *
 * Return: the string, for free(); NULL where there is no memory.
 */
char *printable_line(const char *text);

/**
 * printable_mask() - put a question mark for each byte of what must not be shown
 * @text: the text, changed in place
 * @length: its length, bytes
 */
void printable_mask(char *text, size_t length);

#endif
