// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup.c - what the host's control groups permit, of both versions.
 *
 * A limit of memory is not an error of some call but an end without a word: who gives a
 * guest more memory than the host will is to know before.
 */
#include <linux/types.h>
#include <uapi/linux/fcntl.h>
#include <uapi/asm-generic/fcntl.h>
#include <host/cgroup.h>
#include <host/print.h>
#include <host/string.h>
#include "raw.h"

#define PATH_BYTES	1024

/* The beginning of a file, as a text; false if there is none. */
static bool read_text(const char *path, char *text, size_t size)
{
	int fd = host_call(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
	long n;

	if (fd < 0)
		return false;
	n = host_call(read, fd, text, size - 1);
	host_call(close, fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

/* "max" is no number, and no limit. */
static u64 read_limit(const char *path)
{
	char text[32];
	u64 value = 0;
	int i;

	if (!read_text(path, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
		return ~0UL;
	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++)
		value = value * 10 + text[i] - '0';
	return value;
}

/* Of a group and all above it; a container may see only the root of its own. */
static u64 least_limit(const char *root, const char *group, const char *file)
{
	static char path[PATH_BYTES], name[PATH_BYTES];
	u64 least = ~0UL, value;
	char *slash;

	if (strlen(group) + strlen(root) + strlen(file) + 3 > PATH_BYTES)
		return least;
	memcpy(name, group, strlen(group) + 1);
	for (;;) {
		host_format(path, sizeof(path), "%s%s/%s", root, name, file);
		value = read_limit(path);
		if (value < least)
			least = value;
		slash = strrchr(name, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* One line of /proc/self/cgroup: number, controllers, group. */
static u64 line_limit(char *line)
{
	char *controllers = strchr(line, ':'), *group;
	u64 a, b;

	if (!controllers)
		return ~0UL;
	group = strchr(++controllers, ':');
	if (!group)
		return ~0UL;
	*group++ = '\0';
	if (strcmp(controllers, "memory") == 0)
		return least_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
	if (*controllers)
		return ~0UL;
	a = least_limit("/sys/fs/cgroup", group, "memory.max");
	b = least_limit("/sys/fs/cgroup/unified", group, "memory.max");
	return a < b ? a : b;
}

u64 host_cgroup_memory(void)
{
	static char text[4096];
	char *line = text, *end;
	u64 least = ~0UL, value;

	if (!read_text("/proc/self/cgroup", text, sizeof(text)))
		return least;
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		value = line_limit(line);
		if (value < least)
			least = value;
		line = end + 1;
	}
	return least;
}
