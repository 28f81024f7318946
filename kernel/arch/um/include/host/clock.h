/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.h - the host's clocks, and the timer of the virtual CPU. */
#ifndef __HOST_CLOCK_H
#define __HOST_CLOCK_H

#include <linux/types.h>

/** host_clock_ns() - the host's CLOCK_MONOTONIC in nanoseconds. */
u64 host_clock_ns(void);

/** host_clock_realtime_ns() - the host's CLOCK_REALTIME in nanoseconds. */
u64 host_clock_realtime_ns(void);

/** host_clock_thread_ns() - CPU time of the calling host thread. */
u64 host_clock_thread_ns(void);

/** host_clock_process_ns() - CPU time of a host process; 0 if it is gone. */
u64 host_clock_process_ns(int pid);

/** host_nap() - let other programs of the host run; may end early. */
void host_nap(u32 ns);

/** host_clock_is_tsc() - does the host itself keep time by the time stamp counter? */
bool host_clock_is_tsc(void);

/**
 * host_clock_pair() - the two clocks at the same moment
 * @tsc: where the time stamp counter is stored
 * @ns: where CLOCK_MONOTONIC is stored
 *
 * Of a few tries, the one that took the least time.
 */
void host_clock_pair(u64 *tsc, u64 *ns);

/**
 * host_timer_arm() - raise HOST_IRQ_TIMER once
 * @delta_ns: from now; 0 is taken as 1
 */
void host_timer_arm(u64 delta_ns);

/** host_timer_stop() - disarm. */
void host_timer_stop(void);

/**
 * host_clock_start() - find the host's vDSO, create the timer
 * @vdso: address of its ELF header, or 0
 *
 * Return: 0 or -errno.
 */
int host_clock_start(unsigned long vdso);

#endif
