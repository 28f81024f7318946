/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_MMU_H
#define __ASM_UM_MMU_H

#ifndef __ASSEMBLY__

struct host_unit;
struct um_early;

#define UM_NOTES	64

/**
 * struct um_note - a change that the host has yet to see
 * @start: first byte
 * @end: byte behind the last
 * @prot: 0: unmap; otherwise the host's PROT_* bits that remain
 */
struct um_note {
	unsigned long start;
	unsigned long end;
	int prot;
};

/**
 * typedef mm_context_t - the port's part of an mm
 * @unit: the host processes that lend it their address space, or NULL
 * @vdso: guest address of the vDSO, or 0
 * @notes: changes that the host has yet to see, in order
 * @nnotes: how many
 * @early: where this mm's first faults are kept, shared with its siblings, or NULL
 * @early_faults: how many it has given so far
 * @children_early: the same for the mm's children
 */
typedef struct {
	struct host_unit *unit;
	unsigned long vdso;
	struct um_note notes[UM_NOTES];
	unsigned int nnotes;
	struct um_early *early;
	unsigned int early_faults;
	struct um_early *children_early;
} mm_context_t;

#endif
#endif
