// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel_map.c - vmalloc and modules: RAM mapped a second time into the kernel process.
 *
 * Theory of operation.  The page tables of init_mm are the truth, the host's mappings a TLB
 * of bounded size.  A run of physically contiguous pages is one host mapping, and a host gives
 * a process only so many (vm.max_map_count).  What is mapped anew is brought into the host at
 * once while there are some left; the rest waits for the fault of the kernel's that needs it,
 * which takes other runs out.  So it is never a question of mappings whether memory can be had,
 * and no user of the guest can use them up for the others.
 *
 * Any mapping may be dropped at any time and comes back by a fault, modules' code included.
 * Faults are taken on the signal stack, from any code of the virtual CPU.  Therefore
 *
 * - nothing here touches memory that may be missing, or is instrumented to do so;
 * - what the host itself reads and writes (buffers of host calls, what host threads use) is
 *   never vmalloc memory: the host layer is handed the linear map, the image and the current
 *   stack only.
 *
 * The stack that the virtual CPU runs on stays: the host's signal handlers push to it, and host
 * calls have buffers there.  One that was taken out is brought in before it is switched to.
 *
 * A table of the kernel's has a second page that tells for each entry what stands in the host.
 * Runs do not go from one table to the next, so a count of their first pages is at least the
 * number of host mappings that they are.
 */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/irqflags.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/printk.h>
#include <linux/sched/task_stack.h>
#include <linux/set_memory.h>
#include <linux/vmalloc.h>
#include <host/limits.h>
#include <host/ram.h>
#include <host/start.h>
#include <asm/cacheflush.h>
#include <asm/pgalloc.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include <asm/um_setup.h>
#include <asm/um_user.h>
#include <asm/um_walk.h>

#define HOST_PROT_READ	1
#define HOST_PROT_WRITE	2
#define HOST_PROT_EXEC	4

/* What one mapping is: these bits of an entry; marks in the record of what stands in the host. */
#define IDENTITY	(PAGE_MASK | _PAGE_PRESENT | _PAGE_RW | _PAGE_EXEC)
#define FIRST		_PAGE_SPECIAL	/* a run begins here */

/*
 * So many runs must be gone before one more is mapped at the limit: an instruction needs a few
 * pages at once, and none of its own may be the next to go.
 */
#define EVICT_MIN	16UL
#define BUDGET_MIN	(4 * EVICT_MIN)
#define RESERVE_PART	16	/* of the host's limit, for everything else in this process */

#define STACK_PAGES	(THREAD_SIZE / PAGE_SIZE)

struct kernel_table {
	pte_t pte[PTRS_PER_PTE];
	unsigned long hosted[PTRS_PER_PTE];
};

struct area {
	unsigned long start, end;
};

static unsigned long runs;		/* in the host */
static unsigned long budget = 1024;	/* until um_kernel_map_init() knows better */
static unsigned long hand;		/* where the next eviction begins to look */
static unsigned long evictions = 1, faults;

/* kernel_map.limit=, and /sys/module/kernel_map/parameters. */
module_param_named(limit, budget, ulong, 0644);
module_param(runs, ulong, 0444);
module_param(evictions, ulong, 0444);
module_param(faults, ulong, 0444);

static __always_inline struct area area_of(unsigned long addr)
{
	if (addr >= MODULES_VADDR && addr < MODULES_END)
		return (struct area) { MODULES_VADDR, MODULES_END };
	if (addr >= VMALLOC_START && addr < VMALLOC_END)
		return (struct area) { VMALLOC_START, VMALLOC_END };
	return (struct area) { };
}

/* The table of an address, or NULL and the address behind the hole. */
static struct kernel_table *table_of(unsigned long addr, unsigned long *next)
{
	pmd_t *pmd = um_pmd_find(&init_mm, addr, next);

	return pmd ? (struct kernel_table *)pmd_page_vaddr(*pmd) : NULL;
}

static unsigned int index_of(unsigned long addr)
{
	return (addr >> PAGE_SHIFT) & (PTRS_PER_PTE - 1);
}

