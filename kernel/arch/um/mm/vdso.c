// SPDX-License-Identifier: GPL-2.0-only
/*
 * vdso.c - the vDSO in guest processes, and the data that it shares with the kernel.
 *
 * Theory of operation.  Two mappings stand side by side: [vvar], three pages of data, and
 * [vdso], the code, which finds them by their distance.  Whatever a guest process maps is
 * guest RAM, and the kernel's own image is not; so the code is copied to pages of its
 * own, and struct vdso_data and struct um_hostclock live in two pages next to each other
 * that are taken before the clocks start.
 *
 * In a time namespace the first data page is the namespace's own; it sends the vDSO to
 * the third, where the system's data then is.  A process that enters a namespace has its
 * pages unmapped and faults the others in.
 */
#include <linux/clocksource.h>
#include <linux/elf.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time_namespace.h>
#include <vdso/datapage.h>
#include <asm/hostclock.h>
#include <asm/um_setup.h>
#include <asm/vdso.h>
#include <asm/vdso/layout.h>
#include <asm/vdso/vsyscall.h>

struct vdso_data *um_vdso_data __ro_after_init;
static struct um_hostclock *hostclock __ro_after_init;

static struct page **code_pages __ro_after_init;
static unsigned int code_npages __ro_after_init;

void __init um_vdso_early_init(void)
{
	void *pages = memblock_alloc(2 * PAGE_SIZE, PAGE_SIZE);

	BUILD_BUG_ON(sizeof(struct vdso_data[CS_BASES]) > PAGE_SIZE);
	if (!pages)
		panic("cannot allocate two pages for the clock");
	um_vdso_data = pages;
	hostclock = pages + PAGE_SIZE;
}

struct um_hostclock *um_hostclock(void)
{
	return hostclock;
}

void um_clock_set_vdso(struct clocksource *cs, bool can)
{
	cs->vdso_clock_mode = can ? VDSO_CLOCKMODE_HOSTCLOCK : VDSO_CLOCKMODE_NONE;
}

static int __init copy_code(void)
{
	const size_t len = um_vdso_end - um_vdso_start;
	unsigned int i;

	code_npages = DIV_ROUND_UP(len, PAGE_SIZE);
	code_pages = kcalloc(code_npages, sizeof(*code_pages), GFP_KERNEL);
	if (!code_pages)
		panic("cannot allocate the list of the vDSO's pages");
	for (i = 0; i < code_npages; i++) {
		size_t done = i * PAGE_SIZE;

		code_pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!code_pages[i])
			panic("cannot allocate a page for the vDSO");
		memcpy(page_address(code_pages[i]), um_vdso_start + done,
		       min(len - done, PAGE_SIZE));
	}
	return 0;
}
core_initcall(copy_code);

static unsigned long data_pfn(void)
{
	return virt_to_pfn(um_vdso_data);
}

/* The first two pages are always used together: one fault brings both. */
static vm_fault_t data_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			     struct vm_fault *vmf)
{
	struct page *own = find_timens_vvar_page(vma);
	unsigned long data = own ? page_to_pfn(own) : data_pfn();
	vm_fault_t fault;

	switch (vmf->pgoff) {
	case VVAR_DATA:
	case VVAR_HOSTCLOCK:
		fault = vmf_insert_pfn(vma, vma->vm_start + VVAR_DATA * PAGE_SIZE, data);
		if (fault & VM_FAULT_ERROR)
			return fault;
		return vmf_insert_pfn(vma, vma->vm_start + VVAR_HOSTCLOCK * PAGE_SIZE,
				      virt_to_pfn(hostclock));
	case VVAR_TIMENS:
		if (own)
			return vmf_insert_pfn(vma, vmf->address, data_pfn());
	}
	return VM_FAULT_SIGBUS;
}

