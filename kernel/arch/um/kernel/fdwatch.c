// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdwatch.c - hands the events of HOST_IRQ_POLL to the drivers that wait for them.
 *
 * A watch's name at the host layer is a number that is not used again for a long time:
 * an event that was under way when its watch was removed finds nobody.
 */
#include <linux/export.h>
#include <linux/idr.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/spinlock.h>
#include <host/irq.h>
#include <host/poll.h>
#include <asm/fdwatch.h>

static DEFINE_SPINLOCK(watch_lock);	/* guards all of the following, and @armed */
static DEFINE_IDR(watches);
static LIST_HEAD(always_ready);		/* armed */
static bool requested;

static void deliver(struct um_fd_watch *watch, u32 revents)
{
	unsigned long flags;
	bool armed;

	spin_lock_irqsave(&watch_lock, flags);
	armed = watch->armed;
	watch->armed = false;
	list_del_init(&watch->list);
	spin_unlock_irqrestore(&watch_lock, flags);
	if (armed)
		watch->ready(watch, revents);
}

static irqreturn_t poll_interrupt(int irq, void *data)
{
	struct um_fd_watch *watch;
	LIST_HEAD(round);
	u64 cookie;
	u32 events;

	while (host_poll_next(&cookie, &events)) {
		watch = idr_find(&watches, cookie);
		if (watch)
			deliver(watch, events);
	}
	/* Those that are armed meanwhile wait for the next interrupt, which arming has raised. */
	list_splice_init(&always_ready, &round);
	while ((watch = list_first_entry_or_null(&round, struct um_fd_watch, list)))
		deliver(watch, watch->events);
	return IRQ_HANDLED;
}

int um_fd_watch_add(struct um_fd_watch *watch)
{
	unsigned long flags;
	int ret;

	if (!requested) {
		ret = request_irq(HOST_IRQ_POLL, poll_interrupt, 0, "poll", NULL);
		if (ret)
			return ret;
		requested = true;
	}
	INIT_LIST_HEAD(&watch->list);
	watch->armed = false;
	idr_preload(GFP_KERNEL);
	spin_lock_irqsave(&watch_lock, flags);
	watch->id = idr_alloc_cyclic(&watches, watch, 1, 0, GFP_NOWAIT);
	spin_unlock_irqrestore(&watch_lock, flags);
	idr_preload_end();
	if (watch->id < 0)
		return watch->id;
	ret = host_poll_add(watch->fd, 0, watch->id);
	watch->always = ret == -EPERM;
	if (ret < 0 && !watch->always)
		um_fd_watch_remove(watch);
	return watch->always ? 0 : ret;
}
EXPORT_SYMBOL_GPL(um_fd_watch_add);

void um_fd_watch_arm(struct um_fd_watch *watch)
{
	unsigned long flags;

	spin_lock_irqsave(&watch_lock, flags);
	if (!watch->armed) {
		watch->armed = true;
		if (watch->always) {
			list_add_tail(&watch->list, &always_ready);
			host_irq_raise(HOST_IRQ_POLL);
		} else {
			host_poll_arm(watch->fd, watch->events, watch->id);
		}
	}
	spin_unlock_irqrestore(&watch_lock, flags);
}
EXPORT_SYMBOL_GPL(um_fd_watch_arm);

void um_fd_watch_remove(struct um_fd_watch *watch)
{
	unsigned long flags;

	if (!watch->always)
		host_poll_del(watch->fd);
	spin_lock_irqsave(&watch_lock, flags);
	watch->armed = false;
	list_del_init(&watch->list);
	idr_remove(&watches, watch->id);
	spin_unlock_irqrestore(&watch_lock, flags);
}
EXPORT_SYMBOL_GPL(um_fd_watch_remove);
