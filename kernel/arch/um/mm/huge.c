// SPDX-License-Identifier: GPL-2.0-only
/*
 * huge.c - huge pages of the host behind guest RAM.
 *
 * A block of two megabytes that the guest uses is worth one huge page of the host: a
 * mapping of it into a guest process is one entry instead of 512, and the linear map
 * needs one TLB entry.  A deferrable worker looks for blocks of which more than half is
 * in use and has a host thread collapse them; blocks that are mostly free stay sparse.
 * Finding nothing, it looks less and less often, and never wakes an idle guest.
 */
#include <linux/bitmap.h>
#include <linux/khugepaged.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/workqueue.h>
#include <host/ram.h>

#define BLOCK_PAGES	(PMD_SIZE / PAGE_SIZE)
#define FOLIO_ORDER	4
#define BLOCKS_AT_ONCE	8
#define SHORT_WAIT	(HZ / 10)
#define LONG_WAIT	(30 * HZ)

static unsigned long *collapsed;
static unsigned long first_block, nblocks;
static unsigned long wait = SHORT_WAIT;

static void look(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(worker, look);

/* Racy, which does no harm: the answer only decides how RAM is backed. */
static bool mostly_used(unsigned long block)
{
	unsigned long pfn = block * BLOCK_PAGES, end = pfn + BLOCK_PAGES, free = 0;

	while (pfn < end) {
		struct page *page = pfn_to_page(pfn);
		unsigned long pages = 1;

		if (PageBuddy(page)) {
			unsigned int order = READ_ONCE(page->private);

			if (order > MAX_PAGE_ORDER)
				return false;
			pages = 1UL << order;
			free += pages;
		}
		pfn += pages;
	}
	return free < BLOCK_PAGES / 2;
}

static void look(struct work_struct *work)
{
	unsigned int found = 0;
	unsigned long i;

	for_each_clear_bit(i, collapsed, nblocks) {
		if (!mostly_used(first_block + i))
			continue;
		if (!host_ram_collapse((first_block + i) * PMD_SIZE, PMD_SIZE))
			break;
		__set_bit(i, collapsed);
		if (++found == BLOCKS_AT_ONCE)
			break;
		cond_resched();
	}
	wait = found ? SHORT_WAIT : min(2 * wait, (unsigned long)LONG_WAIT);
	schedule_delayed_work(&worker, wait);
}

/*
 * Folios of 64 KiB by default: a fault then fills sixteen pages at the price of one.  And
 * huge pages also in a small guest, where generic code turns them off to save memory.
 */
static int __init folio_init(void)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	if (!strstr(boot_command_line, "thp_anon="))
		huge_anon_orders_always |= BIT(FOLIO_ORDER);
	if (IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE_ALWAYS) &&
	    !strstr(boot_command_line, "transparent_hugepage=")) {
		transparent_hugepage_flags |= BIT(TRANSPARENT_HUGEPAGE_FLAG) |
			BIT(TRANSPARENT_HUGEPAGE_DEFRAG_REQ_MADV_FLAG) |
			BIT(TRANSPARENT_HUGEPAGE_DEFRAG_KHUGEPAGED_FLAG);
		start_stop_khugepaged();
	}
#endif
	return 0;
}
late_initcall(folio_init);

static int __init huge_init(void)
{
	first_block = host_ram_base / PMD_SIZE;
	nblocks = host_ram_bytes / PMD_SIZE;
	collapsed = bitmap_zalloc(nblocks, GFP_KERNEL);
	if (collapsed)
		schedule_delayed_work(&worker, wait);
	return 0;
}
late_initcall(huge_init);
