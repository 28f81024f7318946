// SPDX-License-Identifier: GPL-2.0-only
/*
 * user.c - running guest code.
 *
 * Theory of operation.  A task that has guest code never leaves um_user_loop(): it
 * resumes its carrier, waits until the host says why the carrier stopped, serves that,
 * and resumes it again.  While it waits, interrupts count as arriving in user mode.
 *
 * A carrier stops in one of two ways.  In a held call the kernel knows number, arguments
 * and address; all other registers stay in the carrier, whatever they are, and the
 * answer is one number.  In a report the whole state stands in a signal frame: the
 * registers are copied from it, checked, into the task's pt_regs, and written back when
 * the carrier is resumed.  um_regs_pull() turns the first into the second.
 *
 * The frame lies in memory that sibling threads can write.  Each field is read once;
 * nothing in it can harm anybody but the guest program itself, because the stub leaves
 * it by unprivileged instructions.
 */
#include <linux/entry-common.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/task_stack.h>
#include <linux/syscalls.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <host/layout.h>
#include <host/unit.h>
#include <asm/syscall.h>
#include <asm/trapnr.h>
#include <asm/um_user.h>
#include <asm/xstate.h>

#define WORD(frame, offset)	((frame)[(offset) / 8])
#define FLAGS_GUEST	(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF | X86_EFLAGS_ZF |	\
			 X86_EFLAGS_SF | X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_OF |	\
			 X86_EFLAGS_NT | X86_EFLAGS_RF | X86_EFLAGS_AC | X86_EFLAGS_ID)
#define SI_CODE		(F_INFO + 8)
#define SI_CALL_ADDR	(F_INFO + 16)
#define SI_ARCH		(F_INFO + 28)

/* ------------------------------------------------------------ frames */

static u64 *current_frame(struct host_carrier *c)
{
	return host_carrier_frame(c, c->frame, F_SIZE);
}

static unsigned short guest_selector(unsigned short selector, unsigned short fallback)
{
	return (selector & 3) == 3 ? selector : fallback;
}

/* Where the signal frame has each general register; those of a call's arguments come last. */
static const struct {
	unsigned short frame, regs;
} registers[] = {
	{ F_R15, offsetof(struct pt_regs, r15) },
	{ F_R14, offsetof(struct pt_regs, r14) },
	{ F_R13, offsetof(struct pt_regs, r13) },
	{ F_R12, offsetof(struct pt_regs, r12) },
	{ F_RBP, offsetof(struct pt_regs, bp) },
	{ F_RBX, offsetof(struct pt_regs, bx) },
	{ F_R11, offsetof(struct pt_regs, r11) },
	{ F_RCX, offsetof(struct pt_regs, cx) },
	{ F_RIP, offsetof(struct pt_regs, ip) },
	{ F_RSP, offsetof(struct pt_regs, sp) },
	{ F_RAX, offsetof(struct pt_regs, ax) },
	{ F_RDI, offsetof(struct pt_regs, di) },
	{ F_RSI, offsetof(struct pt_regs, si) },
	{ F_RDX, offsetof(struct pt_regs, dx) },
	{ F_R10, offsetof(struct pt_regs, r10) },
	{ F_R8, offsetof(struct pt_regs, r8) },
	{ F_R9, offsetof(struct pt_regs, r9) },
};

/* Count of those that only the carrier knows while a call is held. */
#define REGISTERS_HELD	10

static u64 *register_of(const struct pt_regs *regs, unsigned int i)
{
	return (void *)regs + registers[i].regs;
}

static __always_inline void read_registers(struct pt_regs *regs, const u64 *f, unsigned int count)
{
	const unsigned short *selector = (const void *)f;
	unsigned int i;

	for (i = 0; i < count; i++)
		*register_of(regs, i) = READ_ONCE(WORD(f, registers[i].frame));
	regs->flags = (READ_ONCE(WORD(f, F_EFLAGS)) & FLAGS_GUEST) | X86_EFLAGS_FIXED | X86_EFLAGS_IF;
	regs->cs = guest_selector(READ_ONCE(selector[F_CS / 2]), __USER_CS);
	regs->ss = READ_ONCE(selector[F_SS / 2]);
}

