/* SPDX-License-Identifier: GPL-2.0-only */
/* runs.h - the device from its beginning to its end, as runs of changed and unchanged bytes. */
#ifndef MOO_RUNS_H
#define MOO_RUNS_H

#include "wire/cow.h"

struct run {
	uint64_t offset;	/* in the device, bytes */
	uint64_t length;	/* bytes */
	bool changed;		/* in the COW file, else in the backing file */
};

/* Where the walk is. The bitmap is read in pieces, those that are holes in the file not at all. */
struct runs {
	const struct cow_header *header;
	int fd;
	uint64_t sector;	/* first one that was not returned yet */
	uint64_t piece_first;	/* sectors that bits has: from this one */
	uint64_t piece_end;	/* to before this one */
	uint8_t bits[1 << 16];
};

/**
 * struct survey - what the bitmap says as a whole
 * @changed_sectors: count of bits that are set
 * @changed_bytes: bytes of the device that they stand for
 * @runs: runs of changed bytes
 * @end_bytes: where in the device the last of them ends
 * @stray_bits: bits are set for sectors beyond the device's end
 */
struct survey {
	uint64_t changed_sectors;
	uint64_t changed_bytes;
	uint64_t runs;
	uint64_t end_bytes;
	bool stray_bits;
};

/**
 * runs_begin() - begin a walk
 * @runs: set
 * @fd: the COW file
 * @header: its header; kept, not copied
 */
void runs_begin(struct runs *runs, int fd, const struct cow_header *header);

/**
 * runs_next() - the next run
 * @runs: the walk
 * @run: set; it begins where the one before ended and has at least one byte
 *
 * Bits beyond the end of the file count as not set.
 *
 * Return: 1, 0 at the device's end, -errno where the bitmap cannot be read.
 */
int runs_next(struct runs *runs, struct run *run);

/**
 * runs_survey() - walk over the whole device
 * @survey: set
 * @fd: the COW file
 * @header: its header
 *
 * Return: 0 or -errno.
 */
int runs_survey(struct survey *survey, int fd, const struct cow_header *header);

#endif
