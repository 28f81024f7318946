/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables: four levels of 512 entries, read by nobody but this kernel.
 *
 * The entries are the truth; the mappings of a guest process's host address space are a
 * TLB that is filled on faults (mm/fill.c) and emptied by the operations below.  An
 * entry that was put into the host carries _PAGE_HOSTED.  Whoever takes such an entry
 * away, or takes rights away from it, leaves a note with um_note_unmap() or
 * um_note_protect(); notes are carried out before any task of that mm runs again.
 *
 * Accessed and dirty are kept by faults: an entry that is not young is not in the host,
 * one that is not dirty is there without the right to write.
 */
#ifndef __ASM_UM_PGTABLE_H
#define __ASM_UM_PGTABLE_H

#include <linux/const.h>
#include <asm/page.h>

#define PMD_SHIFT		21
#define PMD_SIZE		(_AC(1, UL) << PMD_SHIFT)
#define PMD_MASK		(~(PMD_SIZE - 1))
#define PUD_SHIFT		30
#define PUD_SIZE		(_AC(1, UL) << PUD_SHIFT)
#define PUD_MASK		(~(PUD_SIZE - 1))
#define PGDIR_SHIFT		39
#define PGDIR_SIZE		(_AC(1, UL) << PGDIR_SHIFT)
#define PGDIR_MASK		(~(PGDIR_SIZE - 1))

#define PTRS_PER_PTE		512
#define PTRS_PER_PMD		512
#define PTRS_PER_PUD		512
#define PTRS_PER_PGD		512
#define USER_PTRS_PER_PGD	256

#define MODULES_VADDR		_AC(UM_MODULES_BASE, UL)
#define MODULES_END		_AC(UM_MODULES_END, UL)
#ifdef CONFIG_KASAN
/* The generic code clears the shadow from the lowest to the highest address that is given back. */
#define VMALLOC_START		MODULES_VADDR
#define VMALLOC_END		MODULES_END
#else
#define VMALLOC_START		host_vmalloc_base
#define VMALLOC_END		(2 * VMALLOC_START)
#endif
#define FIXADDR_START		VMALLOC_END

#ifndef __ASSEMBLY__

#include <linux/mm_types.h>
#include <linux/bug.h>
#include <host/space.h>

#include <asm-generic/pgtable-nop4d.h>

#define _PAGE_PRESENT		0x001UL
#define _PAGE_RW		0x002UL
#define _PAGE_EXEC		0x004UL
#define _PAGE_ACCESSED		0x008UL
#define _PAGE_DIRTY		0x010UL
#define _PAGE_PROTNONE		0x020UL	/* present for Linux, no access */
#define _PAGE_SPECIAL		0x040UL
#define _PAGE_HUGE		0x080UL	/* a leaf at the middle level */
#define _PAGE_HOSTED		0x100UL	/* stands in the host address space */
#define _PAGE_SWP_EXCLUSIVE	0x200UL	/* in swap entries only */
#define _PAGE_UFFD_WP		0x400UL	/* also in swap entries, as the next */
#ifdef CONFIG_MEM_SOFT_DIRTY
#define _PAGE_SOFT_DIRTY	0x800UL
#else
#define _PAGE_SOFT_DIRTY	0UL
#endif

#define _PAGE_FLAGS		(PAGE_SIZE - 1)
#define _PAGE_TABLE		(_PAGE_PRESENT | _PAGE_RW | _PAGE_EXEC | _PAGE_ACCESSED | _PAGE_DIRTY)
#define _PAGE_MARKS		(_PAGE_SOFT_DIRTY | _PAGE_UFFD_WP)
#define _PAGE_CHG_MASK		(~_PAGE_FLAGS | _PAGE_ACCESSED | _PAGE_DIRTY | _PAGE_SPECIAL |	\
				 _PAGE_HUGE | _PAGE_MARKS)

#define PFN_PTE_SHIFT		PAGE_SHIFT

