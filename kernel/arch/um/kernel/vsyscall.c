// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsyscall.c - three functions at fixed addresses, for programs that are older than vDSOs.
 *
 * A host that has them holds the call and reports the fixed address; one that has not
 * (vsyscall=none) reports a fault there, and the call is made here.
 */
#include <linux/errno.h>
#include <linux/uaccess.h>
#include <uapi/asm/vsyscall.h>
#include <asm/syscall.h>
#include <asm/unistd.h>
#include <asm/um_user.h>

static int call_number(unsigned long offset)
{
	switch (offset) {
	case 0x000: return __NR_gettimeofday;
	case 0x400: return __NR_time;
	case 0x800: return __NR_getcpu;
	default: return -1;
	}
}

bool um_vsyscall(struct pt_regs *regs)
{
	int nr = call_number(regs->ip - VSYSCALL_ADDR);
	unsigned long caller;
	long ret;

	if (nr < 0 || get_user(caller, (unsigned long __user *)regs->sp))
		return false;
	ret = sys_call_table[nr](regs->di, regs->si, regs->dx, 0, 0, 0);
	if (ret == -EFAULT)
		return false;
	regs->ax = ret;
	regs->ip = caller;
	regs->sp += 8;
	return true;
}
