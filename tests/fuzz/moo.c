// SPDX-License-Identifier: GPL-2.0-only
/*
 * moo.c - fuzzer of whole merges: COW file and backing file from the input, merged into a new file
 * and in place, both compared with what the format says byte by byte.
 *
 * The first two bytes are the length of the backing file, then come it and the COW file. Lengths in
 * headers are bounded only so that the comparison ends.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/report.h"
#include "moo/check.h"
#include "moo/merge.h"

#define CHECK(condition) do { if (!(condition)) abort(); } while (0)

enum { COMPARE_MAX = 1 << 16 };

static int make_file(const uint8_t *bytes, size_t length, char *path, size_t path_room)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	CHECK(fd >= 0 && write_full_at(fd, bytes, length, 0) == 0);
	snprintf(path, path_room, "/proc/self/fd/%d", fd);
	return fd;
}

static uint8_t byte_at(const uint8_t *bytes, size_t length, uint64_t offset)
{
	return offset < length ? bytes[offset] : 0;
}

/* What byte of the device the format says. */
static uint8_t wanted(const struct cow_header *header, const uint8_t *cow, size_t cow_length,
		      const uint8_t *backing, size_t backing_length, uint64_t offset)
{
	uint64_t sector = offset / header->sector_bytes;
	bool changed = sector / 8 < header->bitmap_bytes &&
		       byte_at(cow, cow_length, header->bitmap_offset + sector / 8) >> sector % 8 & 1;

	if (changed)
		return byte_at(cow, cow_length, header->data_offset + offset);
	return byte_at(backing, backing_length, offset);
}

static void check_merged(int fd, const struct cow_header *header, const uint8_t *cow,
			 size_t cow_length, const uint8_t *backing, size_t backing_length)
{
	static uint8_t got[COMPARE_MAX];
	ssize_t length = read_full_at(fd, got, header->size_bytes, 0);

	CHECK(length == (ssize_t)header->size_bytes);
	for (uint64_t i = 0; i < header->size_bytes; i++)
		CHECK(got[i] == wanted(header, cow, cow_length, backing, backing_length, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image image;
	char cow_path[64], backing_path[64];
	size_t backing_length, cow_length;
	const uint8_t *backing, *cow;
	struct progress progress;
	struct problem problem;
	struct doubts doubts;
	int cow_fd, backing_fd, out;
	FILE *null = fopen("/dev/null", "w");

	if (size < 2 || !null)
		goto done;
	backing_length = ((size_t)data[0] << 8 | data[1]) % (size - 1);
	backing = data + 2;
	cow = backing + backing_length;
	cow_length = size - 2 - backing_length;
	cow_fd = make_file(cow, cow_length, cow_path, sizeof(cow_path));
	backing_fd = make_file(backing, backing_length, backing_path, sizeof(backing_path));
	if (image_open(&image, cow_path, true, &problem) == 0 &&
	    image_open_backing(&image, backing_path, true, &problem) == 0) {
		image_doubts(&image, &doubts);
		image_doubt_owner(&image, true, &doubts);
		check_print(&image, &doubts, NULL, false, null);
		check_print(&image, &doubts, NULL, true, null);
		if (image.header.size_bytes <= COMPARE_MAX) {
			struct sink sink = { .kind = &sink_fresh };
			struct sink gzip = { .kind = &sink_gzip, .fd = fileno(null) };

			out = memfd_create("out", MFD_CLOEXEC);
			CHECK(out >= 0 && ftruncate(out, (off_t)image.header.size_bytes) == 0);
			sink.fd = out;
			progress_begin(&progress, "", 0, false);
			CHECK(merge_all(&image, &sink, &progress, &problem) == 0);
			check_merged(out, &image.header, cow, cow_length, backing, backing_length);
			close(out);
			CHECK(merge_all(&image, &gzip, &progress, &problem) == 0);
			(void)gzip.kind->end(&gzip);
			gzip.kind->drop(&gzip);
			CHECK(merge_in_place(&image, false, &problem) == 0);
			check_merged(backing_fd, &image.header, cow, cow_length, backing,
				     backing_length);
		}
	}
	image_close(&image);
	close(cow_fd);
	close(backing_fd);
done:
	if (null)
		fclose(null);
	return 0;
}
