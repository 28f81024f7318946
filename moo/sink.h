/* SPDX-License-Identifier: GPL-2.0-only */
/* sink.h - where the bytes of a merged image go; zeros become holes where that can be. */
#ifndef MOO_SINK_H
#define MOO_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "moo/flight.h"

/* Zeros are looked for in blocks of so many bytes. */
#define SINK_BLOCK_BYTES	4096U

/**
 * struct sink - an open sink
 * @kind: what it does with the bytes
 * @fd: descriptor that it writes to, at offsets but for the compressed kind
 * @clones: its file system shares blocks between files
 * @direct: long stretches go to the disk past the page cache
 * @scattered: short ones too: the file has these blocks already
 * @direct_now: the descriptor is in that mode
 * @no_holes: no holes can be made in it
 * @unsynced_bytes: written since the disk was last set to work
 * @flight: writes past the page cache that are going on
 * @stream: state of the compressed kind
 */
struct sink {
	const struct sink_kind *kind;
	int fd;
	bool clones;
	bool direct;
	bool scattered;
	bool direct_now;
	bool no_holes;
	uint64_t unsynced_bytes;
	struct flight flight;
	struct gzip *stream;
};

/**
 * struct sink_kind - a family of sinks; all return 0 or -errno
 * @gaps: what is never written reads as zeros, so zeros need not be
 * @put: takes bytes for an offset; the compressed kind gets them in order
 * @zeros: takes that many zeros
 * @end: all was written
 * @drop: releases what the sink holds, never fails
 */
struct sink_kind {
	bool gaps;
	int (*put)(struct sink *sink, const uint8_t *bytes, size_t length, uint64_t offset);
	int (*zeros)(struct sink *sink, uint64_t offset, uint64_t length);
	int (*end)(struct sink *sink);
	void (*drop)(struct sink *sink);
};

/* For a new file, all of it a hole of the final size. */
extern const struct sink_kind sink_fresh;
/* For a file or block device that has other content. */
extern const struct sink_kind sink_over;
/* For a new file, compressed as gzip (RFC 1952) does. */
extern const struct sink_kind sink_gzip;

/* Where bytes stand in another file. */
struct sink_source {
	int fd;
	uint64_t offset;
};

/**
 * sink_put() - write bytes
 * @sink: the sink
 * @bytes: what; in blocks that begin at multiples of SINK_BLOCK_BYTES in the image, zeros are left
 *	out or become holes. They must stay as they are until sink_settle() or the sink's end()
 * @length: bytes
 * @offset: place in the image
 * @source: where they can be shared from, or NULL
 *
 * Return: 0 or -errno.
 */
int sink_put(struct sink *sink, const uint8_t *bytes, size_t length, uint64_t offset,
	     const struct sink_source *source);

/**
 * sink_launch() - begin the writes that were put; more can be put meanwhile
 */
void sink_launch(struct sink *sink);

/**
 * sink_settle() - wait for writes that are going on
 * @sink: the sink
 *
 * Return: 0 or -errno.
 */
int sink_settle(struct sink *sink);

/**
 * sink_all_zero() - whether bytes are all zero
 */
bool sink_all_zero(const uint8_t *bytes, size_t length);

#endif
