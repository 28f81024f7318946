/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_TLB_H
#define __ASM_UM_TLB_H

#include <linux/mm.h>
#include <asm/tlbflush.h>

struct mmu_gather;
static inline void tlb_flush(struct mmu_gather *tlb);

#include <asm-generic/tlb.h>

/* What changed was noted entry by entry; the notes only have to take effect. */
static inline void tlb_flush(struct mmu_gather *tlb)
{
	um_flush_notes(tlb->mm);
}

#endif
