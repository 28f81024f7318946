/* SPDX-License-Identifier: GPL-2.0-only */
/* set_memory.h - rights of vmalloc memory and modules: mm/kernel_map.c. */
#ifndef __ASM_UM_SET_MEMORY_H
#define __ASM_UM_SET_MEMORY_H

/**
 * set_memory_ro() - take the right to write, the others accordingly
 * @addr: first byte, of a page of vmalloc's or a module's
 * @numpages: how many pages
 *
 * The linear map of the same pages stays writable.  Return: 0 or -EINVAL.
 */
int set_memory_ro(unsigned long addr, int numpages);
int set_memory_rw(unsigned long addr, int numpages);
int set_memory_x(unsigned long addr, int numpages);
int set_memory_nx(unsigned long addr, int numpages);

#endif
