/* SPDX-License-Identifier: GPL-2.0-only */
/* array.h - arrays that grow by one element at a time. */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

#include <stddef.h>

/**
 * array_grow() - make room for one more element
 * @array: from an earlier call, or NULL where @count is 0
 * @count: how many elements it has
 * @size: bytes of each
 *
 * The room doubles, so that many calls cost few moves. free() it.
 *
 * Return: the array, which may have moved, or NULL without memory; the old one is valid then.
 */
void *array_grow(void *array, size_t count, size_t size);

#endif
