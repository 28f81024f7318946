// SPDX-License-Identifier: GPL-2.0-only
/* mkcow.c - uml_mkcow: makes an empty COW file for a backing file. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/options.h"
#include "lib/parse.h"
#include "lib/report.h"
#include "lib/signals.h"
#include "moo/disk.h"
#include "moo/output.h"
#include "wire/cow.h"

static const char *const usage[] = { "[-f] [--size SIZE] COW BACKING", NULL };

static const struct tool_option options[] = {
	{ 'f', "force", NULL, "replace COW if it exists" },
	{ 's', "size", "SIZE", "size of the device, at least that of BACKING; k, M, G, T" },
	{ 0 },
};

static const struct tool tool = {
	.name = "uml_mkcow",
	.purpose = "Makes COW, an empty file for the changes of a disk that begins as BACKING.",
	.usage = usage,
	.options = options,
};

struct request {
	const char *cow;
	const char *backing;
	uint64_t size_bytes;	/* 0: that of the backing file */
	bool force;
};

static struct request parse(int argc, char **argv)
{
	struct request request = { 0 };
	int id;

	while ((id = options_next(&tool, argc, argv)) >= 0) {
		if (id == 'f')
			request.force = true;
		else if (parse_size(optarg, INT64_MAX, &request.size_bytes) || !request.size_bytes)
			usage_error(&tool, "--size %s: not a size; for example 512M or 8G", optarg);
	}
	if (argc - optind != 2)
		usage_error(&tool, "COW and BACKING, and nothing else, must be named");
	request.cow = argv[optind];
	request.backing = argv[optind + 1];
	return request;
}

/*
 * The name that goes into the header: absolute, so that the COW file can be used from any folder.
 * A symbolic link at its end stays one; who renews what it leads to finds the mismatch.
 */
static char *absolute_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	char *folder, *name = NULL;

	folder = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	if (folder) {
		char *full = realpath(folder, NULL);

		if (full && asprintf(&name, "%s/%s", strcmp(full, "/") ? full : "", base) < 0)
			name = NULL;
		free(full);
	}
	free(folder);
	if (!name)
		die("cannot tell the full name of %s: %s; name it from the root folder on", path,
		    cause(errno));
	return name;
}

static void warn_of_limits(const struct disk *backing, const struct cow_header *header)
{
	uint8_t bytes[COW_HEADER_MAX];
	struct cow_header other;
	ssize_t got = read_full_at(backing->fd, bytes, sizeof(bytes), 0);

	if (got > 0 && cow_decode(&other, bytes, (size_t)got) == COW_OK)
		warn("%s: is itself a COW file; a guest sees the file as it is, not the disk in it",
		     backing->path);
	if (header->size_bytes > backing->size_bytes)
		warn("%s: kernels of Debian's user-mode-linux want a backing file of the device's "
		     "size; for them lengthen it with truncate(1) instead", backing->path);
	/* No guest would take the pair. */
	if ((int64_t)backing->stat.st_mtim.tv_sec != (int64_t)header->mtime_s)
		die("%s: its mtime does not fit into a header; change it with touch(1)",
		    backing->path);
}

/* A name that is long, or a device that is small or large beyond what a COW file can hold. */
static _Noreturn void refuse_header(const struct request *request, enum cow_result result)
{
	if (result == COW_NAME)
		die("%s: the full name is longer than %u bytes; use a shorter one",
		    request->backing, COW_NAME_MAX);
	die("%s: no file can hold a device of that size; choose a smaller one", request->cow);
}

static void make_header(const struct request *request, const struct disk *backing,
			struct cow_header *header, uint8_t bytes[COW_HEADER_MAX])
{
	char *name = absolute_name(request->backing);
	enum cow_result result;

	*header = (struct cow_header){
		.version = 3,
		.mtime_s = (uint32_t)backing->stat.st_mtim.tv_sec,
		.size_bytes = request->size_bytes ? request->size_bytes : backing->size_bytes,
		.sector_bytes = COW_SECTOR_BYTES,
		.align_bytes = COW_ALIGN_BYTES,
	};
	if (!header->size_bytes)
		die("%s: is empty; name a file with a disk in it, or give --size", backing->path);
	if (header->size_bytes < backing->size_bytes)
		die("%s: is larger than --size, %" PRIu64 " bytes; a device can only grow",
		    backing->path, backing->size_bytes);
	result = cow_encode(header, name, strlen(name), bytes);
	if (result != COW_OK)
		refuse_header(request, result);
	if (header->size_bytes > backing->size_bytes) {
		struct cow_record record = { .flags = COW_RECORD_GROWN,
					     .backing_bytes = backing->size_bytes };

		if (!cow_record_offset(header))
			refuse_header(request, COW_NAME);
		cow_record_encode(&record, bytes + cow_record_offset(header));
	}
	free(name);
}

/* A file that is there may be replaced only if it is no backing file and no guest has it. */
static void check_replaced(const struct request *request, const struct disk *backing)
{
	struct problem problem;
	struct disk old;
	struct stat found;
	int user;

	if (stat(request->cow, &found) < 0)
		return;
	if (!request->force)
		die("cannot create %s: %s; choose another name, or replace it with -f",
		    request->cow, cause(EEXIST));
	if (!S_ISREG(found.st_mode))
		die("cannot create %s: it exists and is no regular file; choose another name",
		    request->cow);
	old = (struct disk){ .stat = found };
	if (disk_same(&old, backing))
		die("%s: is the backing file itself; name another file", request->cow);
	if (disk_open(&old, request->cow, O_RDONLY, &problem) < 0)
		return;
	user = disk_user(&old, false);
	if (user)
		die("%s: in use by process %d; end the guest first", request->cow, user);
	disk_close(&old);
}

static void write_cow(const struct request *request, const struct cow_header *header,
		      const uint8_t *bytes)
{
	struct problem problem;
	struct output output;
	int error;

	if (output_open(&output, request->cow, 0644, &problem) < 0)
		die("%s", problem.text);
	error = write_full_at(output.fd, bytes, header->header_bytes, 0);
	if (!error && ftruncate(output.fd, (off_t)(header->data_offset + header->size_bytes)) < 0)
		error = -errno;
	if (error) {
		output_discard(&output);
		die("cannot write %s: %s; use a file system with room, for files that large",
		    request->cow, cause(error));
	}
	if (output_commit(&output, request->force, &problem) < 0)
		die("%s", problem.text);
}

int main(int argc, char **argv)
{
	uint8_t bytes[COW_HEADER_MAX];
	struct request request;
	struct cow_header header;
	struct problem problem;
	struct disk backing;

	signals_begin();
	request = parse(argc, argv);
	if (disk_open(&backing, request.backing, O_RDONLY, &problem) < 0)
		die("%s", problem.text);
	check_replaced(&request, &backing);
	make_header(&request, &backing, &header, bytes);
	warn_of_limits(&backing, &header);
	write_cow(&request, &header, bytes);
	disk_close(&backing);
	return EXIT_DONE;
}
