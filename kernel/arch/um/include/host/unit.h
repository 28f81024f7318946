/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unit.h - the host processes that lend their address space to guest programs.
 *
 * A unit is one host address space: an agent, which maps and unmaps guest RAM on the
 * kernel's behalf and never runs guest code, and carriers, one for each guest task.
 * Carriers share the agent's memory but have no descriptors and no system call that the
 * host would execute for them.
 *
 * Both are recycled.  A carrier that is stopped in a report has executed no call since
 * its start-up, so its host state is pristine; every register comes from the frame that
 * it resumes next.  A unit is free again when all of its carriers are parked.
 */
#ifndef __HOST_UNIT_H
#define __HOST_UNIT_H

#include <linux/types.h>

struct host_unit;

/* What a carrier is doing, as far as the kernel knows. */
enum host_stop {
	HOST_RUNNING,	/* guest code, or about to be */
	HOST_CALL,	/* held in a system call of the guest's */
	HOST_REPORT,	/* held in a report: a signal frame waits to be resumed */
	HOST_DEAD,	/* killed and reaped, whoever did it */
};

/* Why host_carrier_wait() returned. */
enum host_event {
	HOST_EVENT_STOP,	/* the carrier is stopped: see its @stop */
	HOST_EVENT_IRQ,		/* an interrupt is pending; the carrier may be running */
	HOST_EVENT_DEAD,	/* it is dead: end the guest program */
};

/**
 * struct host_carrier - one host process that runs guest code
 * @unit: whose address space it uses
 * @index: its place in the unit
 * @pid: host process id
 * @listener: descriptor on which the host reports its calls
 * @agent_listener: number of the same descriptor in the agent
 * @kicked: a kick is on its way and has not been reported
 * @nested: it struck in the handler: @kicked holds until the report that was being made
 * @nested_count: how often in a row
 * @ending: it runs nothing but the stub, and no frame is resumed for it
 * @late: since the kick it was seen so often to have had CPU time
 * @cpu_ns: how much, when it was seen last
 * @segments: the next program in it is to find null selectors
 * @segments_sent: the frame that was resumed last says so
 * @stop: what it is doing
 * @why: HOST_DEAD: for what reason
 * @said: somebody has been told
 * @notif: the host's name of the call that it is held in
 * @nr: number of that call
 * @arch: its AUDIT_ARCH_*
 * @ip: address behind the call instruction
 * @args: its arguments
 * @signal: in a report: the signal, or REPORT_START
 * @frame: in a report: guest address of the frame
 * @resumed: the frame that the last report was answered with
 * @fsbase: fs base: in a report as the carrier has it, else as it was last given
 * @gsbase: gs base, likewise
 * @bases_known: the carrier has those two: of use where there are no instructions for them
 * @ro: the kernel's view of its read-only page
 * @rw: the kernel's view of mailbox and signal stack
 *
 * Signal, frame and bases are the guest's word; number, arguments and address the host's.
 */
struct host_carrier {
	struct host_unit *unit;
	unsigned int index;
	int pid;
	int listener;
	int agent_listener;
	bool kicked;
	bool nested;
	bool ending;
	bool segments;
	bool segments_sent;
	bool said;
	u8 nested_count;
	unsigned int late;
	u64 cpu_ns;
	enum host_stop stop;
	const char *why;
	u64 notif;
	int nr;
	u32 arch;
	u64 ip;
	u64 args[6];
	unsigned int signal;
	u64 frame;
	u64 resumed;
	u64 fsbase;
	u64 gsbase;
	bool bases_known;
	u8 *ro;
	u8 *rw;
};

/**
 * host_units_start() - create the zygote
 *
 * Before guest RAM is mapped.  Return: 0 or -errno.
 */
int host_units_start(void);

/**
 * host_units_prepare() - fill the pool
 * @number: how many units, each with a carrier
 *
 * The first programs need them at once; and a host that permits no more processes says so
 * before the guest boots.  Return: 0 or -errno.
 */
int host_units_prepare(unsigned int number);

/**
 * host_units_kill() - kill and reap all processes of all units, and the zygote
 */
void host_units_kill(void);

/**
 * host_unit_get() - take a unit from the pool, or have one made
 *
 * Return: the unit, empty, or an ERR_PTR: -EAGAIN at a limit of the host.
 */
struct host_unit *host_unit_get(void);

/**
 * host_unit_put() - give a unit back
 * @unit: a unit none of whose carriers will run again
 */
void host_unit_put(struct host_unit *unit);

/**
 * host_unit_map() - queue: map guest RAM into the unit
 * @unit: the unit
 * @addr: guest address
 * @len_bytes: how much
 * @phys: guest-physical address
 * @write: the guest may write
 * @exec: the guest may execute
 *
 * Queued changes are made, in order, before a carrier of the unit runs again.
 */
