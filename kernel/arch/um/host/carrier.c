// SPDX-License-Identifier: GPL-2.0-only
/*
 * carrier.c - carriers: the host processes that execute guest code.
 *
 * Theory of operation.  A carrier shares its unit's memory but is a thread group of its
 * own, without descriptors.  It is cloned by the agent, takes its signal stack and its
 * filter from read-only pages, and the agent, whose descriptors it still shares then,
 * sends the filter's listener here.  Its first held call must be the close_range() that
 * unshares and closes them all; that is the only call of a carrier that is ever let
 * through.  From then on each of its calls is held by the host until host_carrier_resume()
 * supplies the result, or is turned into a signal frame, by number.
 *
 * A kick is a signal that makes the carrier report soon.  One is in flight at most.  It
 * can strike
 *  - guest code: an ordinary report follows;
 *  - the handler on its way to a report: the nested frame is resumed, the report follows,
 *    and only then is another kick sent;
 *  - the stub on its way from a report's answer to guest code: the frame being resumed
 *    has not been changed, so the carrier counts as stopped in that frame;
 *  - a held call: the report follows the call's answer, which the frame's rax shows.
 *
 * What a report says is the guest's word, and any guest can jump to its instruction. So the
 * account of kicks may be wrong for a carrier whose program wants it to be; nothing rests on it
 * but when the next one is sent, and a carrier that does not report after a kick is kicked again,
 * and killed when it is overdue (host_carrier_overdue()).
 *
 * The stop invariant.  A carrier is running, held by the host's word, or killed and reaped; there
 * is no fourth state, and only set_stop() changes it.  Whatever else is found wrong with one,
 * host_carrier_kill() makes the third of it before anybody acts on it: a task ends, and a page of
 * its mm is freed, only while none of the mm's carriers runs (um_flush_notes()).
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/audit.h>
#define _IOC_TYPECHECK(t) (sizeof(t))
#include <uapi/asm-generic/ioctl.h>
#include <uapi/linux/seccomp.h>
#include <host/clock.h>
#include <host/err.h>
#include <host/irq.h>
#include <host/start.h>
#include <host/string.h>
#include "abi.h"
#include "sleep.h"
#include "raw.h"
#include "unit_private.h"

#define CLOSE_RANGE_UNSHARE	2
#define NEW_LISTENER		8	/* SECCOMP_FILTER_FLAG_NEW_LISTENER */
#define WAIT_KILLABLE		32	/* SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV */
#define NESTED_MAX		16
#define BEGIN_TRIES		1000
#define MADV_REMOVE		9
/* So many wait in a unit for a task, or as many as have one. */
#define PARKED_MAX		8
/* A carrier that runs nothing but the stub, and is not wanted any more, may take so long. */
#define ENDING_LIMIT_NS		20000000
/*
 * A kicked carrier that has had another millisecond of CPU time is late.  At some such looks it is
 * kicked once more: by then it is not in the stub, whatever it has made us believe.  After many
 * it is overdue: a host that reclaims memory on its behalf takes some, too.
 */
#define LATE_STEP_NS		1000000
#define LATE_KICK		3
#define LATE_MAX		50

static u64 ro_addr(unsigned int index)
{
	return C_RO0 + ((u64)index << C_RO_SHIFT);
}

static u64 rw_addr(unsigned int index)
{
	return C_RW0 + ((u64)index << C_RW_SHIFT);
}

/* ------------------------------------------------------------------- start-up */

static int listener_number(struct host_unit *unit)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(unit->listeners); i++)
		if (~unit->listeners[i])
			return i * 64 + __builtin_ctzl(~unit->listeners[i]);
	return -EAGAIN;
}

