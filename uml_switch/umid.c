// SPDX-License-Identifier: GPL-2.0-only
/* umid.c - the name that a kernel got on its command line. */
#include <config.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uml_switch/umid.h"

enum { COMMAND_LINE_BYTES = 16384, PATH_BYTES = 32 };

/* As the kernel has it: what else stands there is no name, and could look like more than one. */
static bool is_name(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || text[i] == '/')
			return false;
	return length;
}

void umid_in_words(const char *words, size_t length, char *umid, size_t size)
{
	static const char key[] = "umid=";
	const char *end = words + length;

	umid[0] = '\0';
	while (words < end) {
		size_t word = strnlen(words, (size_t)(end - words));

		if (word > sizeof(key) - 1 && word - (sizeof(key) - 1) < size &&
		    !memcmp(words, key, sizeof(key) - 1) &&
		    is_name(words + sizeof(key) - 1, word - (sizeof(key) - 1))) {
			word -= sizeof(key) - 1;
			memcpy(umid, words + sizeof(key) - 1, word);
			umid[word] = '\0';
			return;
		}
		words += word + 1;
	}
}

uid_t umid_of_process(pid_t pid, char *umid, size_t size)
{
	char path[PATH_BYTES], words[COMMAND_LINE_BYTES];
	struct stat info = { .st_uid = (uid_t)-1 };
	ssize_t length;
	int fd;

	umid[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return (uid_t)-1;
	length = fstat(fd, &info) ? -1 : read(fd, words, sizeof(words));
	close(fd);
	if (length > 0)
		umid_in_words(words, (size_t)length, umid, size);
	return info.st_uid;
}
