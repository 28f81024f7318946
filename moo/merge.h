/* SPDX-License-Identifier: GPL-2.0-only */
/* merge.h - a device's content, read from COW file and backing file, into a sink. */
#ifndef MOO_MERGE_H
#define MOO_MERGE_H

#include "moo/image.h"
#include "moo/progress.h"
#include "moo/sink.h"

/**
 * merge_all() - write the whole device
 * @image: both files open
 * @sink: where to
 * @progress: begun, for the device's size
 * @problem: says what failed
 *
 * Bytes beyond the end of either file are zero.
 *
 * Return: 0 or -1.
 */
int merge_all(const struct image *image, struct sink *sink, struct progress *progress,
	      struct problem *problem);

/**
 * merge_changes() - write the changed sectors
 * @image: both files open
 * @sink: has the content of the backing file
 * @progress: begun, for the bytes that are changed
 * @problem: says what failed
 *
 * Return: 0 or -1.
 */
int merge_changes(const struct image *image, struct sink *sink, struct progress *progress,
		  struct problem *problem);

/**
 * merge_in_place() - write the changed sectors into the backing file, so that it can be done again
 * @image: both files open for writing, the COW file perhaps only for reading
 * @visible: draw a bar
 * @problem: says what failed
 *
 * Return: 0 or -1.
 */
int merge_in_place(struct image *image, bool visible, struct problem *problem);

#endif
