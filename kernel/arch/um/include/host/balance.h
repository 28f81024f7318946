/* SPDX-License-Identifier: GPL-2.0-only */
/* balance.h - keeping the guest on a host CPU that has time for it. */
#ifndef __HOST_BALANCE_H
#define __HOST_BALANCE_H

#include <host/unit.h>

/**
 * host_balance_tick() - note how much of the host CPU the guest gets, and move if it is little
 * @c: the carrier of the task that runs, or NULL
 *
 * Context: the timer interrupt.  Where the guest shares its host CPU with other work for long, the
 * kernel and all processes of its guests move to the CPU that the host's scheduler prefers.
 */
void host_balance_tick(struct host_carrier *c);

/** host_balance_idle() - the virtual CPU is about to idle: what it does not use, it does not want. */
void host_balance_idle(void);

#endif
