// SPDX-License-Identifier: GPL-2.0-only
/*
 * sockets.c - Unix sockets with paths that do not outlive the switch.
 *
 * A path is removed only while it leads to the very socket that was bound, told by device and inode.
 * The folder is locked meanwhile, so that of two switches that find the socket of a dead one, one
 * does not remove what the other just made.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "uml_switch/sockets.h"

enum { PENDING_CONNECTIONS = 128 };

struct bound {
	struct bound *next;
	int folder;		/* the path may be relative, and the process may move */
	char *name;
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

static int open_folder(const char *path)
{
	char *copy = strdup(path);
	int folder;

	if (!copy)
		return -ENOMEM;
	folder = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		folder = -errno;
	free(copy);
	return folder;
}

/* 0 where the path is free now. */
static int remove_stale(const struct sockaddr_un *address, int type)
{
	int fd, error = 0;
	struct stat info;

	if (lstat(address->sun_path, &info))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(info.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EPROTOTYPE, EAGAIN for a full queue and EACCES all tell that somebody may be there. */
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		error = -EADDRINUSE;
	else if (errno != ECONNREFUSED)
		error = errno == ENOENT ? 0 : -EADDRINUSE;
	else if (unlink(address->sun_path))
		error = -errno;
	close(fd);
	return error;
}

/* Notes what was bound, for its removal. Takes the folder's descriptor on success. */
static int note(const char *path, int folder)
{
	struct bound *bound = calloc(1, sizeof(*bound));
	char *copy = strdup(path);
	struct stat info;
	int error = -ENOMEM;

	if (bound && copy)
		bound->name = strdup(basename(copy));
	free(copy);
	if (bound && bound->name)
		error = fstatat(folder, bound->name, &info, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
	if (error) {
		if (bound)
			free(bound->name);
		free(bound);
		return error;
	}
	bound->folder = folder;
	bound->device = info.st_dev;
	bound->inode = info.st_ino;
	if (!all_bound)
		atexit(sockets_remove);
	bound->next = all_bound;
	all_bound = bound;
	return 0;
}

static int set_access(const char *path, const struct socket_access *access)
{
	if (access->group != (gid_t)-1 && lchown(path, (uid_t)-1, access->group))
		return -errno;
	if (access->mode >= 0 && chmod(path, (mode_t)access->mode))
		return -errno;
	return 0;
}

static int bind_in(const struct sockaddr_un *address, int type, const struct socket_access *access,
		   int folder)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return -errno;
	error = remove_stale(address, type);
	if (!error && bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		error = -errno;
	if (!error) {
		error = note(address->sun_path, folder);
		if (error)
			unlink(address->sun_path);
		else
			error = set_access(address->sun_path, access);
	}
	if (!error && type != SOCK_DGRAM && listen(fd, PENDING_CONNECTIONS))
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

int socket_bind(const char *path, int type, const struct socket_access *access)
{
	struct sockaddr_un address;
	int folder, fd, error = make_address(path, &address);

	if (error)
		return error;
	folder = open_folder(path);
	if (folder < 0)
		return folder;
	/* Without a lock the race is small; a file system that has none is no reason to fail. */
	flock(folder, LOCK_EX);
	fd = bind_in(&address, type, access, folder);
	flock(folder, LOCK_UN);
	if (!all_bound || all_bound->folder != folder)
		close(folder);
	return fd;
}

static void remove_one(const struct bound *bound)
{
	struct stat info;

	/* Not waited for: whoever holds the lock must not keep this process from ending. */
	flock(bound->folder, LOCK_EX | LOCK_NB);
	if (!fstatat(bound->folder, bound->name, &info, AT_SYMLINK_NOFOLLOW) &&
	    info.st_dev == bound->device && info.st_ino == bound->inode)
		unlinkat(bound->folder, bound->name, 0);
	flock(bound->folder, LOCK_UN);
}

void sockets_remove(void)
{
	while (all_bound) {
		struct bound *bound = all_bound;

		all_bound = bound->next;
		remove_one(bound);
		close(bound->folder);
		free(bound->name);
		free(bound);
	}
}
