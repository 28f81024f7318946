// SPDX-License-Identifier: GPL-2.0-only
/*
 * signal.c - signals to guest programs: frames on their stacks, the way back, and what
 * becomes of the system call that was interrupted.
 *
 * Theory of operation.  A plain system call leaves most registers in the carrier.  Before
 * a signal is looked for, um_regs_pull() makes the carrier write them, with the vector
 * state, into a frame of its own; only a task that is about to die does without.  From
 * there on the register file is task_pt_regs(), the vector state um_xstate(), and both
 * are what the guest resumes with.
 *
 * The frame that a handler finds is x86-64's, bit for bit:
 *
 *	higher addresses
 *	  128 bytes that the interrupted function may be using below its stack pointer
 *	  the second magic number
 *	  the XSAVE image, on a multiple of 64		<- uc_mcontext.fpstate
 *	  siginfo
 *	  ucontext					<- third argument
 *	  return address: the restorer			<- stack pointer of the handler
 *
 * so that 16 bytes divide the stack pointer plus 8.  It is built here and copied out in
 * two pieces, which is cheaper than a walk of the page tables for each word.
 *
 * rt_sigreturn believes nothing: flags are masked, selectors are those that a 64-bit
 * program can have, and the XSAVE image is checked (kernel/xstate.c).
 */
#include <linux/entry-common.h>
#include <linux/kernel.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/ptrace.h>
#include <linux/ratelimit.h>
#include <linux/rseq.h>
#include <linux/sched/debug.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/syscalls.h>
#include <linux/uaccess.h>
#include <asm/elf.h>
#include <asm/sigframe.h>
#include <asm/syscall.h>
#include <asm/task_regs.h>
#include <asm/unistd.h>
#include <asm/xsave_image.h>

#define RED_ZONE		128
#define FRAME_ALIGN		16UL
#define XSAVE_ALIGN		64UL
#define SYSCALL_INSN_LEN	2

/* Report fatal signals; /proc/sys/debug/exception-trace. */
int show_unhandled_signals = 1;

/* The largest frame, with all padding: what programs are told by AT_MINSIGSTKSZ. */
unsigned long um_minsigstksz __ro_after_init;

static bool strict_stack_size __ro_after_init;

static int __init set_strict_stack_size(char *arg)
{
	return !kstrtobool(arg, &strict_stack_size);
}
__setup("strict_sas_size", set_strict_stack_size);

static int __init um_sigframe_size(void)
{
	um_minsigstksz = sizeof(struct rt_sigframe) + FRAME_ALIGN - 1 +
			 um_xstate_size + FP_XSTATE_MAGIC2_SIZE + XSAVE_ALIGN - 1;
	um_minsigstksz = round_up(um_minsigstksz, FRAME_ALIGN);
	return 0;
}
core_initcall(um_sigframe_size);

/**
 * sigaltstack_size_valid() - may a signal stack be as small as this?
 * @ss_size: its size, at least MINSIGSTKSZ
 *
 * MINSIGSTKSZ is a constant that large vector registers have long outgrown.  As many
 * programs set up a stack that no signal ever uses, only strict_sas_size insists.
 */
bool sigaltstack_size_valid(size_t ss_size)
{
	return !strict_stack_size || ss_size > um_minsigstksz;
}

bool arch_syscall_is_vdso_sigreturn(struct pt_regs *regs)
{
	return false;
}

/*
 * Where the frame goes: its address, and in *@fpstate that of the XSAVE image; 0 if it
 * would not fit on the signal stack.
 */
static unsigned long place_frame(struct ksignal *ksig, struct pt_regs *regs,
				 unsigned long *fpstate)
{
	unsigned long sp = regs->sp - RED_ZONE;
	bool on_sigstack = on_sig_stack(regs->sp);

	if ((ksig->ka.sa.sa_flags & SA_ONSTACK) && !sas_ss_flags(sp)) {
		sp = current->sas_ss_sp + current->sas_ss_size;
		on_sigstack = true;
	}
	sp = round_down(sp - um_xstate_size - FP_XSTATE_MAGIC2_SIZE, XSAVE_ALIGN);
	*fpstate = sp;
	sp = round_down(sp - sizeof(struct rt_sigframe), FRAME_ALIGN) - sizeof(long);
	if (!on_sigstack || __on_sig_stack(sp))
		return sp;
	if (show_unhandled_signals && printk_ratelimit())
		pr_info("%s[%d] overflowed sigaltstack\n", current->comm, task_pid_nr(current));
	return 0;
}

