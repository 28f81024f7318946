/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLB maintenance: see asm/pgtable.h for the notes that it rests on.
 *
 * A guest process whose carriers are all stopped cannot use an old mapping, so its notes
 * may wait until the first of them is resumed.  Where one may be running, the flush
 * carries the notes out and returns when the host has done it.
 */
#ifndef __ASM_UM_TLBFLUSH_H
#define __ASM_UM_TLBFLUSH_H

#include <linux/mm_types.h>

/**
 * um_flush_notes() - make the notes of an mm take effect before it can matter
 * @mm: the mm
 *
 * Context: any; does not sleep.
 */
void um_flush_notes(struct mm_struct *mm);

static inline void flush_tlb_mm(struct mm_struct *mm)
{
	um_flush_notes(mm);
}

static inline void flush_tlb_range(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	um_flush_notes(vma->vm_mm);
}

static inline void flush_tlb_page(struct vm_area_struct *vma, unsigned long addr)
{
	um_flush_notes(vma->vm_mm);
}

/* The kernel's own mappings: mm/kernel_map.c. */
void flush_tlb_kernel_range(unsigned long start, unsigned long end);
void flush_tlb_all(void);

#endif
