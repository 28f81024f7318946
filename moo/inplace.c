// SPDX-License-Identifier: GPL-2.0-only
/*
 * inplace.c - a merge into the backing file that can be broken off at any moment.
 *
 * The COW file keeps all of its data until the end, so a merge that broke off need only be done
 * again. But the first write changes the backing file's mtime, and then it no longer matches the
 * header. Therefore a record is put into the header first: it names the backing file, and the
 * moment to which the COW file's own mtime is set. While both agree, nothing but a merge has come
 * between, and the mismatch is no reason to refuse. The order, with a sync after each step:
 *
 *	record into the COW file; changes into the backing file; header as it was
 *
 * Not with the record are: files that may only be read, and names that fill the header's room.
 */
#include <config.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/report.h"
#include "moo/merge.h"

/* The record's place in the header, 0 where it cannot be written. */
static uint32_t record_place(const struct image *image)
{
	return image_writable(image) ? cow_record_offset(&image->header) : 0;
}

static int set_mtime(int fd, struct timespec mtime)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, mtime };

	return futimens(fd, times) < 0 ? -errno : 0;
}

static int put_header(const struct image *image, const uint8_t *bytes, struct timespec mtime)
{
	int fd = image->cow.fd;
	int error = write_full_at(fd, bytes, COW_RECORD_BYTES, (off_t)record_place(image));

	if (!error)
		error = set_mtime(fd, mtime);
	if (!error && fsync(fd) < 0)
		error = -errno;
	return error;
}

/* Whole even seconds: every file system can hold them. */
static struct timespec moment(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (struct timespec){ .tv_sec = now.tv_sec & ~1 };
}

static int set_mark(struct image *image, struct problem *problem)
{
	struct timespec stamp = moment();
	struct cow_record record = image->record;
	uint8_t bytes[COW_RECORD_BYTES];
	int error;

	if (!(record.flags & COW_RECORD_GROWN))
		record.backing_bytes = image->backing.size_bytes;
	record.flags |= COW_RECORD_MERGING;
	record.inode = (uint64_t)image->backing.stat.st_ino;
	record.stamp_s = (uint64_t)stamp.tv_sec;
	cow_record_encode(&record, bytes);
	error = put_header(image, bytes, stamp);
	if (error)
		return problem_set(problem, "cannot write to %s: %s; check its disk",
				   image->cow.path, cause(error));
	return 0;
}

/* The header as it was before the merge, whichever run began it. */
static int clear_mark(const struct image *image, bool resumed, struct problem *problem)
{
	struct cow_record record = image->record;
	uint8_t bytes[COW_RECORD_BYTES] = { 0 };
	int error;

	record.flags &= COW_RECORD_GROWN;
	record.inode = record.stamp_s = 0;
	if (!resumed)
		memcpy(bytes, image->bytes + record_place(image), sizeof(bytes));
	else if (record.flags)
		cow_record_encode(&record, bytes);
	error = put_header(image, bytes, image->cow.stat.st_mtim);
	if (error)
		return problem_set(problem, "merged, but cannot write to %s: %s; check its disk",
				   image->cow.path, cause(error));
	return 0;
}

static int grow_backing(const struct image *image, struct problem *problem)
{
	const struct disk *backing = &image->backing;
	uint64_t size = image->header.size_bytes;

	if (backing->size_bytes >= size)
		return 0;
	if (S_ISBLK(backing->stat.st_mode))
		return problem_set(problem, "%s: %" PRIu64 " bytes are too few for a device of %" PRIu64
				   "; use a larger one", backing->path, backing->size_bytes, size);
	if (ftruncate(backing->fd, (off_t)size) < 0)
		return problem_set(problem, "cannot make %s longer: %s; make room there",
				   backing->path, cause(errno));
	return 0;
}

int merge_in_place(struct image *image, bool visible, struct problem *problem)
{
	struct sink sink = { .kind = &sink_over, .fd = image->backing.fd, .direct = true };
	bool resumed = image_is_marked(image);
	bool marked = record_place(image) != 0;
	struct progress progress;
	int failed, error;

	if (!marked)
		warn("%s: cannot be written to, or its header is full; if this merge breaks off, "
		     "repeat it with --force", image->cow.path);
	/* A new mark would replace a good one while the backing file is half done. */
	if (marked && !resumed && set_mark(image, problem) < 0)
		return -1;
	if (grow_backing(image, problem) < 0)
		return -1;
	progress_begin(&progress, image->backing.path, image->survey.changed_bytes, visible);
	failed = merge_changes(image, &sink, &progress, problem);
	progress_end(&progress);
	error = failed ? 0 : sink.kind->end(&sink);
	if (error)
		failed = problem_set(problem, "cannot write: %s; check its disk", cause(error));
	sink.kind->drop(&sink);
	if (failed) {
		char why[sizeof(problem->text)];

		memcpy(why, problem->text, sizeof(why));
		return problem_set(problem, "%.250s: the merge is not complete, repeat it: %.450s",
				   image->backing.path, why);
	}
	return marked ? clear_mark(image, resumed, problem) : 0;
}