static unsigned long identity(pte_t pte)
{
	return pte_present(pte) ? pte_val(pte) & IDENTITY : 0;
}

/* Does the host have what the entry says?  What is not there is not there. */
static bool is_current(const struct kernel_table *t, unsigned int i)
{
	return (t->hosted[i] & IDENTITY) == identity(t->pte[i]);
}

/* One mapping of the host can hold the entries @i and @i + 1. */
static bool is_joined(const struct kernel_table *t, unsigned int i)
{
	return identity(t->pte[i]) && identity(t->pte[i]) + PAGE_SIZE == identity(t->pte[i + 1]);
}

/* ------------------------------------------------------------ taking out */

/* The host has nothing any more at @n entries from @i on; what follows is a run of its own. */
static void forget(struct kernel_table *t, unsigned int i, unsigned int n)
{
	unsigned int end = i + n;
	bool cut = false;

	for (; i < end; i++) {
		cut = t->hosted[i];
		if (t->hosted[i] & FIRST)
			runs--;
		t->hosted[i] = 0;
	}
	if (cut && end < PTRS_PER_PTE && t->hosted[end] && !(t->hosted[end] & FIRST)) {
		t->hosted[end] |= FIRST;
		runs++;
	}
}

static int take_out(struct kernel_table *t, unsigned long base, unsigned int i, unsigned int n)
{
	int err = n ? host_ram_unmap_kernel(base + i * PAGE_SIZE, n * PAGE_SIZE) : 0;

	if (!err)
		forget(t, i, n);
	return err;
}

static unsigned int count_runs(const struct kernel_table *t)
{
	unsigned int i, n = 0;

	for (i = 0; i < PTRS_PER_PTE; i++)
		n += !!(t->hosted[i] & FIRST);
	return n;
}

/* All of one table, but for the current stack. */
static void evict_table(struct kernel_table *t, unsigned long base)
{
	unsigned long stack = (unsigned long)task_stack_page(current);
	unsigned int end = PTRS_PER_PTE;

	evictions++;
	if ((stack & PMD_MASK) == base) {
		end = index_of(stack);
		take_out(t, base, end + STACK_PAGES, PTRS_PER_PTE - end - STACK_PAGES);
	}
	take_out(t, base, 0, end);
}

/*
 * Go through an area once, from the hand on, and take out tables with at least @least runs until
 * enough is free.
 */
static void evict_from(struct area area, unsigned int least, unsigned long enough)
{
	unsigned long addr = hand >= area.start && hand < area.end ? hand : area.start;
	unsigned long left = area.end - area.start, next;

	while (left && runs > enough) {
		struct kernel_table *t = table_of(addr, &next);
		unsigned int n = t ? count_runs(t) : 0;

		next = min(next, area.end);
		if (n && n >= least)
			evict_table(t, addr & PMD_MASK);
		left -= min(left, next - addr);
		addr = next == area.end ? area.start : next;
	}
	hand = addr;
}

static void evict_whole(unsigned long start, unsigned long end)
{
	unsigned long addr, next;

	if (start >= end || host_ram_unmap_kernel(start, end - start))
		return;
	evictions++;
	for (addr = start; addr < end; addr = next) {
		struct kernel_table *t = table_of(addr, &next);
		unsigned int i = index_of(addr);

		if (t)
			forget(t, i, min((end - addr) >> PAGE_SHIFT, PTRS_PER_PTE - i));
	}
}

/* Everything, in calls that split nothing, and so cannot meet a limit. */
static void evict_area(struct area area)
{
	unsigned long stack = (unsigned long)task_stack_page(current);

	if (stack < area.start || stack >= area.end)
		stack = area.end;
	evict_whole(area.start, stack);
	evict_whole(stack + THREAD_SIZE, area.end);
}

