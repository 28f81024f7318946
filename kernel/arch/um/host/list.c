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
 * no carrier holds: no guest can forge it.  An error ends the list, is acknowledged, and
 * raises HOST_SIG_TROUBLE here.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/futex.h>
#include <host/ram.h>
#include <host/start.h>
#include "abi.h"
#include "raw.h"
#include "sleep.h"
#include "unit_private.h"

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

/* Wait for an acknowledgement: 0, or the -errno of the operation that failed. */
static int ack_wait(struct host_unit *unit)
{
	struct host_pollfd pf = { unit->ack, 1 /* POLLIN */, 0 };
	struct host_timespec limit = { 1, 0 };
	u64 value;

	while (host_call(read, unit->ack, &value, 8) != 8) {
		if (unit->dead)
			return -ESRCH;
		host_call(ppoll, &pf, 1, &limit, 0, 8);
		if (READ_ONCE(host_trouble)) {
			WRITE_ONCE(host_trouble, 0);
			host_children_reap();
		}
	}
	return value == 1 ? 0 : -(int)(value & 0xfff);
}

/* The list's memory may be written again only when the agent is done with it. */
int host_list_settle(struct host_unit *unit)
{
	if (!unit->ack_due)
		return 0;
	unit->ack_due = false;
	return ack_wait(unit);
}

/*
 * A list has failed somewhere: have the agent come to an end with it, whether it waits or
 * tries again.  Only the first operation is written: it may be reading a later one.
 */
int host_list_abort(struct host_unit *unit)
{
	host_list_op((struct list_op *)(unit->ro + LIST_OPS), OP_END, __NR_write, FD_ACK, G_RO + G_ONE,
		     8, 0, 0, 0);
	host_list_post(unit->ro);
	return ack_wait(unit);
}

static struct list_op *list_slot(struct host_unit *unit, unsigned int n)
{
	return (struct list_op *)(unit->ro + LIST_OPS) + n;
}

void host_unit_queue(struct host_unit *unit, u64 nr, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4,
		     u64 a5)
{
	if (unit->nops >= LIST_MAX && host_unit_sync(unit))
		unit->dead = true;
	if (host_list_settle(unit))
		unit->dead = true;
	host_list_op(list_slot(unit, unit->nops++), OP_CHECK, nr, a0, a1, a2, a3, a4, a5);
	if (unit->nops > unit->high)
		unit->high = unit->nops;
}

int host_unit_sync(struct host_unit *unit)
{
	int err = host_list_settle(unit);

	if (err || unit->dead)
		goto drop;
	if (!unit->nops)
		return 0;
	host_list_op(list_slot(unit, unit->nops), OP_END, __NR_write, FD_ACK, G_RO + G_ONE, 8, 0, 0, 0);
	unit->nops = 0;
	host_list_post(unit->ro);
	return ack_wait(unit);
drop:
	unit->nops = 0;
	return err ?: -ESRCH;
}

int host_unit_error(struct host_unit *unit)
{
	u64 value;

	if (host_call(read, unit->ack, &value, 8) != 8)
		return 0;
	if (value == 1) {
		unit->ack_due = false;
		return 0;
	}
	unit->ack_due = false;
	return -(int)(value & 0xfff);
}

/* ------------------------------------------------------------ guest mappings */

/*
 * Whatever the guest's page tables say, no list touches the host layer's part of an address space: such
 * a program is at its end.
 */
static bool is_programs_own(struct host_unit *unit, u64 addr, u64 len_bytes)
{
	if (addr <= STUB_BASE && len_bytes <= STUB_BASE - addr)
		return true;
	unit->dead = true;
	return false;
}

void host_unit_map(struct host_unit *unit, u64 addr, u64 len_bytes, u64 phys, bool write, bool exec)
{
	u64 prot = HOST_PROT_READ | (write ? HOST_PROT_WRITE : 0) | (exec ? HOST_PROT_EXEC : 0);

	if (is_programs_own(unit, addr, len_bytes))
		host_unit_queue(unit, __NR_mmap, addr, len_bytes, prot,
				HOST_MAP_SHARED | HOST_MAP_FIXED | HOST_MAP_POPULATE, FD_RAM,
				phys - host_ram_base);
}

void host_unit_unmap(struct host_unit *unit, u64 addr, u64 len_bytes)
{
	if (is_programs_own(unit, addr, len_bytes))
		host_unit_queue(unit, __NR_munmap, addr, len_bytes, 0, 0, 0, 0);
}

void host_unit_protect(struct host_unit *unit, u64 addr, u64 len_bytes, bool exec)
{
	if (is_programs_own(unit, addr, len_bytes))
		host_unit_queue(unit, __NR_mprotect, addr, len_bytes,
				HOST_PROT_READ | (exec ? HOST_PROT_EXEC : 0), 0, 0, 0);
}
