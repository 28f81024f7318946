// SPDX-License-Identifier: GPL-2.0-only
/*
 * stacktrace.c - call traces of kernel stacks, and the kernel's registers after a fault.
 *
 * A trace that begins on the stack of interrupts goes on on that of the task.
 *
 * With frame pointers the chain of frames is followed, each checked to lie on the task's
 * stack, above the one before.  Without them, all words on the stack that could be return
 * addresses are shown, with a question mark.
 */
#include <linux/export.h>
#include <linux/kallsyms.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include <asm/ptrace.h>
#include <asm/um_user.h>

/* A stack frame, where rbp points. */
struct frame {
	unsigned long caller;
	unsigned long return_ip;
};

/* Where um_switch_stacks() left what it saved, in words from thread.sp. */
#define SWITCH_BP	5
#define SWITCH_IP	6

struct walk {
	struct task_struct *task;
	unsigned long low, high;	/* the stack that it is on now */
	unsigned long ip;		/* first address, or 0 */
	unsigned long bp;		/* first frame */
	unsigned long sp;		/* where to look for words, if there are no frames */
};

static bool on_stack(const struct walk *w, unsigned long addr, size_t size)
{
	return addr >= w->low && addr + size <= w->high && !(addr % sizeof(long));
}

static void walk_stack_of_task(struct walk *w)
{
	w->low = (unsigned long)task_stack_page(w->task);
	w->high = w->low + THREAD_SIZE;
}

static bool on_irq_stack(const struct walk *w)
{
	return um_irq_stack_holds(w->low);
}

static void walk_start(struct walk *w, struct task_struct *task, struct pt_regs *regs)
{
	w->task = task;
	if (regs) {
		w->ip = regs->ip;
		w->bp = regs->bp;
		w->sp = regs->sp;
	} else if (task == current) {
		w->ip = 0;
		w->bp = w->sp = (unsigned long)__builtin_frame_address(0);
	} else {
		const unsigned long *saved = (unsigned long *)task->thread.sp;

		w->ip = saved[SWITCH_IP];
		w->bp = saved[SWITCH_BP];
		w->sp = task->thread.sp;
	}
	walk_stack_of_task(w);
	if (um_irq_stack_holds(w->sp)) {
		w->low = (unsigned long)um_irq_stack.stack;
		w->high = w->low + sizeof(um_irq_stack.stack);
	}
}

/* The next frame is above the last one, or on the stack that was interrupted. */
static bool walk_up(struct walk *w, unsigned long from, unsigned long to)
{
	if (!on_irq_stack(w) || on_stack(w, to, sizeof(struct frame)))
		return to > from;
	walk_stack_of_task(w);
	return true;
}

typedef bool (*visit_fn)(void *cookie, unsigned long addr);

static void walk_frames(struct walk *w, visit_fn visit, void *cookie)
{
	const struct frame *frame;
	unsigned long bp = w->bp, caller;

	if (w->ip && !visit(cookie, w->ip))
		return;
	while (on_stack(w, bp, sizeof(*frame))) {
		frame = (struct frame *)bp;
		if (!__kernel_text_address(READ_ONCE_NOCHECK(frame->return_ip)) ||
		    !visit(cookie, frame->return_ip))
			return;
		caller = READ_ONCE_NOCHECK(frame->caller);
		if (!walk_up(w, bp, caller))
			return;
		bp = caller;
	}
}

static bool walk_words_of_stack(const struct walk *w, visit_fn visit, void *cookie)
{
	unsigned long sp;

	for (sp = round_up(w->sp, sizeof(long)); on_stack(w, sp, sizeof(long)); sp += sizeof(long)) {
		unsigned long word = READ_ONCE_NOCHECK(*(unsigned long *)sp);

		if (__kernel_text_address(word) && !visit(cookie, word))
			return false;
	}
	return true;
}

