// SPDX-License-Identifier: GPL-2.0-only
/*
 * merge.c - a device's content into a sink.
 *
 * The device is put together in windows of 4 MiB: what is unchanged from the backing file, what is
 * changed from the COW file, holes as zeros without being read. Whole windows of nothing are passed
 * over at once, so that the time goes with the data and not with the size, and the memory with
 * neither.
 */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/report.h"
#include "moo/merge.h"

#define WINDOW_BYTES	(4ULL << 20)
/* Long stretches of nothing are written in steps of so many bytes, where they must be. */
#define NOTHING_BYTES	(64ULL << 20)

/* Two in turns: one may be on its way to the disk. Aligned as disks want it. */
_Alignas(SINK_BLOCK_BYTES) static uint8_t windows[2][WINDOW_BYTES];

/* Reads a device from its beginning to its end. */
struct reader {
	const struct image *image;
	struct runs runs;
	struct run run;		/* the one that is being read */
	/* The backing file has data from one place to the other, nothing before it from here on. */
	uint64_t data_from, data_to;
	uint8_t *window;	/* the one in use */
	struct problem *problem;
};

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static int read_problem(struct problem *problem, const char *path, int error)
{
	return problem_set(problem, "cannot read %s: %s; check its disk", path, cause(error));
}

static int write_problem(struct problem *problem, int error)
{
	const char *remedy = "check its disk";

	if (error == -EINTR)
		return problem_set(problem, "interrupted; start it anew");
	if (error == -ENOSPC || error == -EDQUOT)
		remedy = "make room there";
	else if (error == -EFBIG)
		remedy = "use a file system, and a limit, for larger files";
	return problem_set(problem, "cannot write: %s; %s", cause(error), remedy);
}

static void begin(struct reader *reader, const struct image *image, struct problem *problem)
{
	reader->image = image;
	reader->problem = problem;
	reader->data_from = reader->data_to = 0;
	reader->window = windows[0];
	runs_begin(&reader->runs, image->cow.fd, &image->header);
}

static void other_window(struct reader *reader)
{
	reader->window = windows[reader->window == windows[0]];
}

static int next_run(struct reader *reader)
{
	int more = runs_next(&reader->runs, &reader->run);

	if (more < 0)
		return read_problem(reader->problem, reader->image->cow.path, more);
	return 0;
}

/* Finds the first data of the backing file at or behind an offset. */
static void find_data(struct reader *reader, uint64_t offset)
{
	const struct disk *backing = &reader->image->backing;
	off_t data, hole;

	if (offset < reader->data_to)
		return;
	reader->data_from = reader->data_to = backing->size_bytes;
	if (offset >= backing->size_bytes) {
		reader->data_from = reader->data_to = UINT64_MAX;
		return;
	}
	data = lseek(backing->fd, (off_t)offset, SEEK_DATA);
	if (data < 0 && errno == ENXIO)
		return;
	hole = data < 0 ? data : lseek(backing->fd, data, SEEK_HOLE);
	/* Where holes cannot be told all is data. */
	reader->data_from = hole <= data ? offset : (uint64_t)data;
	if (hole > data)
		reader->data_to = (uint64_t)hole;
}

/* How many bytes from an offset on are unchanged and nothing but hole. */
static uint64_t hole_length(struct reader *reader, uint64_t offset)
{
	if (reader->run.changed)
		return 0;
	find_data(reader, offset);
	if (reader->data_from <= offset)
		return 0;
	return least(reader->data_from, reader->run.offset + reader->run.length) - offset;
}

/* Reads a part of a file; what is beyond its end is zero. */
static int read_part(struct reader *reader, const struct disk *disk, uint8_t *to, uint64_t length,
		     uint64_t offset)
{
	ssize_t got = read_full_at(disk->fd, to, length, (off_t)offset);

	if (got < 0)
		return read_problem(reader->problem, disk->path, (int)got);
	memset(to + got, 0, length - (uint64_t)got);
	return 0;
}

/* Puts a window's bytes together and moves on to the run behind them. */
static int read_window(struct reader *reader, uint64_t offset, uint64_t length)
{
	const struct image *image = reader->image;
	uint8_t *to = reader->window;

	while (length) {
		uint64_t part = least(length, reader->run.offset + reader->run.length - offset);
		uint64_t hole = hole_length(reader, offset);
		int error = 0;

		if (hole) {
			part = least(part, hole);
			memset(to, 0, part);
		} else if (reader->run.changed) {
			error = read_part(reader, &image->cow, to, part,
					  image->header.data_offset + offset);
		} else {
			part = least(part, reader->data_to - offset);
			error = read_part(reader, &image->backing, to, part, offset);
		}
		if (error)
			return error;
		to += part;
		offset += part;
		length -= part;
		if (offset == reader->run.offset + reader->run.length && next_run(reader) < 0)
			return -1;
	}
	return 0;
}

