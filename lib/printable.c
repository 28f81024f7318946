// SPDX-License-Identifier: GPL-2.0-only
/* printable.c - text that others chose, made fit for a terminal. */
#include <config.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "lib/printable.h"

/*
 * What acts on a terminal, or changes how the text around it looks: control characters, separators
 * of lines, marks of the direction of writing, invisible ones, private ones that may be anything.
 */
static const struct {
	uint32_t first, last;
} effects[] = {
	{ 0x00, 0x1f }, { 0x7f, 0x9f },		/* C0, DEL, C1 */
	{ 0xad, 0xad },				/* soft hyphen */
	{ 0x61c, 0x61c },			/* Arabic letter mark */
	{ 0x180e, 0x180e },
	{ 0x200b, 0x200b }, { 0x200e, 0x200f },	/* zero width; left to right, right to left */
	{ 0x2028, 0x202e },			/* separators; embeddings and overrides */
	{ 0x2060, 0x206f },			/* word joiner, isolates, deprecated formats */
	{ 0xe000, 0xf8ff },			/* private */
	{ 0xfdd0, 0xfdef },			/* no characters */
	{ 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },	/* byte order mark, annotations */
	{ 0xfffe, 0xffff },
	{ 0x1d173, 0x1d17a },			/* musical formats */
	{ 0xe0000, 0x10ffff },			/* tags, selectors, private */
};

size_t utf8_decode(const char *bytes, size_t length, uint32_t *character)
{
	const unsigned char *text = (const unsigned char *)bytes;
	unsigned int low = 0x80, high = 0xbf, size;

	*character = text[0];
	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	size = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (size > length)
		return 0;
	*character = text[0] & (0xffu >> (size + 1));
	/* The second byte rules out longer forms than needed, surrogates, and what is too large. */
	if (text[0] == 0xe0)
		low = 0xa0;
	if (text[0] == 0xf0)
		low = 0x90;
	if (text[0] == 0xed)
		high = 0x9f;
	if (text[0] == 0xf4)
		high = 0x8f;
	for (unsigned int i = 1; i < size; i++, low = 0x80, high = 0xbf) {
		if (text[i] < low || text[i] > high)
			return 0;
		*character = *character << 6 | (text[i] & 0x3fu);
	}
	return size;
}

bool printable_locale_is_utf8(void)
{
	static int known = -1;
	locale_t locale;

	if (known >= 0)
		return known;
	known = 0;
	locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (locale) {
		known = !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
		freelocale(locale);
	}
	return known;
}

bool printable_character(uint32_t character)
{
	if (character >= ' ' && character <= '~')
		return true;
	if (character >= 0x80 && !printable_locale_is_utf8())
		return false;
	for (size_t i = 0; i < sizeof(effects) / sizeof(effects[0]); i++)
		if (character >= effects[i].first && character <= effects[i].last)
			return false;
	return true;
}

size_t printable_next(const char *text, size_t length, bool *shown)
{
	uint32_t character;
	size_t size = utf8_decode(text, length, &character);

	*shown = size && printable_character(character);
	return size ? size : 1;
}

static bool is_shown(const char *text, size_t length, int flags, size_t *size)
{
	bool shown;

	*size = printable_next(text, length, &shown);
	if (flags & PRINTABLE_LINES && (*text == '\n' || *text == '\t'))
		return true;
	return shown && !(flags & PRINTABLE_EXACT && *text == '\\');
}

void printable_write(FILE *out, const char *text, size_t length, int flags)
{
	while (length) {
		size_t run = 0, size = 0;

		/* What is shown goes out in one piece. */
		while (run < length && is_shown(text + run, length - run, flags, &size))
			run += size;
		fwrite(text, 1, run, out);
		text += run;
		length -= run;
		if (!length)
			break;
		for (size_t i = 0; i < size; i++)
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
		text += size;
		length -= size;
	}
}

char *printable_line(const char *text)
{
	char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);

	if (!out)
		return NULL;
	printable_write(out, text, strlen(text), 0);
	if (fclose(out) != 0) {
		free(line);
		return NULL;
	}
	return line;
}

void printable_mask(char *text, size_t length)
{
	while (length) {
		bool shown;
		size_t size = printable_next(text, length, &shown);

		if (!shown)
			memset(text, '?', size);
		text += size;
		length -= size;
	}
}