static void read_frame(struct pt_regs *regs, const u64 *f)
{
	read_registers(regs, f, ARRAY_SIZE(registers));
	regs->orig_ax = -1;
}

static void write_frame(u64 *f, const struct pt_regs *regs)
{
	unsigned short *selector = (void *)f;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++)
		WORD(f, registers[i].frame) = *register_of(regs, i);
	WORD(f, F_EFLAGS) = (regs->flags & FLAGS_GUEST) | X86_EFLAGS_FIXED | X86_EFLAGS_IF;
	selector[F_CS / 2] = guest_selector(regs->cs, __USER_CS);
	selector[F_SS / 2] = regs->ss;
}

void *um_xstate(struct task_struct *tsk)
{
	struct host_carrier *c = tsk->thread.carrier;
	u64 *f, addr;

	if (!c || !tsk->thread.full_regs)
		return NULL;
	f = current_frame(c);
	addr = f ? READ_ONCE(WORD(f, F_FPSTATE)) : 1;
	return addr % 64 ? NULL : host_carrier_frame(c, addr, um_xstate_size);
}

/* ------------------------------------------------------------ carriers */

/* Build the frame that a carrier resumes next, at the top of its signal stack. */
static void build_frame(struct task_struct *tsk, struct host_carrier *c, const void *image)
{
	u64 fpstate = (host_carrier_stack_top(c) - um_xstate_size - 64) & ~63UL;
	u64 *f;

	c->frame = fpstate - F_SIZE - 72;
	f = current_frame(c);
	memset(f, 0, F_SIZE);
	WORD(f, F_FPSTATE) = fpstate;
	if (image)
		memcpy(host_carrier_frame(c, fpstate, um_xstate_size), image, um_xstate_size);
	else
		um_xstate_init(host_carrier_frame(c, fpstate, um_xstate_size));
	write_frame(f, task_pt_regs(tsk));
}

int um_carrier_attach(struct task_struct *tsk, const void *image)
{
	struct host_carrier *c;
	unsigned long flags;

	if (!tsk->mm->context.unit)
		return -EAGAIN;
	local_irq_save(flags);
	c = host_carrier_get(tsk->mm->context.unit);
	local_irq_restore(flags);
	if (IS_ERR(c))
		return PTR_ERR(c);
	build_frame(tsk, c, image);
	tsk->thread.carrier = c;
	tsk->thread.full_regs = true;
	return 0;
}

void um_carrier_detach(struct task_struct *tsk)
{
	struct host_carrier *c = tsk->thread.carrier;
	unsigned long flags;

	if (!c)
		return;
	tsk->thread.carrier = NULL;
	local_irq_save(flags);
	host_carrier_put(c);
	local_irq_restore(flags);
}

bool um_regs_partial(void)
{
	return current->thread.carrier && !current->thread.full_regs;
}

/*
 * An interrupt while the carrier may be running: on the way to the guest it came in user mode,
 * elsewhere it comes when interrupts go on for a moment.
 */
static void serve_interrupt_of(struct pt_regs *regs, bool on_the_way)
{
	if (on_the_way) {
		irqentry_enter_from_user_mode(regs);
		um_handle_irqs(regs);
		exit_to_user_mode();
	} else {
		local_irq_enable();
		local_irq_disable();
	}
}

/* Say once why a program ends that did nothing to end. */
void um_say_loss(struct task_struct *tsk)
{
	struct host_carrier *c = tsk->thread.carrier;
	const char *why = c ? host_carrier_why(c) : "it has no host process";

	if (why)
		pr_notice_ratelimited("%s[%d]: ended: %s\n", tsk->comm, task_pid_nr(tsk), why);
}

