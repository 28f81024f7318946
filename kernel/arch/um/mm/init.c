// SPDX-License-Identifier: GPL-2.0-only
/* init.c - RAM for the generic memory management, and the kernel's page tables. */
#include <linux/export.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <asm/pgalloc.h>
#include <asm/sections.h>

pgd_t swapper_pg_dir[PTRS_PER_PGD] __page_aligned_bss;

/* In RAM, not in the image: guests map it. */
struct page *um_zero_page;
EXPORT_SYMBOL(um_zero_page);

static const pgprot_t protection_map[16] = {
	[VM_NONE]					= PAGE_NONE,
	[VM_READ]					= PAGE_READONLY,
	[VM_WRITE]					= PAGE_COPY,
	[VM_WRITE | VM_READ]				= PAGE_COPY,
	[VM_EXEC]					= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_READ]				= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE]				= PAGE_READONLY_EXEC,
	[VM_EXEC | VM_WRITE | VM_READ]			= PAGE_READONLY_EXEC,
	[VM_SHARED]					= PAGE_NONE,
	[VM_SHARED | VM_READ]				= PAGE_READONLY,
	[VM_SHARED | VM_WRITE]				= PAGE_SHARED,
	[VM_SHARED | VM_WRITE | VM_READ]		= PAGE_SHARED,
	[VM_SHARED | VM_EXEC]				= PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_READ]			= PAGE_READONLY_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE]		= PAGE_SHARED_EXEC,
	[VM_SHARED | VM_EXEC | VM_WRITE | VM_READ]	= PAGE_SHARED_EXEC,
};
DECLARE_VM_GET_PAGE_PROT

void __init paging_init(void)
{
	unsigned long zones[MAX_NR_ZONES] = { };
	void *zero = memblock_alloc(PAGE_SIZE, PAGE_SIZE);

	max_pfn = max_low_pfn = PFN_DOWN(memblock_end_of_DRAM());
	min_low_pfn = 0;
	high_memory = __va(PFN_PHYS(max_pfn));
	zones[ZONE_NORMAL] = max_pfn;
	free_area_init(zones);
	um_zero_page = virt_to_page(zero);
}

void __init mem_init(void)
{
	set_max_mapnr(max_pfn);
	memblock_free_all();
}

#ifdef CONFIG_STRICT_DEVMEM
/*
 * All that /dev/mem could reach is RAM; of the kernel's image the host would not even let it
 * write all.
 */
int devmem_is_allowed(unsigned long pfn)
{
	return 0;
}
#endif

pgd_t *pgd_alloc(struct mm_struct *mm)
{
	return (pgd_t *)__get_free_page(GFP_PGTABLE_USER);
}
