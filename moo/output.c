// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - new files that appear whole.
 *
 * Where the file system can, the file has no name at all until it is complete, so that nothing is
 * left behind however the program ends; elsewhere it has a temporary one beside the final name.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <linux/fs.h>

#include "lib/report.h"
#include "moo/output.h"

enum { NAME_TRIES = 100 };

static int create_problem(const struct output *output, int error, struct problem *problem)
{
	const char *remedy = "check the folder's file system";

	if (error == ENOENT || error == ENOTDIR)
		remedy = "create its folder first";
	else if (error == EACCES || error == EPERM)
		remedy = "choose a folder that you may write to";
	else if (error == EROFS)
		remedy = "choose a file system that is writable";
	else if (error == ENOSPC || error == EDQUOT)
		remedy = "make room there";
	else if (error == EEXIST)
		remedy = "choose another name, or replace it with -f";
	return problem_set(problem, "cannot create %.500s: %s; %s", output->path, cause(error),
			   remedy);
}

/* The folder of the output's name. */
static void folder_of(const struct output *output, char *folder)
{
	char *slash;

	strcpy(folder, output->path);
	slash = strrchr(folder, '/');
	if (!slash)
		strcpy(folder, ".");
	else
		slash[slash == folder ? 1 : 0] = '\0';
}

/* A name beside the final one that nobody can foresee. */
static int make_name(struct output *output)
{
	char folder[PATH_MAX];
	uint64_t number;
	int length;

	folder_of(output, folder);
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -errno;
	length = snprintf(output->temporary, sizeof(output->temporary), "%s/.uml_cow.%016" PRIx64,
			  folder, number);
	if (length < 0 || (size_t)length >= sizeof(output->temporary)) {
		output->temporary[0] = '\0';
		return -ENAMETOOLONG;
	}
	return 0;
}

static int open_named(struct output *output, mode_t mode)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int error = make_name(output);

		if (error)
			return error;
		output->fd = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
		if (output->fd >= 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	output->temporary[0] = '\0';
	return -errno;
}

static int open_file(struct output *output, mode_t mode)
{
	char folder[PATH_MAX];

	folder_of(output, folder);
	output->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (output->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return -errno;
	return open_named(output, mode);
}

/* A file that is replaced passes its permissions on, and its owner where that is allowed. */
static int take_permissions(const struct output *output)
{
	mode_t mode = output->replaced.st_mode & 0777;

	if (!output->replaced.st_mode)
		return 0;
	if (fchown(output->fd, output->replaced.st_uid, output->replaced.st_gid) < 0 &&
	    fchown(output->fd, (uid_t)-1, output->replaced.st_gid) < 0)
		mode &= 0707;
	return fchmod(output->fd, mode) < 0 ? -errno : 0;
}

static int open_device(struct output *output, struct problem *problem)
{
	output->device = true;
	output->fd = open(output->path, O_RDWR | O_CLOEXEC | O_EXCL);
	if (output->fd < 0 || ioctl(output->fd, BLKGETSIZE64, &output->size_bytes) < 0)
		return problem_set(problem, "cannot open %.500s: %s; unmount it, and run as root",
				   output->path, cause(errno));
	return 0;
}

/* Sets the final name: where a symbolic link leads to is replaced, not the link. */
static int resolve(struct output *output, const char *path, struct problem *problem)
{
	struct stat *found = &output->replaced;

	if (strlen(path) >= sizeof(output->path))
		return problem_set(problem, "cannot create the file: its name is too long");
	strcpy(output->path, path);
	if (stat(path, found) < 0) {
		found->st_mode = 0;
		if (errno != ENOENT)
			return create_problem(output, errno, problem);
		if (lstat(path, found) == 0)
			return problem_set(problem, "cannot create %.500s: the symbolic link leads "
					   "nowhere; remove it", path);
		found->st_mode = 0;
		return 0;
	}
	if (S_ISREG(found->st_mode) && !realpath(path, output->path))
		return create_problem(output, errno, problem);
	if (S_ISREG(found->st_mode) || S_ISBLK(found->st_mode))
		return 0;
	return problem_set(problem, "cannot create %.500s: it exists and is no regular file; "
			   "choose another name", path);
}

int output_open(struct output *output, const char *path, mode_t mode, struct problem *problem)
{
	int error;

	memset(output, 0, sizeof(*output));
	output->fd = -1;
	if (resolve(output, path, problem) < 0)
		return -1;
	if (S_ISBLK(output->replaced.st_mode))
		return open_device(output, problem);
	error = open_file(output, mode);
	if (!error)
		error = take_permissions(output);
	if (!error)
		return 0;
	output_discard(output);
	return create_problem(output, -error, problem);
}

/* Gives the file a temporary name if it has none. */
static int name_it(struct output *output)
{
	char self[64];

	if (output->temporary[0])
		return 0;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", output->fd);
	for (int i = 0; i < NAME_TRIES; i++) {
		int error = make_name(output);

		if (error)
			return error;
		if (linkat(AT_FDCWD, self, AT_FDCWD, output->temporary, AT_SYMLINK_FOLLOW) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	output->temporary[0] = '\0';
	return -errno;
}

static int give_name(struct output *output, bool replace)
{
	if (renameat2(AT_FDCWD, output->temporary, AT_FDCWD, output->path,
		      replace ? 0 : RENAME_NOREPLACE) < 0) {
		/* Some file systems know no flags: a link fails where the name exists, too. */
		if (errno != EINVAL || link(output->temporary, output->path) < 0)
			return -errno;
		unlink(output->temporary);
	}
	output->temporary[0] = '\0';
	return 0;
}

/* Has the folder itself written, so that the name outlives a crash of the host. */
static int sync_folder(const struct output *output)
{
	char folder[PATH_MAX];
	int fd, error = 0;

	folder_of(output, folder);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* Who may write to a folder need not be allowed to read it. */
	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	if (fsync(fd) < 0 && errno != EINVAL)
		error = -errno;
	close(fd);
	return error;
}

int output_commit(struct output *output, bool replace, struct problem *problem)
{
	int error = fsync(output->fd) < 0 ? -errno : 0;

	if (!error && !output->device)
		error = name_it(output);
	if (!error && !output->device)
		error = give_name(output, replace);
	if (!error && !output->device)
		error = sync_folder(output);
	output_discard(output);
	return error ? create_problem(output, -error, problem) : 0;
}

void output_discard(struct output *output)
{
	if (output->temporary[0])
		unlink(output->temporary);
	output->temporary[0] = '\0';
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
}
