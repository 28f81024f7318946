// SPDX-License-Identifier: GPL-2.0-only
/*
 * unmapped_area.c - where a new mapping goes: as everywhere, except for MAP_32BIT, by which
 * compilers of code for the small model ask for the second GiB.
 */
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/security.h>
#include <linux/sizes.h>

#define LOW_BASE	SZ_1G
#define LOW_END		SZ_2G
#define LOW_RANDOM	SZ_32M

static bool hint_is_free(unsigned long addr, unsigned long len)
{
	struct vm_area_struct *vma, *prev;

	if (!addr || addr < mmap_min_addr || addr + len > LOW_END)
		return false;
	vma = find_vma_prev(current->mm, addr, &prev);
	return (!vma || addr + len <= vm_start_gap(vma)) && (!prev || addr >= vm_end_gap(prev));
}

static unsigned long low_area(unsigned long addr, unsigned long len)
{
	struct vm_unmapped_area_info info = {
		.length = len,
		.low_limit = LOW_BASE,
		.high_limit = LOW_END,
	};

	if (len > LOW_END)
		return -ENOMEM;
	if (hint_is_free(PAGE_ALIGN(addr), len))
		return PAGE_ALIGN(addr);
	if (current->flags & PF_RANDOMIZE)
		info.low_limit = randomize_page(LOW_BASE, LOW_RANDOM);
	return vm_unmapped_area(&info);
}

unsigned long arch_get_unmapped_area(struct file *filp, unsigned long addr, unsigned long len,
				     unsigned long pgoff, unsigned long flags, vm_flags_t vm_flags)
{
	if ((flags & (MAP_32BIT | MAP_FIXED)) == MAP_32BIT)
		return low_area(addr, len);
	return generic_get_unmapped_area(filp, addr, len, pgoff, flags, vm_flags);
}

unsigned long arch_get_unmapped_area_topdown(struct file *filp, unsigned long addr,
					     unsigned long len, unsigned long pgoff,
					     unsigned long flags, vm_flags_t vm_flags)
{
	if ((flags & (MAP_32BIT | MAP_FIXED)) == MAP_32BIT)
		return low_area(addr, len);
	return generic_get_unmapped_area_topdown(filp, addr, len, pgoff, flags, vm_flags);
}
