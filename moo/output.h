/* SPDX-License-Identifier: GPL-2.0-only */
/* output.h - a new file that appears under its name only when it is whole and on the disk. */
#ifndef MOO_OUTPUT_H
#define MOO_OUTPUT_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/place.h"
#include "moo/problem.h"

/**
 * struct output - a file that is being written
 * @fd: its descriptor
 * @device: it is a block device, written to directly
 * @path: its name in the end, as the user gave it
 * @place: where that leads to
 * @temporary: its name there until then; empty where it has none
 * @size_bytes: of a block device
 */
struct output {
	int fd;
	bool device;
	char path[PATH_MAX];
	struct place place;
	char temporary[64];
	uint64_t size_bytes;
	struct stat replaced;	/* what has the name now; all zero for nothing */
};

/**
 * output_open() - begin a new file, without a name or with a temporary one
 * @output: set
 * @path: the name that it is to have; a symbolic link is followed, unless it is another user's
 * @mode: permissions where no file of that name exists, less the umask; else they stay. Those of
 *	another user's file count only in a folder where nobody else can have put it
 * @problem: says why not
 *
 * A block device of that name is opened instead; what is written to it is there at once.
 *
 * Return: 0 or -1.
 */
int output_open(struct output *output, const char *path, mode_t mode, struct problem *problem);

/**
 * output_commit() - sync the file and give it its name
 * @output: the file; it is closed in any case, and without trace after a failure
 * @replace: also where another file has that name
 * @problem: says what failed
 *
 * Return: 0 or -1.
 */
int output_commit(struct output *output, bool replace, struct problem *problem);

/**
 * output_discard() - drop the file
 */
void output_discard(struct output *output);

#endif
