// SPDX-License-Identifier: GPL-2.0-only
/* runs.c - a walk over the bitmap of a COW file. */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "moo/runs.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Sectors that the bitmap speaks of. */
static uint64_t mapped_sectors(const struct cow_header *header)
{
	return least(header->sectors, 8 * header->bitmap_bytes);
}

void runs_begin(struct runs *runs, int fd, const struct cow_header *header)
{
	runs->header = header;
	runs->fd = fd;
	runs->sector = runs->piece_first = runs->piece_end = 0;
}

/* First byte of the bitmap from this one on that is no hole in the file. */
static uint64_t next_data(const struct runs *runs, uint64_t byte)
{
	off_t start = (off_t)runs->header->bitmap_offset;
	off_t data = lseek(runs->fd, start + (off_t)byte, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? runs->header->bitmap_bytes : byte;
	return least((uint64_t)(data - start), runs->header->bitmap_bytes);
}

/* Has bits for runs->sector, or an empty piece further on. */
static int load_piece(struct runs *runs)
{
	const struct cow_header *header = runs->header;
	uint64_t byte = next_data(runs, runs->sector / 8);
	uint64_t length = least(sizeof(runs->bits), header->bitmap_bytes - byte);
	ssize_t got;

	if (8 * byte > runs->sector) {
		runs->piece_first = runs->piece_end = least(8 * byte, header->sectors);
		return 0;
	}
	got = read_full_at(runs->fd, runs->bits, length, (off_t)(header->bitmap_offset + byte));
	if (got < 0)
		return (int)got;
	memset(runs->bits + got, 0, length - (size_t)got);
	runs->piece_first = 8 * byte;
	runs->piece_end = least(8 * (byte + length), header->sectors);
	return 0;
}

int runs_next(struct runs *runs, struct run *run)
{
	const struct cow_header *header = runs->header;
	uint64_t end, first = runs->sector;

	if (first >= header->sectors)
		return 0;
	run->changed = false;
	if (first >= mapped_sectors(header)) {
		end = header->sectors;
	} else {
		if (first >= runs->piece_end) {
			int error = load_piece(runs);

			if (error)
				return error;
		}
		end = runs->piece_first;
		if (first >= end) {
			uint64_t base = runs->piece_first;

			run->changed = cow_bit(runs->bits, first - base);
			end = first + cow_bit_run(runs->bits, first - base, runs->piece_end - base);
		}
	}
	runs->sector = end;
	run->offset = first * header->sector_bytes;
	run->length = least(end * header->sector_bytes, header->size_bytes) - run->offset;
	return 1;
}

static int find_stray_bits(struct survey *survey, int fd, const struct cow_header *header)
{
	uint64_t byte = header->sectors / 8;
	uint8_t last = 0;
	ssize_t got;

	if (header->sectors % 8 == 0 || byte >= header->bitmap_bytes)
		return 0;
	got = read_full_at(fd, &last, 1, (off_t)(header->bitmap_offset + byte));
	survey->stray_bits = got == 1 && last >> header->sectors % 8;
	return got < 0 ? (int)got : 0;
}

int runs_survey(struct survey *survey, int fd, const struct cow_header *header)
{
	static struct runs runs;
	struct run run;
	int more;

	*survey = (struct survey){ 0 };
	runs_begin(&runs, fd, header);
	while ((more = runs_next(&runs, &run)) > 0) {
		if (!run.changed)
			continue;
		survey->changed_bytes += run.length;
		survey->changed_sectors += run.length / header->sector_bytes +
					   (run.length % header->sector_bytes != 0);
		survey->runs += run.offset > survey->end_bytes || !survey->runs;
		survey->end_bytes = run.offset + run.length;
	}
	return more ? more : find_stray_bits(survey, fd, header);
}