#define _PAGE_BASE		(_PAGE_PRESENT | _PAGE_ACCESSED)
#define PAGE_NONE		__pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_READONLY		__pgprot(_PAGE_BASE)
#define PAGE_READONLY_EXEC	__pgprot(_PAGE_BASE | _PAGE_EXEC)
#define PAGE_COPY		PAGE_READONLY
#define PAGE_SHARED		__pgprot(_PAGE_BASE | _PAGE_RW)
#define PAGE_SHARED_EXEC	__pgprot(_PAGE_BASE | _PAGE_RW | _PAGE_EXEC)
#define PAGE_KERNEL		__pgprot(_PAGE_BASE | _PAGE_RW | _PAGE_DIRTY)
#define PAGE_KERNEL_RO		__pgprot(_PAGE_BASE)
#define PAGE_KERNEL_EXEC	__pgprot(_PAGE_BASE | _PAGE_RW | _PAGE_DIRTY | _PAGE_EXEC)

extern pgd_t swapper_pg_dir[PTRS_PER_PGD];

extern struct page *um_zero_page;
#define ZERO_PAGE(vaddr)	um_zero_page

/**
 * um_note_unmap() - a range of an mm must leave the host before its tasks run again
 * @mm: whose range it is
 * @addr: first byte
 * @size: in bytes
 *
 * Context: any that may change page tables; does not sleep.
 */
void um_note_unmap(struct mm_struct *mm, unsigned long addr, unsigned long size);

/**
 * um_note_protect() - a range that is in the host must lose the right to write
 * @mm: whose range it is
 * @addr: first byte
 * @size: in bytes; all of it stands in the host
 * @exec: it may be executed
 */
void um_note_protect(struct mm_struct *mm, unsigned long addr, unsigned long size, bool exec);

/* One leaf entry, whatever its level. */

static inline bool um_leaf_accessible(unsigned long leaf)
{
	return (leaf & (_PAGE_PRESENT | _PAGE_ACCESSED)) == (_PAGE_PRESENT | _PAGE_ACCESSED);
}

static inline bool um_leaf_writable(unsigned long leaf)
{
	return (leaf & (_PAGE_RW | _PAGE_DIRTY)) == (_PAGE_RW | _PAGE_DIRTY);
}

/* Page table entries. */

static inline pte_t ptep_get_raw(pte_t *ptep)
{
	return READ_ONCE(*ptep);
}

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	WRITE_ONCE(*ptep, pte);
}

static inline int pte_none(pte_t pte)		{ return !pte_val(pte); }
static inline int pte_present(pte_t pte)	{ return !!(pte_val(pte) & (_PAGE_PRESENT | _PAGE_PROTNONE)); }
static inline int pte_write(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_RW); }
static inline int pte_dirty(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_DIRTY); }
static inline int pte_young(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_ACCESSED); }
static inline int pte_exec(pte_t pte)		{ return !!(pte_val(pte) & _PAGE_EXEC); }
static inline int pte_special(pte_t pte)	{ return !!(pte_val(pte) & _PAGE_SPECIAL); }
#define pte_accessible(mm, pte)			um_leaf_accessible(pte_val(pte))

static inline pte_t __pte_set(pte_t pte, unsigned long bits)	{ return __pte(pte_val(pte) | bits); }
static inline pte_t __pte_clear(pte_t pte, unsigned long bits)	{ return __pte(pte_val(pte) & ~bits); }

#define pte_mkold(pte)			__pte_clear(pte, _PAGE_ACCESSED)
#define pte_mkyoung(pte)		__pte_set(pte, _PAGE_ACCESSED)
#define pte_mkclean(pte)		__pte_clear(pte, _PAGE_DIRTY)
#define pte_mkdirty(pte)		__pte_set(pte, _PAGE_DIRTY | _PAGE_SOFT_DIRTY)
#define pte_wrprotect(pte)		__pte_clear(pte, _PAGE_RW)
#define pte_mkwrite_novma(pte)		__pte_set(pte, _PAGE_RW)
#define pte_mkspecial(pte)		__pte_set(pte, _PAGE_SPECIAL)