int merge_all(const struct image *image, struct sink *sink, struct progress *progress,
	      struct problem *problem)
{
	static struct reader reader;
	uint64_t size = image->header.size_bytes;

	begin(&reader, image, problem);
	if (size && next_run(&reader) < 0)
		return -1;
	for (uint64_t offset = 0, length; offset < size; offset += length) {
		uint64_t hole = hole_length(&reader, offset);
		int error;

		if (hole >= WINDOW_BYTES) {
			length = sink->kind->gaps ? hole : least(hole, NOTHING_BYTES);
			/* The next window is to begin with a block. */
			length -= (offset + length) % SINK_BLOCK_BYTES;
			error = sink->kind->zeros(sink, offset, length);
			if (offset + length == reader.run.offset + reader.run.length &&
			    next_run(&reader) < 0)
				return -1;
		} else {
			length = least(WINDOW_BYTES - offset % WINDOW_BYTES, size - offset);
			if (read_window(&reader, offset, length) < 0)
				return -1;
			error = sink_settle(sink);
			if (!error)
				error = sink_put(sink, reader.window, length, offset, NULL);
			sink_launch(sink);
			other_window(&reader);
		}
		if (!error)
			error = progress_add(progress, length);
		if (error)
			return write_problem(problem, error);
	}
	return 0;
}

/* Changed pieces of one window, read and not yet put. */
struct batch {
	struct run pieces[FLIGHT_MAX];
	unsigned int count;
};

/* Reads a part of the current run as far as it lies in one window. Returns its length or -1. */
static int64_t add_piece(struct reader *reader, struct batch *batch, uint64_t offset)
{
	const struct image *image = reader->image;
	uint64_t place = offset % WINDOW_BYTES;
	uint64_t length = least(WINDOW_BYTES - place,
				reader->run.offset + reader->run.length - offset);

	if (read_part(reader, &image->cow, reader->window + place, length,
		      image->header.data_offset + offset) < 0)
		return -1;
	batch->pieces[batch->count++] = (struct run){ offset, length, true };
	return (int64_t)length;
}

/*
 * Many short writes at once, past the page cache, keep the disk at work from the beginning. Into
 * holes of the backing file they go through the page cache: blocks are found for them together.
 */
static int put_batch(struct reader *reader, struct batch *batch, struct sink *sink,
		     struct progress *progress)
{
	int error = sink_settle(sink);

	for (unsigned int i = 0; !error && i < batch->count; i++) {
		const struct run *piece = &batch->pieces[i];
		struct sink_source source = { reader->image->cow.fd,
			reader->image->header.data_offset + piece->offset };

		find_data(reader, piece->offset);
		sink->scattered = reader->data_from <= piece->offset &&
				  piece->offset + piece->length <= reader->data_to;
		error = sink_put(sink, reader->window + piece->offset % WINDOW_BYTES,
				 piece->length, piece->offset, &source);
		if (!error)
			error = progress_add(progress, piece->length);
	}
	sink_launch(sink);
	other_window(reader);
	batch->count = 0;
	return error ? write_problem(reader->problem, error) : 0;
}

/* Whether the piece at an offset goes with those that were read. */
static bool fits(const struct batch *batch, uint64_t offset)
{
	return !batch->count || (batch->count < FLIGHT_MAX &&
				 batch->pieces[0].offset / WINDOW_BYTES == offset / WINDOW_BYTES);
}

static int merge_run(struct reader *reader, struct batch *batch, struct sink *sink,
		     struct progress *progress)
{
	uint64_t offset = reader->run.offset, end = offset + reader->run.length;

	while (offset < end) {
		int64_t length;

		if (!fits(batch, offset) && put_batch(reader, batch, sink, progress) < 0)
			return -1;
		length = add_piece(reader, batch, offset);
		if (length < 0)
			return -1;
		offset += (uint64_t)length;
	}
	return 0;
}

int merge_changes(const struct image *image, struct sink *sink, struct progress *progress,
		  struct problem *problem)
{
	static struct reader reader;
	static struct batch batch;
	int more;

	begin(&reader, image, problem);
	batch.count = 0;
	while ((more = runs_next(&reader.runs, &reader.run)) > 0)
		if (reader.run.changed && merge_run(&reader, &batch, sink, progress) < 0)
			return -1;
	if (more < 0)
		return read_problem(problem, image->cow.path, more);
	return put_batch(&reader, &batch, sink, progress);
}
