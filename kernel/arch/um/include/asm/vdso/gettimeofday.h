/* SPDX-License-Identifier: GPL-2.0-only */
/* What the generic vDSO code asks about clock, data pages and system calls. */
#ifndef __ASM_UM_VDSO_GETTIMEOFDAY_H
#define __ASM_UM_VDSO_GETTIMEOFDAY_H

#ifndef __ASSEMBLY__

#include <uapi/linux/time.h>
#include <asm/hostclock.h>
#include <asm/unistd.h>

#define VDSO_HAS_TIME		1
#define VDSO_HAS_CLOCK_GETRES	1

extern struct um_hostclock _um_hostclock __attribute__((visibility("hidden")));

static __always_inline long um_vdso_call2(long nr, long first, void *second)
{
	long result;

	asm volatile("syscall"
		     : "=a" (result)
		     : "a" (nr), "D" (first), "S" (second)
		     : "rcx", "r11", "memory");
	return result;
}

static __always_inline long clock_gettime_fallback(clockid_t clock, struct __kernel_timespec *ts)
{
	return um_vdso_call2(__NR_clock_gettime, clock, ts);
}

static __always_inline long clock_getres_fallback(clockid_t clock, struct __kernel_timespec *ts)
{
	return um_vdso_call2(__NR_clock_getres, clock, ts);
}

static __always_inline long gettimeofday_fallback(struct __kernel_old_timeval *tv,
						  struct timezone *tz)
{
	return um_vdso_call2(__NR_gettimeofday, (long)tv, tz);
}

static __always_inline const struct vdso_data *__arch_get_vdso_data(void)
{
	return _vdso_data;
}

#ifdef CONFIG_TIME_NS
static __always_inline
const struct vdso_data *__arch_get_timens_vdso_data(const struct vdso_data *vd)
{
	return _timens_data;
}
#endif

static __always_inline u64 __arch_get_hw_counter(s32 mode, const struct vdso_data *vd)
{
	return um_hostclock_read(&_um_hostclock);
}

/*
 * A guest program may run while the kernel process sleeps for long, or the host stopped
 * both: the product needs more than 64 bits then.  And a count from before the kernel's
 * last update, by the counter of another processor, must not pass for a huge one.
 */
static __always_inline u64 vdso_calc_ns(const struct vdso_data *vd, u64 count, u64 base)
{
	s64 delta = count - vd->cycle_last;

	if (unlikely(delta < 0))
		return base >> vd->shift;
	return ((unsigned __int128)(u64)delta * vd->mult + base) >> (vd->shift & 63);
}
#define vdso_calc_ns vdso_calc_ns

#endif
#endif
