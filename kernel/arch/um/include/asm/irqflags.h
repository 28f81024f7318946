/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interrupt masking without a host call: one word that the host signal handler looks at.
 * What came in the meantime is replayed when interrupts go on again.
 */
#ifndef __ASM_UM_IRQFLAGS_H
#define __ASM_UM_IRQFLAGS_H

#include <linux/compiler.h>
#include <host/irq.h>

#define ARCH_IRQ_DISABLED	0
#define ARCH_IRQ_ENABLED	1

void um_irq_replay(void);

#define arch_local_save_flags arch_local_save_flags
static __always_inline unsigned long arch_local_save_flags(void)
{
	return READ_ONCE(host_irq_enabled);
}

#define arch_local_irq_restore arch_local_irq_restore
static __always_inline void arch_local_irq_restore(unsigned long flags)
{
	barrier();
	WRITE_ONCE(host_irq_enabled, flags);
	barrier();
	if (flags && unlikely(READ_ONCE(host_irq_pending)))
		um_irq_replay();
}

#include <asm-generic/irqflags.h>

#endif
