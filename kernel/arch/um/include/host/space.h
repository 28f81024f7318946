/* SPDX-License-Identifier: GPL-2.0-only */
/* space.h - how much address space the host gives to a program, and what is made of it. */
#ifndef __HOST_SPACE_H
#define __HOST_SPACE_H

/* Constant after start-up: where a guest program's own mappings end (<host/layout.h>). */
extern unsigned long host_stub_base;

/* The first address that the host gives to no program. */
extern unsigned long host_user_end;

/* Where the kernel process has its vmalloc area: from here to twice this. */
extern unsigned long host_vmalloc_base;

/**
 * host_space_find() - set the three
 *
 * Return: 0 or -errno.
 */
int host_space_find(void);

/**
 * host_space_large() - where to ask the host for a mapping that takes much of the space
 * @bytes: its size
 *
 * Some hosts would place it right behind the image, where RAM belongs.
 *
 * Return: an address behind the vmalloc area.
 */
unsigned long host_space_large(unsigned long bytes);

#endif
