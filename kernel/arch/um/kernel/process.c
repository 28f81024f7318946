// SPDX-License-Identifier: GPL-2.0-only
/* process.c - making, switching and ending tasks; the idle loop. */
#include <linux/cpu.h>
#include <linux/elf-randomize.h>
#include <linux/entry-common.h>
#include <linux/export.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/mm.h>
#include <host/balance.h>
#include <host/irq.h>
#include <asm/exec.h>
#include <asm/switch_to.h>
#include <asm/mmu_context.h>
#include <asm/task_regs.h>
#include <asm/um_user.h>
#include <asm/xstate.h>

struct um_cpu_task cpu_tasks[NR_CPUS] = { { &init_task } };
EXPORT_SYMBOL(cpu_tasks);

#ifdef CONFIG_STACKPROTECTOR
unsigned long __stack_chk_guard __ro_after_init;
EXPORT_SYMBOL(__stack_chk_guard);
#endif

struct task_struct *um_switch_stacks(struct task_struct *prev, struct task_struct *next);
void um_task_start(struct task_struct *prev, int (*fn)(void *), void *arg);
extern const char um_task_entry[];

/* Of the scheduler for whoever asks where a task waits. */
__sched struct task_struct *__switch_to(struct task_struct *prev, struct task_struct *next)
{
	um_kernel_map_stack(next);
	cpu_tasks[0].task = next;
	return um_switch_stacks(prev, next);
}

/* What um_switch_stacks() pops. */
struct switch_frame {
	unsigned long r15, r14, r13, r12, bx, bp;
	unsigned long ip;
	unsigned long pad;
};

__visible void um_task_start(struct task_struct *prev, int (*fn)(void *), void *arg)
{
	schedule_tail(prev);
	if (fn)
		fn(arg);	/* comes back only after it has executed a program */
	syscall_exit_to_user_mode(task_pt_regs(current));
	um_user_loop();
}

static void prepare_stack(struct task_struct *p, void *fn, void *arg)
{
	struct switch_frame *frame = (struct switch_frame *)task_pt_regs(p) - 1;

	*frame = (struct switch_frame) {
		.r12 = (unsigned long)fn,
		.r13 = (unsigned long)arg,
		.ip = (unsigned long)um_task_entry,
	};
	p->thread.sp = (unsigned long)frame;
}

int copy_thread(struct task_struct *p, const struct kernel_clone_args *args)
{
	struct pt_regs *regs = task_pt_regs(p);

	p->thread.carrier = NULL;
	p->thread.full_regs = true;
	p->thread.stepping = p->thread.watching = false;
	p->thread.watch = NULL;
	p->thread.dr6 = 0;
	p->thread.evictions = 0;
	prepare_stack(p, args->fn, args->fn_arg);
	if (args->fn) {
		memset(regs, 0, sizeof(*regs));
		regs->cs = args->kthread ? 0 : __USER_CS;
		return 0;
	}
	*regs = *current_pt_regs();
	if (current->thread.stepping)
		regs->flags &= ~X86_EFLAGS_TF;
	regs->ax = 0;
	if (args->stack)
		regs->sp = args->stack;
	if (args->flags & CLONE_SETTLS) {
		if (args->tls >= TASK_SIZE)
			return -EPERM;
		p->thread.fsbase = args->tls;
	}
	if (!(args->flags & CLONE_VM))
		um_fork_prefault(p);
	return um_carrier_attach(p, um_xstate(current));
}

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp)
{
	struct thread_struct *t = &current->thread;

	memset(regs, 0, sizeof(*regs));
	regs->ip = ip;
	regs->sp = sp;
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	regs->flags = X86_EFLAGS_IF | X86_EFLAGS_FIXED;
	t->fsbase = t->gsbase = 0;
	t->full_regs = true;
	um_exec_prefault(regs);
	if (um_carrier_attach(current, NULL))
		force_fatal_sig(SIGKILL);
}
EXPORT_SYMBOL_GPL(start_thread);

void exit_thread(struct task_struct *tsk)
{
	um_debugregs_free(tsk);
	um_carrier_detach(tsk);
}

void flush_thread(void)
{
	um_debugregs_free(current);
}

void um_deactivate_mm(struct task_struct *tsk)
{
	um_carrier_detach(tsk);
}

void arch_cpu_idle(void)
{
	host_balance_idle();
	host_irq_wait();
}

unsigned long arch_align_stack(unsigned long sp)
{
	if (!(current->personality & ADDR_NO_RANDOMIZE) && randomize_va_space)
		sp -= get_random_u32_below(8192);
	return sp & ~0xf;
}

unsigned long arch_randomize_brk(struct mm_struct *mm)
{
	return randomize_page(mm->brk, 0x02000000);
}
