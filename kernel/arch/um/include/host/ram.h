/* SPDX-License-Identifier: GPL-2.0-only */
/* ram.h - guest RAM: one memfd, mapped once, linearly, behind the kernel's image. */
#ifndef __HOST_RAM_H
#define __HOST_RAM_H

#include <linux/types.h>

/* Guest-physical address of the memfd's first byte, and its size; set by host_ram_create(). */
extern unsigned long host_ram_base;
extern unsigned long host_ram_bytes;

/**
 * host_ram_create() - make the memfd; the zygote inherits it
 * @base: guest-physical address of its first byte, aligned to 2 MiB
 * @bytes: its size
 *
 * Return: 0 or -errno.
 */
int host_ram_create(unsigned long base, unsigned long bytes);

/**
 * host_ram_map() - map all of it at the linear map
 *
 * Return: 0 or -errno.
 */
int host_ram_map(void);

/**
 * host_ram_map_kernel() - map a part of RAM a second time, into the kernel process
 * @addr: where
 * @phys: guest-physical address
 * @bytes: how much
 * @prot: host PROT_* bits
 *
 * Return: 0 or -errno.
 */
int host_ram_map_kernel(unsigned long addr, unsigned long phys, unsigned long bytes, int prot);

/** host_ram_unmap_kernel() - undo host_ram_map_kernel().  Return: 0 or -errno. */
int host_ram_unmap_kernel(unsigned long addr, unsigned long bytes);

/**
 * host_ram_populate() - have the host back a range before something is read into it
 * @start: address in the linear map
 * @len_bytes: how much; less than 16 KiB is left to faults
 *
 * Only worth its price, never needed.  Context: any host thread.
 */
void host_ram_populate(const void *start, size_t len_bytes);

/** host_ram_depopulated() - a range was given back: host_ram_populate() is to ask again. */
void host_ram_depopulated(unsigned long phys, unsigned long bytes);

/**
 * host_ram_release() - give the host's memory behind a range back; it reads as zeroes
 * @phys: guest-physical address
 * @bytes: how much
 */
void host_ram_release(unsigned long phys, unsigned long bytes);

/**
 * host_ram_collapse() - ask the host to back a range with huge pages
 * @phys: guest-physical address, aligned to 2 MiB
 * @bytes: a multiple of 2 MiB
 *
 * The work is queued to a host thread.  Return: true if it was queued.
 */
bool host_ram_collapse(unsigned long phys, unsigned long bytes);

/**
 * host_shadow_map() - map the shadow of all addresses, for KASAN
 *
 * All zeroes, which says that everything may be accessed; a page costs the host memory
 * when it is first written.  Before it no code of the guest kernel may run, not even its
 * memory functions.
 *
 * Return: 0 or -errno.
 */
int host_shadow_map(void);

/** host_image_protect() - make a part of the kernel's image read-only, for good. */
int host_image_protect(const void *start, unsigned long bytes);

/** host_image_guard() - make a part of the kernel's image inaccessible. */
int host_image_guard(const void *start, unsigned long bytes);

extern int host_ram_fd;

#endif
