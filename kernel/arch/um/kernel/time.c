// SPDX-License-Identifier: GPL-2.0-only
/*
 * time.c - the guest's clock and timer.
 *
 * Theory of operation.  The clock counts nanoseconds of the host's CLOCK_MONOTONIC.
 * Where the host itself keeps time by the time stamp counter, so do we: the count is a
 * piecewise linear function of the counter (asm/hostclock.h) that guest programs
 * evaluate without a call, from a page that they can read.  Every so often the function
 * gets a new segment that begins where the old one is and is sloped so that it meets the
 * host's clock at the end of the next interval; so it never jumps and never strays.
 *
 * The counter itself may jump: a host that is a virtual machine can be stopped, moved to
 * another machine and restored.  Its own clock goes on.  Whenever the kernel finds the
 * counter behind the segment's start, or so far beyond it that a new segment is overdue,
 * it begins one at the host's clock: it cannot wait for the next interval's end, which is
 * a time by the very clock that may stand still.
 */
#include <linux/clockchips.h>
#include <linux/delay.h>
#include <linux/clocksource.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/sched/clock.h>
#include <linux/timekeeping.h>
#include <linux/workqueue.h>
#include <host/balance.h>
#include <host/clock.h>
#include <host/irq.h>
#include <asm/hostclock.h>
#include <asm/um_setup.h>

#define STEER_INTERVAL_NS	(2 * NSEC_PER_SEC)
#define SHIFT			32
/* Slopes that a host clock can have: 0.1 to 10 GHz. */
#define CALIBRATION_NS		(4 * NSEC_PER_MSEC)

/* No segment is trusted longer, in intervals; a host that was stopped is the usual reason. */
#define OVERDUE			8
/* What a slope may be bent by: a fraction of it. */
#define BEND_MAX		16

static u64 boot_ns, first_tsc, first_ns;
static u64 last_tsc, last_ns;
static u64 overdue_counts = ~0ULL;

/* Nanoseconds of the host for each count, as a fraction of 2^SHIFT. */
static u64 slope(u64 counts, u64 ns)
{
	return mul_u64_u64_div_u64(ns, 1ULL << SHIFT, counts);
}

/* From now on it is @ns0 and goes on by @mult; the host's clock shows @host_ns. */
static void new_segment(u64 tsc0, u64 host_ns, u64 ns0, u64 mult)
{
	struct um_hostclock *hc = um_hostclock();

	WRITE_ONCE(hc->seq, hc->seq + 1);
	smp_wmb();
	hc->tsc0 = tsc0;
	hc->ns0 = ns0;
	hc->mult = mult;
	hc->shift = SHIFT;
	smp_wmb();
	WRITE_ONCE(hc->seq, hc->seq + 1);
	last_tsc = tsc0;
	last_ns = host_ns;
}

/* What the segment comes to; @tsc is not before its start. */
static u64 segment_ns(const struct um_hostclock *hc, u64 tsc)
{
	return hc->ns0 + mul_u64_u64_shr(tsc - hc->tsc0, hc->mult, SHIFT);
}

static bool out_of_reach(const struct um_hostclock *hc, u64 tsc)
{
	return tsc - hc->tsc0 > overdue_counts;
}

/*
 * Begin anew at the host's clock; not before what the segment began with, and not before what
 * it comes to unless that is far off.  Context: interrupts off.
 */
static void notrace anchor(u64 tsc, u64 ns)
{
	const struct um_hostclock *hc = um_hostclock();
	u64 ours = tsc > hc->tsc0 ? segment_ns(hc, tsc) : hc->ns0;

	if (ours > ns + STEER_INTERVAL_NS)
		ours = hc->ns0;
	new_segment(tsc, ns, max(ns, ours), hc->mult);
}

static noinline u64 notrace anchored_ns(void)
{
	const struct um_hostclock *hc = um_hostclock();
	unsigned long flags;
	u64 tsc, ns;

	raw_local_irq_save(flags);
	host_clock_pair(&tsc, &ns);
	if (out_of_reach(hc, tsc))
		anchor(tsc, ns);
	ns = um_hostclock_read(hc);
	raw_local_irq_restore(flags);
	return ns;
}

static u64 notrace clock_ns(void)
{
	const struct um_hostclock *hc = um_hostclock();

	if (!hc->valid)
		return host_clock_ns();
	if (unlikely(out_of_reach(hc, um_hostclock_counter())))
		return anchored_ns();
	return um_hostclock_read(hc);
}

static u64 clock_read(struct clocksource *cs)
{
	return clock_ns();
}

static struct clocksource clock = {
	.name = "host",
	.rating = 400,
	.read = clock_read,
	.mask = CLOCKSOURCE_MASK(64),
	.flags = CLOCK_SOURCE_IS_CONTINUOUS | CLOCK_SOURCE_VALID_FOR_HRES,
};

