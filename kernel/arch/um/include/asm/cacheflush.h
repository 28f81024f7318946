/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_CACHEFLUSH_H
#define __ASM_UM_CACHEFLUSH_H

/**
 * um_map_kernel_range() - bring new entries of the kernel's page tables into the host
 * @start: first byte
 * @end: byte behind the last
 */
void um_map_kernel_range(unsigned long start, unsigned long end);

#define flush_cache_vmap(start, end)		um_map_kernel_range(start, end)
#define flush_cache_vmap_early(start, end)	um_map_kernel_range(start, end)

#include <asm-generic/cacheflush.h>

#endif