/* The pages reach each other by distance: neither mapping makes sense in pieces. */
static int data_mremap(const struct vm_special_mapping *sm, struct vm_area_struct *vma)
{
	return vma->vm_end - vma->vm_start == VVAR_PAGES * PAGE_SIZE ? 0 : -EINVAL;
}

static vm_fault_t code_fault(const struct vm_special_mapping *sm, struct vm_area_struct *vma,
			     struct vm_fault *vmf)
{
	if (vmf->pgoff >= code_npages)
		return VM_FAULT_SIGBUS;
	vmf->page = code_pages[vmf->pgoff];
	get_page(vmf->page);
	return 0;
}

static int code_mremap(const struct vm_special_mapping *sm, struct vm_area_struct *vma)
{
	if (vma->vm_end - vma->vm_start != code_npages * PAGE_SIZE)
		return -EINVAL;
	current->mm->context.vdso = vma->vm_start;
	return 0;
}

static const struct vm_special_mapping data_mapping = {
	.name = "[vvar]",
	.fault = data_fault,
	.mremap = data_mremap,
};

static const struct vm_special_mapping code_mapping = {
	.name = "[vdso]",
	.fault = code_fault,
	.mremap = code_mremap,
};

#ifdef CONFIG_TIME_NS
struct vdso_data *arch_get_vdso_data(void *vvar_page)
{
	return vvar_page;
}

/* The task has moved to another time namespace: let its mm fault the data in anew. */
int vdso_join_timens(struct task_struct *task, struct time_namespace *ns)
{
	struct mm_struct *mm = task->mm;
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, mm, 0);

	mmap_read_lock(mm);
	for_each_vma(vmi, vma) {
		if (vma_is_special_mapping(vma, &data_mapping))
			zap_vma_pages(vma);
	}
	mmap_read_unlock(mm);
	return 0;
}
#endif

/*
 * A random address between the stack's end and the end of the 2 MiB that it is in, so
 * that the stack's page table serves the vDSO too.
 */
static unsigned long choose_address(unsigned long start, unsigned long len)
{
	unsigned long end;

	start = PAGE_ALIGN(start);
	end = min(round_up(start + len, PMD_SIZE), TASK_MAP_END) - len;
	if (end <= start || !(current->flags & PF_RANDOMIZE))
		return start;
	return start + (get_random_u32_below(((end - start) >> PAGE_SHIFT) + 1) << PAGE_SHIFT);
}

static int map_at(struct mm_struct *mm, unsigned long addr)
{
	const unsigned long data_len = VVAR_PAGES * PAGE_SIZE, code_len = code_npages * PAGE_SIZE;
	struct vm_area_struct *vma;

	addr = get_unmapped_area(NULL, addr, data_len + code_len, 0, 0);
	if (IS_ERR_VALUE(addr))
		return addr;
	/* Breakpoints of debuggers write to a private copy of the code. */
	vma = _install_special_mapping(mm, addr + data_len, code_len,
				       VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC,
				       &code_mapping);
	if (IS_ERR(vma))
		return PTR_ERR(vma);
	vma = _install_special_mapping(mm, addr, data_len,
				       VM_READ | VM_MAYREAD | VM_IO | VM_DONTDUMP | VM_PFNMAP,
				       &data_mapping);
	if (IS_ERR(vma)) {
		do_munmap(mm, addr + data_len, code_len, NULL);
		return PTR_ERR(vma);
	}
	mm->context.vdso = addr + data_len;
	return 0;
}

/**
 * arch_setup_additional_pages() - map the vDSO into a new program
 * @bprm: the program
 * @uses_interp: it has an interpreter
 *
 * Return: 0 or -errno.
 */
int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp)
{
	const unsigned long len = (VVAR_PAGES + code_npages) * PAGE_SIZE;
	struct mm_struct *mm = current->mm;
	int error;

	mm->context.vdso = 0;
	if (mmap_write_lock_killable(mm))
		return -EINTR;
	error = map_at(mm, choose_address(mm->start_stack, len));
	mmap_write_unlock(mm);
	return error;
}