/* Room for some more runs.  Return: false if there was nothing to take out. */
static bool evict(void)
{
	const struct area vmalloc = area_of(VMALLOC_START), modules = area_of(MODULES_VADDR);
	const unsigned long before = runs, enough = before - min(before, EVICT_MIN);

	if (!before)
		return false;
	evict_from(vmalloc, EVICT_MIN, enough);
	evict_from(vmalloc, 1, enough);
	if (VMALLOC_START != MODULES_VADDR)
		evict_from(modules, 1, enough);
	if (runs == before)
		evict_area(vmalloc);
	if (runs == before)
		evict_area(modules);
	return runs < before;
}

/* ------------------------------------------------------------ bringing in */

/*
 * The host has refused: there are fewer than was thought, or others need some.  What is not
 * used now is left to them.
 */
static void shrink_budget(void)
{
	budget = min(budget, runs - runs / RESERVE_PART);
}

static bool is_full(void)
{
	return runs >= max(READ_ONCE(budget), BUDGET_MIN);
}

static void must_evict(int err)
{
	shrink_budget();
	if (!evict())
		panic("host cannot map kernel memory: error %d", err);
}

/* @n entries from @i on become one run. */
static void bring_in(struct kernel_table *t, unsigned long base, unsigned int i, unsigned int n)
{
	unsigned long entry = pte_val(t->pte[i]);
	int prot = HOST_PROT_READ | (entry & _PAGE_RW ? HOST_PROT_WRITE : 0) |
		   (entry & _PAGE_EXEC ? HOST_PROT_EXEC : 0);
	unsigned int k;
	int err;

	forget(t, i, n);
	while ((err = host_ram_map_kernel(base + i * PAGE_SIZE, entry & PAGE_MASK, n * PAGE_SIZE, prot)))
		must_evict(err);
	for (k = 0; k < n; k++)
		t->hosted[i + k] = identity(t->pte[i + k]);
	t->hosted[i] |= FIRST;
	runs++;
}

/* What of a part of one table is not in the host, as long as there is room, or with room made. */
static void bring_in_part(struct kernel_table *t, unsigned long base, unsigned int i, unsigned int end,
			  bool make_room)
{
	unsigned int n;

	for (; i < end; i += n) {
		n = 1;
		if (is_current(t, i) || !identity(t->pte[i]))
			continue;
		if (is_full()) {
			if (!make_room)
				return;
			evict();
		}
		while (i + n < end && is_joined(t, i + n - 1) && !is_current(t, i + n))
			n++;
		bring_in(t, base, i, n);
	}
}

void um_map_kernel_range(unsigned long start, unsigned long end)
{
	unsigned long addr, next, flags;

	for (addr = start & PAGE_MASK; addr < end; addr = next) {
		struct kernel_table *t = table_of(addr, &next);

		if (!t)
			continue;
		local_irq_save(flags);
		bring_in_part(t, addr & PMD_MASK, index_of(addr),
			      next < end ? PTRS_PER_PTE : index_of(PAGE_ALIGN(end) - 1) + 1, false);
		local_irq_restore(flags);
	}
	if (is_full())
		pr_notice_once("%lu host mappings are in use by vmalloc: more of it comes and goes by faults, which is slow; raise vm.max_map_count\n",
			       runs);
}
EXPORT_SYMBOL_GPL(um_map_kernel_range);

void um_kernel_map_stack(struct task_struct *task)
{
	unsigned long stack = (unsigned long)task_stack_page(task), next;
	struct kernel_table *t;

	if (likely(task->thread.evictions == evictions) || !area_of(stack).end)
		return;
	t = table_of(stack, &next);
	/* Again, if what made room for one page has taken another. */
	while (t && task->thread.evictions != evictions) {
		task->thread.evictions = evictions;
		bring_in_part(t, stack & PMD_MASK, index_of(stack), index_of(stack) + STACK_PAGES, true);
	}
}