void host_unit_map(struct host_unit *unit, u64 addr, u64 len_bytes, u64 phys, bool write, bool exec);

/** host_unit_unmap() - queue: unmap a range; it may have holes. */
void host_unit_unmap(struct host_unit *unit, u64 addr, u64 len_bytes);

/** host_unit_protect() - queue: make a range that is wholly mapped read-only. */
void host_unit_protect(struct host_unit *unit, u64 addr, u64 len_bytes, bool exec);

/**
 * host_unit_sync() - make the queued changes now
 * @unit: the unit
 *
 * Return: 0 when nothing that should have left is there any more; -ESRCH: the unit is dead.
 */
int host_unit_sync(struct host_unit *unit);

/**
 * host_unit_emptied() - has everything of the guest's been unmapped?
 * @unit: the unit
 *
 * So it is after a change that failed, and for want of room for mappings.  Waits for the list
 * that is being done.  To be asked before entries of page tables are looked at that say what the
 * host has: none of them is true any more.
 *
 * Return: true once each time.
 */
bool host_unit_emptied(struct host_unit *unit);

/**
 * host_unit_room() - see to it that one more mapping is within what guests may cost the host
 * @unit: which will have it
 *
 * May empty this unit or another one.
 */
void host_unit_room(struct host_unit *unit);

/**
 * host_unit_running() - may a carrier of the unit be executing guest code?
 * @unit: the unit
 */
bool host_unit_running(const struct host_unit *unit);

/**
 * host_carrier_get() - a carrier for a new task
 * @unit: where
 *
 * Return: a carrier stopped in a report, or an ERR_PTR.
 */
struct host_carrier *host_carrier_get(struct host_unit *unit);

/**
 * host_carrier_put() - the task of a carrier is gone
 * @carrier: a carrier in any state
 *
 * Parks it if it is pristine, otherwise ends it.
 */
void host_carrier_put(struct host_carrier *carrier);

/**
 * host_carrier_overdue() - a carrier that was kicked has not reported yet: does it refuse to?
 * @carrier: a carrier, kicked or not
 *
 * To be asked in each interrupt.  What is waited for is a handful of the stub's instructions; a
 * carrier that has had CPU time at several looks after the kick is executing something else. It is
 * kicked again then, and after many looks the unit is killed.  Its CPU clock counts, so that neither a busy host nor one that was
 * stopped makes an honest program late.
 *
 * Return: true if it is dead now.
 */
bool host_carrier_overdue(struct host_carrier *carrier);

/**
 * host_carrier_why() - why a guest program is at its end that has done nothing to end
 * @carrier: its carrier
 *
 * Return: a text, once for all carriers that ended for the same reason; then NULL.
 */
const char *host_carrier_why(struct host_carrier *carrier);

/** host_carrier_alive() - are the carrier and its agent still there? */
bool host_carrier_alive(struct host_carrier *carrier);

/**
 * host_carrier_frame() - a place in a carrier's signal stack
 * @carrier: the carrier
 * @addr: guest address
 * @len_bytes: how much must lie inside
 *
 * Return: the kernel's view of it, or NULL.
 */
void *host_carrier_frame(struct host_carrier *carrier, u64 addr, size_t len_bytes);

/** host_carrier_stack_top() - guest address of the end of a carrier's signal stack. */
u64 host_carrier_stack_top(struct host_carrier *carrier);

/**
 * host_carrier_bases() - write fs and gs base into the frame that is resumed right afterwards
 * @carrier: the carrier, stopped in a report
 * @frame: the kernel's view of the frame
 * @fsbase: below the stub
 * @gsbase: likewise
 */
void host_carrier_bases(struct host_carrier *carrier, u64 *frame, u64 fsbase, u64 gsbase);

/**
 * host_carrier_resume() - let a stopped carrier go on
 * @carrier: the carrier
 * @value: HOST_CALL: the call's result; HOST_REPORT: guest address of the frame to resume
 *
 * Makes the unit's queued changes first.
 */
void host_carrier_resume(struct host_carrier *carrier, long value);

/**
 * host_carrier_wait() - wait until a running carrier stops
 * @carrier: the carrier
 *
 * Context: interrupts off; returns early when one is pending, which the caller serves.
 * Return: an enum host_event.
 */
enum host_event host_carrier_wait(struct host_carrier *carrier);

/**
 * host_carrier_kick() - make a carrier report soon
 * @carrier: a carrier that is running or held in a call
 *
 * Does nothing while an earlier kick is on its way.  One that cannot be kicked is killed.
 */
void host_carrier_kick(struct host_carrier *carrier);

#endif
