// SPDX-License-Identifier: GPL-2.0-only
/*
 * balance.c - keeping the guest on a host CPU that has time for it.
 *
 * Theory of operation.  Kernel, agents and carriers are bound to one host CPU, because a
 * notification across CPUs costs ten times one on the same.  So the host's scheduler cannot
 * help when that CPU is given other work as well.  Between two ticks in which the same
 * carrier is the current one and the guest never idled, the guest wanted all of the CPU; what
 * kernel and carrier got of it, their CPU clocks tell.  When that is too little for long, the
 * kernel's thread lifts its binding and sleeps for a moment: the host's scheduler wakes it on
 * the CPU that it holds best, and there all of them are bound.
 *
 * If the better place is no better, or there is none, the next attempt waits longer.
 */
#include <linux/types.h>
#include <host/balance.h>
#include <host/clock.h>
#include "abi.h"
#include "balance.h"
#include "raw.h"
#include "thread.h"
#include "unit_private.h"

#define MS			1000000ull
#define SAMPLE_MIN_NS		(2 * MS)
#define SAMPLE_MAX_NS		(50 * MS)
#define WANTED_NS		(200 * MS)	/* CPU time by which one judges */
#define PAUSE_MIN_NS		(500 * MS)	/* between two attempts to move */
#define PAUSE_MAX_NS		(30000 * MS)
#define SHARE_PERCENT		75		/* less of the wanted time is too little */
#define NAP_NS			50000

static struct {
	struct host_carrier *c;
	int pid;
	u64 wall_ns, cpu_ns;
} last;

static u64 wanted_ns, got_ns;
static u64 next_try_ns, pause_ns = PAUSE_MIN_NS;

static bool take_sample(struct host_carrier *c, u64 wall_ns)
{
	u64 cpu_ns = host_clock_thread_ns() + host_clock_process_ns(c->pid);
	u64 passed_ns = wall_ns - last.wall_ns;
	bool same = last.c == c && last.pid == c->pid;

	if (same && passed_ns < SAMPLE_MIN_NS)
		return false;
	if (same && passed_ns < SAMPLE_MAX_NS && cpu_ns >= last.cpu_ns) {
		wanted_ns += passed_ns;
		got_ns += cpu_ns - last.cpu_ns;
	}
	last.c = c;
	last.pid = c->pid;
	last.wall_ns = wall_ns;
	last.cpu_ns = cpu_ns;
	return wanted_ns >= WANTED_NS;
}

void host_cpu_bind(int pid, u32 cpu)
{
	u64 mask[HOST_CPUS_MAX / 64] = { };

	if (cpu >= HOST_CPUS_MAX)
		return;
	mask[cpu / 64] = 1ul << (cpu % 64);
	host_call(sched_setaffinity, pid, sizeof(mask), mask);
}

static void move(void)
{
	struct host_timespec nap = { 0, NAP_NS };
	u32 before, after;

	if (host_call(getcpu, &before, 0, 0))
		return;
	host_thread_unbind();
	host_call(nanosleep, &nap, 0);
	if (host_call(getcpu, &after, 0, 0))
		after = before;
	host_cpu_bind(0, after);
	if (after != before)
		host_units_bind(after);
}

void host_balance_tick(struct host_carrier *c)
{
	u64 wall_ns = host_clock_ns();
	bool crowded;

	if (!c || c->pid <= 0 || !host_thread_movable()) {
		last.c = NULL;
		return;
	}
	if (!take_sample(c, wall_ns))
		return;
	crowded = got_ns * 100 < wanted_ns * SHARE_PERCENT;
	wanted_ns = got_ns = 0;
	if (!crowded) {
		pause_ns = PAUSE_MIN_NS;
		return;
	}
	if (wall_ns < next_try_ns)
		return;
	move();
	last.c = NULL;
	next_try_ns = wall_ns + pause_ns;
	pause_ns = pause_ns * 2 < PAUSE_MAX_NS ? pause_ns * 2 : PAUSE_MAX_NS;
}

void host_balance_idle(void)
{
	last.c = NULL;
}