#define pte_pfn(pte)			(pte_val(pte) >> PAGE_SHIFT)
#define pte_page(pte)			pfn_to_page(pte_pfn(pte))
#define pfn_pte(pfn, prot)		__pte(((unsigned long)(pfn) << PAGE_SHIFT) | pgprot_val(prot))
#define mk_pte(page, prot)		pfn_pte(page_to_pfn(page), prot)

static inline pte_t pte_modify(pte_t pte, pgprot_t prot)
{
	return __pte((pte_val(pte) & _PAGE_CHG_MASK) | (pgprot_val(prot) & ~_PAGE_CHG_MASK));
}

#define __HAVE_ARCH_PTE_SAME
static inline int pte_same(pte_t a, pte_t b)
{
	return !((pte_val(a) ^ pte_val(b)) & ~_PAGE_HOSTED);
}

static inline void set_ptes(struct mm_struct *mm, unsigned long addr, pte_t *ptep, pte_t pte,
			    unsigned int nr)
{
	pte_val(pte) &= ~_PAGE_HOSTED;
	for (;;) {
		if (pte_val(*ptep) & _PAGE_HOSTED)
			um_note_unmap(mm, addr, PAGE_SIZE);
		set_pte(ptep, pte);
		if (!--nr)
			return;
		ptep++;
		addr += PAGE_SIZE;
		pte_val(pte) += PAGE_SIZE;
	}
}
#define set_ptes set_ptes

static inline void pte_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	if (pte_val(*ptep) & _PAGE_HOSTED)
		um_note_unmap(mm, addr, PAGE_SIZE);
	set_pte(ptep, __pte(0));
}

#define __HAVE_ARCH_PTEP_GET_AND_CLEAR
static inline pte_t ptep_get_and_clear(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = *ptep;

	pte_clear(mm, addr, ptep);
	return __pte_clear(pte, pte_present(pte) ? _PAGE_HOSTED : 0);
}

#define __HAVE_ARCH_PTEP_SET_WRPROTECT
static inline void ptep_set_wrprotect(struct mm_struct *mm, unsigned long addr, pte_t *ptep)
{
	pte_t pte = *ptep;

	if ((pte_val(pte) & _PAGE_HOSTED) && um_leaf_writable(pte_val(pte)))
		um_note_protect(mm, addr, PAGE_SIZE, pte_exec(pte));
	set_pte(ptep, pte_wrprotect(pte));
}

/* Swap entries: type in bits 12-16, offset from bit 17; of the flags only those named for them. */
#define __swp_type(x)			(((x).val >> PAGE_SHIFT) & 0x1f)
#define __swp_offset(x)			((x).val >> (PAGE_SHIFT + 5))
#define __swp_entry(type, offset)						\
	((swp_entry_t) { ((unsigned long)(type) << PAGE_SHIFT) |		\
			 ((unsigned long)(offset) << (PAGE_SHIFT + 5)) })
#define __pte_to_swp_entry(pte)		((swp_entry_t) { pte_val(pte) & ~_PAGE_FLAGS })
#define __swp_entry_to_pte(x)		__pte((x).val)
#define __pmd_to_swp_entry(pmd)		((swp_entry_t) { pmd_val(pmd) & ~_PAGE_FLAGS })
#define __swp_entry_to_pmd(x)		__pmd((x).val)

static inline int pte_swp_exclusive(pte_t pte)
{
	return !!(pte_val(pte) & _PAGE_SWP_EXCLUSIVE);
}
#define pte_swp_mkexclusive(pte)	__pte_set(pte, _PAGE_SWP_EXCLUSIVE)
#define pte_swp_clear_exclusive(pte)	__pte_clear(pte, _PAGE_SWP_EXCLUSIVE)

/* The middle level: tables, and leaves of 2 MiB. */

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	WRITE_ONCE(*pmdp, pmd);
}

static inline int pmd_none(pmd_t pmd)		{ return !pmd_val(pmd); }
static inline int pmd_leaf(pmd_t pmd)		{ return !!(pmd_val(pmd) & _PAGE_HUGE); }
static inline int pmd_present(pmd_t pmd)
{
	/* Also while pmdp_invalidate() has it in hand. */
	return !!(pmd_val(pmd) & (_PAGE_PRESENT | _PAGE_PROTNONE | _PAGE_HUGE));
}
static inline int pmd_bad(pmd_t pmd)
{
	return !pmd_leaf(pmd) && (pmd_val(pmd) & _PAGE_FLAGS) != _PAGE_TABLE;
}
#define pmd_leaf pmd_leaf