static void walk_words(struct walk *w, visit_fn visit, void *cookie)
{
	if ((w->ip && !visit(cookie, w->ip)) || !walk_words_of_stack(w, visit, cookie) ||
	    !on_irq_stack(w))
		return;
	/* um_call_on_stack() left it there. */
	w->sp = READ_ONCE_NOCHECK(((unsigned long *)w->high)[-1]);
	walk_stack_of_task(w);
	walk_words_of_stack(w, visit, cookie);
}

/* A task that has ended, but that nobody has waited for, has no stack any more. */
static void walk_stack(struct task_struct *task, struct pt_regs *regs, visit_fn visit, void *cookie)
{
	struct walk w;

	if (!try_get_task_stack(task))
		return;
	walk_start(&w, task, regs);
	if (IS_ENABLED(CONFIG_FRAME_POINTER))
		walk_frames(&w, visit, cookie);
	else
		walk_words(&w, visit, cookie);
	put_task_stack(task);
}

static bool find_waiter(void *ip, unsigned long addr)
{
	if (in_sched_functions(addr))
		return true;
	*(unsigned long *)ip = addr;
	return false;
}

/**
 * __get_wchan() - where a task waits
 * @task: one that does not run
 *
 * Return: the address in the kernel from which it went to sleep, or 0.
 */
unsigned long __get_wchan(struct task_struct *task)
{
	unsigned long ip = 0;

	walk_stack(task, NULL, find_waiter, &ip);
	return ip;
}

#ifdef CONFIG_ARCH_STACKWALK
noinline void arch_stack_walk(stack_trace_consume_fn consume_entry, void *cookie,
			      struct task_struct *task, struct pt_regs *regs)
{
	walk_stack(task ?: current, regs, consume_entry, cookie);
}
#endif

static bool print_entry(void *log_lvl, unsigned long addr)
{
	printk("%s %s%pB\n", (const char *)log_lvl, IS_ENABLED(CONFIG_FRAME_POINTER) ? "" : "? ",
	       (void *)addr);
	return true;
}

static void show_trace(struct task_struct *task, struct pt_regs *regs, const char *log_lvl)
{
	printk("%sCall Trace:\n", log_lvl);
	walk_stack(task, regs, print_entry, (void *)log_lvl);
}

/**
 * show_stack() - print a task's call trace
 * @task: whose; NULL: of current
 * @sp: not used: the trace begins where the task is
 * @log_lvl: printk level
 */
noinline void show_stack(struct task_struct *task, unsigned long *sp, const char *log_lvl)
{
	show_trace(task ?: current, NULL, log_lvl);
}

static void show_guest_regs(const struct pt_regs *regs)
{
	printk(KERN_DEFAULT "guest ip %04lx:%lx sp %lx flags %lx orig_ax %ld\n",
	       regs->cs, regs->ip, regs->sp, regs->flags, (long)regs->orig_ax);
	printk(KERN_DEFAULT "ax %016lx bx %016lx cx %016lx dx %016lx\n",
	       regs->ax, regs->bx, regs->cx, regs->dx);
	printk(KERN_DEFAULT "si %016lx di %016lx bp %016lx r8 %016lx\n",
	       regs->si, regs->di, regs->bp, regs->r8);
	printk(KERN_DEFAULT "r9 %016lx r10 %016lx r11 %016lx r12 %016lx\n",
	       regs->r9, regs->r10, regs->r11, regs->r12);
	printk(KERN_DEFAULT "r13 %016lx r14 %016lx r15 %016lx\n",
	       regs->r13, regs->r14, regs->r15);
}

/**
 * show_regs() - print a guest task's registers, or the kernel's place and call trace
 * @regs: the registers; of the kernel's only ip, sp and bp are known
 */
void show_regs(struct pt_regs *regs)
{
	show_regs_print_info(KERN_DEFAULT);
	if (user_mode(regs)) {
		show_guest_regs(regs);
		return;
	}
	printk(KERN_DEFAULT "ip %lx %pS sp %lx bp %lx\n", regs->ip, (void *)regs->ip, regs->sp,
	       regs->bp);
	show_trace(current, regs, KERN_DEFAULT);
}
