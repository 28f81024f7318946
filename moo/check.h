/* SPDX-License-Identifier: GPL-2.0-only */
/* check.h - the header of a COW file in words, or as JSON. */
#ifndef MOO_CHECK_H
#define MOO_CHECK_H

#include <stdio.h>

#include "moo/image.h"

/**
 * check_print() - print the header, and whether the COW file can be used
 * @image: the COW file, its backing file open or not
 * @doubts: what speaks against it
 * @missing: why the backing file is not open, or NULL
 * @json: as JSON rather than lines `name: value`
 * @out: where to
 *
 * Return: whether nothing speaks against it.
 */
bool check_print(const struct image *image, const struct doubts *doubts,
		 const struct problem *missing, bool json, FILE *out);

#endif
