// SPDX-License-Identifier: GPL-2.0-only
/*
 * context.c - the unit of an mm, and the notes of what the host has yet to see.
 *
 * Notes are made under page table locks and carried out later: handed to the unit's
 * queue in order, before anything new is mapped, and executed by the agent before it
 * resumes a carrier.  With one virtual CPU every carrier of every mm is stopped while
 * kernel code runs that can change page tables, so nothing is ever waited for, and a
 * page may be reused as soon as its note is made.
 */
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <host/unit.h>
#include <asm/mmu_context.h>
#include <asm/tlbflush.h>
#include <asm/um_user.h>

#define HOST_PROT_READ		1
#define HOST_PROT_READ_EXEC	5

void um_push_notes(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	mm_context_t *context = &mm->context;
	unsigned long flags;
	unsigned int i;

	if (!context->nnotes || !context->unit)
		return;
	local_irq_save(flags);
	host_unit_room(context->unit);
	um_settle_notes(mm);
	for (i = 0; i < context->nnotes; i++) {
		struct um_note *note = &context->notes[i];

		if (start <= note->start && note->end <= end)
			continue;
		if (note->prot)
			host_unit_protect(context->unit, note->start, note->end - note->start,
					  note->prot == HOST_PROT_READ_EXEC);
		else
			host_unit_unmap(context->unit, note->start, note->end - note->start);
	}
	context->nnotes = 0;
	local_irq_restore(flags);
}

static void add_note(struct mm_struct *mm, unsigned long addr, unsigned long size, int prot)
{
	mm_context_t *context = &mm->context;
	struct um_note *last;

	if (!context->unit)
		return;
	if (context->nnotes) {
		last = &context->notes[context->nnotes - 1];
		if (last->prot == prot && last->end == addr) {
			last->end += size;
			return;
		}
	}
	if (context->nnotes == UM_NOTES)
		um_push_notes(mm, 0, 0);
	context->notes[context->nnotes++] = (struct um_note) { addr, addr + size, prot };
}

void um_note_unmap(struct mm_struct *mm, unsigned long addr, unsigned long size)
{
	add_note(mm, addr, size, 0);
}

void um_note_protect(struct mm_struct *mm, unsigned long addr, unsigned long size, bool exec)
{
	add_note(mm, addr, size, exec ? HOST_PROT_READ_EXEC : HOST_PROT_READ);
}

void um_flush_notes(struct mm_struct *mm)
{
	/*
	 * All carriers are stopped: the notes take effect when the first one is resumed.  What
	 * the caller frees next could be reached by one that runs: rather end than go on.
	 */
	BUG_ON(mm->context.unit && host_unit_running(mm->context.unit));
}

int init_new_context(struct task_struct *tsk, struct mm_struct *mm)
{
	struct host_unit *unit;
	unsigned long flags;

	memset(&mm->context, 0, sizeof(mm->context));
	local_irq_save(flags);
	unit = host_unit_get();
	local_irq_restore(flags);
	if (IS_ERR(unit))
		return PTR_ERR(unit);
	mm->context.unit = unit;
	return 0;
}

static void put_unit(struct mm_struct *mm)
{
	struct host_unit *unit = mm->context.unit;
	unsigned long flags;

	mm->context.unit = NULL;
	mm->context.nnotes = 0;
	if (!unit)
		return;
	local_irq_save(flags);
	host_unit_put(unit);
	local_irq_restore(flags);
}

/* No task uses this mm any more: nothing of it needs to leave the host piece by piece. */
void arch_exit_mmap(struct mm_struct *mm)
{
	put_unit(mm);
}

void destroy_context(struct mm_struct *mm)
{
	um_early_release(mm);
	put_unit(mm);
}