/* What the new process does, from its read-only page. */
static void write_carrier_start(struct host_carrier *c)
{
	u64 ro = ro_addr(c->index);
	struct list_op *op = (void *)(c->ro + RO_OPS);
	struct host_sigstack *ss = (void *)(c->ro + RO_SIGSTACK);

	*ss = (struct host_sigstack) { (void *)(rw_addr(c->index) + ALTSTACK_OFF), 0, ALTSTACK_SIZE };
	op = host_list_op(op, OP_CHECK | OP_SELF, __NR_prctl, HOST_PR_SET_PDEATHSIG, HOST_SIGKILL, 0, 0, 0, 0);
	op = host_list_op(op, OP_CHECK | OP_SELF, __NR_sigaltstack, ro + RO_SIGSTACK, 0, 0, 0, 0, 0);
	op = host_list_op(op, OP_CHECK | OP_SELF, __NR_rt_sigprocmask, 2, G_RO + G_ZERO, 0, 8, 0, 0);
	op = host_list_op(op, OP_CHECK | OP_SELF, __NR_seccomp, SECCOMP_SET_MODE_FILTER,
			  NEW_LISTENER | WAIT_KILLABLE, G_RO + G_FPROG, 0, 0, 0);
	host_list_op(op, OP_PARK, __NR_close_range, 0, ~0U, CLOSE_RANGE_UNSHARE, 0, 0, 0);
}

/* What the agent does before the first carrier of that index. */
static struct list_op *write_carrier_maps(struct host_carrier *c, struct list_op *op)
{
	u64 slot = CTL_SLOT0 + (u64)c->unit->id * CTL_SLOT_SIZE;

	op = host_list_op(op, OP_CHECK, __NR_mmap, ro_addr(c->index), 1 << C_RO_SHIFT, HOST_PROT_READ,
			  HOST_MAP_SHARED | HOST_MAP_FIXED, FD_CTL, slot + (ro_addr(c->index) - U_REQ));
	return host_list_op(op, OP_CHECK, __NR_mmap, rw_addr(c->index), C_RW_STRIDE,
			    HOST_PROT_READ | HOST_PROT_WRITE, HOST_MAP_SHARED | HOST_MAP_FIXED, FD_CTL,
			    slot + CTL_SLOT_RW + ((u64)c->index << C_RW_SHIFT));
}

/* The only place where a carrier's state changes: it counts those that run. */
static void set_stop(struct host_carrier *c, enum host_stop stop)
{
	c->unit->running += (stop == HOST_RUNNING) - (c->stop == HOST_RUNNING);
	c->stop = stop;
}

void host_carrier_kill(struct host_carrier *c, const char *why)
{
	struct host_unit *unit = c->unit;

	if (!unit || c->stop == HOST_DEAD)
		return;
	host_kill_and_reap(c->pid);
	c->pid = 0;
	c->why = why;
	set_stop(c, HOST_DEAD);
	/* A list that nobody will tell the end of: its memory could not be written again. */
	if (unit->answering == c && unit->unacked)
		host_unit_kill(unit, why);
}

/* Receive a held call.  Return: 0 or -errno; -EINTR when a signal came first. */
static long receive(struct host_carrier *c, struct seccomp_notif *n, const unsigned long *pending)
{
	memset(n, 0, sizeof(*n));
	return host_guarded_call(c->listener, SECCOMP_IOCTL_NOTIF_RECV, (long)n, pending, __NR_ioctl);
}

