// SPDX-License-Identifier: GPL-2.0-only
/* place.c - where a file goes: its folder, held open, and its name in there. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/place.h"

enum { LINKS_MAX = 40, FOLDER_FLAGS = O_PATH | O_DIRECTORY | O_CLOEXEC };

/* A walk along a path. */
struct walk {
	int folder;
	char rest[PATH_MAX];	/* what is still to go */
	unsigned int links;
	uid_t root_owner;
};

/* Goes on from another folder. Return: 0 or -errno. */
static int enter(struct walk *walk, int folder)
{
	if (folder < 0)
		return -errno;
	if (walk->folder >= 0)
		close(walk->folder);
	walk->folder = folder;
	return 0;
}

static int begin(struct walk *walk)
{
	return enter(walk, open(walk->rest[0] == '/' ? "/" : ".", FOLDER_FLAGS));
}

/* Cuts the next word off; false where there is none. */
static bool next_word(struct walk *walk, char word[NAME_MAX + 1], bool *last, int *error)
{
	const char *from = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(from, "/");
	size_t after = strspn(from + length, "/");

	*error = length > NAME_MAX ? -ENAMETOOLONG : 0;
	if (!length || *error)
		return false;
	memcpy(word, from, length);
	word[length] = '\0';
	*last = !from[length + after];
	/* A slash at the end stands for a folder. */
	if (*last && after)
		*error = -EISDIR;
	memmove(walk->rest, from + length + after, strlen(from + length + after) + 1);
	return !*error;
}

/* Puts what a link says before the rest of the path. */
static int follow_link(struct walk *walk, int link, const struct stat *info)
{
	char path[PATH_MAX];
	ssize_t length;

	if (info->st_uid && info->st_uid != geteuid() && info->st_uid != walk->root_owner)
		return -EPERM;
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	length = readlinkat(link, "", path, sizeof(path));
	if (length < 0)
		return -errno;
	if ((size_t)length + 1 + strlen(walk->rest) >= sizeof(path))
		return -ENAMETOOLONG;
	if (walk->rest[0])
		path[length++] = '/';
	strcpy(path + length, walk->rest);
	strcpy(walk->rest, path);
	return walk->rest[0] == '/' ? begin(walk) : 0;
}

/*
 * Takes one step. Return: 0 to go on, 1 where the word is the name in the end, or -errno.
 */
static int step(struct walk *walk, const char *word, bool last, bool follow, bool *linked)
{
	int fd, error;
	struct stat info;

	if (!strcmp(word, ".") || !strcmp(word, ".."))
		return last ? -EISDIR : enter(walk, openat(walk->folder, word, FOLDER_FLAGS));
	fd = openat(walk->folder, word, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return last && errno == ENOENT ? 1 : -errno;
	error = fstat(fd, &info) ? -errno : 0;
	if (!error && S_ISLNK(info.st_mode) && (!last || follow)) {
		*linked |= last;
		error = follow_link(walk, fd, &info);
	} else if (!error && last) {
		error = 1;
	} else if (!error && !S_ISDIR(info.st_mode)) {
		error = -ENOTDIR;
	} else if (!error) {
		return enter(walk, fd);
	}
	close(fd);
	return error;
}

int place_open(struct place *place, const char *path, bool follow)
{
	struct walk walk = { .folder = -1 };
	struct stat root;
	char word[NAME_MAX + 1];
	int error;
	bool last;

	place->linked = false;
	if (!path[0])
		return -ENOENT;
	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	strcpy(walk.rest, path);
	walk.root_owner = stat("/", &root) ? 0 : root.st_uid;
	error = begin(&walk);
	while (!error) {
		if (next_word(&walk, word, &last, &error))
			error = step(&walk, word, last, follow, &place->linked);
		else if (!error)
			error = -EISDIR;
	}
	if (error > 0) {
		place->folder = walk.folder;
		strcpy(place->name, word);
		return 0;
	}
	if (walk.folder >= 0)
		close(walk.folder);
	return error;
}

void place_close(struct place *place)
{
	if (place->folder >= 0)
		close(place->folder);
	place->folder = -1;
}

int place_random(char *name, unsigned long size, const char *prefix)
{
	uint64_t number;
	int length;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	length = snprintf(name, size, "%s%016" PRIx64, prefix, number);
	return length < 0 || (unsigned long)length >= size ? -ENAMETOOLONG : 0;
}
