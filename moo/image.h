/* SPDX-License-Identifier: GPL-2.0-only */
/* image.h - a COW file with its backing file: opened, and whether they belong together. */
#ifndef MOO_IMAGE_H
#define MOO_IMAGE_H

#include "moo/disk.h"
#include "moo/runs.h"
#include "wire/cow.h"

/**
 * struct image - a device: a COW file and its backing file
 * @cow: the COW file
 * @backing: the backing file
 * @header: of the COW file
 * @record: of the COW file
 * @survey: what its bitmap says
 * @bytes: its first bytes, those that are read
 * @name: name of the backing file as the header has it, cut off where no zero byte ends it
 * @path: name under which the backing file is opened, set by image_open_backing()
 */
struct image {
	struct disk cow;
	struct disk backing;
	struct cow_header header;
	struct cow_record record;
	struct survey survey;
	uint8_t bytes[COW_HEADER_MAX];
	char name[COW_NAME_MAX + 2];
	char path[2 * COW_NAME_MAX + 4];
};

/* What speaks against using an image; in the order in which they are told. */
enum doubt {
	DOUBT_CUT,	/* the COW file ends before its bitmap or data do */
	DOUBT_STRAY,	/* bits beyond the device's end */
	DOUBT_SIZE,	/* the backing file has another size */
	DOUBT_MTIME,	/* the backing file was changed since */
	DOUBT_USER,	/* another process has it */
	DOUBT_OWNER,	/* a stranger's COW file leads to a file that its owner cannot use so */
	DOUBTS,
};

struct doubts {
	unsigned int set;	/* 1 << each that holds */
	struct problem problems[DOUBTS];
};

/**
 * image_open() - open a COW file and read its header and bitmap
 * @image: set; closed by image_close(), also after a failure
 * @path: its name; kept, not copied
 * @write: for writing too; where that is not allowed only for reading
 * @problem: says why not
 *
 * Return: 0 or -1.
 */
int image_open(struct image *image, const char *path, bool write, struct problem *problem);

/**
 * image_open_backing() - open the backing file
 * @image: an open image
 * @given: its name, instead of the one that the header has, or NULL; kept, not copied
 * @write: for writing too
 * @problem: says why not
 *
 * A relative name in the header is looked up in the current folder, as kernels do, then in that of
 * the COW file.
 *
 * Return: 0 or -1.
 */
int image_open_backing(struct image *image, const char *given, bool write,
		       struct problem *problem);
void image_close(struct image *image);

/**
 * image_writable() - whether the COW file is open for writing
 */
bool image_writable(const struct image *image);

/**
 * image_is_marked() - whether the mark of a merge into this backing file stands in the COW file,
 * which nothing has written to since
 */
bool image_is_marked(const struct image *image);

/**
 * image_doubts() - what speaks against using COW file and backing file together
 * @image: both open; the backing file may be missing, then only the COW file is looked at
 * @doubts: set
 */
void image_doubts(const struct image *image, struct doubts *doubts);

/**
 * image_doubt_owner() - what speaks against following the name in the header
 * @image: both open
 * @write: the backing file is written to
 * @doubts: DOUBT_OWNER is added
 *
 * Whoever writes a COW file chooses the file that it leads to: root's tool must not open doors.
 */
void image_doubt_owner(const struct image *image, bool write, struct doubts *doubts);

/**
 * image_lock() - keep others away from both files until they are closed
 * @image: both open
 * @write: the backing file is written to
 * @doubts: DOUBT_USER is added where somebody is there already
 */
void image_lock(const struct image *image, bool write, struct doubts *doubts);

#endif
