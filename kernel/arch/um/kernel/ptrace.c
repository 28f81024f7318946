// SPDX-License-Identifier: GPL-2.0-only
/*
 * ptrace.c - the registers of stopped tasks, for debuggers and core dumps.
 *
 * A task that stops for its tracer, or writes a core dump, has full registers: general
 * ones in task_pt_regs(), fs and gs base in its thread_struct, vector state in um_xstate().
 * Everything here works on those three.
 *
 * Selectors of data segments are of no use to 64-bit programs and are not kept: they read
 * as 0, and valid values are taken and forgotten.  Debug registers are in step.c.
 */
#include <linux/kernel.h>
#include <linux/init.h>
#include <linux/elf.h>
#include <linux/ptrace.h>
#include <linux/regset.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user.h>
#include <uapi/asm/prctl.h>
#include <asm/task_regs.h>
#include <asm/trapnr.h>
#include <asm/xsave_image.h>

#define REG(name)		offsetof(struct user_regs_struct, name)
#define DEBUGREG_FIRST		offsetof(struct user, u_debugreg[0])
#define DEBUGREG_LAST		offsetof(struct user, u_debugreg[7])

/* Flags that a debugger may change; the program itself gets NT back from iretq only. */
#define DEBUGGER_FLAGS		(UM_USER_FLAGS | X86_EFLAGS_NT)

enum um_regset { REGSET_GENERAL, REGSET_FP, REGSET_XSTATE, REGSETS };

/* General registers. */

static unsigned long *gpr_at(struct task_struct *task, unsigned long offset)
{
	BUILD_BUG_ON(sizeof(struct pt_regs) != REG(fs_base));
	BUILD_BUG_ON(offsetof(struct pt_regs, ss) != REG(ss));
	return (unsigned long *)((char *)task_pt_regs(task) + offset);
}

static unsigned long read_reg(struct task_struct *task, unsigned long offset)
{
	unsigned long flags;

	switch (offset) {
	case REG(flags):
		flags = task_pt_regs(task)->flags;
		return task->thread.stepping ? flags & ~X86_EFLAGS_TF : flags;
	case REG(fs_base):
		return task->thread.fsbase;
	case REG(gs_base):
		return task->thread.gsbase;
	case REG(ds):
	case REG(es):
	case REG(fs):
	case REG(gs):
		return 0;
	}
	return *gpr_at(task, offset);
}

static void write_flags(struct task_struct *task, unsigned long value)
{
	struct pt_regs *regs = task_pt_regs(task);

	if (value & X86_EFLAGS_TF)
		task->thread.stepping = false;
	else if (task->thread.stepping)
		value |= X86_EFLAGS_TF;
	regs->flags = (regs->flags & ~DEBUGGER_FLAGS) | (value & DEBUGGER_FLAGS);
}

static int write_code_selectors(struct task_struct *task, unsigned long cs, unsigned long ss)
{
	struct pt_regs *regs = task_pt_regs(task);

	if (!um_selectors_valid(cs, ss))
		return -EIO;
	regs->cs = cs;
	regs->ss = ss;
	return 0;
}

static int write_reg(struct task_struct *task, unsigned long offset, unsigned long value)
{
	struct pt_regs *regs = task_pt_regs(task);

	switch (offset) {
	case REG(flags):
		write_flags(task, value);
		return 0;
	case REG(fs_base):
		return um_arch_prctl(task, ARCH_SET_FS, value) ? -EIO : 0;
	case REG(gs_base):
		return um_arch_prctl(task, ARCH_SET_GS, value) ? -EIO : 0;
	case REG(cs):
		return write_code_selectors(task, (u16)value, regs->ss);
	case REG(ss):
		return write_code_selectors(task, regs->cs, (u16)value);
	case REG(ds):
	case REG(es):
	case REG(fs):
	case REG(gs):
		return (u16)value && (value & 3) != 3 ? -EIO : 0;
	}
	*gpr_at(task, offset) = value;
	return 0;
}

static int general_get(struct task_struct *task, const struct user_regset *regset,
		       struct membuf to)
{
	unsigned long offset;

	for (offset = 0; to.left; offset += sizeof(long))
		membuf_store(&to, read_reg(task, offset));
	return 0;
}

static int general_set(struct task_struct *task, const struct user_regset *regset,
		       unsigned int pos, unsigned int count,
		       const void *kbuf, const void __user *ubuf)
{
	int error = 0;

	while (count >= sizeof(long) && !error) {
		unsigned long offset = pos, value;

		error = user_regset_copyin(&pos, &count, &kbuf, &ubuf, &value, offset,
					   offset + sizeof(value));
		if (!error)
			error = write_reg(task, offset, value);
	}
	return error;
}

/* Vector and floating point registers. */

static int xstate_get_bytes(struct task_struct *task, struct membuf to, size_t size)
{
	void *copy = kvmalloc(um_xstate_size, GFP_KERNEL);
	int left;

	if (!copy)
		return -ENOMEM;
	um_xstate_export(copy, um_xstate(task));
	left = membuf_write(&to, copy, size);
	kvfree(copy);
	return left;
}

static int xstate_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	return xstate_get_bytes(task, to, um_xstate_size);
}

