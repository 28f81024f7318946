/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * irq.h - interrupts: how host threads and host signals reach the guest kernel.
 *
 * A source sets its bit in host_irq_pending and, from another host thread, signals the
 * virtual CPU.  The signal's handler does nothing while the kernel has interrupts off
 * (the bit stays); otherwise it diverts the interrupted code into um_irq_entry(), which
 * runs the handlers on the kernel stack, after the host signal frame is gone.
 */
#ifndef __HOST_IRQ_H
#define __HOST_IRQ_H

#include <linux/types.h>

/* One line a source; the numbers are Linux interrupt numbers too. */
enum host_irq {
	HOST_IRQ_TIMER,		/* the virtual CPU's timer ran out */
	HOST_IRQ_POLL,		/* host_poll_next() has events */
	HOST_IRQ_BLOCK,		/* host_io_next() has finished requests */
	HOST_IRQ_WINCH,		/* the terminal changed its size */
	HOST_IRQ_TERM,		/* somebody asks the guest to end: host_term_requests */
	HOST_IRQ_CHILD,		/* a process of ours died: host_child_next() */
	HOST_IRQS
};

/* Bits of enum host_irq; bit 63 asks the idle loop to look around. */
extern unsigned long host_irq_pending;

/* 1: interrupts are on.  Changed by arch_local_irq_*() only. */
extern unsigned int host_irq_enabled;

/**
 * host_irq_raise() - make an interrupt pending and wake the virtual CPU
 * @irq: the line
 *
 * Context: any host thread, any signal handler.
 */
void host_irq_raise(enum host_irq irq);

/**
 * host_irq_wait() - sleep until an interrupt is pending
 *
 * Returns at once when one is.  Context: the virtual CPU, interrupts off.
 */
void host_irq_wait(void);

/**
 * host_irq_take() - take all pending interrupts
 *
 * Return: the bits that were pending; they are clear now.
 */
unsigned long host_irq_take(void);

#endif