static void fill_context(struct sigcontext *sc, const struct pt_regs *regs, unsigned long fpstate)
{
	sc->r8 = regs->r8;
	sc->r9 = regs->r9;
	sc->r10 = regs->r10;
	sc->r11 = regs->r11;
	sc->r12 = regs->r12;
	sc->r13 = regs->r13;
	sc->r14 = regs->r14;
	sc->r15 = regs->r15;
	sc->di = regs->di;
	sc->si = regs->si;
	sc->bp = regs->bp;
	sc->bx = regs->bx;
	sc->dx = regs->dx;
	sc->ax = regs->ax;
	sc->cx = regs->cx;
	sc->sp = regs->sp;
	sc->ip = regs->ip;
	sc->flags = regs->flags;
	sc->cs = regs->cs;
	sc->ss = regs->ss;
	sc->err = current->thread.error_code;
	sc->trapno = current->thread.trap_nr;
	sc->cr2 = current->thread.cr2;
	sc->oldmask = sigmask_to_save()->sig[0];
	sc->fpstate = fpstate;
}

static void fill_frame(struct rt_sigframe *frame, struct ksignal *ksig,
		       const struct pt_regs *regs, unsigned long fpstate)
{
	BUILD_BUG_ON(sizeof(ksig->info) > sizeof(frame->info));

	memset(frame, 0, sizeof(*frame));
	frame->pretcode = (char __user *)ksig->ka.sa.sa_restorer;
	frame->uc.uc_flags = UC_FP_XSTATE | UC_SIGCONTEXT_SS;
	if (regs->cs == __USER_CS)
		frame->uc.uc_flags |= UC_STRICT_RESTORE_SS;
	frame->uc.uc_stack.ss_sp = (void __user *)current->sas_ss_sp;
	frame->uc.uc_stack.ss_flags = current->sas_ss_flags;
	frame->uc.uc_stack.ss_size = current->sas_ss_size;
	frame->uc.uc_sigmask = *sigmask_to_save();
	fill_context(&frame->uc.uc_mcontext, regs, fpstate);
	if (ksig->ka.sa.sa_flags & SA_SIGINFO)
		memcpy(&frame->info, &ksig->info, sizeof(ksig->info));
}

static int set_up_frame(struct ksignal *ksig, struct pt_regs *regs)
{
	void *image = um_xstate(current);
	struct rt_sigframe frame;
	unsigned long sp, fpstate;

	rseq_signal_deliver(ksig, regs);

	if (!(ksig->ka.sa.sa_flags & SA_RESTORER))
		return -EFAULT;
	sp = place_frame(ksig, regs, &fpstate);
	if (!sp)
		return -EFAULT;
	fill_frame(&frame, ksig, regs, fpstate);
	if (um_xstate_to_sigframe((void __user *)fpstate, image) ||
	    copy_to_user((void __user *)sp, &frame, sizeof(frame)))
		return -EFAULT;

	regs->sp = sp;
	regs->ip = (unsigned long)ksig->ka.sa.sa_handler;
	regs->di = ksig->sig;
	regs->si = sp + offsetof(struct rt_sigframe, info);
	regs->dx = sp + offsetof(struct rt_sigframe, uc);
	regs->ax = 0;	/* no vector registers, should it take variable arguments */
	regs->cs = __USER_CS;
	regs->ss = __USER_DS;
	regs->flags &= ~(X86_EFLAGS_DF | X86_EFLAGS_RF | X86_EFLAGS_TF);
	if (image)
		um_xstate_init(image);
	return 0;
}

static void restart_syscall_insn(struct pt_regs *regs, unsigned long nr)
{
	regs->ax = nr;
	regs->ip -= SYSCALL_INSN_LEN;
}

static bool in_syscall(struct pt_regs *regs)
{
	return (long)regs->orig_ax != -1;
}

/* What the program sees of the interrupted call, once the handler has returned. */
static void settle_syscall(struct ksignal *ksig, struct pt_regs *regs)
{
	switch (syscall_get_error(current, regs)) {
	case -ERESTART_RESTARTBLOCK:
	case -ERESTARTNOHAND:
		regs->ax = -EINTR;
		break;
	case -ERESTARTSYS:
		if (!(ksig->ka.sa.sa_flags & SA_RESTART)) {
			regs->ax = -EINTR;
			break;
		}
		fallthrough;
	case -ERESTARTNOINTR:
		restart_syscall_insn(regs, regs->orig_ax);
		break;
	}
}

