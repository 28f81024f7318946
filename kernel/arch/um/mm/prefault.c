// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefault.c - pages that a new process gets before it asks for them.
 *
 * Theory of operation.  A fault costs many times what mapping the page does.  The first pages
 * that a new program touches are known: its stack and its code.  What a forked child touches
 * next is what its sibling before it did: the same function has called fork, and goes the
 * same way to exec or exit.  So the first faults of each child are kept with the parent's mm,
 * and the next child gets those pages, copied where they will be written, together with its
 * first ones.  Entries that have gone out of use leave when the list is begun anew.
 */
#include <linux/mm.h>
#include <linux/refcount.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/userfaultfd_k.h>
#include <asm/um_user.h>

/* Faults of each child that are kept, and forks after which the list is begun anew. */
#define EARLY_FAULTS	16
#define EARLY_FORKS	64

/**
 * struct um_early - what the children of one mm touched first
 * @users: the mm, and its children
 * @forks: since the list was begun
 * @fault: page addresses, and in bit 0 whether it was written; 0 is none
 *
 * Readers and writers take no lock: an entry that is lost costs a fault.
 */
struct um_early {
	refcount_t users;
	unsigned int forks;
	unsigned long fault[EARLY_FAULTS];
};

static void put_early(struct um_early *early)
{
	if (early && refcount_dec_and_test(&early->users))
		kfree(early);
}

void um_early_release(struct mm_struct *mm)
{
	put_early(mm->context.children_early);
	put_early(mm->context.early);
	mm->context.children_early = mm->context.early = NULL;
}

void um_early_note(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct um_early *early = mm->context.early;
	int i;

	if (!early || mm->context.early_faults >= EARLY_FAULTS)
		return;
	mm->context.early_faults++;
	addr &= PAGE_MASK;
	for (i = 0; i < EARLY_FAULTS; i++) {
		unsigned long fault = READ_ONCE(early->fault[i]);

		if (fault && (fault & PAGE_MASK) != addr)
			continue;
		WRITE_ONCE(early->fault[i], addr | (fault & 1) | write);
		return;
	}
}

/*
 * An area without VM_SOFTDIRTY is one whose marks were cleared, so that somebody will look at
 * them.  Stacks never have it, from exec on: theirs may show a page too many.
 */
bool um_may_work_ahead(struct vm_area_struct *vma)
{
	return !userfaultfd_armed(vma) && (!IS_ENABLED(CONFIG_MEM_SOFT_DIRTY) ||
					   (vma->vm_flags & (VM_SOFTDIRTY | VM_STACK)));
}

/*
 * Nothing that anybody else could see: a write to shared memory would make a file newer.  And
 * nothing that is not memory: its faults may ask who current is, the vDSO's data do.
 */
static bool may_prefault(struct mm_struct *mm, unsigned long addr, bool write)
{
	struct vm_area_struct *vma = vma_lookup(mm, addr);

	return vma && um_may_work_ahead(vma) && !(write && (vma->vm_flags & VM_SHARED)) &&
	       !(vma->vm_flags & (VM_IO | VM_PFNMAP | VM_MIXEDMAP));
}

static void prefault(struct mm_struct *mm, unsigned long addr, bool write)
{
	int err = -EFAULT;

	if (addr >= TASK_SIZE)
		return;
	mmap_read_lock(mm);
	if (may_prefault(mm, addr, write))
		err = fixup_user_fault(mm, addr, write ? FAULT_FLAG_WRITE : 0, NULL);
	mmap_read_unlock(mm);
	if (!err)
		um_fill(mm, addr);
}

/* The list of current's children, which the new one joins; NULL without memory. */
static struct um_early *join_early(struct mm_struct *child)
{
	mm_context_t *context = &current->mm->context;
	struct um_early *early = READ_ONCE(context->children_early);

	if (!early) {
		early = kzalloc(sizeof(*early), GFP_KERNEL);
		if (!early)
			return NULL;
		refcount_set(&early->users, 1);
		if (cmpxchg(&context->children_early, NULL, early)) {
			kfree(early);	/* another thread of the program's was first */
			early = context->children_early;
		}
	}
	refcount_inc(&early->users);
	child->context.early = early;
	return early;
}

static void prefault_early(struct mm_struct *child)
{
	struct um_early *early = join_early(child);
	int i;

	if (!early)
		return;
	if (++early->forks > EARLY_FORKS) {
		early->forks = 0;
		memset(early->fault, 0, sizeof(early->fault));
	}
	for (i = 0; i < EARLY_FAULTS; i++) {
		unsigned long fault = READ_ONCE(early->fault[i]);

		if (fault)
			prefault(child, fault & PAGE_MASK, fault & 1);
	}
}

void um_fork_prefault(struct task_struct *child)
{
	struct pt_regs *regs = task_pt_regs(child);

	prefault(child->mm, regs->sp, true);
	prefault(current->mm, regs->sp, true);
	if (child->thread.fsbase) {
		prefault(child->mm, child->thread.fsbase, true);
		prefault(current->mm, child->thread.fsbase, true);
	}
	prefault_early(child->mm);
	prefault(child->mm, regs->ip, false);
}

void um_exec_prefault(const struct pt_regs *regs)
{
	prefault(current->mm, regs->sp - 8, true);
	prefault(current->mm, regs->ip, false);
}