static int xstate_set(struct task_struct *task, const struct user_regset *regset,
		      unsigned int pos, unsigned int count,
		      const void *kbuf, const void __user *ubuf)
{
	void *image = um_xstate(task), *copy;
	int error;

	if (!image)
		return -EIO;
	if (pos || count != um_xstate_size)
		return -EFAULT;
	copy = kvmalloc(count, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	error = user_regset_copyin(&pos, &count, &kbuf, &ubuf, copy, 0, -1);
	if (!error)
		error = um_xstate_import(image, copy);
	kvfree(copy);
	return error;
}

static int fp_get(struct task_struct *task, const struct user_regset *regset, struct membuf to)
{
	return xstate_get_bytes(task, to, sizeof(struct user_i387_struct));
}

static int fp_set(struct task_struct *task, const struct user_regset *regset,
		  unsigned int pos, unsigned int count,
		  const void *kbuf, const void __user *ubuf)
{
	void *image = um_xstate(task);
	struct _fpstate_64 fx;
	int error;

	BUILD_BUG_ON(sizeof(fx) != sizeof(struct user_i387_struct));
	if (!image)
		return -EIO;
	if (pos || count != sizeof(fx))
		return -EINVAL;
	error = user_regset_copyin(&pos, &count, &kbuf, &ubuf, &fx, 0, -1);
	return error ?: um_fxregs_import(image, &fx);
}

static struct user_regset um_regsets[REGSETS] __ro_after_init = {
	[REGSET_GENERAL] = {
		.core_note_type	= NT_PRSTATUS,
		.n		= ELF_NGREG,
		.size		= sizeof(long),
		.align		= sizeof(long),
		.regset_get	= general_get,
		.set		= general_set,
	},
	[REGSET_FP] = {
		.core_note_type	= NT_PRFPREG,
		.n		= sizeof(struct user_i387_struct) / sizeof(long),
		.size		= sizeof(long),
		.align		= sizeof(long),
		.regset_get	= fp_get,
		.set		= fp_set,
	},
	[REGSET_XSTATE] = {
		.core_note_type	= NT_X86_XSTATE,
		.size		= sizeof(u64),
		.align		= sizeof(u64),
		.regset_get	= xstate_get,
		.set		= xstate_set,
	},
};

static const struct user_regset_view um_view = {
	.name		= "x86_64",
	.e_machine	= EM_X86_64,
	.regsets	= um_regsets,
	.n		= REGSETS,
};

static int __init um_regsets_init(void)
{
	um_regsets[REGSET_XSTATE].n = um_xstate_size / sizeof(u64);
	return 0;
}
core_initcall(um_regsets_init);

const struct user_regset_view *task_user_regset_view(struct task_struct *task)
{
	return &um_view;
}

/* Requests. */

void ptrace_disable(struct task_struct *task)
{
	um_debugregs_free(task);
	user_disable_single_step(task);
}

static bool is_debugreg(unsigned long addr)
{
	return addr >= DEBUGREG_FIRST && addr <= DEBUGREG_LAST;
}

static unsigned int debugreg_of(unsigned long addr)
{
	return (addr - DEBUGREG_FIRST) / sizeof(long);
}

static long peek_user(struct task_struct *task, unsigned long addr, unsigned long __user *to)
{
	if (addr % sizeof(long) || addr >= sizeof(struct user))
		return -EIO;
	if (is_debugreg(addr))
		return put_user(um_debugreg_get(task, debugreg_of(addr)), to);
	return put_user(addr < sizeof(struct user_regs_struct) ? read_reg(task, addr) : 0, to);
}

static long poke_user(struct task_struct *task, unsigned long addr, unsigned long value)
{
	if (addr % sizeof(long) || addr >= sizeof(struct user))
		return -EIO;
	if (addr < sizeof(struct user_regs_struct))
		return write_reg(task, addr, value);
	return is_debugreg(addr) ? um_debugreg_set(task, debugreg_of(addr), value) : -EIO;
}

/**
 * arch_ptrace() - the ptrace requests that know the registers
 * @child: the stopped tracee
 * @request: PTRACE_*
 * @addr: by request
 * @data: by request
 *
 * Return: 0 or -errno, or as the generic request defines it.
 */
long arch_ptrace(struct task_struct *child, long request, unsigned long addr, unsigned long data)
{
	void __user *user = (void __user *)data;

	switch (request) {
	case PTRACE_PEEKUSR:
		return peek_user(child, addr, user);
	case PTRACE_POKEUSR:
		return poke_user(child, addr, data);
	case PTRACE_GETREGS:
		return copy_regset_to_user(child, &um_view, REGSET_GENERAL, 0,
					   sizeof(struct user_regs_struct), user);
	case PTRACE_SETREGS:
		return copy_regset_from_user(child, &um_view, REGSET_GENERAL, 0,
					     sizeof(struct user_regs_struct), user);
	case PTRACE_GETFPREGS:
		return copy_regset_to_user(child, &um_view, REGSET_FP, 0,
					   sizeof(struct user_i387_struct), user);
	case PTRACE_SETFPREGS:
		return copy_regset_from_user(child, &um_view, REGSET_FP, 0,
					     sizeof(struct user_i387_struct), user);
	case PTRACE_ARCH_PRCTL:		/* the arguments are the other way round */
		return um_arch_prctl(child, data, addr);
	}
	return ptrace_request(child, request, addr, data);
}
