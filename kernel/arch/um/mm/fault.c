// SPDX-License-Identifier: GPL-2.0-only
/* fault.c - page faults: of guest code, and of the kernel when it reads guest memory. */
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/perf_event.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include <asm/um_user.h>
#include <asm/um_walk.h>

static bool permitted(struct vm_area_struct *vma, unsigned int flags)
{
	if (flags & FAULT_FLAG_WRITE)
		return vma->vm_flags & VM_WRITE;
	if (flags & FAULT_FLAG_INSTRUCTION)
		return vma->vm_flags & VM_EXEC;
	return vma_is_accessible(vma);
}

static pte_t pte_look(struct mm_struct *mm, unsigned long addr)
{
	unsigned long next;
	pmd_t *pmd = um_pmd_find(mm, addr, &next);
	pte_t *ptep = pmd && !pmd_leaf(*pmd) ? pte_offset_map(pmd, addr) : NULL;
	pte_t pte = __pte(0);

	if (ptep) {
		pte = ptep_get(ptep);
		pte_unmap(ptep);
	}
	return pte;
}

/*
 * Copies on write, ahead.  A fault costs many times what the copy of a page does, and a program
 * that wrote the page before this one is likely to go on: to the end of what um_fill() looks at
 * those pages are copied too that are there, read-only.  Return: false if what was locked for
 * the first fault is not any more.
 */
static bool write_ahead(struct vm_area_struct *vma, unsigned long addr, unsigned int flags)
{
	unsigned long end = min(vma->vm_end, UM_FILL_END(addr));
	vm_fault_t fault = 0;

	addr &= PAGE_MASK;
	if (!(flags & FAULT_FLAG_WRITE) || (vma->vm_flags & VM_SHARED) || addr == vma->vm_start ||
	    !um_may_work_ahead(vma))
		return true;
	if (!um_leaf_writable(pte_val(pte_look(vma->vm_mm, addr - PAGE_SIZE))))
		return true;
	while (!fault && (addr += PAGE_SIZE) < end) {
		pte_t pte = pte_look(vma->vm_mm, addr);

		if (!pte_present(pte) || pte_write(pte))
			break;
		fault = handle_mm_fault(vma, addr, flags & ~FAULT_FLAG_USER, NULL);
	}
	return !(fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED));
}

/* Without mmap_lock, if nobody is changing the mapping.  False: take the lock. */
static bool fault_under_vma_lock(unsigned long addr, unsigned int flags, struct pt_regs *regs,
				 vm_fault_t *fault)
{
	struct vm_area_struct *vma = lock_vma_under_rcu(current->mm, addr);

	if (!vma)
		return false;
	if (!permitted(vma, flags)) {
		vma_end_read(vma);
		return false;
	}
	flags |= FAULT_FLAG_VMA_LOCK;
	*fault = handle_mm_fault(vma, addr, flags, regs);
	if (!(*fault & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)) &&
	    ((*fault & VM_FAULT_ERROR) || write_ahead(vma, addr, flags)))
		vma_end_read(vma);
	return !(*fault & VM_FAULT_RETRY);
}

/*
 * Handle a fault of current->mm.  Return: 0, or the VM_FAULT_* error bits; with
 * VM_FAULT_SIGSEGV, *code is the si_code.
 */
static vm_fault_t handle_fault(unsigned long addr, unsigned int flags, struct pt_regs *regs, int *code)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	vm_fault_t fault;

	*code = SEGV_MAPERR;
	if (fault_under_vma_lock(addr, flags, regs, &fault))
		return fault & VM_FAULT_ERROR;
	for (;;) {
		if (fatal_signal_pending(current))
			return VM_FAULT_SIGSEGV;
		vma = lock_mm_and_find_vma(mm, addr, NULL);
		if (!vma)
			return VM_FAULT_SIGSEGV;
		if (!permitted(vma, flags)) {
			mmap_read_unlock(mm);
			*code = SEGV_ACCERR;
			return VM_FAULT_SIGSEGV;
		}
		fault = handle_mm_fault(vma, addr, flags, regs);
		if ((fault & VM_FAULT_RETRY) && (regs ? signal_pending(current) : fatal_signal_pending(current)))
			return regs ? 0 : VM_FAULT_SIGSEGV;
		if (fault & VM_FAULT_COMPLETED)
			return 0;
		if (!(fault & VM_FAULT_RETRY)) {
			if ((fault & VM_FAULT_ERROR) || write_ahead(vma, addr, flags))
				mmap_read_unlock(mm);
			return fault & VM_FAULT_ERROR;
		}
		flags |= FAULT_FLAG_TRIED;
	}
}

static void fault_signal(const struct um_trap *trap, int signal, int code)
{
	um_trap_keep(trap);
	force_sig_fault(signal, code, (void __user *)trap->addr);
}

static void fault_failed(const struct um_trap *trap, vm_fault_t fault, int code)
{
	if (fault & VM_FAULT_OOM)
		pagefault_out_of_memory();
	else if (fault & (VM_FAULT_SIGBUS | VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE))
		fault_signal(trap, SIGBUS, BUS_ADRERR);
	else
		fault_signal(trap, SIGSEGV, code);
}

void um_page_fault(struct pt_regs *regs, const struct um_trap *trap)
{
	unsigned int flags = FAULT_FLAG_DEFAULT | FAULT_FLAG_USER;
	unsigned long addr = trap->addr;
	vm_fault_t fault;
	int code, err;

	if (trap->error_code & UM_PF_WRITE)
		flags |= FAULT_FLAG_WRITE;
	if (trap->error_code & UM_PF_EXEC)
		flags |= FAULT_FLAG_INSTRUCTION;
	if (addr >= TASK_SIZE) {
		fault_signal(trap, SIGSEGV, SEGV_MAPERR);
		return;
	}
	perf_sw_event(PERF_COUNT_SW_PAGE_FAULTS, 1, regs, addr);
	fault = handle_fault(addr, flags, regs, &code);
	if (fault) {
		fault_failed(trap, fault, code);
		return;
	}
	um_early_note(current->mm, addr, flags & FAULT_FLAG_WRITE);
	/* -EAGAIN: taken away again already; the guest will be back. */
	err = um_fill(current->mm, addr);
	if (err && err != -EAGAIN)
		fault_signal(trap, SIGBUS, BUS_ADRERR);
}

int um_fault_in(unsigned long addr, bool write)
{
	unsigned int flags = FAULT_FLAG_DEFAULT | (write ? FAULT_FLAG_WRITE : 0);
	int code;

	if (pagefault_disabled() || !current->mm || addr >= TASK_SIZE)
		return -EFAULT;
	might_sleep();
	return handle_fault(addr, flags, NULL, &code) ? -EFAULT : 0;
}
