// SPDX-License-Identifier: GPL-2.0-only
/*
 * sockets.c - Unix sockets with paths that do not outlive the switch.
 *
 * A path is removed only while it leads to the very socket that was bound, told by device and inode.
 *
 * Two switches may find the socket of a dead one at a time, or one the socket that the other has bound
 * and does not serve yet. There is no lock, which another user could hold: who takes a socket away
 * asks it once more when nobody else can find it, and puts it back if it was served meanwhile or is
 * another one; who binds one looks, once it serves it, whether it was taken away before that.
 *
 * Permissions are set before there is a path. In a folder where others may write, nothing is done to
 * what has the path, only to the inode that was looked at.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/place.h"
#include "uml_switch/owner.h"
#include "uml_switch/sockets.h"

enum { PENDING_CONNECTIONS = 128 };

struct bound {
	struct bound *next;
	struct place place;	/* the path may be relative, and the process may move */
	dev_t device;
	ino_t inode;
};

static struct bound *all_bound;

static int make_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!path[0])
		return -EINVAL;
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

static bool is_file(int folder, const char *name, dev_t device, ino_t inode)
{
	struct stat info;

	return !fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) && info.st_dev == device &&
	       info.st_ino == inode;
}

/* Whether the path still leads to what was bound. */
static bool is_there(const struct bound *bound)
{
	return is_file(bound->place.folder, bound->place.name, bound->device, bound->inode);
}

/*
 * Whether somebody serves the socket that is open as file, or without /proc has that path: 0 for no,
 * -EADDRINUSE where it cannot be ruled out, -ENOENT where it cannot be asked.
 */
static int ask(int file, const char *path, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return -errno;
	/* The name of a descriptor keeps out exchanged files. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", file);
	error = connect(fd, (struct sockaddr *)&address, sizeof(address)) ? errno : 0;
	if (error == ENOENT && path && !make_address(path, &address))
		error = connect(fd, (struct sockaddr *)&address, sizeof(address)) ? errno : 0;
	close(fd);
	if (error == ECONNREFUSED)
		return 0;
	/* EPROTOTYPE, EAGAIN for a full queue and EACCES all tell that somebody may be there. */
	return error == ENOENT ? -ENOENT : -EADDRINUSE;
}

/* Removes the socket that is open as file, and no other; 0 where it is gone. */
static int take_away(const struct place *place, int type, int file, const struct stat *info)
{
	char aside[NAME_MAX + 1];
	int error = place_random(aside, sizeof(aside), ".uml_switch.");

	if (error)
		return error;
	if (renameat(place->folder, place->name, place->folder, aside))
		return errno == ENOENT ? 0 : -errno;
	error = -EADDRINUSE;
	if (is_file(place->folder, aside, info->st_dev, info->st_ino))
		error = ask(file, NULL, type);
	if (!error || error == -ENOENT)
		return unlinkat(place->folder, aside, 0) ? -errno : 0;
	/* Where the name is taken by now, there is another living one. */
	if (renameat2(place->folder, aside, place->folder, place->name, RENAME_NOREPLACE))
		unlinkat(place->folder, aside, 0);
	return error;
}

/* 0 where the path is free now. */
static int remove_stale(const struct place *place, const char *path, int type)
{
	int file = openat(place->folder, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC), error = 0;
	struct stat info;

	if (file < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(file, &info))
		error = -errno;
	else if (!S_ISSOCK(info.st_mode))
		error = -EEXIST;
	if (!error)
		error = ask(file, path, type);
	if (!error)
		error = take_away(place, type, file, &info);
	close(file);
	return error == -ENOENT ? 0 : error;
}

/* Whether a file is what was bound, and not what another has put in its place. */
static bool is_bound(int fd, const struct stat *info)
{
	uint32_t inode;

	if (!S_ISSOCK(info->st_mode) || info->st_uid != geteuid())
		return false;
	return owner_bound_file(fd, &inode) || inode == (uint32_t)info->st_ino;
}

/* Gives the socket its group, and notes it for its removal. Takes the place on success. */
static int take_over(struct place *place, int fd, gid_t group)
{
	int file = openat(place->folder, place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC), error = 0;
	struct bound *bound = calloc(1, sizeof(*bound));
	struct stat info;

	if (!bound)
		error = -ENOMEM;
	else if (file < 0 || fstat(file, &info))
		error = -errno;
	else if (!is_bound(fd, &info))
		error = -EADDRINUSE;
	else if (group != (gid_t)-1 && fchownat(file, "", (uid_t)-1, group, AT_EMPTY_PATH))
		error = -errno;
	if (file >= 0)
		close(file);
	if (error) {
		free(bound);
		return error;
	}
	*bound = (struct bound){ all_bound, *place, info.st_dev, info.st_ino };
	if (!all_bound)
		atexit(sockets_remove);
	all_bound = bound;
	place->folder = -1;
	return 0;
}

/* Binds a socket with its permissions; before, no other could have been connected to. */
static int bind_with_mode(int fd, const struct sockaddr_un *address, int mode)
{
	mode_t mask;
	int error;

	/* What bind(2) makes has the permissions of the descriptor, less the umask. */
	if (mode >= 0 && fchmod(fd, (mode_t)mode))
		return -errno;
	mask = umask(0);
	if (mode < 0)
		umask(mask);
	error = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
	umask(mask);
	return error;
}

static int bind_in(struct place *place, const struct sockaddr_un *address, int type,
		   const struct socket_access *access)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return -errno;
	error = remove_stale(place, address->sun_path, type);
	if (!error)
		error = bind_with_mode(fd, address, access->mode);
	if (!error) {
		error = take_over(place, fd, access->group);
		if (error && error != -EADDRINUSE)
			unlinkat(place->folder, place->name, 0);
	}
	if (!error && type != SOCK_DGRAM && listen(fd, PENDING_CONNECTIONS))
		error = -errno;
	if (!error && !is_there(all_bound))
		error = -EADDRINUSE;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int socket_bind(const char *path, int type, const struct socket_access *access)
{
	struct sockaddr_un address;
	struct place place;
	int fd, error = make_address(path, &address);

	if (!error)
		error = place_open(&place, path, false);
	if (error)
		return error;
	fd = bind_in(&place, &address, type, access);
	place_close(&place);
	return fd;
}

void sockets_remove(void)
{
	while (all_bound) {
		struct bound *bound = all_bound;

		all_bound = bound->next;
		if (is_there(bound))
			unlinkat(bound->place.folder, bound->place.name, 0);
		place_close(&bound->place);
		free(bound);
	}
}
