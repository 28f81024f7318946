// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit.c - units: host address spaces, each with its agent and carriers, and their pool.
 *
 * Theory of operation.  A unit is made by the zygote (zygote.c), told what to do by request
 * lists (list.c) and used by one mm.  When all of its carriers are parked (carrier.c) it is
 * cleaned, wiped and kept for the next program; one with anything irregular about it is
 * destroyed.
 *
 * Everything in these files runs on the virtual CPU with interrupts off.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/seccomp.h>
#include <host/err.h>
#include <host/option.h>
#include <host/print.h>
#include <host/space.h>
#include <host/string.h>
#include "abi.h"
#include "balance.h"
#include "raw.h"
#include "unit_private.h"

#define POOL_MAX		48
#define POOL_CARRIERS_MAX	8
#define UNITS_PREPARED_MAX	8
#define KEEP_SIZE		1	/* FALLOC_FL_* */
#define PUNCH_HOLE		2

static struct host_unit *units;
static int units_top, units_live;
static struct host_unit *pool;
static unsigned int npool;
static struct host_unit *spare;		/* slots without processes */

/* The slots of all units take at most half of the address space. */
u64 host_units_max(void)
{
	u64 fit = host_user_end / 2 / CTL_SLOT_SIZE;

	return fit < UNITS_MAX ? fit : UNITS_MAX;
}

int host_units_start(void)
{
	u64 size = host_units_max() * sizeof(*units);
	int fd = host_call(memfd_create, "uml-units", 1 /* CLOEXEC */);

	if (fd < 0)
		return -EMFILE;
	if (host_call(ftruncate, fd, size))
		return -EFBIG;
	units = (void *)host_call(mmap, host_space_large(size), size, HOST_PROT_READ | HOST_PROT_WRITE,
				  HOST_MAP_SHARED | HOST_MAP_NORESERVE, fd, 0);
	host_call(close, fd);
	return IS_HOST_ERR(units) ? -ENOMEM : host_zygote_start();
}

/* Returns when the process executes nothing any more, and its pid may be another's. */
void host_kill_and_reap(int pid)
{
	if (pid <= 0)
		return;
	host_call(kill, pid, HOST_SIGKILL);
	HOST_CALL(wait4, pid, 0, HOST_WALL, 0);
}

void host_unit_kill(struct host_unit *unit, const char *why)
{
	unsigned int i;

	if (unit->dead)
		return;
	unit->dead = true;
	unit->nops = 0;
	for (i = 0; i < unit->top; i++)
		if (unit->carrier[i].pid > 0)
			host_call(kill, unit->carrier[i].pid, HOST_SIGKILL);
	for (i = 0; i < unit->top; i++)
		host_carrier_kill(&unit->carrier[i], why);
	host_kill_and_reap(unit->agent);
	unit->agent = 0;
}

static struct host_unit *slot_get(void)
{
	struct host_unit *unit = spare;

	if (unit) {
		spare = unit->next;
		return unit;
	}
	if (units_top == host_units_max())
		return NULL;
	unit = &units[units_top];
	unit->id = units_top++;
	return unit;
}

/* What the new agent does first, from its own list. */
static void write_agent_start(struct host_unit *unit, u32 serial)
{
	struct list_op *op = (void *)(unit->ro + LIST_OPS);

	*(u32 *)(unit->ro + LIST_SEQ) = 1;
	*(u32 *)(unit->ro + LIST_SPIN) = 0;
	op = host_list_op(op, OP_CHECK, __NR_munmap, Z_REQ, Z_REQ_SIZE, 0, 0, 0, 0);
	op = host_list_op(op, OP_CHECK, __NR_prctl, HOST_PR_SET_PDEATHSIG, HOST_SIGKILL, 0, 0, 0, 0);
	op = host_list_op(op, 0, __NR_close, FD_ACK, 0, 0, 0, 0, 0);
	op = host_list_op(op, OP_CHECK, __NR_eventfd2, 0, HOST_O_NONBLOCK, 0, 0, 0, 0);
	host_list_op(op, OP_CHECK | OP_SELF | OP_END, __NR_sendmsg, FD_SOCK,
		     host_unit_message(unit, serial, FD_ACK), 0, 0, 0, 0);
}

static struct host_unit *unit_create(void)
{
	struct host_unit *unit = slot_get();
	u64 slot;
	u32 serial = host_unit_serial();
	int err;

