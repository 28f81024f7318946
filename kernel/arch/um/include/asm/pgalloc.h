/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocation of page tables: one page each, at every level. */
#ifndef __ASM_UM_PGALLOC_H
#define __ASM_UM_PGALLOC_H

#include <linux/mm.h>

/* The kernel's own tables are larger: mm/kernel_map.c. */
pte_t *um_kernel_table_alloc(void);

#define __HAVE_ARCH_PTE_ALLOC_ONE_KERNEL
static inline pte_t *pte_alloc_one_kernel(struct mm_struct *mm)
{
	return um_kernel_table_alloc();
}

#include <asm-generic/pgalloc.h>

static inline void pmd_populate_kernel(struct mm_struct *mm, pmd_t *pmdp, pte_t *table)
{
	set_pmd(pmdp, __pmd(__pa(table) | _PAGE_TABLE));
}

static inline void pmd_populate(struct mm_struct *mm, pmd_t *pmdp, pgtable_t table)
{
	set_pmd(pmdp, __pmd(page_to_phys(table) | _PAGE_TABLE));
}

static inline void pud_populate(struct mm_struct *mm, pud_t *pudp, pmd_t *table)
{
	set_pud(pudp, __pud(__pa(table) | _PAGE_TABLE));
}

static inline void p4d_populate(struct mm_struct *mm, p4d_t *p4dp, pud_t *table)
{
	set_p4d(p4dp, (p4d_t) { __pgd(__pa(table) | _PAGE_TABLE) });
}

pgd_t *pgd_alloc(struct mm_struct *mm);

#define __pte_free_tlb(tlb, table, addr)	tlb_remove_ptdesc(tlb, __um_pte_dtor(table))
#define __pmd_free_tlb(tlb, table, addr)	tlb_remove_ptdesc(tlb, __um_pmd_dtor(table))
#define __pud_free_tlb(tlb, table, addr)	tlb_remove_ptdesc(tlb, __um_pud_dtor(table))

static inline struct ptdesc *__um_pte_dtor(pgtable_t table)
{
	pagetable_pte_dtor(page_ptdesc(table));
	return page_ptdesc(table);
}

static inline struct ptdesc *__um_pmd_dtor(pmd_t *table)
{
	pagetable_pmd_dtor(virt_to_ptdesc(table));
	return virt_to_ptdesc(table);
}

static inline struct ptdesc *__um_pud_dtor(pud_t *table)
{
	pagetable_pud_dtor(virt_to_ptdesc(table));
	return virt_to_ptdesc(table);
}

#endif