#define pmd_pfn(pmd)			(pmd_val(pmd) >> PAGE_SHIFT)
#define pmd_page(pmd)			pfn_to_page(pmd_pfn(pmd))
#define pmd_page_vaddr(pmd)		((unsigned long)__va(pmd_val(pmd) & PAGE_MASK))

static inline void pmd_clear(pmd_t *pmdp)
{
	set_pmd(pmdp, __pmd(0));
}

static inline pte_t pmd_pte(pmd_t pmd)		{ return __pte(pmd_val(pmd)); }
static inline pmd_t pte_pmd(pte_t pte)		{ return __pmd(pte_val(pte)); }

#ifdef CONFIG_TRANSPARENT_HUGEPAGE
static inline int pmd_trans_huge(pmd_t pmd)	{ return pmd_leaf(pmd); }
static inline int has_transparent_hugepage(void) { return 1; }
#define has_transparent_hugepage has_transparent_hugepage

#define pmd_write(pmd)			pte_write(pmd_pte(pmd))
#define pmd_dirty(pmd)			pte_dirty(pmd_pte(pmd))
#define pmd_young(pmd)			pte_young(pmd_pte(pmd))
#define pmd_mkold(pmd)			pte_pmd(pte_mkold(pmd_pte(pmd)))
#define pmd_mkyoung(pmd)		pte_pmd(pte_mkyoung(pmd_pte(pmd)))
#define pmd_mkclean(pmd)		pte_pmd(pte_mkclean(pmd_pte(pmd)))
#define pmd_mkdirty(pmd)		pte_pmd(pte_mkdirty(pmd_pte(pmd)))
#define pmd_wrprotect(pmd)		pte_pmd(pte_wrprotect(pmd_pte(pmd)))
#define pmd_mkwrite_novma(pmd)		pte_pmd(pte_mkwrite_novma(pmd_pte(pmd)))
#define pmd_mkhuge(pmd)			__pmd(pmd_val(pmd) | _PAGE_HUGE)
#define pmd_mkinvalid(pmd)		__pmd(pmd_val(pmd) & ~(_PAGE_PRESENT | _PAGE_PROTNONE))
#define pfn_pmd(pfn, prot)		pte_pmd(pfn_pte(pfn, prot))
#define mk_pmd(page, prot)		pfn_pmd(page_to_pfn(page), prot)
#define pmd_modify(pmd, prot)		pte_pmd(pte_modify(pmd_pte(pmd), prot))
#define pmd_pgprot(pmd)			__pgprot(pmd_val(pmd) & _PAGE_FLAGS & ~_PAGE_HOSTED)

#define __HAVE_ARCH_PMD_SAME
static inline int pmd_same(pmd_t a, pmd_t b)
{
	return pte_same(pmd_pte(a), pmd_pte(b));
}

static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	if (pmd_leaf(*pmdp) && (pmd_val(*pmdp) & _PAGE_HOSTED))
		um_note_unmap(mm, addr & PMD_MASK, PMD_SIZE);
	set_pmd(pmdp, pmd_leaf(pmd) ? __pmd(pmd_val(pmd) & ~_PAGE_HOSTED) : pmd);
}

#define __HAVE_ARCH_PMDP_HUGE_GET_AND_CLEAR
static inline pmd_t pmdp_huge_get_and_clear(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp)
{
	pmd_t pmd = *pmdp;

	set_pmd_at(mm, addr, pmdp, __pmd(0));
	return __pmd(pmd_val(pmd) & ~(pmd_leaf(pmd) ? _PAGE_HOSTED : 0));
}

