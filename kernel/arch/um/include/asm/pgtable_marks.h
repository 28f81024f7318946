/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pgtable_marks.h - marks of page table entries that say what a program wrote.
 *
 * Soft-dirty (Documentation/admin-guide/mm/soft-dirty.rst): set by each write since
 * /proc/PID/clear_refs took it away, together with the right to write.  The mark of userfaultfd's
 * write protection: while it stands, the entry is without that right, and a write asks the
 * program's monitor.  A page that is swapped out keeps both.
 *
 * Part of asm/pgtable.h, which defines the bits.
 */
#ifndef __ASM_UM_PGTABLE_MARKS_H
#define __ASM_UM_PGTABLE_MARKS_H

#ifdef CONFIG_HAVE_ARCH_SOFT_DIRTY
static inline int pte_soft_dirty(pte_t pte)	{ return !!(pte_val(pte) & _PAGE_SOFT_DIRTY); }
#define pte_mksoft_dirty(pte)		__pte_set(pte, _PAGE_SOFT_DIRTY)
#define pte_clear_soft_dirty(pte)	__pte_clear(pte, _PAGE_SOFT_DIRTY)
#define pte_swp_soft_dirty(pte)		pte_soft_dirty(pte)
#define pte_swp_mksoft_dirty(pte)	pte_mksoft_dirty(pte)
#define pte_swp_clear_soft_dirty(pte)	pte_clear_soft_dirty(pte)
#endif

#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP
static inline int pte_uffd_wp(pte_t pte)	{ return !!(pte_val(pte) & _PAGE_UFFD_WP); }
#define pte_mkuffd_wp(pte)		pte_wrprotect(__pte_set(pte, _PAGE_UFFD_WP))
#define pte_clear_uffd_wp(pte)		__pte_clear(pte, _PAGE_UFFD_WP)
#define pte_swp_uffd_wp(pte)		pte_uffd_wp(pte)
#define pte_swp_mkuffd_wp(pte)		__pte_set(pte, _PAGE_UFFD_WP)
#define pte_swp_clear_uffd_wp(pte)	__pte_clear(pte, _PAGE_UFFD_WP)
#endif

/* Also where there are no huge pages: the generic code does not ask. */
#ifdef CONFIG_HAVE_ARCH_SOFT_DIRTY
#define pmd_soft_dirty(pmd)		pte_soft_dirty(pmd_pte(pmd))
#define pmd_mksoft_dirty(pmd)		pte_pmd(pte_mksoft_dirty(pmd_pte(pmd)))
#define pmd_clear_soft_dirty(pmd)	pte_pmd(pte_clear_soft_dirty(pmd_pte(pmd)))
#endif
#ifdef CONFIG_HAVE_ARCH_USERFAULTFD_WP
#define pmd_uffd_wp(pmd)		pte_uffd_wp(pmd_pte(pmd))
#define pmd_mkuffd_wp(pmd)		pte_pmd(pte_mkuffd_wp(pmd_pte(pmd)))
#define pmd_clear_uffd_wp(pmd)		pte_pmd(pte_clear_uffd_wp(pmd_pte(pmd)))
#define pmd_swp_uffd_wp(pmd)		pmd_uffd_wp(pmd)
#define pmd_swp_mkuffd_wp(pmd)		pte_pmd(pte_swp_mkuffd_wp(pmd_pte(pmd)))
#define pmd_swp_clear_uffd_wp(pmd)	pmd_clear_uffd_wp(pmd)
#endif

#endif
