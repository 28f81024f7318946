/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raw.h - host system calls without a C library.
 *
 * A call returns what the host's kernel returns: >= 0, or -errno.  HOST_CALL() repeats
 * a call that a signal interrupted.
 */
#ifndef __UM_HOST_RAW_H
#define __UM_HOST_RAW_H

#include <uapi/asm/unistd_64.h>
#include <uapi/asm-generic/errno.h>
#include <linux/types.h>
#include <linux/compiler.h>

static __always_inline long host_syscall(long nr, long a, long b, long c, long d, long e, long f)
{
	register long r10 asm("r10") = d;
	register long r8 asm("r8") = e;
	register long r9 asm("r9") = f;
	long ret;

	asm volatile("syscall"
		     : "=a" (ret)
		     : "0" (nr), "D" (a), "S" (b), "d" (c), "r" (r10), "r" (r8), "r" (r9)
		     : "rcx", "r11", "memory");
	return ret;
}

#define __HOST_ARGS(nr, a, b, c, d, e, f, ...)						\
	host_syscall(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* host_call(name, arguments...): missing arguments are 0. */
#define host_call(name, ...)	__HOST_ARGS(__NR_##name, ##__VA_ARGS__, 0, 0, 0, 0, 0, 0)

/* The same, again as long as a signal interrupts it. */
#define HOST_CALL(name, ...)								\
({											\
	long __ret;									\
											\
	do										\
		__ret = host_call(name, ##__VA_ARGS__);					\
	while (__ret == -EINTR);							\
	__ret;										\
})

#endif
