// SPDX-License-Identifier: GPL-2.0-only
/* disk.c - regular files and block devices. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/report.h"
#include "moo/disk.h"

int problem_set(struct problem *problem, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(problem->text, sizeof(problem->text), format, arguments);
	va_end(arguments);
	return -1;
}

static const char *kind_of(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a folder";
	if (S_ISFIFO(mode))
		return "a FIFO";
	if (S_ISSOCK(mode))
		return "a socket";
	return "a character device";
}

static const char *remedy_for(int error)
{
	switch (error) {
	case ENOENT:
		return "check the name";
	case EACCES:
	case EPERM:
		return "run as its owner, or have its permissions changed";
	case EROFS:
		return "mount its file system writable";
	case ETXTBSY:
		return "end the program that runs it";
	default:
		return "check the file and its file system";
	}
}

static int check_kind(const struct disk *disk, struct problem *problem)
{
	if (S_ISREG(disk->stat.st_mode) || S_ISBLK(disk->stat.st_mode))
		return 0;
	errno = EINVAL;
	return problem_set(problem, "%s: is %s; name a regular file or a block device", disk->path,
			   kind_of(disk->stat.st_mode));
}

static int measure(struct disk *disk)
{
	if (S_ISBLK(disk->stat.st_mode))
		return ioctl(disk->fd, BLKGETSIZE64, &disk->size_bytes);
	disk->size_bytes = (uint64_t)disk->stat.st_size;
	return 0;
}

int disk_open(struct disk *disk, const char *path, int flags, struct problem *problem)
{
	int saved;

	*disk = (struct disk){ .path = path, .fd = -1 };
	if (stat(path, &disk->stat) < 0)
		goto failed;
	if (check_kind(disk, problem) < 0)
		return -1;
	disk->fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (disk->fd < 0 || fstat(disk->fd, &disk->stat) < 0)
		goto failed;
	/* It may be another file by now. */
	if (check_kind(disk, problem) < 0)
		return -1;
	if (measure(disk) == 0)
		return 0;
failed:
	saved = errno;
	problem_set(problem, "cannot open %s: %s; %s", path, cause(saved), remedy_for(saved));
	disk_close(disk);
	errno = saved;
	return -1;
}

void disk_close(struct disk *disk)
{
	if (disk->fd >= 0)
		close(disk->fd);
	disk->fd = -1;
}

bool disk_same(const struct disk *one, const struct disk *other)
{
	if (S_ISBLK(one->stat.st_mode) && S_ISBLK(other->stat.st_mode))
		return one->stat.st_rdev == other->stat.st_rdev;
	return one->stat.st_dev == other->stat.st_dev && one->stat.st_ino == other->stat.st_ino;
}

int disk_user(const struct disk *disk, bool write)
{
	struct flock lock = { .l_type = write ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };

	if (fcntl(disk->fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	return lock.l_pid > 0 ? lock.l_pid : -1;
}

int disk_lock(const struct disk *disk, bool write)
{
	struct flock lock = { .l_type = write ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
	int user;

	if (fcntl(disk->fd, F_SETLK, &lock) == 0 || (errno != EAGAIN && errno != EACCES))
		return 0;
	user = disk_user(disk, write);
	return user ? user : -1;
}
