// SPDX-License-Identifier: GPL-2.0-only
/* history.c - the file of lines that were typed at prompts. */
#include <config.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io.h"
#include "mconsole/history.h"

static size_t count_lines(const char *text)
{
	size_t count = 0;

	while ((text = strchr(text, '\n'))) {
		text++;
		count++;
	}
	return count;
}

/* The last lines of a text, as many as are kept. */
static char *kept_part(char *text, size_t count)
{
	for (; count > HISTORY_LINES; count--)
		text = strchr(text, '\n') + 1;
	return text;
}

/* Another prompt may lose a line that it adds meanwhile; the file is always whole. */
static void replace(const char *path, const char *text)
{
	char name[PATH_MAX];
	int fd, error;

	if (snprintf(name, sizeof(name), "%s.XXXXXX", path) >= PATH_MAX)
		return;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return;
	error = write_full_at(fd, text, strlen(text), 0);
	close(fd);
	if (error || rename(name, path) < 0)
		unlink(name);
}

static char *read_text(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *text = NULL;
	ssize_t length;
	struct stat st;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= HISTORY_BYTES)
		text = malloc((size_t)st.st_size + 1);
	if (text) {
		length = read_full_at(fd, text, (size_t)st.st_size, 0);
		text[length > 0 ? length : 0] = '\0';
	}
	close(fd);
	return text;
}

void history_read(const char *path, void (*take)(const char *line))
{
	char *text = read_text(path), *part, *end;
	size_t count;

	if (!text)
		return;
	count = count_lines(text);
	part = kept_part(text, count);
	if (count > 2 * HISTORY_LINES)
		replace(path, part);
	for (; (end = strchr(part, '\n')); part = end + 1) {
		*end = '\0';
		take(part);
	}
	free(text);
}

void history_append(const char *path, const char *line)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);

	if (fd < 0)
		return;
	/* One write, so that the lines of two prompts do not mix. */
	dprintf(fd, "%s\n", line);
	close(fd);
}
