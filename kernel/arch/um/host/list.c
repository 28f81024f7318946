// SPDX-License-Identifier: GPL-2.0-only
/*
 * list.c - request lists: how the kernel process has zygote and agents work.
 *
 * Theory of operation.  A list lies in the control memfd, writable here and read-only
 * there.  Changes of the guest's mappings are queued as operations; the list is posted by
 * raising its sequence number and waking the agent.  Mostly the last operation answers the
 * carrier that waits for the change, so that nobody waits for the agent; with several
 * carriers the list is acknowledged too, because another carrier may need the agent before
 * the resumed one has shown that the list is done.
 *
 * An agent acknowledges by adding a value from a read-only table to its eventfd, which
 * no carrier holds: no guest can forge it.  Acknowledgements are counted (acks_asked,
 * acks_seen); an error raises HOST_SIG_TROUBLE here besides.
 *
 * No list is ever partly done.  When a change of the guest's mappings fails, most likely for
 * want of areas, the agent unmaps everything of the guest's, tells so, and goes on: what
 * should have left has left, and faults bring back what should have come.  The kernel learns of
 * it before it queues the next change (host_unit_emptied()).  An agent that cannot even do that
 * ends, and host_unit_kill() ends its program.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/futex.h>
#include <host/err.h>
#include <host/option.h>
#include <host/print.h>
#include <host/ram.h>
#include <host/start.h>
#include "abi.h"
#include "raw.h"
#include "sleep.h"
#include "unit_private.h"

/* Lists in a row with an error, after which the host is taken at its word. */
#define FAILURES_MAX	64

struct list_op *host_list_op(struct list_op *op, u64 control, u64 nr, u64 a0, u64 a1, u64 a2,
			     u64 a3, u64 a4, u64 a5)
{
	*op = (struct list_op) { nr, { a0, a1, a2, a3, a4, a5 }, control };
	return op + 1;
}

/* Make a list visible and wake its reader. */
void host_list_post(u8 *list)
{
	__atomic_add_fetch((u32 *)(list + LIST_SEQ), 1, __ATOMIC_SEQ_CST);
	host_call(futex, list + LIST_SEQ, FUTEX_WAKE, 1);
}

static struct list_op *list_slot(struct host_unit *unit, unsigned int n)
{
	return (struct list_op *)(unit->ro + LIST_OPS) + n;
}

/* ------------------------------------------------------------ acknowledgements */

int host_ack_error(u64 value)
{
	u32 errors = (value >> ACK_ERROR_SHIFT) & 0xffff;

	return errors ? -(int)((u32)value / errors) : 0;
}

static void note_errors(struct host_unit *unit, u64 value)
{
	int err = host_ack_error(value);

	if (err) {
		unit->emptied = true;
		unit->failed = err;
	}
	if (value >> ACK_LOST_SHIFT && unit->answering)
		host_carrier_kill(unit->answering, "its host process could not be answered");
}

/* Take what the agent has acknowledged so far.  Return: false if there was nothing. */
static bool collect(struct host_unit *unit)
{
	u64 value;

	if (host_call(read, unit->ack, &value, 8) != 8)
		return false;
	unit->acks_seen += (value >> ACK_DONE_SHIFT) & 0xff;
	note_errors(unit, value);
	return true;
}

/* Has anything happened since this unit was looked at last?  Each unit asks for itself. */
void host_unit_trouble(struct host_unit *unit)
{
	unsigned long count = READ_ONCE(host_trouble_count);

	if (unit->trouble_seen == count)
		return;
	unit->trouble_seen = count;
	host_children_reap();
	if (!unit->dead)
		collect(unit);
}

static struct list_op *ask_ack(struct host_unit *unit, struct list_op *op)
{
	unit->acks_asked++;
	return host_list_op(op, OP_END, __NR_write, FD_ACK, G_RO + G_DONE, 8, 0, 0, 0);
}

/* A list is done: the next one's errors are another list's. */
static void count_failures(struct host_unit *unit)
{
	if (!unit->failed) {
		unit->failures = 0;
		return;
	}
	unit->failed = 0;
	if (++unit->failures > FAILURES_MAX && !unit->dead)
		host_unit_kill(unit, "the host refuses to map its memory");
}

/* The list's memory may be written again only when the agent is done with it. */
void host_list_settle(struct host_unit *unit)
{
	struct host_pollfd pf = { unit->ack, 1 /* POLLIN */, 0 };
	struct host_timespec limit = { 1, 0 };

	host_unit_trouble(unit);
	while (!unit->dead && unit->acks_seen != unit->acks_asked) {
		if (!collect(unit)) {
			host_call(ppoll, &pf, 1, &limit, 0, 8);
			host_unit_trouble(unit);
		}
	}
	unit->answering = NULL;
}

/*
 * A list has failed somewhere: have the agent come to an end with it, whether it waits or
 * tries again.  Only the first operation is written: it may be reading a later one.
 */
void host_list_abort(struct host_unit *unit)
{
	ask_ack(unit, list_slot(unit, 0));
	host_list_post(unit->ro);
	host_list_settle(unit);
}

