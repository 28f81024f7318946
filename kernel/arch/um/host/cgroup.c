// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroup.c - what the host's control groups permit, of both versions.
 *
 * A limit of memory is not an error of some call but an end without a word: who gives a
 * guest more memory than the host will is to know before.  One of processes is an error, but
 * should not be met by all of the guest's users because of one.
 */
#include <linux/types.h>
#include <host/cgroup.h>
#include <host/file.h>
#include <host/print.h>
#include <host/string.h>

#define PATH_BYTES	1024

/* Where the limit of something is: version 1 has a tree for each controller. */
struct kind {
	const char *controller;
	const char *tree, *file;
	const char *unified_file;
};

static const struct kind memory = {
	"memory", "/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.max",
};

static const struct kind pids = { "pids", "/sys/fs/cgroup/pids", "pids.max", "pids.max" };

/* Of a group and all above it; a container may see only the root of its own. */
static u64 least_limit(const char *root, const char *group, const char *file)
{
	static char path[PATH_BYTES], name[PATH_BYTES];
	u64 least = HOST_NO_NUMBER, value;
	char *slash;

	if (strlen(group) + strlen(root) + strlen(file) + 3 > PATH_BYTES)
		return least;
	memcpy(name, group, strlen(group) + 1);
	for (;;) {
		host_format(path, sizeof(path), "%s%s/%s", root, name, file);
		value = host_file_number(path);
		if (value < least)
			least = value;
		slash = strrchr(name, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

/* "max" is no number, and no limit.  One line of /proc/self/cgroup: number, controllers, group. */
static u64 line_limit(const struct kind *kind, char *line)
{
	char *controllers = strchr(line, ':'), *group;
	u64 a, b;

	if (!controllers)
		return HOST_NO_NUMBER;
	group = strchr(++controllers, ':');
	if (!group)
		return HOST_NO_NUMBER;
	*group++ = '\0';
	if (strcmp(controllers, kind->controller) == 0)
		return least_limit(kind->tree, group, kind->file);
	if (*controllers)
		return HOST_NO_NUMBER;
	a = least_limit("/sys/fs/cgroup", group, kind->unified_file);
	b = least_limit("/sys/fs/cgroup/unified", group, kind->unified_file);
	return a < b ? a : b;
}

static u64 cgroup_limit(const struct kind *kind)
{
	static char text[4096];
	char *line = text, *end;
	u64 least = HOST_NO_NUMBER, value;

	if (!host_file_text("/proc/self/cgroup", text, sizeof(text)))
		return least;
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		value = line_limit(kind, line);
		if (value < least)
			least = value;
		line = end + 1;
	}
	return least;
}

u64 host_cgroup_memory(void)
{
	return cgroup_limit(&memory);
}

u64 host_cgroup_pids(void)
{
	return cgroup_limit(&pids);
}
