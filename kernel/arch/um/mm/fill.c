// SPDX-License-Identifier: GPL-2.0-only
/*
 * fill.c - filling the host's mappings from the page tables.
 *
 * A host mapping costs the same for one page as for many, a fault several times as
 * much.  So the run of physically contiguous entries with the same rights around the
 * faulting address goes in as one mapping, however long it is, and entries nearby that
 * are present too, but elsewhere in RAM, go in with the same list.
 */
#include <linux/mm.h>
#include <linux/highmem.h>
#include <host/ram.h>
#include <host/unit.h>
#include <asm/mmu_context.h>
#include <asm/um_user.h>
#include <asm/um_walk.h>

#define NEAR_PAGES	(UM_FILL_BYTES / PAGE_SIZE)	/* fault-around, aligned */
#define RIGHTS		(_PAGE_PRESENT | _PAGE_ACCESSED | _PAGE_RW | _PAGE_DIRTY | _PAGE_EXEC | _PAGE_PROTNONE)

static unsigned long rights(pte_t pte)
{
	unsigned long bits = pte_val(pte) & RIGHTS;

	/* Clean and read-only look the same to the host. */
	return um_leaf_writable(bits) ? bits : bits & ~(_PAGE_RW | _PAGE_DIRTY);
}

static bool follows(pte_t a, pte_t b)
{
	return rights(a) == rights(b) && pte_pfn(a) + 1 == pte_pfn(b);
}

static bool is_new(pte_t pte)
{
	return !(pte_val(pte) & _PAGE_HOSTED);
}

static int map_leaf(struct mm_struct *mm, unsigned long addr, unsigned long leaf, unsigned long bytes)
{
	unsigned long phys = leaf & PAGE_MASK;

	if (phys < host_ram_base || phys + bytes > host_ram_base + host_ram_bytes)
		return -EFAULT;
	um_push_notes(mm, addr, addr + bytes);
	host_unit_map(mm->context.unit, addr, bytes, phys, um_leaf_writable(leaf), leaf & _PAGE_EXEC);
	return 0;
}

/* Map the new run that contains @table[at], within [low, high); @addr belongs to @at. */
static int map_run(struct mm_struct *mm, pte_t *table, int at, int low, int high, unsigned long addr,
		   int *end)
{
	int first = at, last = at, err, i;

	while (first > low && is_new(table[first - 1]) && follows(table[first - 1], table[first]))
		first--;
	while (last + 1 < high && is_new(table[last + 1]) && follows(table[last], table[last + 1]))
		last++;
	*end = last + 1;
	err = map_leaf(mm, addr - (unsigned long)(at - first) * PAGE_SIZE, pte_val(table[first]),
		       (unsigned long)(last - first + 1) * PAGE_SIZE);
	/* Afterwards: what is queued before may have the marks of all entries cleared. */
	for (i = first; i <= last && !err; i++)
		pte_val(table[i]) |= _PAGE_HOSTED;
	return err;
}

static int fill_table(struct mm_struct *mm, pte_t *ptep, unsigned long addr)
{
	int at = pte_index(addr), base = round_down(at, NEAR_PAGES), i, end, err;
	pte_t *table = ptep - at;

	if (!um_leaf_accessible(pte_val(*ptep)))
		return -EAGAIN;
	err = map_run(mm, table, at, 0, PTRS_PER_PTE, addr, &end);
	if (err)
		return err;
	for (i = base; i < base + NEAR_PAGES; i++) {
		if ((pte_val(table[i]) & _PAGE_HOSTED) || !um_leaf_accessible(pte_val(table[i])))
			continue;
		err = map_run(mm, table, i, base, base + NEAR_PAGES,
			      addr + (long)(i - at) * (long)PAGE_SIZE, &end);
		if (err)
			return 0;
		i = end - 1;
	}
	return 0;
}

static int fill_locked(struct mm_struct *mm, unsigned long addr)
{
	unsigned long next;
	pmd_t *pmd = um_pmd_find(mm, addr, &next);
	pte_t *pte;
	spinlock_t *lock;
	int err;

	if (!pmd)
		return -EAGAIN;
	if (pmd_leaf(*pmd)) {
		lock = pmd_lock(mm, pmd);
		err = um_leaf_accessible(pmd_val(*pmd)) ?
			map_leaf(mm, addr & PMD_MASK, pmd_val(*pmd), PMD_SIZE) : -EAGAIN;
		if (!err)
			pmd_val(*pmd) |= _PAGE_HOSTED;
		spin_unlock(lock);
		return err;
	}
	pte = pte_offset_map_lock(mm, pmd, addr, &lock);
	if (!pte)
		return -EAGAIN;
	err = fill_table(mm, pte, addr);
	pte_unmap_unlock(pte, lock);
	return err;
}

int um_fill(struct mm_struct *mm, unsigned long addr)
{
	unsigned long flags;
	int err;

	addr &= PAGE_MASK;
	if (!mm->context.unit)
		return -ESRCH;
	local_irq_save(flags);
	host_unit_room(mm->context.unit);
	um_settle_notes(mm);
	err = fill_locked(mm, addr);
	local_irq_restore(flags);
	return err;
}

static void forget_table(pte_t *table)
{
	int i;

	for (i = 0; i < PTRS_PER_PTE; i++)
		if (pte_present(table[i]))
			pte_val(table[i]) &= ~_PAGE_HOSTED;
}

static void forget_all(struct mm_struct *mm)
{
	unsigned long addr, next;

	for (addr = 0; addr < TASK_MAP_END; addr = next) {
		pmd_t *pmd = um_pmd_find(mm, addr, &next);

		if (!pmd)
			continue;
		if (pmd_leaf(*pmd))
			pmd_val(*pmd) &= ~_PAGE_HOSTED;
		else
			forget_table(pte_offset_kernel(pmd, addr & PMD_MASK));
	}
}

void um_settle_notes(struct mm_struct *mm)
{
	if (!host_unit_emptied(mm->context.unit))
		return;
	forget_all(mm);
	mm->context.nnotes = 0;
	/* Entries may have been filled since; the marks of those are gone now, too. */
	host_unit_unmap(mm->context.unit, 0, TASK_MAP_END);
}
