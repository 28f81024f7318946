/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * place.h - where a file goes: its folder, held open, and its name in there.
 *
 * What is made in a folder that others may write to is reached by the folder's descriptor, so that
 * nobody can exchange a part of its path meanwhile. Symbolic links on the way are followed only where
 * they belong to root, to the caller, or to who has the root folder: what another user put there
 * could lead to any file of the caller's.
 */
#ifndef LIB_PLACE_H
#define LIB_PLACE_H

#include <limits.h>
#include <stdbool.h>

/**
 * struct place - a name in a folder
 * @folder: the folder's descriptor, for openat(2) and the like alone
 * @name: the name, without a slash; there need be nothing yet
 * @linked: a symbolic link at the end of the path led there
 */
struct place {
	int folder;
	char name[NAME_MAX + 1];
	bool linked;
};

/**
 * place_open() - find the folder and the name of a path
 * @place: set on success
 * @path: the path
 * @follow: a symbolic link at its end is followed, else it is what the name stands for
 *
 * Return: 0; -EPERM where a symbolic link on the way is another user's, -EISDIR for a path that names
 * no file, or another -errno.
 */
int place_open(struct place *place, const char *path, bool follow);

/* place_close() - close the folder */
void place_close(struct place *place);

/**
 * place_random() - make a name that nobody can foresee
 * @name: set
 * @size: its size, 32 bytes at least
 * @prefix: what it begins with
 *
 * Return: 0 or -errno.
 */
int place_random(char *name, unsigned long size, const char *prefix);

#endif