bool um_kernel_map_fault(unsigned long addr)
{
	unsigned long next;
	struct kernel_table *t = area_of(addr).end ? table_of(addr, &next) : NULL;
	unsigned int i = index_of(addr), first = i, end = i + 1;

	if (!t || !identity(t->pte[i]) || is_current(t, i))
		return false;
	faults++;
	if (is_full())
		evict();
	while (first && is_joined(t, first - 1) && !is_current(t, first - 1))
		first--;
	while (end < PTRS_PER_PTE && is_joined(t, end - 1) && !is_current(t, end))
		end++;
	bring_in(t, addr & PMD_MASK, first, end - first);
	return true;
}

/* ------------------------------------------------------------ flushing */

/* What stands in the host of a part of one table and is not in the page table any more. */
static void take_out_part(struct kernel_table *t, unsigned long base, unsigned int i, unsigned int end)
{
	unsigned int n;
	int err;

	for (; i < end; i += n) {
		n = 1;
		if (is_current(t, i))
			continue;
		while (i + n < end && !is_current(t, i + n))
			n++;
		while ((err = take_out(t, base, i, n)))
			must_evict(err);
	}
}

static void flush_area(struct area area, unsigned long start, unsigned long end)
{
	unsigned long addr, next, flags;

	start = max(start, area.start);
	end = min(end, area.end);
	for (addr = start; addr < end; addr = next) {
		struct kernel_table *t = table_of(addr, &next);

		if (!t)
			continue;
		local_irq_save(flags);
		take_out_part(t, addr & PMD_MASK, index_of(addr),
			      next < end ? PTRS_PER_PTE : index_of(end - 1) + 1);
		local_irq_restore(flags);
	}
}

/*
 * A range that is purged lazily covers areas that live, among them maybe the module that
 * is running: only what is not mapped any more leaves the host.
 */
void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	start &= PAGE_MASK;
	end = PAGE_ALIGN(end);
	/* The image and the linear map lie between modules and vmalloc: never unmap those. */
	flush_area(area_of(MODULES_VADDR), start, end);
	if (VMALLOC_START != MODULES_VADDR)
		flush_area(area_of(VMALLOC_START), start, end);
}

void flush_tlb_all(void)
{
	flush_tlb_kernel_range(MODULES_VADDR, VMALLOC_END);
}

/* ------------------------------------------------------------ rights */

struct rights {
	unsigned long set, clear;
};

static int change_rights(unsigned long addr, int numpages, struct rights rights)
{
	const unsigned long start = addr & PAGE_MASK, end = start + (unsigned long)numpages * PAGE_SIZE;
	unsigned long next;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		struct kernel_table *t = area_of(addr).end ? table_of(addr, &next) : NULL;
		pte_t *pte = t ? &t->pte[index_of(addr)] : NULL;

		if (!pte || !pte_present(*pte))
			return -EINVAL;
		set_pte(pte, __pte((pte_val(*pte) | rights.set) & ~rights.clear));
	}
	flush_tlb_kernel_range(start, end);
	um_map_kernel_range(start, end);
	return 0;
}

int set_memory_ro(unsigned long addr, int numpages)
{
	return change_rights(addr, numpages, (struct rights) { .clear = _PAGE_RW });
}

int set_memory_rw(unsigned long addr, int numpages)
{
	return change_rights(addr, numpages, (struct rights) { .set = _PAGE_RW });
}

int set_memory_x(unsigned long addr, int numpages)
{
	return change_rights(addr, numpages, (struct rights) { .set = _PAGE_EXEC });
}

int set_memory_nx(unsigned long addr, int numpages)
{
	return change_rights(addr, numpages, (struct rights) { .clear = _PAGE_EXEC });
}

/* ------------------------------------------------------------ tables, limits */

pte_t *um_kernel_table_alloc(void)
{
	struct ptdesc *desc;

	BUILD_BUG_ON(sizeof(struct kernel_table) != 2 * PAGE_SIZE);
	desc = pagetable_alloc(GFP_PGTABLE_KERNEL & ~__GFP_HIGHMEM, get_order(sizeof(struct kernel_table)));
	return desc ? ptdesc_address(desc) : NULL;
}

void __init um_kernel_map_init(void)
{
	unsigned long limit = host_limit_maps();

	budget = limit - limit / RESERVE_PART;
}
