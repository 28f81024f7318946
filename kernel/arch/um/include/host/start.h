/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.h - start-up of the kernel process, and what the host layer calls in the kernel.
 */
#ifndef __HOST_START_H
#define __HOST_START_H

#include <linux/types.h>

/* Auxiliary vector of the kernel process, as far as guests are told. */
extern unsigned long host_hwcap, host_hwcap2;
extern unsigned long host_minsigstksz;
extern u8 host_random[32];

/* Where the host has put the kernel process's vDSO; 0: it has none. */
extern unsigned long host_vdso;

/**
 * host_has_fsgsbase() - may programs read and write fs and gs base by instructions?
 *
 * If not, they have them as arch_prctl() sets them, and so has the host layer.
 */
bool host_has_fsgsbase(void);

/* Number of requests from outside to end (SIGTERM and its like). */
extern int host_term_requests;

/**
 * host_start() - first C code: from the host's initial stack to start_kernel()
 * @stack: where the host put argc
 */
void host_start(unsigned long *stack);

/** host_signals_start() - install the signal handlers of the virtual CPU. */
void host_signals_start(void);

/**
 * host_children_reap() - find out which of our processes died; HOST_IRQ_CHILD does it
 *
 * Return: true if one is among them that had not been heard of: it was being made.
 */
bool host_children_reap(void);

/** host_zygote_death() - how the zygote ended, if it did: no more units can be made then. */
const char *host_zygote_death(void);

/**
 * um_kernel_map_fault() - kernel side: a mapping of vmalloc's is missing in the host
 * @addr: faulting address
 *
 * Context: signal handler.  Return: true if it is there now.
 */
bool um_kernel_map_fault(unsigned long addr);

/**
 * um_fixup_exception() - kernel side: look up the exception table
 * @ip: faulting address; moved to the fixup
 *
 * Context: signal handler.  Return: true if there was a fixup.
 */
bool um_fixup_exception(unsigned long *ip);

/** um_stack_guard_holds() - kernel side: has a stack that grew to here come to its end? */
bool um_stack_guard_holds(unsigned long addr);

/**
 * um_kernel_fault() - kernel side: report a fault of the kernel and end
 *
 * Context: signal handler, on the signal stack.  Does not return.
 */
void um_kernel_fault(int sig, int code, unsigned long addr, unsigned long ip, unsigned long sp,
		     unsigned long bp);

/** um_start_kernel() - kernel side: start_kernel(). */
void um_start_kernel(void) __attribute__((noreturn));

#endif
