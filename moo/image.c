// SPDX-License-Identifier: GPL-2.0-only
/* image.c - a COW file with its backing file. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/report.h"
#include "moo/image.h"

static int header_problem(const struct image *image, enum cow_result result,
			  struct problem *problem)
{
	const char *path = image->cow.path;

	switch (result) {
	case COW_OK:
		return 0;
	case COW_CUT:
		return problem_set(problem, "%s: the header is cut short; restore it from a copy",
				   path);
	case COW_VERSION:
		return problem_set(problem, "%s: version %" PRIu32 " of COW files is unknown; "
				   "1, 2 and 3 are known", path, image->header.version);
	case COW_SECTOR:
		return problem_set(problem, "%s: sector size 0 in the header; restore it from a copy",
				   path);
	case COW_ALIGN:
		return problem_set(problem, "%s: alignment 0 in the header; restore it from a copy",
				   path);
	case COW_FORMAT:
		return problem_set(problem, "%s: format %" PRIu32 " of the changes is unknown; "
				   "only 0, a bitmap, is known", path, image->header.format);
	case COW_SIZE:
		return problem_set(problem, "%s: no file can hold %" PRIu64 " bytes, the size in the "
				   "header; restore it from a copy", path, image->header.size_bytes);
	default:
		return problem_set(problem, "%s: not a COW file; check the order of the arguments",
				   path);
	}
}

int image_open(struct image *image, const char *path, bool write, struct problem *problem)
{
	ssize_t got;
	int error;

	memset(image, 0, sizeof(*image));
	image->backing.fd = -1;
	if (disk_open(&image->cow, path, write ? O_RDWR : O_RDONLY, problem) < 0) {
		if (!write || (errno != EACCES && errno != EPERM && errno != EROFS))
			return -1;
		if (disk_open(&image->cow, path, O_RDONLY, problem) < 0)
			return -1;
	}
	got = read_full_at(image->cow.fd, image->bytes, sizeof(image->bytes), 0);
	if (got < 0)
		return problem_set(problem, "cannot read %s: %s; check its disk", path,
				   cause((int)got));
	if (header_problem(image, cow_decode(&image->header, image->bytes, (size_t)got), problem))
		return -1;
	cow_record_decode(&image->record, &image->header, image->bytes);
	memcpy(image->name, image->bytes + image->header.name_offset, image->header.name_bytes);
	error = runs_survey(&image->survey, image->cow.fd, &image->header);
	if (error)
		return problem_set(problem, "cannot read the bitmap of %s: %s; check its disk", path,
				   cause(error));
	return 0;
}

/* Puts the name of the backing file that the header gives into image->path. */
static int find_backing(struct image *image, struct problem *problem)
{
	const char *slash = strrchr(image->cow.path, '/');
	struct stat ignored;

	if (image->header.name_bytes == image->header.name_room)
		return problem_set(problem, "%s: the name of the backing file has no end; "
				   "name it with -b", image->cow.path);
	if (!image->header.name_bytes)
		return problem_set(problem, "%s: no name of a backing file; name it with -b",
				   image->cow.path);
	strcpy(image->path, image->name);
	if (image->name[0] == '/' || !slash || stat(image->name, &ignored) == 0)
		return 0;
	if ((size_t)(slash - image->cow.path) > COW_NAME_MAX)
		return 0;
	snprintf(image->path, sizeof(image->path), "%.*s/%s", (int)(slash - image->cow.path),
		 image->cow.path, image->name);
	if (stat(image->path, &ignored) < 0)
		strcpy(image->path, image->name);
	return 0;
}

int image_open_backing(struct image *image, const char *given, bool write,
		       struct problem *problem)
{
	const char *path = given ? given : image->path;

	if (!given && find_backing(image, problem) < 0)
		return -1;
	if (disk_open(&image->backing, path, write ? O_RDWR : O_RDONLY, problem) < 0) {
		char why[sizeof(problem->text)];

		memcpy(why, problem->text, sizeof(why));
		if (!given)
			problem_set(problem, "backing file of %s: %.500s, or name another with -b",
				    image->cow.path, why);
		return -1;
	}
	if (disk_same(&image->cow, &image->backing))
		return problem_set(problem, "%s: the backing file is the COW file itself; "
				   "name the right one with -b", image->cow.path);
	return 0;
}

void image_close(struct image *image)
{
	disk_close(&image->cow);
	disk_close(&image->backing);
}

bool image_writable(const struct image *image)
{
	int flags = fcntl(image->cow.fd, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) == O_RDWR;
}

