// SPDX-License-Identifier: GPL-2.0-only
/*
 * space.c - where the addresses end that the host gives to programs, and what follows from it.
 *
 * Natively that is a page below 2^47.  Inside a guest of ours it is where that guest's host
 * layer begins, one GiB less for each level; inside stock user-mode Linux it is below 2^39.  No
 * host tells, so it is tried.
 */
#include <linux/cache.h>
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <host/layout.h>
#include <host/space.h>
#include "abi.h"
#include "raw.h"

#define PAGE_BYTES	4096UL
#define LARGE_PAGE	(2UL << 20)
#define SPACE_MIN	(1UL << 38)
#define SPACE_MAX	(1UL << 47)

unsigned long host_stub_base __ro_after_init;
unsigned long host_user_end __ro_after_init;
unsigned long host_vmalloc_base __ro_after_init;

static unsigned long large;

static bool is_for_programs(unsigned long addr)
{
	long page = host_call(mmap, addr, PAGE_BYTES, 0,
			      HOST_MAP_PRIVATE | HOST_MAP_ANONYMOUS | HOST_MAP_FIXED_NOREPLACE, -1, 0);

	if (page >= 0)
		host_call(munmap, page, PAGE_BYTES);
	return page == addr || page == -EEXIST;
}

/* Up to @range; nothing where the host has no random numbers yet. */
static unsigned long random_below(unsigned long range)
{
	unsigned long value = 0;

	host_call(getrandom, &value, sizeof(value), 1 /* NONBLOCK */);
	return value % range;
}

int host_space_find(void)
{
	unsigned long last = SPACE_MIN - PAGE_BYTES, end = SPACE_MAX;

	if (!is_for_programs(last))
		return -ENOMEM;
	while (end - last > PAGE_BYTES) {
		unsigned long middle = (last + (end - last) / 2) & -PAGE_BYTES;

		if (is_for_programs(middle))
			last = middle;
		else
			end = middle;
	}
	host_user_end = end;
	host_stub_base = (end - OFF_STUB_END) & -STUB_SPACE;
	/*
	 * RAM grows towards it from below.  Hosts place what has no address of its own from the
	 * end downwards, or from a third of it upwards.  Nobody shall guess where vmalloc is.
	 */
	host_vmalloc_base = (end / 8 + random_below(end / 64) + LARGE_PAGE - 1) & -LARGE_PAGE;
	large = (2 * host_vmalloc_base + STUB_SPACE - 1) & -STUB_SPACE;
	return 0;
}

unsigned long host_space_large(unsigned long bytes)
{
	unsigned long addr = large;

	large += (bytes + STUB_SPACE - 1) & -STUB_SPACE;
	return addr;
}
