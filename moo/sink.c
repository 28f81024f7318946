// SPDX-License-Identifier: GPL-2.0-only
/* sink.c - sinks that are files or block devices. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "moo/sink.h"

/* So much is written before the disk is set to work on it; the final sync then waits less. */
#define SYNC_BYTES	(256ULL << 20)
/* Shorter stretches are better gathered in the page cache. */
#define DIRECT_BYTES	(256U << 10)
/* Smaller pieces are cheaper copied than shared. */
#define SHARE_BYTES	(64U << 10)

bool sink_all_zero(const uint8_t *bytes, size_t length)
{
	uint64_t words[8];

	for (; length >= sizeof(words); bytes += sizeof(words), length -= sizeof(words)) {
		memcpy(words, bytes, sizeof(words));
		if (words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] |
		    words[7])
			return false;
	}
	while (length)
		if (bytes[--length])
			return false;
	return true;
}

/* Switches between the page cache and the disk itself. */
static bool set_direct(struct sink *sink, bool direct)
{
	int flags;

	if (sink->direct_now == direct)
		return true;
	flags = fcntl(sink->fd, F_GETFL);
	if (flags < 0 || fcntl(sink->fd, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT) < 0)
		return false;
	sink->direct_now = direct;
	return true;
}

/* Into the page cache, whose state the disk learns from time to time. */
static int put_cached(struct sink *sink, const uint8_t *bytes, size_t length, uint64_t offset)
{
	int error;

	if (!set_direct(sink, false))
		return -errno;
	error = write_full_at(sink->fd, bytes, length, (off_t)offset);
	sink->unsynced_bytes += length;
	if (!error && sink->unsynced_bytes >= SYNC_BYTES) {
		/* Only a hint; the final sync tells of errors. */
		(void)!sync_file_range(sink->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		sink->unsynced_bytes = 0;
	}
	return error;
}

/*
 * Has what is aligned, and long or scattered, written past the page cache: no pages are taken from
 * others for a file that is not read soon, the final sync has nothing left to do, and the next bytes
 * are read meanwhile. Returns how many bytes.
 */
static size_t put_direct(struct sink *sink, const uint8_t *bytes, size_t length, uint64_t offset)
{
	size_t part = length - length % SINK_BLOCK_BYTES;

	if (!sink->direct || !part || (part < DIRECT_BYTES && !sink->scattered) ||
	    offset % SINK_BLOCK_BYTES || (uintptr_t)bytes % SINK_BLOCK_BYTES)
		return 0;
	if (flight_add(&sink->flight, sink->fd, bytes, part, offset))
		return part;
	sink->direct = sink->flight.count == FLIGHT_MAX;
	return 0;
}

void sink_launch(struct sink *sink)
{
	/* What is not begun sink_settle() finds. */
	if (sink->flight.begun < sink->flight.count && set_direct(sink, true))
		flight_begin(&sink->flight);
}

int sink_settle(struct sink *sink)
{
	struct iocb failed[FLIGHT_MAX];
	unsigned int failures = flight_end(&sink->flight, failed);

	/* Where it fails in any way the page cache gets the same bytes, and tells the error. */
	for (unsigned int i = 0; i < failures; i++) {
		int error = put_cached(sink, (const uint8_t *)(uintptr_t)failed[i].aio_buf,
				       failed[i].aio_nbytes, (uint64_t)failed[i].aio_offset);

		sink->direct = false;
		if (error)
			return error;
	}
	return 0;
}

static int put_file(struct sink *sink, const uint8_t *bytes, size_t length, uint64_t offset)
{
	size_t done = put_direct(sink, bytes, length, offset);

	return done == length ? 0 : put_cached(sink, bytes + done, length - done, offset + done);
}

static int zeros_fresh(struct sink *sink, uint64_t offset, uint64_t length)
{
	(void)sink, (void)offset, (void)length;
	return 0;
}

static int zeros_over(struct sink *sink, uint64_t offset, uint64_t length)
{
	static const uint8_t zeros[1 << 16];

	if (!sink->no_holes) {
		if (fallocate(sink->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			      (off_t)length) == 0)
			return 0;
		if (errno == EINTR)
			return zeros_over(sink, offset, length);
		/* A part of a disk's block; or no holes there at all. */
		sink->no_holes = errno != EINVAL;
	}
	while (length) {
		size_t part = length < sizeof(zeros) ? length : sizeof(zeros);
		int error = put_file(sink, zeros, part, offset);

		if (error)
			return error;
		offset += part;
		length -= part;
	}
	return 0;
}

static int end_file(struct sink *sink)
{
	int error;

	sink_launch(sink);
	error = sink_settle(sink);

	if (!error && fsync(sink->fd) < 0)
		error = -errno;
	return error;
}

static void drop_file(struct sink *sink)
{
	flight_drop(&sink->flight);
}

const struct sink_kind sink_fresh = { true, put_file, zeros_fresh, end_file, drop_file };
const struct sink_kind sink_over = { false, put_file, zeros_over, end_file, drop_file };

/* Bytes up to the next place where a block begins, at most length. */
static size_t block_part(uint64_t offset, size_t length)
{
	size_t part = SINK_BLOCK_BYTES - offset % SINK_BLOCK_BYTES;

	return part < length ? part : length;
}

/* Has blocks of another file shared; what is left is to be copied. */
static size_t share(struct sink *sink, size_t length, uint64_t offset, struct sink_source source)
{
	size_t done = 0;

	while (done < length) {
		off_t in = (off_t)(source.offset + done), out = (off_t)(offset + done);
		ssize_t put = copy_file_range(source.fd, &in, sink->fd, &out, length - done, 0);

		if (put > 0) {
			done += (size_t)put;
			continue;
		}
		if (put < 0 && errno == EINTR)
			continue;
		sink->clones = false;
		break;
	}
	return done;
}

/* Length of what is all zero, or has no zero block. */
static size_t zero_run(const uint8_t *bytes, size_t length, uint64_t offset, bool *zero)
{
	size_t run = block_part(offset, length);

	*zero = sink_all_zero(bytes, run);
	while (run < length) {
		size_t part = block_part(offset + run, length - run);

		if (sink_all_zero(bytes + run, part) != *zero)
			break;
		run += part;
	}
	return run;
}

int sink_put(struct sink *sink, const uint8_t *bytes, size_t length, uint64_t offset,
	     const struct sink_source *source)
{
	size_t done, run, shared;

	for (done = 0; done < length; done += run) {
		bool zero;
		int error;

		run = zero_run(bytes + done, length - done, offset + done, &zero);
		if (zero) {
			error = sink->kind->zeros(sink, offset + done, run);
			if (error)
				return error;
			continue;
		}
		shared = 0;
		if (source && sink->clones && run >= SHARE_BYTES)
			shared = share(sink, run, offset + done, (struct sink_source){
				source->fd, source->offset + done });
		if (shared == run)
			continue;
		error = sink->kind->put(sink, bytes + done + shared, run - shared,
					offset + done + shared);
		if (error)
			return error;
	}
	return 0;
}