void um_regs_pull(void)
{
	struct host_carrier *c = current->thread.carrier;
	struct pt_regs *regs = task_pt_regs(current);
	bool on_the_way = irqs_disabled();
	u64 *f;

	if (!um_regs_partial())
		return;
	if (!on_the_way)
		local_irq_disable();
	if (c->stop == HOST_CALL) {
		/*
		 * No guest code runs in between: the kick strikes on the way out.  The
		 * answer is of no use here, but must not be one that the host, too,
		 * takes for a call to restart.
		 */
		host_carrier_kick(c);
		host_carrier_resume(c, 0);
	}
	while (host_carrier_wait(c) == HOST_EVENT_IRQ) {
		serve_interrupt_of(regs, on_the_way);
		host_carrier_overdue(c);
	}
	if (!on_the_way)
		local_irq_enable();
	current->thread.full_regs = true;
	f = c->stop == HOST_REPORT ? current_frame(c) : NULL;
	if (!f) {
		/* Killed and reaped, or held in what makes no sense: the guest program ends. */
		um_say_loss(current);
		force_fatal_sig(SIGKILL);
		return;
	}
	read_registers(regs, f, REGISTERS_HELD);
	current->thread.fsbase = c->fsbase;
	current->thread.gsbase = c->gsbase;
}

/* ------------------------------------------------------------ stops */

/*
 * Make a call that seccomp, tracers and audit have seen, and go back to the guest.  @gate: it was
 * made by the vsyscall page, where a bad pointer is the processor's business.
 */
static __always_inline void dispatch_call(struct pt_regs *regs, long nr, bool gate)
{
	if (likely((unsigned long)nr < NR_syscalls))
		regs->ax = sys_call_table[nr](regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9);
	else if (nr != -1)
		regs->ax = -ENOSYS;
	if (unlikely(gate && regs->ax == -EFAULT))
		force_sig(SIGSEGV);
	syscall_exit_to_user_mode(regs);
}

static noinline void guest_call(struct pt_regs *regs, bool gate)
{
	dispatch_call(regs, syscall_enter_from_user_mode(regs, regs->orig_ax), gate);
}

static void serve_call(struct pt_regs *regs, struct host_carrier *c)
{
	current->thread.full_regs = false;
	regs->orig_ax = c->nr;
	regs->ax = -ENOSYS;
	regs->di = c->args[0];
	regs->si = c->args[1];
	regs->dx = c->args[2];
	regs->r10 = c->args[3];
	regs->r8 = c->args[4];
	regs->r9 = c->args[5];
	regs->ip = c->ip;
	regs->cs = __USER_CS;
	guest_call(regs, false);
}

/* End the program: its host process is gone, or its report makes no sense: then it is held. */
static void __noreturn serve_loss(struct pt_regs *regs)
{
	irqentry_enter_from_user_mode(regs);
	current->thread.full_regs = true;
	local_irq_enable();
	um_say_loss(current);
	do_group_exit(SIGKILL);
}

/*
 * A jump into the vsyscall page, on a host that has none: a call like any other, for seccomp,
 * tracers and audit too, which returns to the caller.  What the report says of it is the
 * guest's word, and asks for nothing that the guest could not ask for by a call.
 */
static void serve_vsyscall(struct pt_regs *regs, const struct um_trap *trap)
{
	long nr;

	syscall_enter_from_user_mode_prepare(regs);
	nr = um_vsyscall(regs);
	if (nr < 0) {
		um_trap(regs, trap);
		syscall_exit_to_user_mode(regs);
		return;
	}
	regs->orig_ax = nr;
	regs->ax = -ENOSYS;
	dispatch_call(regs, syscall_enter_from_user_mode_work(regs, nr), true);
}