	if (!unit)
		return HOST_ERR_PTR(-EAGAIN);
	if (!host_descriptor_left()) {
		unit->next = spare;
		spare = unit;
		return HOST_ERR_PTR(-EMFILE);
	}
	slot = CTL_SLOT0 + (u64)unit->id * CTL_SLOT_SIZE;
	unit->ro = host_ctl + slot;
	unit->rw = host_ctl + slot + CTL_SLOT_RW;
	unit->nops = 0;
	unit->acks_asked = unit->acks_seen = 0;
	unit->answering = NULL;
	unit->failed = unit->failures = 0;
	unit->dead = unit->dirty = unit->emptied = unit->release_due = unit->unacked = false;
	unit->said = false;
	unit->ncarriers = unit->nparked = unit->nfree = unit->top = unit->high = 0;
	memset(unit->mapped, 0, sizeof(unit->mapped));
	memset(unit->listeners, 0, sizeof(unit->listeners));
	unit->listeners[0] = (1 << FD_FIRST_LISTENER) - 1;

	write_agent_start(unit, serial);
	err = host_zygote_agent(unit, serial);
	if (err) {
		unit->next = spare;
		spare = unit;
		return HOST_ERR_PTR(err);
	}
	units_live++;
	return unit;
}

/* The slot may be used again once the host has taken its memory back: it is empty then. */
static void slot_put(struct host_unit *unit)
{
	if (host_call(fallocate, host_ctl_fd, PUNCH_HOLE | KEEP_SIZE,
		      CTL_SLOT0 + (u64)unit->id * CTL_SLOT_SIZE, CTL_SLOT_SIZE))
		return;
	unit->next = spare;
	spare = unit;
}

static void unit_destroy(struct host_unit *unit)
{
	unsigned int i;

	host_unit_kill(unit, "the unit ends");
	for (i = 0; i < unit->top; i++) {
		struct host_carrier *c = &unit->carrier[i];

		if (c->listener >= 0)
			host_call(close, c->listener);
		c->listener = -1;
	}
	host_call(close, unit->ack);
	host_maps_count(unit, -(int)unit->maps);
	unit->used = false;
	units_live--;
	slot_put(unit);
}

static struct host_unit *pool_take(void)
{
	struct host_unit *unit = pool;

	if (unit) {
		pool = unit->next;
		npool--;
	}
	return unit;
}

/* End one that waits in the pool, or a carrier that waits, so that the host has room for others. */
bool host_pool_shrink(void)
{
	struct host_unit *unit = pool_take();
	int i;

	if (unit) {
		unit_destroy(unit);
		return true;
	}
	for (i = 0; i < units_top; i++)
		if (units[i].used && !units[i].dead && host_carrier_unpark(&units[i]))
			return true;
	return false;
}

/* At a limit of the host: say so, once, and give the error that guests understand. */
int host_unit_refused(int err)
{
	static bool said;

	if (!said)
		host_error("cannot make a guest process: %s; the guest is told EAGAIN; raise the limits of "
			   "processes and open files (ulimit -u, -n, pids.max of the cgroup)",
			   host_strerror(err));
	said = true;
	return err == -ENOMEM ? err : -EAGAIN;
}

struct host_unit *host_unit_get(void)
{
	struct host_unit *unit;
	int err;

	while ((unit = pool_take()) && unit->dead)
		unit_destroy(unit);	/* somebody has killed it while it waited */
	if (!unit) {
		unit = unit_create();
		while (IS_HOST_ERR(unit) && host_pool_shrink())
			unit = unit_create();
		if (IS_HOST_ERR(unit))
			return HOST_ERR_PTR(host_unit_refused(HOST_PTR_ERR(unit)));
	}
	err = host_carrier_first(unit);
	if (err) {
		unit_destroy(unit);
		return HOST_ERR_PTR(host_unit_refused(err));
	}
	unit->used = true;
	unit->emptied = false;
	if (unit->dirty) {
		unit->dirty = false;
		host_maps_count(unit, -(int)unit->maps);
		host_unit_unmap(unit, 0, STUB_BASE);
	}
	return unit;
}

/* ------------------------------------------------------------ what mappings cost the host */

/*
 * A mapping costs the host some 270 bytes of its own memory, beyond guest RAM.  One unit may have
 * as many as fit below the host's limit (vm.max_map_count, 65,530 by default); all together one
 * for each page of RAM, besides a few that every program needs.
 */
#define MAPS_MAX		40000
#define MAPS_TOTAL_MIN		65536
#define MAPS_FREE		256

static u64 maps_limit(void)
{
	u64 pages = host_options.mem_bytes >> 12;

	return (pages < MAPS_TOTAL_MIN ? MAPS_TOTAL_MIN : pages) + (u64)units_live * MAPS_FREE;
}

