// SPDX-License-Identifier: GPL-2.0-only
/* process.c - what /proc tells about a process that a file names. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/process.h"

enum {
	PROC_PATH_BYTES = 64,
	/* The clock may have been set a little between boot and the writing. */
	SLACK_S = 2,
	/* The field of /proc/PID/stat behind the name that has the start, in ticks. */
	START_FIELD = 20,
};

static int start_of(pid_t pid, double *start_s)
{
	char path[PROC_PATH_BYTES], line[1024], *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	for (int field = 0; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	if (!at)
		return -ESRCH;
	*start_s = (double)strtoull(at, NULL, 10) / (double)sysconf(_SC_CLK_TCK);
	return 0;
}

int process_wrote(pid_t pid, time_t written_s)
{
	struct timespec now, up;
	double start_s = 0, boot_s;
	int error;

	if (kill(pid, 0) < 0 && errno == ESRCH)
		return 0;
	error = start_of(pid, &start_s);
	if (error)
		return kill(pid, 0) < 0 && errno == ESRCH ? 0 : error;
	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	boot_s = (double)(now.tv_sec - up.tv_sec);
	return boot_s + start_s <= (double)written_s + SLACK_S;
}

/* The numbers of the sockets that a process has open. */
struct sockets {
	unsigned long *numbers;
	size_t count;
};

static int list_sockets(pid_t pid, struct sockets *sockets)
{
	char path[PROC_PATH_BYTES], target[PROC_PATH_BYTES];
	struct dirent *entry;
	int error = 0;
	DIR *folder;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	folder = opendir(path);
	if (!folder)
		return -errno;
	fd = dirfd(folder);
	while (!error && fd >= 0 && (entry = readdir(folder))) {
		ssize_t length = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);
		unsigned long number, *grown;

		target[length < 0 ? 0 : length] = '\0';
		if (sscanf(target, "socket:[%lu]", &number) != 1)
			continue;
		grown = realloc(sockets->numbers, (sockets->count + 1) * sizeof(*grown));
		if (!grown) {
			error = -ENOMEM;
			break;
		}
		sockets->numbers = grown;
		grown[sockets->count++] = number;
	}
	closedir(folder);
	return error;
}

static bool has_socket(const struct sockets *sockets, unsigned long number)
{
	for (size_t i = 0; i < sockets->count; i++)
		if (sockets->numbers[i] == number)
			return true;
	return false;
}

/* Does a socket bound as `bound` stand at path? Two names may lead to the same file. */
static bool same_place(const char *bound, const char *path, const struct stat *file)
{
	struct stat there;

	if (!strcmp(bound, path))
		return true;
	return file && bound[0] == '/' && !stat(bound, &there) && there.st_dev == file->st_dev &&
	       there.st_ino == file->st_ino;
}

int process_holds_socket(pid_t pid, const char *path, const struct stat *file)
{
	char table[PROC_PATH_BYTES], line[512], bound[256];
	struct sockets sockets = { 0 };
	unsigned long number;
	int held = 0, error;
	FILE *list;

	error = list_sockets(pid, &sockets);
	snprintf(table, sizeof(table), "/proc/%d/net/unix", (int)pid);
	list = error ? NULL : fopen(table, "re");
	if (!error && !list)
		error = -errno;
	while (!error && !held && fgets(line, sizeof(line), list))
		held = sscanf(line, "%*s %*s %*s %*s %*s %*s %lu %255[^\n]", &number, bound) == 2 &&
		       has_socket(&sockets, number) && same_place(bound, path, file);
	if (list)
		fclose(list);
	free(sockets.numbers);
	return error ? error : held;
}
