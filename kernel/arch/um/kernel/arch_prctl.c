// SPDX-License-Identifier: GPL-2.0-only
/*
 * arch_prctl.c - the system calls that exist on x86-64 only.
 *
 * arch_prctl arrives with full registers, so that setting a base is an assignment: the
 * carrier loads it when it resumes.  Calls about hardware that a guest does not have are
 * absent, as on a kernel built without them.
 */
#include <linux/sched.h>
#include <linux/sched/task_stack.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <uapi/asm/prctl.h>
#include <asm/task_regs.h>
#include <asm/xsave_image.h>

long um_arch_prctl(struct task_struct *task, int option, unsigned long arg)
{
	unsigned long __user *result = (unsigned long __user *)arg;

	switch (option) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
		if (arg >= TASK_SIZE)
			return -EPERM;
		*(option == ARCH_SET_FS ? &task->thread.fsbase : &task->thread.gsbase) = arg;
		return 0;
	case ARCH_GET_FS:
		return put_user(task->thread.fsbase, result);
	case ARCH_GET_GS:
		return put_user(task->thread.gsbase, result);
	}
	return -EINVAL;
}

/* Features whose registers are large enough to need a permission: none may be had. */
static long xcomp_prctl(int option, unsigned long arg)
{
	u64 __user *result = (u64 __user *)arg;

	switch (option) {
	case ARCH_GET_XCOMP_SUPP:
	case ARCH_GET_XCOMP_PERM:
		return put_user(um_xstate_mask, result);
	case ARCH_REQ_XCOMP_PERM:
		return arg >= 64 ? -EINVAL : -EOPNOTSUPP;
	}
	return -EINVAL;
}

SYSCALL_DEFINE2(arch_prctl, int, option, unsigned long, arg)
{
	switch (option) {
	case ARCH_SET_FS:
	case ARCH_SET_GS:
	case ARCH_GET_FS:
	case ARCH_GET_GS:
		if (um_regs_partial())
			um_regs_pull();
		return um_arch_prctl(current, option, arg);
	case ARCH_GET_CPUID:
		return 1;	/* the instruction works */
	case ARCH_SET_CPUID:
		return -ENODEV;	/* and cannot be switched off */
	}
	return xcomp_prctl(option, arg);
}

SYSCALL_DEFINE6(mmap, unsigned long, addr, unsigned long, len, unsigned long, prot,
		unsigned long, flags, unsigned long, fd, unsigned long, off)
{
	if (off & ~PAGE_MASK)
		return -EINVAL;
	return ksys_mmap_pgoff(addr, len, prot, flags, fd, off >> PAGE_SHIFT);
}
