/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_TLB_H
#define __ASM_UM_TLB_H

#include <linux/mm.h>
#include <asm/tlbflush.h>

struct mmu_gather;
static inline void tlb_flush(struct mmu_gather *tlb);

#define tlb_flush tlb_flush
#include <asm-generic/tlb.h>

static inline void __tlb_remove_table(void *table)
{
	pagetable_free(table);
}

/* What changed was noted entry by entry; the notes only have to take effect. */
static inline void tlb_flush(struct mmu_gather *tlb)
{
	um_flush_notes(tlb->mm);
}

#endif
