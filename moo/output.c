// SPDX-License-Identifier: GPL-2.0-only
/*
 * output.c - new files that appear whole.
 *
 * Where the file system can, the file has no name at all until it is complete, so that nothing is
 * left behind however the program ends; elsewhere it has a temporary one beside the final name. All
 * is done in the folder that was found first (lib/place.h), whatever its path leads to later.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/fs.h>

#include "lib/report.h"
#include "moo/output.h"

enum { NAME_TRIES = 100 };

static int create_problem(const struct output *output, int error, struct problem *problem)
{
	const char *remedy = "check the folder's file system";

	if (error == EPERM && output->place.folder < 0)
		return problem_set(problem, "cannot create %.500s: a symbolic link on the way is another "
				   "user's; name the file that is meant", output->path);
	if (error == EISDIR)
		return problem_set(problem, "cannot create %.500s: it is no regular file; choose another "
				   "name", output->path);
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

/* A name beside the final one that nobody can foresee. */
static int make_name(struct output *output)
{
	int error = place_random(output->temporary, sizeof(output->temporary), ".uml_cow.");

	if (error)
		output->temporary[0] = '\0';
	return error;
}

static int open_named(struct output *output, mode_t mode)
{
	for (int i = 0; i < NAME_TRIES; i++) {
		int error = make_name(output);

		if (error)
			return error;
		output->fd = openat(output->place.folder, output->temporary,
				    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
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
	output->fd = openat(output->place.folder, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
	if (output->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT)
		return -errno;
	return open_named(output, mode);
}

/*
 * Whether a file that is replaced stands for what the caller wants. In a folder where others may make
 * files, one of another user's tells nothing: whoever put it there would get what is written.
 */
static bool is_trusted(const struct output *output)
{
	const struct stat *file = &output->replaced;
	struct stat folder;

	if (file->st_uid == geteuid())
		return true;
	if (fstat(output->place.folder, &folder) || folder.st_mode & (S_IWGRP | S_IWOTH))
		return false;
	return folder.st_uid == file->st_uid || folder.st_uid == geteuid() || !folder.st_uid;
}

/* A file that is replaced passes its permissions on, and its owner where that is allowed. */
static int take_permissions(const struct output *output)
{
	mode_t mode = output->replaced.st_mode & 0777;

	if (!output->replaced.st_mode || !is_trusted(output))
		return 0;
	if (fchown(output->fd, output->replaced.st_uid, output->replaced.st_gid) < 0 &&
	    fchown(output->fd, (uid_t)-1, output->replaced.st_gid) < 0)
		mode &= 0707;
	return fchmod(output->fd, mode) < 0 ? -errno : 0;
}

static int open_device(struct output *output, struct problem *problem)
{
	struct stat found = { 0 };

	output->device = true;
	output->fd = openat(output->place.folder, output->place.name,
			    O_RDWR | O_CLOEXEC | O_EXCL | O_NOFOLLOW);
	if (output->fd < 0 || fstat(output->fd, &found) < 0 ||
	    ioctl(output->fd, BLKGETSIZE64, &output->size_bytes) < 0)
		return problem_set(problem, "cannot open %.500s: %s; unmount it, and run as root",
				   output->path, cause(errno));
	if (found.st_rdev != output->replaced.st_rdev)
		return problem_set(problem, "cannot open %.500s: it was exchanged for another; try "
				   "again", output->path);
	return 0;
}

/* Finds the place: where a symbolic link leads to is replaced, not the link. */
static int resolve(struct output *output, const char *path, struct problem *problem)
{
	struct stat *found = &output->replaced;
	int error;

	if (strlen(path) >= sizeof(output->path))
		return problem_set(problem, "cannot create the file: its name is too long");
	strcpy(output->path, path);
	error = place_open(&output->place, path, true);
	if (error)
		return create_problem(output, -error, problem);
	if (fstatat(output->place.folder, output->place.name, found, AT_SYMLINK_NOFOLLOW) < 0) {
		found->st_mode = 0;
		if (errno != ENOENT)
			return create_problem(output, errno, problem);
		if (output->place.linked)
			return problem_set(problem, "cannot create %.500s: the symbolic link leads "
					   "nowhere; remove it", path);
		return 0;
	}
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
	output->place.folder = -1;
	if (resolve(output, path, problem) < 0 ||
	    (S_ISBLK(output->replaced.st_mode) && open_device(output, problem) < 0)) {
		output_discard(output);
		return -1;
	}
	if (output->device)
		return 0;
	error = open_file(output, mode);
	if (!error)
		error = take_permissions(output);
	if (!error)
		return 0;
	create_problem(output, -error, problem);
	output_discard(output);
	return -1;
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
		if (linkat(AT_FDCWD, self, output->place.folder, output->temporary,
			   AT_SYMLINK_FOLLOW) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	output->temporary[0] = '\0';
	return -errno;
}

static int give_name(struct output *output, bool replace)
{
	int folder = output->place.folder;

	if (renameat2(folder, output->temporary, folder, output->place.name,
		      replace ? 0 : RENAME_NOREPLACE) < 0) {
		/* Some file systems know no flags: a link fails where the name exists, too. */
		if (errno != EINVAL ||
		    linkat(folder, output->temporary, folder, output->place.name, 0) < 0)
			return -errno;
		unlinkat(folder, output->temporary, 0);
	}
	output->temporary[0] = '\0';
	return 0;
}

/* Has the folder itself written, so that the name outlives a crash of the host. */
static int sync_folder(const struct output *output)
{
	int fd = openat(output->place.folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error = 0;

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
	if (error)
		create_problem(output, -error, problem);
	output_discard(output);
	return error ? -1 : 0;
}

void output_discard(struct output *output)
{
	if (output->temporary[0])
		unlinkat(output->place.folder, output->temporary, 0);
	output->temporary[0] = '\0';
	place_close(&output->place);
	if (output->fd >= 0)
		close(output->fd);
	output->fd = -1;
}