static struct host_unit *most_maps(void)
{
	struct host_unit *most = NULL;
	int i;

	for (i = 0; i < units_top; i++)
		if (units[i].agent > 0 && (!most || units[i].maps > most->maps))
			most = &units[i];
	return most;
}

void host_unit_room(struct host_unit *unit)
{
	struct host_unit *most;

	if (unit->maps > MAPS_MAX)
		host_unit_empty(unit);
	while (host_maps_total() > maps_limit() && (most = most_maps()) && most->maps > MAPS_FREE)
		host_unit_empty(most);
}

/*
 * Nothing of one program may reach the next: the signal stacks, those of carriers that are
 * gone too, and the lists are wiped when no carrier of the old one can run any more, the
 * guest's mappings before one of the new can.
 */
static void unit_wipe(struct host_unit *unit)
{
	unsigned int i;

	for (i = 0; i < unit->top; i++) {
		if (!host_carrier_mapped(unit, i))
			continue;
		memset(unit->rw + ((u64)i << C_RW_SHIFT), 0, C_RW_STRIDE);
		memset(unit->ro + (C_RO0 - U_REQ) + ((u64)i << C_RO_SHIFT) + RO_RESP, 0,
		       sizeof(struct seccomp_notif_resp));
	}
	/* Two more: what host_unit_sync() and a resume append. */
	memset(unit->ro + LIST_OPS, 0, (unit->high + 2) * OP_SIZE);
	unit->high = 0;
}

static bool unit_clean(struct host_unit *unit)
{
	unsigned int i;

	for (i = 0; i < unit->nparked; i++)
		if (!host_carrier_clean(&unit->carrier[unit->parked[i]]))
			return false;
	return true;
}

void host_unit_put(struct host_unit *unit)
{
	/* Page tables that the host has for a large program do not wait for the next one. */
	if (unit->maps > MAPS_FREE && npool < POOL_MAX)
		host_unit_empty(unit);
	if (unit->release_due)
		host_unit_sync(unit);
	host_list_settle(unit);
	unit->release_due = false;
	unit->nops = 0;		/* the next user's first operation unmaps everything */
	if (unit->dead || unit->nparked != unit->ncarriers || npool >= POOL_MAX ||
	    unit->top > POOL_CARRIERS_MAX || !unit_clean(unit) || unit->running) {
		unit_destroy(unit);
		return;
	}
	unit_wipe(unit);
	unit->failed = unit->failures = 0;
	unit->emptied = false;
	unit->dirty = true;
	unit->used = false;
	unit->next = pool;
	pool = unit;
	npool++;
}

int host_units_prepare(unsigned int number)
{
	struct host_unit *unit[UNITS_PREPARED_MAX];
	unsigned int n = 0;
	int err = 0;

	while (n < number && n < UNITS_PREPARED_MAX && !err) {
		unit[n] = unit_create();
		if (IS_HOST_ERR(unit[n]))
			return HOST_PTR_ERR(unit[n]);
		err = host_carrier_first(unit[n++]);
	}
	while (n)
		host_unit_put(unit[--n]);
	return err;
}

void host_units_kill(void)
{
	int i;

	for (i = 0; i < units_top; i++)
		if (units[i].agent > 0)
			unit_destroy(&units[i]);
	host_zygote_kill();
}

void host_units_bind(u32 cpu)
{
	unsigned int k;
	int i;

	host_cpu_bind(host_zygote_pid(), cpu);
	for (i = 0; i < units_top; i++) {
		struct host_unit *unit = &units[i];

		if (unit->agent <= 0)
			continue;
		host_cpu_bind(unit->agent, cpu);
		for (k = 0; k < unit->top; k++)
			if (unit->carrier[k].pid > 0)
				host_cpu_bind(unit->carrier[k].pid, cpu);
	}
}

/* Somebody else's death: find out whose. */
bool host_unit_died(int pid)
{
	int i;
	unsigned int k;

	for (i = 0; i < units_top; i++) {
		struct host_unit *unit = &units[i];

		if (unit->agent == pid) {
			unit->agent = 0;	/* reaped already */
			host_unit_kill(unit, "the agent of its memory was killed");
			return true;
		}
		for (k = 0; k < unit->top; k++)
			if (unit->carrier[k].pid == pid) {
				unit->carrier[k].pid = 0;
				host_carrier_kill(&unit->carrier[k], "its host process was killed");
				return true;
			}
	}
	return false;
}
