// SPDX-License-Identifier: GPL-2.0-only
/*
 * syscalls.c - the system call table, made from x86-64's list.
 *
 * No header with the real prototypes is included: a call is entered with all of its six
 * possible arguments, of which it takes those that it declares.
 */
#include <linux/build_bug.h>
#include <linux/linkage.h>
#include <asm/syscall.h>
#include <asm/unistd.h>

/* Hardware access; the generic kernel lists the other calls that may be absent. */
cond_syscall(sys_iopl);
cond_syscall(sys_ioperm);

#define __SYSCALL_NORETURN(nr, sym)	__SYSCALL(nr, sym)

#define __SYSCALL(nr, sym)							\
	extern long sym(unsigned long, unsigned long, unsigned long,		\
			unsigned long, unsigned long, unsigned long);
#include <asm/syscalls_64.h>
#undef __SYSCALL

#define __SYSCALL(nr, sym)	[nr] = sym,
const sys_call_ptr_t sys_call_table[] = {
#include <asm/syscalls_64.h>
};
#undef __SYSCALL

static_assert(ARRAY_SIZE(sys_call_table) == NR_syscalls);
