// SPDX-License-Identifier: GPL-2.0-only
/*
 * vsyscall.c - three functions at fixed addresses, for programs that are older than vDSOs.
 *
 * A host that has them turns the call into a signal frame behind the call's return (the filter
 * in host/zygote.c); one that has not (vsyscall=none) reports a fault at the fixed address, and
 * the return is made here.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/signal.h>
#include <linux/uaccess.h>
#include <uapi/asm/vsyscall.h>
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

bool um_is_vsyscall(const struct pt_regs *regs, const struct um_trap *trap)
{
	return trap->signal == SIGSEGV && in_gate_area_no_mm(regs->ip);
}

long um_vsyscall(struct pt_regs *regs)
{
	int nr = call_number(regs->ip - VSYSCALL_ADDR);
	unsigned long caller;

	if (nr < 0 || get_user(caller, (unsigned long __user *)regs->sp))
		return -EFAULT;
	regs->ip = caller;
	regs->sp += 8;
	return nr;
}