#define __HAVE_ARCH_PMDP_SET_WRPROTECT
static inline void pmdp_set_wrprotect(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp)
{
	pmd_t pmd = *pmdp;

	if ((pmd_val(pmd) & _PAGE_HOSTED) && um_leaf_writable(pmd_val(pmd)))
		um_note_protect(mm, addr & PMD_MASK, PMD_SIZE, pte_exec(pmd_pte(pmd)));
	set_pmd(pmdp, pmd_wrprotect(pmd));
}

#define pmdp_establish			generic_pmdp_establish
#else
static inline void set_pmd_at(struct mm_struct *mm, unsigned long addr, pmd_t *pmdp, pmd_t pmd)
{
	set_pmd(pmdp, pmd);
}
#endif

#include <asm/pgtable_marks.h>

/* The upper levels: tables only. */

static inline int pud_none(pud_t pud)		{ return !pud_val(pud); }
static inline int pud_present(pud_t pud)	{ return !!(pud_val(pud) & _PAGE_PRESENT); }
static inline int pud_bad(pud_t pud)		{ return (pud_val(pud) & _PAGE_FLAGS) != _PAGE_TABLE; }
#define pud_page(pud)			pfn_to_page(pud_val(pud) >> PAGE_SHIFT)
#define pud_pfn(pud)			(pud_val(pud) >> PAGE_SHIFT)

static inline pmd_t *pud_pgtable(pud_t pud)
{
	return __va(pud_val(pud) & PAGE_MASK);
}

static inline void set_pud(pud_t *pudp, pud_t pud)
{
	WRITE_ONCE(*pudp, pud);
}

static inline void pud_clear(pud_t *pudp)
{
	set_pud(pudp, __pud(0));
}

static inline int p4d_none(p4d_t p4d)		{ return !pgd_val(p4d.pgd); }
static inline int p4d_present(p4d_t p4d)	{ return !!(pgd_val(p4d.pgd) & _PAGE_PRESENT); }
static inline int p4d_bad(p4d_t p4d)		{ return (pgd_val(p4d.pgd) & _PAGE_FLAGS) != _PAGE_TABLE; }
#define p4d_page(p4d)			pfn_to_page(p4d_val(p4d) >> PAGE_SHIFT)
#define p4d_pfn(p4d)			(p4d_val(p4d) >> PAGE_SHIFT)

static inline pud_t *p4d_pgtable(p4d_t p4d)
{
	return __va(p4d_val(p4d) & PAGE_MASK);
}

static inline void set_p4d(p4d_t *p4dp, p4d_t p4d)
{
	WRITE_ONCE(*p4dp, p4d);
}

static inline void p4d_clear(p4d_t *p4dp)
{
	set_p4d(p4dp, (p4d_t) { __pgd(0) });
}

static inline pud_t *pud_offset(p4d_t *p4d, unsigned long addr)
{
	return p4d_pgtable(*p4d) + ((addr >> PUD_SHIFT) & (PTRS_PER_PUD - 1));
}
#define pud_offset pud_offset

#define pte_ERROR(e)	pr_err("%s:%d: bad pte %lx\n", __FILE__, __LINE__, pte_val(e))
#define pmd_ERROR(e)	pr_err("%s:%d: bad pmd %lx\n", __FILE__, __LINE__, pmd_val(e))
#define pud_ERROR(e)	pr_err("%s:%d: bad pud %lx\n", __FILE__, __LINE__, pud_val(e))
#define pgd_ERROR(e)	pr_err("%s:%d: bad pgd %lx\n", __FILE__, __LINE__, pgd_val(e))

/* The host's mappings are filled by the fault that needs them. */
static inline void update_mmu_cache_range(struct vm_fault *vmf, struct vm_area_struct *vma,
					  unsigned long addr, pte_t *ptep, unsigned int nr)
{
}
#define update_mmu_cache(vma, addr, ptep)	do { } while (0)
#define update_mmu_cache_pmd(vma, addr, pmdp)	do { } while (0)
#define flush_tlb_fix_spurious_fault(vma, addr, ptep)	do { } while (0)

#define pgprot_noncached(prot)		(prot)
#define pgprot_writecombine(prot)	(prot)

extern void paging_init(void);

#endif /* __ASSEMBLY__ */
#endif
