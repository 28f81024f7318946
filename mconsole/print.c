// SPDX-License-Identifier: GPL-2.0-only
/* print.c - text of guests and file names on a terminal of ours. */
#include <config.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "mconsole/print.h"

static void print_bytes(FILE *out, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		fprintf(out, "\\x%02x", (unsigned char)text[i]);
}

static void print_text(FILE *out, const char *text, size_t length, const char *allowed)
{
	mbstate_t state = { 0 };

	while (length) {
		wchar_t character;
		size_t bytes = mbrtowc(&character, text, length, &state);
		bool whole = bytes && bytes <= length;

		if (!whole) {
			/* A NUL, or bytes that are no character of this locale. */
			bytes = 1;
			memset(&state, 0, sizeof(state));
		}
		if (whole && (iswprint((wint_t)character) ||
			      (bytes == 1 && strchr(allowed, *text))))
			fwrite(text, 1, bytes, out);
		else
			print_bytes(out, text, bytes);
		text += bytes;
		length -= bytes;
	}
}

void print_escaped(FILE *out, const char *text, size_t length)
{
	print_text(out, text, length, "\n\t");
}

char *escape_line(const char *text)
{
	char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);

	if (!out)
		return NULL;
	print_text(out, text, strlen(text), "");
	if (fclose(out) != 0) {
		free(line);
		return NULL;
	}
	return line;
}