static void handle_signal(struct ksignal *ksig, struct pt_regs *regs)
{
	/* A tracer's trap flag must not show in the frame; it hears of the handler below. */
	bool stepping = test_thread_flag(TIF_SINGLESTEP);

	if (in_syscall(regs))
		settle_syscall(ksig, regs);
	if (stepping)
		user_disable_single_step(current);
	um_step_hide();
	signal_setup_done(set_up_frame(ksig, regs), ksig, stepping);
	um_step_resume();
}

static void pull_registers(void)
{
	if (um_regs_partial())
		um_regs_pull();
}

/* Nobody looks at the registers of a task that is killed, if there is no core dump. */
static bool dying_quietly(void)
{
	return fatal_signal_pending(current) && !READ_ONCE(current->signal->core_state);
}

/**
 * arch_do_signal_or_restart() - deliver a signal, or restart what one interrupted
 * @regs: registers of current, maybe not all of them yet
 *
 * Context: on the way to the guest, interrupts on.
 */
void arch_do_signal_or_restart(struct pt_regs *regs)
{
	struct ksignal ksig;
	bool found;

	if (!dying_quietly())
		pull_registers();
	found = get_signal(&ksig);
	pull_registers();
	if (found) {
		handle_signal(&ksig, regs);
		return;
	}
	if (in_syscall(regs)) {
		switch (syscall_get_error(current, regs)) {
		case -ERESTARTNOHAND:
		case -ERESTARTSYS:
		case -ERESTARTNOINTR:
			restart_syscall_insn(regs, regs->orig_ax);
			break;
		case -ERESTART_RESTARTBLOCK:
			restart_syscall_insn(regs, __NR_restart_syscall);
			break;
		}
	}
	restore_saved_sigmask();
}

static bool restore_context(struct pt_regs *regs, const struct ucontext *uc)
{
	const struct sigcontext *sc = &uc->uc_mcontext;
	void *image = um_xstate(current);
	/* The processor would do the same: a program's selectors have privilege level 3. */
	unsigned long cs = sc->cs | 3, ss = sc->ss | 3;

	current->restart_block.fn = do_no_restart_syscall;
	if (!(uc->uc_flags & UC_STRICT_RESTORE_SS) && cs == __USER_CS)
		ss = __USER_DS;
	if (!image || !um_selectors_valid(cs, ss))
		return false;

	regs->r8 = sc->r8;
	regs->r9 = sc->r9;
	regs->r10 = sc->r10;
	regs->r11 = sc->r11;
	regs->r12 = sc->r12;
	regs->r13 = sc->r13;
	regs->r14 = sc->r14;
	regs->r15 = sc->r15;
	regs->di = sc->di;
	regs->si = sc->si;
	regs->bp = sc->bp;
	regs->bx = sc->bx;
	regs->dx = sc->dx;
	regs->ax = sc->ax;
	regs->cx = sc->cx;
	regs->sp = sc->sp;
	regs->ip = sc->ip;
	regs->flags = (regs->flags & ~UM_USER_FLAGS) | (sc->flags & UM_USER_FLAGS);
	regs->cs = cs;
	regs->ss = ss;
	regs->orig_ax = -1;	/* not a system call any more: nothing to restart */
	return !um_xstate_from_sigframe(image, (void __user *)sc->fpstate);
}

SYSCALL_DEFINE0(rt_sigreturn)
{
	struct pt_regs *regs = current_pt_regs();
	struct rt_sigframe __user *frame = (void __user *)(regs->sp - sizeof(long));
	struct ucontext uc;

	if (copy_from_user(&uc, &frame->uc, sizeof(uc)))
		goto bad;
	set_current_blocked(&uc.uc_sigmask);
	if (restore_altstack(&frame->uc.uc_stack) || !restore_context(regs, &uc))
		goto bad;
	return regs->ax;

bad:
	if (show_unhandled_signals && printk_ratelimit())
		pr_info("%s[%d] bad frame in rt_sigreturn frame:%p ip:%lx sp:%lx orax:%lx\n",
			current->comm, task_pid_nr(current), frame, regs->ip, regs->sp,
			regs->orig_ax);
	force_sig(SIGSEGV);
	return 0;
}