bool image_is_marked(const struct image *image)
{
	const struct stat *cow = &image->cow.stat, *backing = &image->backing.stat;

	return image->record.flags & COW_RECORD_MERGING &&
	       image->record.inode == (uint64_t)backing->st_ino &&
	       image->record.stamp_s == (uint64_t)cow->st_mtim.tv_sec && !cow->st_mtim.tv_nsec;
}

__attribute__((format(printf, 3, 4)))
static void add(struct doubts *doubts, enum doubt doubt, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(doubts->problems[doubt].text, sizeof(doubts->problems[doubt].text), format,
		  arguments);
	va_end(arguments);
	doubts->set |= 1U << doubt;
}

static void doubt_cow(const struct image *image, struct doubts *doubts)
{
	const struct cow_header *header = &image->header;
	uint64_t needed = header->bitmap_offset + header->bitmap_bytes;

	if (image->survey.end_bytes)
		needed = header->data_offset + image->survey.end_bytes;
	if (image->cow.size_bytes < needed)
		add(doubts, DOUBT_CUT, "%s: cut short: %" PRIu64 " bytes of %" PRIu64 "; restore it "
		    "from a copy", image->cow.path, image->cow.size_bytes, needed);
	if (image->survey.stray_bits)
		add(doubts, DOUBT_STRAY, "%s: the bitmap has changed sectors beyond the device's end; "
		    "they are lost", image->cow.path);
}

/* A time in words; as a number where it is none. */
static const char *date_of(int64_t seconds, char text[32])
{
	time_t time = (time_t)seconds;
	struct tm utc;

	if (!gmtime_r(&time, &utc) || !strftime(text, 32, "%Y-%m-%d %H:%M:%S UTC", &utc))
		snprintf(text, 32, "%lld", (long long)seconds);
	return text;
}

static void doubt_mtime(const struct image *image, struct doubts *doubts)
{
	const struct disk *backing = &image->backing;
	char changed[32], wanted[32];

	add(doubts, DOUBT_MTIME, "%.200s: mtime mismatch: changed on %s, but on %s by the header of "
	    "%.200s; name the right backing file with -b; if it has only been copied or touched: touch "
	    "-d @%" PRIu32 " %.200s", backing->path, date_of(backing->stat.st_mtim.tv_sec, changed),
	    date_of(image->header.mtime_s, wanted), image->cow.path, image->header.mtime_s,
	    backing->path);
}

static void doubt_backing(const struct image *image, struct doubts *doubts)
{
	const struct disk *backing = &image->backing;
	uint64_t size = image->header.size_bytes;
	bool marked = image_is_marked(image);

	if (image->record.flags)
		size = image->record.backing_bytes;
	if (backing->size_bytes != size && !(marked &&
					     backing->size_bytes == image->header.size_bytes))
		add(doubts, DOUBT_SIZE, "%s: size mismatch: %" PRIu64 " bytes, but %" PRIu64 " in the "
		    "header of %s; name the right backing file with -b", backing->path,
		    backing->size_bytes, size, image->cow.path);
	if ((uint32_t)backing->stat.st_mtim.tv_sec != image->header.mtime_s && !marked)
		doubt_mtime(image, doubts);
}

void image_doubts(const struct image *image, struct doubts *doubts)
{
	memset(doubts, 0, sizeof(*doubts));
	doubt_cow(image, doubts);
	if (image->backing.fd >= 0)
		doubt_backing(image, doubts);
}

void image_doubt_owner(const struct image *image, bool write, struct doubts *doubts)
{
	uid_t owner = image->cow.stat.st_uid;

	if (!owner || owner == geteuid() || owner == image->backing.stat.st_uid)
		return;
	if (!write && image->backing.stat.st_mode & S_IROTH)
		return;
	add(doubts, DOUBT_OWNER, "%s: belongs to user %u, who chose the backing file %s but does not "
	    "own it; if it is the right one name it with -b", image->cow.path, (unsigned int)owner,
	    image->backing.path);
}

static void lock(const struct disk *disk, bool write, struct doubts *doubts)
{
	int user = disk_lock(disk, write);

	if (user > 0)
		add(doubts, DOUBT_USER, "%s: in use by process %d; end the guest first", disk->path,
		    user);
	else if (user)
		add(doubts, DOUBT_USER, "%s: in use; end the guest first", disk->path);
}

void image_lock(const struct image *image, bool write, struct doubts *doubts)
{
	lock(&image->cow, false, doubts);
	lock(&image->backing, write, doubts);
}
