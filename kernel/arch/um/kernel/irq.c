// SPDX-License-Identifier: GPL-2.0-only
/*
 * irq.c - the guest kernel's interrupts: lines of the host layer as Linux interrupts.
 */
#include <linux/entry-common.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/seq_file.h>
#include <host/irq.h>
#include <asm/irq_regs.h>
#include <asm/um_user.h>

void um_irq_from_kernel(unsigned long *stack);

void um_handle_irqs(struct pt_regs *regs)
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

/* From um_irq_thunk: @stack points to the interrupted address. */
__visible void um_irq_from_kernel(unsigned long *stack)
{
	irqs_in_kernel(stack[0], (unsigned long)(stack + 1), 0);
}

/* Interrupts went on, and some are pending. */
void um_irq_replay(void)
{
	WRITE_ONCE(host_irq_enabled, ARCH_IRQ_DISABLED);
	barrier();
	irqs_in_kernel(_RET_IP_, (unsigned long)__builtin_frame_address(0), 0);
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
	unsigned int irq;

	for (irq = 0; irq < HOST_IRQS; irq++)
		irq_set_chip_and_handler(irq, &host_chip, handle_simple_irq);
}

int arch_show_interrupts(struct seq_file *p, int prec)
{
	return 0;
}