/*
 * The slope that was true for the last interval, bent so that the distance to the
 * host's clock is gone after the next one.
 */
static void bend(u64 tsc, u64 ns)
{
	const s64 gap_max = STEER_INTERVAL_NS / BEND_MAX;
	const struct um_hostclock *hc = um_hostclock();
	u64 rate = slope(tsc - last_tsc, ns - last_ns);
	u64 ours = segment_ns(hc, tsc);
	s64 gap = clamp_t(s64, ns - ours, -gap_max, gap_max);

	new_segment(tsc, ns, ours, rate + div64_s64((s64)(rate >> 8) * gap, STEER_INTERVAL_NS >> 8));
}

static void steer(struct work_struct *work);
static DECLARE_DELAYED_WORK(steer_work, steer);

static void steer(struct work_struct *work)
{
	const struct um_hostclock *hc = um_hostclock();
	unsigned long flags;
	u64 tsc, ns;

	/* An interrupt that reads the clock must not find a segment half made. */
	local_irq_save(flags);
	host_clock_pair(&tsc, &ns);
	if (out_of_reach(hc, tsc))
		anchor(tsc, ns);
	else if (tsc > last_tsc && ns > last_ns)
		bend(tsc, ns);
	local_irq_restore(flags);
	schedule_delayed_work(&steer_work, nsecs_to_jiffies(STEER_INTERVAL_NS));
}

static int __init steer_init(void)
{
	if (um_hostclock()->valid)
		schedule_delayed_work(&steer_work, nsecs_to_jiffies(STEER_INTERVAL_NS));
	return 0;
}
late_initcall(steer_init);

/* As early as possible: the distance to clock_init() is what the first slope is from. */
void __init um_clock_early_init(void)
{
	host_clock_pair(&first_tsc, &first_ns);
	boot_ns = first_ns;
}

static void __init clock_init(void)
{
	struct um_hostclock *hc = um_hostclock();
	u64 tsc, ns;

	if (host_clock_is_tsc()) {
		do
			host_clock_pair(&tsc, &ns);
		while (ns - first_ns < CALIBRATION_NS);
		new_segment(tsc, ns, ns, slope(tsc - first_tsc, ns - first_ns));
		overdue_counts = div64_u64(tsc - first_tsc, ns - first_ns) + 1;
		overdue_counts *= OVERDUE * STEER_INTERVAL_NS;
		hc->valid = 1;
	}
	um_clock_set_vdso(&clock, hc->valid);
	clocksource_register_hz(&clock, NSEC_PER_SEC);
}

unsigned long long notrace sched_clock(void)
{
	return boot_ns ? clock_ns() - boot_ns : 0;
}

void read_persistent_clock64(struct timespec64 *ts)
{
	*ts = ns_to_timespec64(host_clock_realtime_ns());
}

static int timer_next(unsigned long delta, struct clock_event_device *dev)
{
	host_timer_arm(delta);
	return 0;
}

static int timer_off(struct clock_event_device *dev)
{
	host_timer_stop();
	return 0;
}

static struct clock_event_device timer = {
	.name = "host",
	.features = CLOCK_EVT_FEAT_ONESHOT,
	.rating = 400,
	.set_next_event = timer_next,
	.set_state_shutdown = timer_off,
	.set_state_oneshot_stopped = timer_off,
};

static irqreturn_t timer_interrupt(int irq, void *data)
{
	host_balance_tick(current->thread.carrier);
	timer.event_handler(&timer);
	return IRQ_HANDLED;
}

void __init time_init(void)
{
	clock_init();
	lpj_fine = 4000000 / HZ;	/* not used for delays, only shown */
	timer.cpumask = cpumask_of(0);
	if (request_irq(HOST_IRQ_TIMER, timer_interrupt, IRQF_TIMER, "timer", NULL))
		panic("cannot register the timer interrupt");
	clockevents_config_and_register(&timer, NSEC_PER_SEC, 1000, LONG_MAX);
}

void __ndelay(unsigned long ns)
{
	u64 end = clock_ns() + ns;

	while (clock_ns() < end)
		cpu_relax();
}

void __delay(unsigned long loops)
{
	__ndelay(loops);
}
EXPORT_SYMBOL(__delay);

void __udelay(unsigned long us)
{
	__ndelay(us * NSEC_PER_USEC);
}
EXPORT_SYMBOL(__udelay);
EXPORT_SYMBOL(__ndelay);

void __const_udelay(unsigned long xloops)
{
	/* xloops are 2^32 / 1000000 for each microsecond. */
	__ndelay(mul_u64_u64_shr(xloops, NSEC_PER_SEC, 32));
}
EXPORT_SYMBOL(__const_udelay);
