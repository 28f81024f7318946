// SPDX-License-Identifier: GPL-2.0-only
/* gzip.c - the sink that compresses, by zlib. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "lib/io.h"
#include "moo/sink.h"

struct gzip {
	z_stream zlib;
	uint8_t out[1 << 16];
};

static struct gzip *gzip_begin(void)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));

	/* 16 more than the greatest window asks for the gzip format. */
	if (gzip && deflateInit2(&gzip->zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
				 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		gzip = NULL;
	}
	return gzip;
}

static int deflate_all(struct sink *sink, const uint8_t *bytes, size_t length, int flush)
{
	z_stream *zlib;
	int result;

	if (!sink->stream)
		sink->stream = gzip_begin();
	if (!sink->stream)
		return -ENOMEM;
	zlib = &sink->stream->zlib;
	zlib->next_in = (Bytef *)bytes;
	zlib->avail_in = (uInt)length;
	do {
		size_t made;

		zlib->next_out = sink->stream->out;
		zlib->avail_out = sizeof(sink->stream->out);
		result = deflate(zlib, flush);
		made = sizeof(sink->stream->out) - zlib->avail_out;
		if (result == Z_STREAM_ERROR)
			return -EIO;
		result = write_full(sink->fd, sink->stream->out, made);
		if (result)
			return result;
	} while (!zlib->avail_out);
	return 0;
}

static int put_gzip(struct sink *sink, const uint8_t *bytes, size_t length, uint64_t offset)
{
	(void)offset;
	return deflate_all(sink, bytes, length, Z_NO_FLUSH);
}

static int zeros_gzip(struct sink *sink, uint64_t offset, uint64_t length)
{
	static const uint8_t zeros[1 << 16];

	(void)offset;
	while (length) {
		size_t part = length < sizeof(zeros) ? length : sizeof(zeros);
		int error = deflate_all(sink, zeros, part, Z_NO_FLUSH);

		if (error)
			return error;
		length -= part;
	}
	return 0;
}

static int end_gzip(struct sink *sink)
{
	int error = deflate_all(sink, NULL, 0, Z_FINISH);

	if (!error && fsync(sink->fd) < 0)
		error = -errno;
	return error;
}

static void drop_gzip(struct sink *sink)
{
	if (sink->stream)
		deflateEnd(&sink->stream->zlib);
	free(sink->stream);
	sink->stream = NULL;
}

const struct sink_kind sink_gzip = { false, put_gzip, zeros_gzip, end_gzip, drop_gzip };
