/* SPDX-License-Identifier: GPL-2.0-only */
/* um_walk.h - the way down a page table to the level whose entries are tables or huge pages. */
#ifndef __ASM_UM_WALK_H
#define __ASM_UM_WALK_H

#include <linux/mm.h>

/**
 * um_pmd_find() - the middle-level entry that an address belongs to
 * @mm: whose page table
 * @addr: the address
 * @next: set to the first address behind the entry's range, or behind the hole
 *
 * The caller keeps the table alive: by the mmap lock, by interrupts held off, or because it
 * is the kernel's own.
 *
 * Return: the entry, which is a table or a huge page when it was looked at, or NULL in a hole.
 */
static inline pmd_t *um_pmd_find(struct mm_struct *mm, unsigned long addr, unsigned long *next)
{
	p4d_t *p4d = p4d_offset(pgd_offset(mm, addr), addr);
	pud_t *pud;
	pmd_t *pmd;

	*next = (addr & PGDIR_MASK) + PGDIR_SIZE;
	if (p4d_none(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	*next = (addr & PUD_MASK) + PUD_SIZE;
	if (pud_none(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	*next = (addr & PMD_MASK) + PMD_SIZE;
	return pmd_none(*pmd) ? NULL : pmd;
}

#endif
