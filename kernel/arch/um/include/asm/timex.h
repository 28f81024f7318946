/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_TIMEX_H
#define __ASM_UM_TIMEX_H

typedef unsigned long cycles_t;

static inline cycles_t get_cycles(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a" (low), "=d" (high));
	return low | (cycles_t)high << 32;
}
#define get_cycles get_cycles

#define random_get_entropy()	((unsigned long)get_cycles())
#define CLOCK_TICK_RATE		1000000

#endif
