// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel.c - the process of the kernel that we work for, seen through /proc.
 *
 * A datagram socket does not tell that its other end is gone. So we look up who has that end open,
 * and watch the process. A kernel's processes share its files; the one whose parent has not got the
 * socket is the kernel itself.
 */
#include <config.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "port-helper/kernel.h"

enum { AWAIT_MS = 1000, AWAIT_STEP_MS = 5 };

/* The socket's inode, as links in /proc name it; 0 where it is not found. */
static uint64_t inode_of_path(const char *path)
{
	FILE *table = fopen("/proc/net/unix", "re");
	char *line = NULL;
	size_t space = 0;
	uint64_t inode = 0;

	if (!table)
		return 0;
	while (!inode && getline(&line, &space, table) > 0) {
		uint64_t number;
		int name = 0;

		line[strcspn(line, "\n")] = '\0';
		/* Num RefCount Protocol Flags Type St Inode Path */
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %" SCNu64 " %n", &number, &name) == 1 &&
		    name && !strcmp(line + name, path))
			inode = number;
	}
	free(line);
	fclose(table);
	return inode;
}

static bool has_socket(pid_t pid, const char *link)
{
	char folder[32], target[64];
	struct dirent *entry;
	bool found = false;
	ssize_t length;
	DIR *files;
	int fd;

	snprintf(folder, sizeof(folder), "/proc/%d/fd", pid);
	files = opendir(folder);
	if (!files)
		return false;
	fd = dirfd(files);
	while (!found && fd >= 0 && (entry = readdir(files))) {
		length = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);
		if (length > 0) {
			target[length] = '\0';
			found = !strcmp(target, link);
		}
	}
	closedir(files);
	return found;
}

/* State and parent of a process; false where there is none. */
static bool read_stat(pid_t pid, char *state, pid_t *parent)
{
	char path[32], text[512], *end;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return false;
	text[length] = '\0';
	/* The name, in parentheses, may hold anything. */
	end = strrchr(text, ')');
	return end && sscanf(end + 1, " %c %d", state, parent) == 2;
}

static pid_t find_holder(const char *link)
{
	DIR *processes = opendir("/proc");
	struct dirent *entry;
	pid_t holder = 0, parent;
	char state;

	if (!processes)
		return 0;
	while (!holder && (entry = readdir(processes))) {
		pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

		if (pid && pid != getpid() && has_socket(pid, link))
			holder = pid;
	}
	closedir(processes);
	while (holder && read_stat(holder, &state, &parent) && parent && has_socket(parent, link))
		holder = parent;
	return holder;
}

pid_t kernel_of_socket(const char *path)
{
	uint64_t inode = inode_of_path(path);
	char link[40];

	if (!inode)
		return 0;
	snprintf(link, sizeof(link), "socket:[%" PRIu64 "]", inode);
	return find_holder(link);
}

void kernel_await(pid_t pid)
{
	static const struct timespec pause = { .tv_nsec = AWAIT_STEP_MS * 1000000L };
	pid_t parent;
	char state;

	for (int left_ms = AWAIT_MS; left_ms > 0; left_ms -= AWAIT_STEP_MS) {
		if (!read_stat(pid, &state, &parent) || state == 'S')
			return;
		nanosleep(&pause, NULL);
	}
}