/* ------------------------------------------------------------ the queue */

/*
 * For tests: one operation of @every, on the average, is a call that no host has.  Not at regular
 * distances: a program that needs as many pages at once would go round for ever.
 */
static u64 failing(unsigned int every, u64 nr)
{
	static u64 random = 1;

	if (!every)
		return nr;
	random = random * 6364136223846793005UL + 1442695040888963407UL;
	return (random >> 33) % every == 0 ? ~0UL : nr;
}

void host_unit_queue(struct host_unit *unit, u64 control, u64 nr, u64 a0, u64 a1, u64 a2, u64 a3,
		     u64 a4, u64 a5)
{
	if (unit->nops >= LIST_MAX)
		host_unit_sync(unit);
	if (!unit->nops) {
		host_list_settle(unit);
		count_failures(unit);
	}
	if (unit->dead)
		return;
	if (control == OP_HEAL)
		nr = failing(host_options.fail_map, nr);
	host_list_op(list_slot(unit, unit->nops++), control, nr, a0, a1, a2, a3, a4, a5);
	if (unit->nops > unit->high)
		unit->high = unit->nops;
}

int host_unit_sync(struct host_unit *unit)
{
	if (unit->nops && !unit->dead) {
		ask_ack(unit, list_slot(unit, unit->nops));
		unit->nops = 0;
		host_list_post(unit->ro);
	}
	host_list_settle(unit);
	if (!unit->dead)
		return 0;
	unit->nops = 0;
	return -ESRCH;
}

/* Have the agent carry out the queue and then answer a carrier itself, by that ioctl. */
void host_list_answer(struct host_carrier *c, u64 request, u64 resp_addr)
{
	struct host_unit *unit = c->unit;
	bool ack = unit->ncarriers - unit->nparked > 1;
	u64 end = ack ? 0 : OP_END;
	u64 nr = failing(host_options.fail_answer, __NR_ioctl);
	struct list_op *op = list_slot(unit, unit->nops);

	op = host_list_op(op, OP_ANSWER | end, nr, c->agent_listener, request, resp_addr, 0, 0, 0);
	if (ack)
		ask_ack(unit, op);
	unit->nops = 0;
	unit->answering = c;
	unit->unacked = !ack;
	host_list_post(unit->ro);
}

/* ------------------------------------------------------------ guest mappings */

static u64 maps_total;		/* of all units: upper bounds */

u64 host_maps_total(void)
{
	return maps_total;
}

void host_maps_count(struct host_unit *unit, int more)
{
	unit->maps += more;
	maps_total += more;
}

bool host_unit_emptied(struct host_unit *unit)
{
	bool emptied;

	host_list_settle(unit);
	emptied = unit->emptied;
	unit->emptied = false;
	return emptied;
}

void host_unit_empty(struct host_unit *unit)
{
	host_maps_count(unit, -(int)unit->maps);
	host_unit_unmap(unit, 0, STUB_BASE);
	host_unit_sync(unit);
	host_maps_count(unit, -(int)unit->maps);
	unit->emptied = true;
}

/*
 * Whatever the guest's page tables say, no list touches the host layer's part of an address space: such
 * a program is at its end.
 */
static bool is_programs_own(struct host_unit *unit, u64 addr, u64 len_bytes)
{
	if (addr <= STUB_BASE && len_bytes <= STUB_BASE - addr)
		return true;
	host_unit_kill(unit, "its page tables name the host layer's memory");
	return false;
}

/* Upper bounds: a change in the middle of a mapping makes two of it. */
#define MAPS_MAP	1
#define MAPS_UNMAP	1
#define MAPS_PROTECT	2

void host_unit_map(struct host_unit *unit, u64 addr, u64 len_bytes, u64 phys, bool write, bool exec)
{
	u64 prot = HOST_PROT_READ | (write ? HOST_PROT_WRITE : 0) | (exec ? HOST_PROT_EXEC : 0);

	if (!is_programs_own(unit, addr, len_bytes))
		return;
	host_maps_count(unit, MAPS_MAP);
	host_unit_queue(unit, OP_HEAL, __NR_mmap, addr, len_bytes, prot,
			HOST_MAP_SHARED | HOST_MAP_FIXED | HOST_MAP_POPULATE, FD_RAM, phys - host_ram_base);
}

void host_unit_unmap(struct host_unit *unit, u64 addr, u64 len_bytes)
{
	if (!is_programs_own(unit, addr, len_bytes))
		return;
	host_maps_count(unit, MAPS_UNMAP);
	host_unit_queue(unit, OP_HEAL, __NR_munmap, addr, len_bytes, 0, 0, 0, 0);
}

void host_unit_protect(struct host_unit *unit, u64 addr, u64 len_bytes, bool exec)
{
	if (!is_programs_own(unit, addr, len_bytes))
		return;
	host_maps_count(unit, MAPS_PROTECT);
	host_unit_queue(unit, OP_HEAL, __NR_mprotect, addr, len_bytes,
			HOST_PROT_READ | (exec ? HOST_PROT_EXEC : 0), 0, 0, 0);
}
