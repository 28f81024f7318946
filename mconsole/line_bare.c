// SPDX-License-Identifier: GPL-2.0-only
/* line_bare.c - lines typed at the prompt, without libedit: no history, no completion. */
#include <config.h>

#include "mconsole/line.h"

void line_begin(const char *history)
{
	(void)history;
}

char *line_read(const char *prompt)
{
	return line_read_plain(prompt);
}

void line_keep(const char *line)
{
	(void)line;
}
