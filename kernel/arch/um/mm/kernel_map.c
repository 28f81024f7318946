// SPDX-License-Identifier: GPL-2.0-only
/*
 * kernel_map.c - vmalloc and modules: RAM mapped a second time into the kernel process.
 *
 * The page tables of init_mm say what is to be there; the host is told range by range,
 * in runs of physically contiguous pages.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/vmalloc.h>
#include <host/ram.h>
#include <asm/cacheflush.h>
#include <asm/pgtable.h>
#include <asm/tlbflush.h>
#include <asm/um_walk.h>

#define HOST_PROT_RW	3
#define HOST_PROT_RWX	7

struct run {
	unsigned long addr, phys, bytes;
	int prot;
};

static void run_map(struct run *run)
{
	int err;

	if (!run->bytes)
		return;
	err = host_ram_map_kernel(run->addr, run->phys, run->bytes, run->prot);
	if (err)
		panic("host cannot map kernel memory: error %d; raise vm.max_map_count", err);
	run->bytes = 0;
}

static int add_page(pte_t *ptep, unsigned long addr, void *data)
{
	struct run *run = data;
	pte_t pte = ptep_get(ptep);
	unsigned long phys = pte_val(pte) & PAGE_MASK;
	int prot = pte_exec(pte) ? HOST_PROT_RWX : HOST_PROT_RW;

	if (!pte_present(pte)) {
		run_map(run);
		return 0;
	}
	if (run->bytes && (run->addr + run->bytes != addr || run->phys + run->bytes != phys ||
			   run->prot != prot))
		run_map(run);
	if (!run->bytes)
		*run = (struct run) { .addr = addr, .phys = phys, .prot = prot };
	run->bytes += PAGE_SIZE;
	return 0;
}

void um_map_kernel_range(unsigned long start, unsigned long end)
{
	struct run run = { };
	unsigned long addr;

	for (addr = start & PAGE_MASK; addr < end; addr += PAGE_SIZE) {
		pmd_t *pmd = pmd_off_k(addr);

		if (!pmd_none(*pmd))
			add_page(pte_offset_kernel(pmd, addr), addr, &run);
	}
	run_map(&run);
}
EXPORT_SYMBOL_GPL(um_map_kernel_range);

/* The end of the run of pages from @addr on that are not mapped, at most @end. */
static unsigned long hole_end(unsigned long addr, unsigned long end)
{
	while (addr < end) {
		unsigned long next;
		pmd_t *pmd = um_pmd_find(&init_mm, addr, &next);

		if (!pmd)
			addr = next;
		else if (!pte_none(*pte_offset_kernel(pmd, addr)))
			return addr;
		else
			addr += PAGE_SIZE;
	}
	return end;
}

/*
 * A range that is purged lazily covers areas that live, among them maybe the module that
 * is running: only what is not mapped any more leaves the host.
 */
static void unmap_holes(unsigned long start, unsigned long end)
{
	unsigned long addr, hole;

	for (addr = start; addr < end; addr = hole + PAGE_SIZE) {
		hole = hole_end(addr, end);
		if (hole > addr)
			host_ram_unmap_kernel(addr, hole - addr);
	}
}

void flush_tlb_kernel_range(unsigned long start, unsigned long end)
{
	start &= PAGE_MASK;
	end = PAGE_ALIGN(end);
	/* The image and the linear map lie between modules and vmalloc: never unmap those. */
	unmap_holes(max(start, (unsigned long)MODULES_VADDR), min(end, (unsigned long)MODULES_END));
	if (VMALLOC_START != MODULES_VADDR)
		unmap_holes(max(start, VMALLOC_START), min(end, VMALLOC_END));
}

void flush_tlb_all(void)
{
	flush_tlb_kernel_range(VMALLOC_START, VMALLOC_END);
}
