// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - the guest kernel's interrupts: lines of the host layer as Linux interrupts.
 *
 * Handlers and softirqs have a stack of their own, as what they interrupt may be deep in its
 * own already.  What may end in another task's running, or in a signal, happens on the task's.
 */
#include <linux/entry-common.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/seq_file.h>
#include <host/irq.h>
#include <host/ram.h>
#include <asm/irq_regs.h>
#include <asm/softirq_stack.h>
#include <asm/um_user.h>

void um_irq_from_kernel(unsigned long *stack, unsigned long bp);
void um_call_on_stack(void *top, void (*fn)(void *arg), void *arg);

struct um_irq_stack um_irq_stack __page_aligned_bss;

static void on_irq_stack(void (*fn)(void *arg), void *arg)
{
	if (um_irq_stack_holds((unsigned long)__builtin_frame_address(0)))
		fn(arg);
	else
		um_call_on_stack(um_irq_stack.stack + sizeof(um_irq_stack.stack), fn, arg);
}

static void softirqs(void *unused)
{
	__do_softirq();
}

void do_softirq_own_stack(void)
{
	on_irq_stack(softirqs, NULL);
}

static void handle_irqs(void *regs)
{
	struct pt_regs *old = set_irq_regs(regs);
	unsigned long lines;

	irq_enter_rcu();
	while ((lines = host_irq_take())) {
		while (lines) {
			generic_handle_irq(__ffs(lines));
			lines &= lines - 1;
		}
	}
	irq_exit_rcu();
	set_irq_regs(old);
}

void um_handle_irqs(struct pt_regs *regs)
{
	on_irq_stack(handle_irqs, regs);
}

/* Interrupts are off, and go on at the end; until then more may have come. */
static void irqs_in_kernel(unsigned long ip, unsigned long sp, unsigned long bp)
{
	struct pt_regs regs = { .ip = ip, .sp = sp, .bp = bp };

	do {
		irqentry_state_t state = irqentry_enter(&regs);

		um_handle_irqs(&regs);
		irqentry_exit(&regs, state);
		barrier();
		WRITE_ONCE(host_irq_enabled, ARCH_IRQ_ENABLED);
		barrier();
		if (likely(!READ_ONCE(host_irq_pending)))
			return;
		WRITE_ONCE(host_irq_enabled, ARCH_IRQ_DISABLED);
	} while (true);
}

/* From um_irq_thunk: @stack points to the interrupted address; @bp is what it had in rbp. */
__visible void um_irq_from_kernel(unsigned long *stack, unsigned long bp)
{
	irqs_in_kernel(stack[0], (unsigned long)(stack + 1), bp);
}

/* Interrupts went on, and some are pending. */
void um_irq_replay(void)
{
	WRITE_ONCE(host_irq_enabled, ARCH_IRQ_DISABLED);
	barrier();
	irqs_in_kernel(_RET_IP_, (unsigned long)__builtin_frame_address(0),
		       (unsigned long)__builtin_frame_address(0));
}
EXPORT_SYMBOL(um_irq_replay);
EXPORT_SYMBOL(host_irq_enabled);
EXPORT_SYMBOL(host_irq_pending);

static struct irq_chip host_chip = {
	.name = "host",
};

int __init arch_probe_nr_irqs(void)
{
	return HOST_IRQS;
}

void __init init_IRQ(void)
{
	unsigned int line;

	for (line = 0; line < HOST_IRQS; line++)
		irq_set_chip_and_handler(line, &host_chip, handle_simple_irq);
	if (host_image_guard(um_irq_stack.guard, sizeof(um_irq_stack.guard)))
		pr_warn("the stack of interrupts has no guard page\n");
}

int arch_show_interrupts(struct seq_file *p, int prec)
{
	return 0;
}
