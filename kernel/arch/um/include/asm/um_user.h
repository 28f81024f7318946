/* SPDX-License-Identifier: GPL-2.0-only */
/* um_user.h - running guest code: what process.c, trap.c and user.c ask of each other. */
#ifndef __ASM_UM_USER_LOOP_H
#define __ASM_UM_USER_LOOP_H

#include <linux/types.h>
#include <asm/thread_info.h>

struct task_struct;
struct pt_regs;
struct vm_area_struct;

/**
 * um_user_loop() - run the current task's guest code until the task ends
 */
void um_user_loop(void) __noreturn;

/**
 * um_carrier_attach() - give a task a carrier whose next resume starts afresh
 * @tsk: a task with an mm and full registers, without a carrier
 * @image: state of the vector registers, um_xstate_size bytes; NULL: the initial state
 *
 * Return: 0 or -errno.
 */
int um_carrier_attach(struct task_struct *tsk, const void *image);

/** um_carrier_detach() - take the task's carrier away, if it has one. */
void um_carrier_detach(struct task_struct *tsk);

/**
 * struct um_trap - why guest code was stopped, in the frame's words, which are the guest's
 * @signal: the host's signal
 * @code: si_code
 * @addr: address of the fault
 * @error_code: x86 bits
 * @vector: x86 vector
 */
struct um_trap {
	unsigned int signal;
	int code;
	unsigned long addr, error_code, vector;
};

/**
 * um_trap() - serve a fault or another trap of guest code
 * @regs: the task's registers, complete
 * @trap: what happened; the task's signal frames show it once it has led to a signal
 */
void um_trap(struct pt_regs *regs, const struct um_trap *trap);

/**
 * um_page_fault() - serve a page fault of guest code
 * @regs: the task's registers, complete
 * @trap: what happened
 */
void um_page_fault(struct pt_regs *regs, const struct um_trap *trap);

/** um_trap_keep() - what the signal frames of the task show from now on. */
void um_trap_keep(const struct um_trap *trap);

/** um_is_vsyscall() - does a trap say that the program has jumped into the vsyscall page? */
bool um_is_vsyscall(const struct pt_regs *regs, const struct um_trap *trap);

/**
 * um_vsyscall() - find the call that a jump into the vsyscall page stands for
 * @regs: the task's registers, complete, with the address in the page: then behind the return
 *
 * Return: the call's number, or -EFAULT if there is none there or no caller to return to.
 */
long um_vsyscall(struct pt_regs *regs);

/** um_say_loss() - say once in the log why a program ends whose host process is gone. */
void um_say_loss(struct task_struct *tsk);

#define UM_PF_WRITE	0x2UL
#define UM_PF_EXEC	0x10UL

/**
 * um_fault_in() - make a page of current->mm accessible to the kernel
 * @addr: guest address
 * @write: for writing
 *
 * Return: 0 or -EFAULT.  Context: may sleep unless page faults are disabled.
 */
int um_fault_in(unsigned long addr, bool write);

/* The end of what um_fill() looks at around an address, in bytes. */
#define UM_FILL_BYTES		(16 * PAGE_SIZE)
#define UM_FILL_END(addr)	(((addr) | (UM_FILL_BYTES - 1)) + 1)

/**
 * um_fill() - bring the page table entries around an address into the host
 * @mm: whose
 * @addr: an address whose entry is present
 *
 * Queued; the host has them when the task's carrier is resumed.  Return: 0 or -errno.
 */
int um_fill(struct mm_struct *mm, unsigned long addr);

/**
 * um_fork_prefault() - give parent and child the pages that both touch at once
 * @child: a new task with an mm of its own, its registers ready
 *
 * Each saves a fault: the stack, the thread's own data, the child's code, and what the children
 * before it touched first.
 */
void um_fork_prefault(struct task_struct *child);

/**
 * um_exec_prefault() - give a new program the pages that it touches at once
 * @regs: its first registers
 */
void um_exec_prefault(const struct pt_regs *regs);

/**
 * um_may_work_ahead() - may pages be touched that the program has not asked for?
 * @vma: the area that they lie in
 *
 * Return: false where userfaultfd or the soft-dirty marks would show it.
 * Context: the area is locked.
 */
bool um_may_work_ahead(struct vm_area_struct *vma);

/**
 * um_early_note() - tell of a fault that was served, for the benefit of later siblings
 * @mm: of current
 * @addr: where
 * @write: a write
 */
void um_early_note(struct mm_struct *mm, unsigned long addr, bool write);

/**
 * um_early_release() - an mm ends: it keeps no faults any more
 * @mm: without users
 */
void um_early_release(struct mm_struct *mm);

/**
 * um_push_notes() - hand the notes of an mm to its unit's queue
 * @mm: whose they are
 * @start: begin of a range that will be mapped anew by the next operation
 * @end: its end; 0, like @start, where there is none
 *
 * Notes of that range alone are dropped: a mapping replaces what was there.
 */
void um_push_notes(struct mm_struct *mm, unsigned long start, unsigned long end);

/**
 * um_settle_notes() - if the host has nothing of an mm any more, let its page tables say so
 * @mm: an mm with a unit
 *
 * Entries that say otherwise do no harm but cost: write protection of what is not there fails.
 * Context: interrupts off; before notes are pushed or entries filled.
 */
void um_settle_notes(struct mm_struct *mm);

/** um_handle_irqs() - run the handlers of all pending interrupts. */
void um_handle_irqs(struct pt_regs *regs);

/**
 * um_kernel_map_stack() - bring a task's stack into the host; it stays while the task is current
 * @task: the task that is to be switched to
 *
 * Context: interrupts off.
 */
void um_kernel_map_stack(struct task_struct *task);

/* The stack of interrupts, hard and soft. */
extern struct um_irq_stack {
	u8 guard[PAGE_SIZE];
	u8 stack[THREAD_SIZE];
} um_irq_stack;

static inline bool um_irq_stack_holds(unsigned long addr)
{
	return addr - (unsigned long)um_irq_stack.stack < sizeof(um_irq_stack.stack);
}

#endif
