// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has the host give memory to ranges of guest RAM before a transfer into them.
 *
 * A page of RAM that nobody has touched costs a fault.  Where the host's kernel itself is
 * the one who touches it, in the middle of a read, that fault costs several times what
 * the page does; asked for in one call before, all pages of the transfer are there.  A
 * bit for each chunk remembers what was asked for, so that it is asked for once.
 */
#include <linux/types.h>
#include <host/ram.h>
#include <asm/memory_layout.h>
#include "abi.h"
#include "raw.h"

#define CHUNK_SHIFT		14
#define CHUNK_BYTES		(1UL << CHUNK_SHIFT)
#define MADV_POPULATE_WRITE	23

static u64 *asked;	/* one bit a chunk; NULL until the first request */

static bool bits_ready(void)
{
	unsigned long bytes = ((host_ram_bytes >> CHUNK_SHIFT) + 63) / 64 * 8;
	u64 *none = NULL;
	long addr;

	if (__atomic_load_n(&asked, __ATOMIC_ACQUIRE))
		return true;
	addr = host_call(mmap, 0, bytes, HOST_PROT_READ | HOST_PROT_WRITE,
			 HOST_MAP_PRIVATE | HOST_MAP_ANONYMOUS | HOST_MAP_NORESERVE, -1, 0);
	if (addr < 0 && addr > -4096)
		return false;
	if (!__atomic_compare_exchange_n(&asked, &none, (u64 *)addr, false, __ATOMIC_ACQ_REL,
					 __ATOMIC_ACQUIRE))
		host_call(munmap, addr, bytes);
	return true;
}

/* Return: whether the chunk was not asked for before. */
static bool ask(unsigned long chunk)
{
	u64 bit = 1UL << (chunk % 64);

	if (__atomic_load_n(&asked[chunk / 64], __ATOMIC_RELAXED) & bit)
		return false;
	return !(__atomic_fetch_or(&asked[chunk / 64], bit, __ATOMIC_RELAXED) & bit);
}

void host_ram_populate(const void *start, size_t len_bytes)
{
	unsigned long ram = UM_IMAGE_BASE + host_ram_base;
	unsigned long from = (unsigned long)start - ram, to = from + len_bytes, first = 0;
	bool run = false;

	if ((unsigned long)start < ram || to > host_ram_bytes || len_bytes < CHUNK_BYTES ||
	    !bits_ready())
		return;
	to = (to + CHUNK_BYTES - 1) >> CHUNK_SHIFT;
	for (unsigned long chunk = from >> CHUNK_SHIFT; chunk <= to; chunk++) {
		bool fresh = chunk < to && ask(chunk);

		if (fresh && !run)
			first = chunk;
		if (!fresh && run)
			host_call(madvise, ram + (first << CHUNK_SHIFT),
				  (chunk - first) << CHUNK_SHIFT, MADV_POPULATE_WRITE);
		run = fresh;
	}
}

void host_ram_depopulated(unsigned long phys, unsigned long bytes)
{
	unsigned long from = (phys - host_ram_base) >> CHUNK_SHIFT;
	unsigned long to = (phys - host_ram_base + bytes + CHUNK_BYTES - 1) >> CHUNK_SHIFT;

	if (!__atomic_load_n(&asked, __ATOMIC_ACQUIRE))
		return;
	for (; from < to; from++)
		__atomic_fetch_and(&asked[from / 64], ~(1UL << (from % 64)), __ATOMIC_RELAXED);
}
