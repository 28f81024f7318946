// SPDX-License-Identifier: GPL-2.0-only
/* array.c - arrays that grow by one element at a time. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/array.h"

void *array_grow(void *array, size_t count, size_t size)
{
	/* There is room for a power of two, from 2 on. */
	if (count & (count - 1) || count == 1)
		return array;
	return reallocarray(array, count ? 2 * count : 2, size);
}
