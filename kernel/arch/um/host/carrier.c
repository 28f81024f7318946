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
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/audit.h>
#define _IOC_TYPECHECK(t) (sizeof(t))
#include <uapi/asm-generic/ioctl.h>
#include <uapi/linux/seccomp.h>
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
		c->stop = HOST_CALL;
		return;
	}
	c->stop = HOST_REPORT;
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
	c->ro = unit->ro + (ro_addr(index) - U_REQ);
	c->rw = unit->rw + ((u64)index << C_RW_SHIFT);
	c->stop = HOST_DEAD;
	return c;
}

static void slot_free(struct host_carrier *c)
{
	c->stop = HOST_DEAD;
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
	if (!err)
		err = host_descriptor_left() ? 0 : -EMFILE;
	if (!err)
		err = c->agent_listener = listener_number(unit);
	if (err < 0)
		goto out;
	memset(c->rw, 0, ALTSTACK_OFF);
	write_carrier_start(c);
	op = (void *)(unit->ro + LIST_OPS);
	if (c->index >= unit->mapped)
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
		if (err == -ETIMEDOUT || host_list_abort(unit))
			unit->dead = true;
		goto out;
	}
	if (c->index >= unit->mapped)
		unit->mapped = c->index + 1;
	unit->listeners[c->agent_listener / 64] |= 1UL << (c->agent_listener % 64);
	unit->ncarriers++;
	err = carrier_begin(c);
	if (!err)
		return c;
	host_kill_and_reap(c->pid);
	host_call(close, c->listener);
	unit->ncarriers--;
	unit->dead = true;
out:
	slot_free(c);
	return HOST_ERR_PTR(err);
}

/* Without a second try, and without a word: start-up has its own. */
struct host_carrier *host_carrier_first(struct host_unit *unit)
{
	return carrier_create(unit);
}

/* At a limit of the host what waits in the pool is given up first. */
static struct host_carrier *carrier_make(struct host_unit *unit)
{
	struct host_carrier *c = carrier_create(unit);

	while (IS_HOST_ERR(c) && !unit->dead && host_pool_shrink())
		c = carrier_create(unit);
	if (IS_HOST_ERR(c))
		return HOST_ERR_PTR(host_unit_refused(HOST_PTR_ERR(c)));
	return c;
}

struct host_carrier *host_carrier_get(struct host_unit *unit)
{
	struct host_carrier *c;

	if (unit->dead)
		return HOST_ERR_PTR(-EAGAIN);
	if (unit->nparked) {
		c = &unit->carrier[unit->parked[--unit->nparked]];
		c->bases_known = false;
		if (c->stop == HOST_REPORT)
			return c;
		unit->dead = true;	/* somebody killed it while it was parked */
		return HOST_ERR_PTR(-EAGAIN);
	}
	return carrier_make(unit);
}

static void carrier_destroy(struct host_carrier *c)
{
	struct host_unit *unit = c->unit;

	host_kill_and_reap(c->pid);
	host_call(close, c->listener);
	c->pid = 0;
	c->listener = -1;
	unit->ncarriers--;
	if (!unit->dead) {
		host_unit_queue(unit, __NR_close, c->agent_listener, 0, 0, 0, 0, 0);
		unit->close_due = true;
	}
	unit->listeners[c->agent_listener / 64] &= ~(1UL << (c->agent_listener % 64));
	slot_free(c);
}

/* --------------------------------------------------------------------- running */

bool host_carrier_alive(struct host_carrier *c)
{
	return c->stop != HOST_DEAD && !c->unit->dead;
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
	frame[F_UCLINK / 8] = load;
	frame[F_FSBASE / 8] = fsbase;
	frame[F_GSBASE / 8] = gsbase;
	c->fsbase = fsbase;
	c->gsbase = gsbase;
	c->bases_known = true;
}

static void resume(struct host_carrier *c, long value)
{
	if (send(c, value, 0))
		c->stop = HOST_DEAD;
	else
		c->stop = HOST_RUNNING;
}

/* Let the agent carry out the queue and then answer the carrier itself. */
static void resume_by_agent(struct host_carrier *c, long value)
{
	struct host_unit *unit = c->unit;
	struct seccomp_notif_resp *resp = (void *)(c->ro + RO_RESP);
	struct list_op *op;
	bool ack = unit->ncarriers - unit->nparked > 1;

	if (host_list_settle(unit)) {
		unit->dead = true;
		return;
	}
	op = (struct list_op *)(unit->ro + LIST_OPS) + unit->nops;
	*resp = (struct seccomp_notif_resp) { .id = c->notif, .val = value };
	op = host_list_op(op, OP_CHECK | (ack ? 0 : OP_END), __NR_ioctl, c->agent_listener,
			  SECCOMP_IOCTL_NOTIF_SEND, ro_addr(c->index) + RO_RESP, 0, 0, 0);
	if (ack)
		host_list_op(op, OP_END, __NR_write, FD_ACK, G_RO + G_ONE, 8, 0, 0, 0);
	unit->ack_due = ack;
	unit->nops = 0;
	c->stop = HOST_RUNNING;
	host_list_post(unit->ro);
}

