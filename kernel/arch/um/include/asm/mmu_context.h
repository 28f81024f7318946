/* SPDX-License-Identifier: GPL-2.0-only */
/* Life of an mm: it gets a unit when it is made, and gives it back when its last user goes. */
#ifndef __ASM_UM_MMU_CONTEXT_H
#define __ASM_UM_MMU_CONTEXT_H

#include <linux/mm_types.h>

struct task_struct;

int init_new_context(struct task_struct *tsk, struct mm_struct *mm);
void destroy_context(struct mm_struct *mm);
void arch_exit_mmap(struct mm_struct *mm);
void um_deactivate_mm(struct task_struct *tsk);

#define init_new_context	init_new_context
#define destroy_context		destroy_context

static inline int arch_dup_mmap(struct mm_struct *oldmm, struct mm_struct *mm)
{
	mm->context.vdso = oldmm->context.vdso;
	return 0;
}

static inline void arch_unmap(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (start <= mm->context.vdso && mm->context.vdso < end)
		mm->context.vdso = 0;
}

static inline bool arch_vma_access_permitted(struct vm_area_struct *vma, bool write,
					     bool execute, bool foreign)
{
	return true;
}

/* Each carrier has its own address space: there is nothing to switch. */
static inline void switch_mm(struct mm_struct *prev, struct mm_struct *next,
			     struct task_struct *tsk)
{
}

/* The task leaves its mm: its carrier is no longer its own. */
#define deactivate_mm(tsk, mm)	um_deactivate_mm(tsk)

#include <asm-generic/mmu_context.h>

#endif
