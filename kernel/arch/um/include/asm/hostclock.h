/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hostclock.h - nanoseconds of the host's monotonic clock, from the time stamp counter.
 *
 * One page tells how to compute them: a segment of a line, which the kernel replaces now
 * and then.  Guest programs map that page read-only and evaluate the same function in
 * their vDSO as the kernel's clocksource does, so that both always agree.
 *
 * A writer has interrupts off from the first change of @seq to the second: the interrupt
 * handlers of its own CPU read the clock.
 */
#ifndef __ASM_UM_HOSTCLOCK_H
#define __ASM_UM_HOSTCLOCK_H

#include <linux/compiler.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <asm/vdso/processor.h>

struct clocksource;

/**
 * struct um_hostclock - ns = ns0 + ((counter - tsc0) * mult >> shift)
 * @seq: odd while a writer is at work
 * @valid: 0: the host does not keep time by the counter; ask it by a call
 * @tsc0: counter at the start of the segment
 * @ns0: nanoseconds then
 * @mult: slope, as a fraction of 2^@shift
 * @shift: at most 63
 */
struct um_hostclock {
	u32 seq;
	u32 valid;
	u64 tsc0;
	u64 ns0;
	u64 mult;
	u32 shift;
};

/**
 * um_hostclock() - the page
 *
 * Return: the kernel's view of it; NULL before um_vdso_early_init().
 */
struct um_hostclock *um_hostclock(void);

/**
 * um_clock_set_vdso() - say whether guest programs can read a clocksource themselves
 * @cs: counts nanoseconds by um_hostclock_read()
 * @can: can they?
 */
void um_clock_set_vdso(struct clocksource *cs, bool can);

/* The counter, read neither before earlier loads nor by speculation. */
static __always_inline u64 um_hostclock_counter(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return low | (u64)high << 32;
}

/* Low half of (a * b) >> shift, by registers alone: in C the compiler goes through the stack. */
static __always_inline u64 um_hostclock_scale(u64 a, u64 b, u32 shift)
{
	u64 high;

	asm("mulq %[b]\n\tshrdq %%cl, %[high], %[a]"
	    : [a] "+a" (a), [high] "=&d" (high)
	    : [b] "rm" (b), "c" (shift)
	    : "cc");
	return a;
}

/**
 * um_hostclock_read() - the time
 * @hc: a valid one
 *
 * Return: nanoseconds.  Context: any, also guest code.
 */
static __always_inline u64 um_hostclock_read(const struct um_hostclock *hc)
{
	u32 seq;
	u64 ns;

	do {
		s64 delta;

		while (unlikely((seq = READ_ONCE(hc->seq)) & 1))
			cpu_relax();
		smp_rmb();
		/* The counters of two processors may differ by a few counts. */
		delta = um_hostclock_counter() - READ_ONCE(hc->tsc0);
		if (unlikely(delta < 0))
			delta = 0;
		ns = READ_ONCE(hc->ns0) +
		     um_hostclock_scale(delta, READ_ONCE(hc->mult), READ_ONCE(hc->shift));
		smp_rmb();
	} while (unlikely(READ_ONCE(hc->seq) != seq));
	return ns;
}

#endif