static void serve_report(struct pt_regs *regs, struct host_carrier *c)
{
	u64 *f = current_frame(c);
	struct um_trap trap;

	if (!f)
		serve_loss(regs);
	read_frame(regs, f);
	current->thread.fsbase = c->fsbase;
	current->thread.gsbase = c->gsbase;
	current->thread.full_regs = true;
	trap.signal = c->signal;
	trap.addr = READ_ONCE(WORD(f, F_CR2));
	trap.error_code = READ_ONCE(WORD(f, F_ERR));
	trap.vector = READ_ONCE(WORD(f, F_TRAPNO));
	trap.code = READ_ONCE(*(int *)((char *)f + SI_CODE));

	if (c->signal == SIGSYS && READ_ONCE(*(u32 *)((char *)f + SI_ARCH)) == AUDIT_ARCH_X86_64) {
		regs->orig_ax = (int)regs->ax;
		regs->ax = -ENOSYS;
		guest_call(regs, in_gate_area_no_mm(READ_ONCE(WORD(f, SI_CALL_ADDR))));
		return;
	}
	if (unlikely(um_is_vsyscall(regs, &trap))) {
		serve_vsyscall(regs, &trap);
		return;
	}
	irqentry_enter_from_user_mode(regs);
	if (c->signal != SIG_KICK) {
		local_irq_enable();
		um_trap(regs, &trap);
		local_irq_disable();
	}
	irqentry_exit_to_user_mode(regs);
}

/*
 * An interrupt while the carrier may be running.  Only if the task must do something
 * else is the carrier stopped; what it stops for may be a call or fault of its own.
 */
static void serve_interrupt(struct pt_regs *regs, struct host_carrier *c)
{
	serve_interrupt_of(regs, true);
	if (host_carrier_overdue(c))
		return;
	if (read_thread_flags() & EXIT_TO_USER_MODE_WORK)
		host_carrier_kick(c);
}

static void pull_on_the_way(struct pt_regs *regs, struct host_carrier *c)
{
	unsigned long ip = regs->ip;

	um_regs_pull();
	if (ip != c->ip)
		regs->ip = ip;
	/* What interrupts meanwhile asked for. */
	if (read_thread_flags() & EXIT_TO_USER_MODE_WORK) {
		irqentry_enter_from_user_mode(regs);
		irqentry_exit_to_user_mode(regs);
	}
}

static void resume_guest(struct pt_regs *regs, struct host_carrier *c)
{
	struct thread_struct *t = &current->thread;
	u64 *f;

	/* Exit work changed registers that a held call cannot change. */
	if (!t->full_regs && (regs->ip != c->ip || t->stepping))
		pull_on_the_way(regs, c);
	um_push_notes(current->mm, 0, 0);
	if (!t->full_regs) {
		host_carrier_resume(c, regs->ax);
		return;
	}
	f = current_frame(c);
	if (f) {
		write_frame(f, regs);
		host_carrier_bases(c, f, t->fsbase, t->gsbase);
	}
	host_carrier_resume(c, c->frame);
}

static enum host_event run_guest(struct pt_regs *regs, struct host_carrier *c)
{
	enum host_event event;

	resume_guest(regs, c);
	while ((event = host_carrier_wait(c)) == HOST_EVENT_IRQ)
		serve_interrupt(regs, c);
	return event;
}

/* A return to an address that no instruction can have faults in the stub's iretq. */
static bool is_canonical(unsigned long ip)
{
	return (unsigned long)((long)(ip << 16) >> 16) == ip;
}

/* The processor's answer to such a return: the program finds itself there, with a SIGSEGV. */
static void serve_bad_return(struct pt_regs *regs)
{
	const struct um_trap trap = { .signal = SIGSEGV, .code = SI_KERNEL, .vector = X86_TRAP_GP };

	irqentry_enter_from_user_mode(regs);
	local_irq_enable();
	um_trap(regs, &trap);
	local_irq_disable();
	irqentry_exit_to_user_mode(regs);
}

void um_user_loop(void)
{
	struct pt_regs *regs = task_pt_regs(current);

	for (;;) {
		struct host_carrier *c = current->thread.carrier;
		enum host_event event;

		if (!is_canonical(regs->ip)) {
			serve_bad_return(regs);
			continue;
		}
		event = c ? run_guest(regs, c) : HOST_EVENT_DEAD;

		if (event == HOST_EVENT_DEAD)
			serve_loss(regs);
		else if (c->stop == HOST_CALL)
			serve_call(regs, c);
		else
			serve_report(regs, c);
	}
}