static long send(struct host_carrier *c, long value, u32 flags)
{
	struct seccomp_notif_resp resp = { .id = c->notif, .val = value, .flags = flags };

	return HOST_CALL(ioctl, c->listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

/* What the host says of a held call, and what the guest says in a report. */
static void decode(struct host_carrier *c, const struct seccomp_notif *n)
{
	const struct seccomp_data *d = &n->data;
	unsigned int i;

	c->notif = n->id;
	c->nr = d->nr;
	c->arch = d->arch;
	c->ip = d->instruction_pointer;
	for (i = 0; i < 6; i++)
		c->args[i] = d->args[i];
	if (d->nr != NR_REPORT || d->arch != AUDIT_ARCH_X86_64 || c->ip != STUB_ADDR(stub_report_ip)) {
		set_stop(c, HOST_CALL);
		return;
	}
	set_stop(c, HOST_REPORT);
	c->signal = d->args[0];
	c->frame = d->args[2] - F_UC;
	if (host_has_fsgsbase()) {
		c->fsbase = d->args[4];
		c->gsbase = d->args[5];
	}
}

/* Receive the next held call of a carrier that is being made: 0 or -errno. */
static long begin_receive(struct host_carrier *c, struct seccomp_notif *n)
{
	int tries = 0;
	long err;

	while ((err = receive(c, n, &host_trouble))) {
		if (err == -EINTR && host_maker_died(c->unit))
			return -ESRCH;
		if (err != -EINTR && (err != -ENOENT || ++tries > BEGIN_TRIES))
			return err;
	}
	decode(c, n);
	return 0;
}

static bool in_stub(u64 ip)
{
	return ip >= STUB_TEXT && ip < STUB_TEXT + STUB_TEXT_SIZE;
}

/* The first two stops of a new carrier: close_range(), let through, and its report. */
static int carrier_begin(struct host_carrier *c)
{
	struct seccomp_notif n;
	long err = begin_receive(c, &n);

	if (err)
		return err;
	c->pid = n.pid;
	/* The address is what a report is told from a guest's call by. */
	if (!in_stub(c->ip))
		return -EOPNOTSUPP;
	if (c->nr != __NR_close_range || c->args[0] || (u32)c->args[1] != ~0U ||
	    c->args[2] != CLOSE_RANGE_UNSHARE)
		return -EPROTO;
	err = send(c, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
	if (err)
		return err;
	err = begin_receive(c, &n);
	if (err)
		return err;
	return c->stop == HOST_REPORT && c->signal == REPORT_START ? 0 : -EPROTO;
}

bool host_carrier_mapped(const struct host_unit *unit, unsigned int index)
{
	return unit->mapped[index / 64] >> index % 64 & 1;
}

static struct host_carrier *carrier_slot(struct host_unit *unit)
{
	struct host_carrier *c;
	unsigned int index;

	if (unit->nfree)
		index = unit->free[--unit->nfree];
	else if (unit->top < UNIT_CARRIERS)
		index = unit->top++;
	else
		return NULL;
	c = &unit->carrier[index];
	memset(c, 0, sizeof(*c));
	c->unit = unit;
	c->index = index;
	c->listener = -1;
	c->stop = HOST_DEAD;
	c->ro = unit->ro + (ro_addr(index) - U_REQ);
	c->rw = unit->rw + ((u64)index << C_RW_SHIFT);
	return c;
}

static void slot_free(struct host_carrier *c)
{
	c->unit->free[c->unit->nfree++] = c->index;
}

static struct host_carrier *carrier_create(struct host_unit *unit)
{
	struct host_carrier *c = carrier_slot(unit);
	struct list_op *op;
	u32 serial = host_unit_serial();
	int err, pid = 0;

	if (!c)
		return HOST_ERR_PTR(-EAGAIN);
	err = host_unit_sync(unit);	/* closes that are due decide the next number */
	unit->release_due = false;
	if (!err)
		err = host_descriptor_left() ? 0 : -EMFILE;
	if (!err)
		err = c->agent_listener = listener_number(unit);
	if (err < 0)
		goto out;
	memset(c->rw, 0, ALTSTACK_OFF);
	write_carrier_start(c);
	op = (void *)(unit->ro + LIST_OPS);
	if (!host_carrier_mapped(unit, c->index))
		op = write_carrier_maps(c, op);
	op = host_list_op(op, OP_CHECK | OP_CLONE, __NR_clone,
			  HOST_CLONE_VM | HOST_CLONE_FILES | HOST_CLONE_PARENT, 0, 0, 0, 0,
			  ro_addr(c->index) + RO_OPS);
	host_list_op(op, OP_CHECK | OP_RETRY | OP_END, __NR_sendmsg, FD_SOCK,
		     host_unit_message(unit, serial, c->agent_listener), 0, 0, 0, 0);
	host_list_post(unit->ro);
	err = host_unit_receive(unit, serial, unit->ack, &c->listener, &pid);
	if (err) {
		/* Agent or carrier could not; the agent may be trying to send what never will be. */
		if (err == -ETIMEDOUT)
			host_unit_kill(unit, "its agent did not make a process in time");
		else
			host_list_abort(unit);
		goto out;
	}
	unit->mapped[c->index / 64] |= 1UL << c->index % 64;
	unit->listeners[c->agent_listener / 64] |= 1UL << (c->agent_listener % 64);
	unit->ncarriers++;
	err = carrier_begin(c);
	if (!err)
		return c;
	/* Without its pid it is not killed here, but held it is, and ends when nobody listens. */
	host_unit_kill(unit, "a process that was made for it did not start as it should");
	host_call(close, c->listener);
	c->listener = -1;
	unit->ncarriers--;
out:
	slot_free(c);
	return HOST_ERR_PTR(err);
}

/* At a limit of the host what waits for a task or program is given up first. */
static struct host_carrier *carrier_make(struct host_unit *unit)
{
	struct host_carrier *c = carrier_create(unit);

	while (IS_HOST_ERR(c) && !unit->dead && host_pool_shrink())
		c = carrier_create(unit);
	return c;
}

/* A unit is of use only with a carrier: who gets one must not fail for want of the other. */
int host_carrier_first(struct host_unit *unit)
{
	struct host_carrier *c;

	if (unit->nparked)
		return 0;
	c = carrier_make(unit);
	if (IS_HOST_ERR(c))
		return HOST_PTR_ERR(c);
	unit->parked[unit->nparked++] = c->index;
	return 0;
}

/*
 * What a carrier that is gone has cost goes too: the agent's descriptor and its pages.  They leave
 * the address space, or siblings would fill them again.
 */
static void release_resources(struct host_carrier *c)
{
	struct host_unit *unit = c->unit;

	host_unit_queue(unit, 0, __NR_close, c->agent_listener, 0, 0, 0, 0, 0);
	host_unit_queue(unit, 0, __NR_madvise, rw_addr(c->index), C_RW_STRIDE, MADV_REMOVE, 0, 0, 0);
	host_unit_queue(unit, 0, __NR_munmap, rw_addr(c->index), C_RW_STRIDE, 0, 0, 0, 0);
	host_unit_queue(unit, 0, __NR_munmap, ro_addr(c->index), 1 << C_RO_SHIFT, 0, 0, 0, 0);
	host_call(madvise, c->ro, 1 << C_RO_SHIFT, MADV_REMOVE);
	unit->mapped[c->index / 64] &= ~(1UL << c->index % 64);
	unit->release_due = true;
}

static void carrier_destroy(struct host_carrier *c)
{
	struct host_unit *unit = c->unit;

	host_carrier_kill(c, "its task is gone");
	host_call(close, c->listener);
	c->listener = -1;
	unit->ncarriers--;
	if (!unit->dead)
		release_resources(c);
	unit->listeners[c->agent_listener / 64] &= ~(1UL << (c->agent_listener % 64));
	slot_free(c);
}

struct host_carrier *host_carrier_get(struct host_unit *unit)
{
	struct host_carrier *c;

	if (unit->dead)
		return HOST_ERR_PTR(-EAGAIN);
	while (unit->nparked) {
		c = &unit->carrier[unit->parked[--unit->nparked]];
		c->bases_known = false;
		c->segments = true;
		if (c->stop == HOST_REPORT)
			return c;
		carrier_destroy(c);	/* somebody has killed it */
	}
	c = carrier_make(unit);
	return IS_HOST_ERR(c) ? HOST_ERR_PTR(host_unit_refused(HOST_PTR_ERR(c))) : c;
}

bool host_carrier_unpark(struct host_unit *unit)
{
	if (!unit->nparked)
		return false;
	carrier_destroy(&unit->carrier[unit->parked[--unit->nparked]]);
	return true;
}

/* --------------------------------------------------------------------- running */

bool host_carrier_alive(struct host_carrier *c)
{
	return c->stop != HOST_DEAD;
}

bool host_unit_running(const struct host_unit *unit)
{
	return unit->running;
}

const char *host_carrier_why(struct host_carrier *c)
{
	bool *said = c->unit->dead ? &c->unit->said : &c->said;
	const char *why = c->stop == HOST_DEAD ? c->why : "its reports make no sense";

	if (*said)
		return NULL;
	*said = true;
	return why;
}

void *host_carrier_frame(struct host_carrier *c, u64 addr, size_t len_bytes)
{
	u64 low = rw_addr(c->index) + ALTSTACK_OFF;

	if (addr < low || addr > low + ALTSTACK_SIZE || len_bytes > low + ALTSTACK_SIZE - addr)
		return NULL;
	return c->rw + ALTSTACK_OFF + (addr - low);
}

u64 host_carrier_stack_top(struct host_carrier *c)
{
	return rw_addr(c->index) + C_RW_STRIDE;
}

void host_carrier_bases(struct host_carrier *c, u64 *frame, u64 fsbase, u64 gsbase)
{
	u64 load = BASES_ALL;

	if (!host_has_fsgsbase()) {
		load = c->bases_known && c->fsbase == fsbase ? 0 : BASES_FS;
		load |= c->bases_known && c->gsbase == gsbase ? 0 : BASES_GS;
	}
	if (c->segments)
		load |= SEGMENTS_NULL;
	c->segments_sent = c->segments;
	frame[F_UCLINK / 8] = load;
	frame[F_FSBASE / 8] = fsbase;
	frame[F_GSBASE / 8] = gsbase;
	c->fsbase = fsbase;
	c->gsbase = gsbase;
	c->bases_known = true;
}

static void resume(struct host_carrier *c, long value)
{
	set_stop(c, HOST_RUNNING);
	if (send(c, value, 0))
		host_carrier_kill(c, "its host process could not be answered");
}

/* Let the agent carry out the queue and then answer the carrier itself. */
static void resume_by_agent(struct host_carrier *c, long value)
{
	struct seccomp_notif_resp *resp = (void *)(c->ro + RO_RESP);

	*resp = (struct seccomp_notif_resp) { .id = c->notif, .val = value };
	set_stop(c, HOST_RUNNING);
	host_list_answer(c, SECCOMP_IOCTL_NOTIF_SEND, ro_addr(c->index) + RO_RESP);
}

void host_carrier_resume(struct host_carrier *c, long value)
{
	if (c->stop != HOST_CALL && c->stop != HOST_REPORT)
		return;
	c->resumed = c->stop == HOST_REPORT ? value : 0;
	if (c->unit->nops)
		resume_by_agent(c, value);
	else
		resume(c, value);
}

/*
 * A carrier that is used again keeps the registers of the program before until it has resumed its
 * first frame; one of the host's that was pushed below it meanwhile shows them.
 */
static void wipe_below(struct host_carrier *c, u64 *frame)
{
	u8 *low = c->rw + ALTSTACK_OFF, *high = (u8 *)frame + F_IRET;

	if (high > low)
		memset(low, 0, high - low);
}

/* The carrier has not left the frame that it was to resume. */
static void stopped_in_resumed(struct host_carrier *c)
{
	u64 *frame;

	c->frame = c->resumed;
	c->bases_known = c->segments_sent = false;
	frame = host_carrier_frame(c, c->frame, F_SIZE);
	if (frame && c->segments)
		wipe_below(c, frame);
	if (frame && READ_ONCE(frame[F_UCLINK / 8]) & BASES_ALL) {
		/* What was reported may be the bases of before the resume. */
		c->fsbase = READ_ONCE(frame[F_FSBASE / 8]);
		c->gsbase = READ_ONCE(frame[F_GSBASE / 8]);
	}
}

/*
 * A kick was reported.  Return: true if the carrier counts as stopped, false if it was
 * let go on to the report that it was about to make.
 */
static bool kick_reported(struct host_carrier *c)
{
	u64 *frame = host_carrier_frame(c, c->frame, F_SIZE);
	u64 ip;

	if (!frame || c->ending)
		return true;
	ip = READ_ONCE(frame[F_RIP / 8]);
	/* The rest of the stub runs in a carrier only if the guest jumped there. */
	if (ip < STUB_ADDR(stub_handler) || ip >= STUB_ADDR(stub_text_end))
		return true;
	if (ip >= STUB_ADDR(stub_report_ip)) {
		/* From a held call there is no way here but a jump of the guest's. */
		if (c->resumed)
			stopped_in_resumed(c);
		return true;
	}
	if (++c->nested_count > NESTED_MAX) {
		host_unit_kill(c->unit, "its reports contradict each other");
		return true;
	}
	/* One more kick could strike while this frame, not @resumed, is being resumed. */
	if (c->nested_count == 1)
		c->late = 0;
	c->kicked = c->nested = true;
	resume(c, c->frame);
	return false;
}

#define FRAME_CODE	(F_INFO + 8)
#define SI_KERNEL	0x80
#define TRAP_PF		14

/*
 * The host's frames show a process's last fault, also where they are of no fault: maybe that of the
 * program which had the process before.  What this signal has not set is cleared.
 */
static void hide_last_fault(struct host_carrier *c)
{
	u64 *frame = host_carrier_frame(c, c->frame, F_SIZE);
	int code;
	u64 vector;

	if (!frame)
		return;
	code = READ_ONCE(*(int *)((u8 *)frame + FRAME_CODE));
	vector = READ_ONCE(frame[F_TRAPNO / 8]);
	if (vector == TRAP_PF && code != SI_KERNEL &&
	    (c->signal == HOST_SIGSEGV || c->signal == HOST_SIGBUS))
		return;
	frame[F_CR2 / 8] = 0;
	if (vector == TRAP_PF || c->signal == SIG_KICK || c->signal == HOST_SIGSYS ||
	    (c->signal == HOST_SIGILL && code == SI_KERNEL))
		frame[F_TRAPNO / 8] = frame[F_ERR / 8] = 0;
}

/* A carrier was received: where it counts as stopped, its state says so. */
static void received(struct host_carrier *c, const struct seccomp_notif *n)
{
	bool kick;

	decode(c, n);
	if (c->unit->answering == c)
		c->unit->answering = NULL;
	if (c->stop == HOST_REPORT)
		hide_last_fault(c);
	kick = c->stop == HOST_REPORT && c->signal == SIG_KICK;
	if (kick || c->nested)
		c->kicked = c->nested = false;
	if (kick && !kick_reported(c))
		return;
	c->nested_count = 0;
	if (c->segments_sent)
		c->segments = c->segments_sent = false;
}

/*
 * Receive what a running carrier stops for.  Return: 0, or -EINTR: look around and try again,
 * if the carrier lives.
 */
static long wait_once(struct host_carrier *c, const unsigned long *pending)
{
	struct seccomp_notif n;
	long err = receive(c, &n, pending);

	if (!err) {
		received(c, &n);
		return 0;
	}
	if (READ_ONCE(host_trouble)) {
		WRITE_ONCE(host_trouble, 0);
		host_unit_trouble(c->unit);
	} else if (err == -ENOENT) {
		/* A signal took a notification back before it was received; or the carrier died. */
		host_children_reap();
	} else if (err != -EINTR) {
		host_carrier_kill(c, "the host does not tell its calls any more");
	}
	return -EINTR;
}

enum host_event host_carrier_wait(struct host_carrier *c)
{
	while (c->stop == HOST_RUNNING) {
		if (wait_once(c, &host_irq_pending) && READ_ONCE(host_irq_pending))
			return c->stop == HOST_RUNNING ? HOST_EVENT_IRQ : HOST_EVENT_DEAD;
	}
	return c->stop == HOST_DEAD ? HOST_EVENT_DEAD : HOST_EVENT_STOP;
}

static void send_kick(struct host_carrier *c)
{
	if (host_call(tgkill, c->pid, c->pid, SIG_KICK))
		host_carrier_kill(c, "its host process could not be signalled");
}

void host_carrier_kick(struct host_carrier *c)
{
	if (c->kicked || c->stop == HOST_DEAD)
		return;
	c->kicked = true;
	c->late = 0;
	send_kick(c);
}

bool host_carrier_overdue(struct host_carrier *c)
{
	u64 now_ns;

	if (!c->kicked || c->stop != HOST_RUNNING)
		return false;
	now_ns = host_clock_process_ns(c->pid);
	if (c->late && now_ns - c->cpu_ns < LATE_STEP_NS)
		return false;
	c->cpu_ns = now_ns;
	if (++c->late <= LATE_MAX) {
		if (c->late % LATE_KICK == 0)
			send_kick(c);
		return c->stop == HOST_DEAD;
	}
	host_unit_kill(c->unit, "it did not stop when it was told to");
	return true;
}

/*
 * Have a held carrier report, without a word of the guest's program being executed: the kick is on
 * its way before it is let go, strikes first, and no frame is resumed.  Return: true if the
 * carrier is held in that report.
 */
static bool end_in_report(struct host_carrier *c)
{
	struct host_pollfd pf = { c->listener, 1 /* POLLIN */, 0 };
	struct host_timespec left = { 0, ENDING_LIMIT_NS };	/* the host counts it down */

	c->resumed = 0;
	c->ending = true;
	host_carrier_kick(c);
	if (c->stop != HOST_DEAD)
		resume(c, 0);
	while (c->stop == HOST_RUNNING) {
		if (host_call(ppoll, &pf, 1, &left, 0, 8) == 0)
			host_carrier_kill(c, "it did not stop at its end");
		else
			wait_once(c, &host_trouble);
	}
	c->ending = false;
	return c->stop == HOST_REPORT && c->signal == SIG_KICK && !c->kicked;
}

/*
 * Make a parked carrier fit for another program.  What it reports last may be forged, by a jump
 * to the report's call: then flags (a single-step trap, NT), stack pointer and maybe a kick
 * that is still to come are of the old program's choice, and would strike in the next one's
 * first frame.  A kick strikes before any instruction, and its handler begins with clean
 * flags on a stack of the host's choice.  No sibling can run meanwhile.
 */
bool host_carrier_clean(struct host_carrier *c)
{
	return c->stop == HOST_REPORT && !c->kicked && end_in_report(c);
}

void host_carrier_put(struct host_carrier *c)
{
	struct host_unit *unit = c->unit;

	if (c->stop == HOST_RUNNING)
		host_carrier_kill(c, "its task is gone");
	/* Out of a held call it can only get by a kick, which costs less than a new one. */
	if (c->stop == HOST_CALL && !c->kicked)
		end_in_report(c);
	/* A kick on its way would push a frame below a stack pointer of the old task's. */
	if (c->stop == HOST_REPORT && !c->kicked)
		unit->parked[unit->nparked++] = c->index;
	else
		carrier_destroy(c);
	while (unit->nparked > PARKED_MAX && unit->nparked > unit->ncarriers - unit->nparked)
		host_carrier_unpark(unit);
}