void host_carrier_resume(struct host_carrier *c, long value)
{
	if (c->stop == HOST_DEAD || c->unit->dead)
		return;
	c->before = c->stop;
	c->resumed = c->stop == HOST_REPORT ? value : 0;
	if (c->unit->nops)
		resume_by_agent(c, value);
	else
		resume(c, value);
}

void host_carrier_unresume(struct host_carrier *c)
{
	c->bases_known = false;
	c->stop = c->before;
}

/*
 * A kick was reported.  Return: true if the carrier counts as stopped, false if it was
 * let go on to the report that it was about to make.
 */
static bool kick_reported(struct host_carrier *c)
{
	u64 *frame = host_carrier_frame(c, c->frame, F_SIZE);
	u64 ip;

	if (!frame)
		return true;
	ip = READ_ONCE(frame[F_RIP / 8]);
	/* The rest of the stub runs in a carrier only if the guest jumped there. */
	if (ip < STUB_ADDR(stub_handler) || ip >= STUB_ADDR(stub_text_end))
		return true;
	if (ip >= STUB_ADDR(stub_report_ip)) {
		/* From a held call there is no way here but a jump of the guest's. */
		if (!c->resumed)
			return true;
		c->frame = c->resumed;
		c->bases_known = false;
		frame = host_carrier_frame(c, c->frame, F_SIZE);
		if (frame && READ_ONCE(frame[F_UCLINK / 8]) == BASES_ALL) {
			/* What was reported may be the bases of before the resume. */
			c->fsbase = READ_ONCE(frame[F_FSBASE / 8]);
			c->gsbase = READ_ONCE(frame[F_GSBASE / 8]);
		}
		return true;
	}
	/* One more kick could strike while this frame, not @resumed, is being resumed. */
	c->kicked = c->nested = true;
	resume(c, c->frame);
	return false;
}

/*
 * A carrier was received.  Return: true if it counts as stopped, false if it runs on.
 */
static bool stopped(struct host_carrier *c)
{
	bool kick = c->stop == HOST_REPORT && c->signal == SIG_KICK;

	if (kick || c->nested)
		c->kicked = c->nested = false;
	return !kick || kick_reported(c);
}

enum host_event host_carrier_wait(struct host_carrier *c, bool irqs)
{
	const unsigned long *pending = irqs ? &host_irq_pending : &host_trouble;
	struct seccomp_notif n;
	int nested = 0;

	for (;;) {
		long err;

		if (c->stop == HOST_DEAD || c->unit->dead)
			return HOST_EVENT_DEAD;
		if (c->stop != HOST_RUNNING)
			return HOST_EVENT_STOP;
		err = receive(c, &n, pending);
		if (!err) {
			decode(c, &n);
			if (!stopped(c) && ++nested > NESTED_MAX)
				return HOST_EVENT_DEAD;
			continue;
		}
		if (READ_ONCE(host_trouble)) {
			WRITE_ONCE(host_trouble, 0);
			host_children_reap();
			return c->stop == HOST_DEAD || c->unit->dead ? HOST_EVENT_DEAD : HOST_EVENT_ERROR;
		}
		if (irqs && READ_ONCE(host_irq_pending))
			return HOST_EVENT_IRQ;
		/* -ENOENT: a signal took a notification back before it was received. */
		if (err != -EINTR && err != -ENOENT)
			return HOST_EVENT_DEAD;
		if (err == -ENOENT)
			host_children_reap();
	}
}

void host_carrier_kick(struct host_carrier *c)
{
	if (c->kicked || c->stop == HOST_DEAD)
		return;
	c->kicked = true;
	host_call(tgkill, c->pid, c->pid, SIG_KICK);
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
	enum host_event event;

	if (c->stop != HOST_REPORT)
		return false;
	host_carrier_kick(c);
	c->resumed = 0;
	resume(c, 0);
	do
		event = host_carrier_wait(c, false);
	while (event == HOST_EVENT_ERROR);
	return event == HOST_EVENT_STOP && c->stop == HOST_REPORT && c->signal == SIG_KICK && !c->kicked;
}

void host_carrier_put(struct host_carrier *c)
{
	struct host_unit *unit = c->unit;

	/* Out of a held call it can only get by a kick, which costs less than a new one. */
	if (c->stop == HOST_CALL && !c->kicked && !unit->dead) {
		host_carrier_kick(c);
		c->resumed = 0;
		resume(c, 0);
		host_carrier_wait(c, false);
	}
	/* A kick on its way would push a frame below a stack pointer of the old task's. */
	if (c->stop == HOST_REPORT && !c->kicked && !unit->dead)
		unit->parked[unit->nparked++] = c->index;
	else
		carrier_destroy(c);
}
