// SPDX-License-Identifier: GPL-2.0-only
/*
 * Waiting for host descriptors.
 *
 * Theory of operation.  One host thread sleeps in epoll and copies what it is told into
 * a ring; the virtual CPU takes it out in the handler of HOST_IRQ_POLL.  Watches are
 * one-shot and armed by epoll_ctl, which may be called from any thread at any time, so
 * the two need nothing from each other but the ring: one writes its head, the other its
 * tail.  A full ring makes the thread wait; nothing is lost, as epoll keeps the rest.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/linux/eventpoll.h>
#include <host/irq.h>
#include <host/poll.h>
#include "abi.h"
#include "raw.h"
#include "thread.h"

#define RING_EVENTS	256
#define BATCH_EVENTS	32
#define ADD		1
#define DEL		2
#define MOD		3

struct event {
	u64 cookie;
	u32 events;
};

static struct event ring[RING_EVENTS];
static u32 head;	/* written by the thread */
static u32 tail;	/* written by the virtual CPU */
static u32 waiting;	/* the thread sleeps until tail moves */
static int epoll_fd = -1;

static void push(u64 cookie, u32 events)
{
	u32 at = head, limit;

	while (at - (limit = __atomic_load_n(&tail, __ATOMIC_ACQUIRE)) == RING_EVENTS) {
		__atomic_store_n(&waiting, 1, __ATOMIC_SEQ_CST);
		if (__atomic_load_n(&tail, __ATOMIC_SEQ_CST) == limit)
			host_futex_wait(&tail, limit);
		__atomic_store_n(&waiting, 0, __ATOMIC_SEQ_CST);
	}
	ring[at % RING_EVENTS] = (struct event){ .cookie = cookie, .events = events };
	__atomic_store_n(&head, at + 1, __ATOMIC_RELEASE);
	host_irq_raise(HOST_IRQ_POLL);
}

static void poll_main(void *arg)
{
	struct epoll_event batch[BATCH_EVENTS];

	(void)arg;
	for (;;) {
		long count = host_call(epoll_wait, epoll_fd, batch, BATCH_EVENTS, -1);

		for (long i = 0; i < count; i++)
			push(batch[i].data, (u32)batch[i].events);
	}
}

static int start(void)
{
	int fd = (int)host_call(epoll_create1, HOST_O_CLOEXEC);
	int ret;

	if (fd < 0)
		return fd;
	epoll_fd = fd;
	ret = host_thread_start("uml-poll", poll_main, NULL);
	if (ret < 0) {
		host_call(close, fd);
		epoll_fd = -1;
		return ret;
	}
	return 0;
}

static int control(int op, int fd, u32 events, u64 cookie)
{
	struct epoll_event event = {
		/* Errors and hang-ups are reported in any case, but once only. */
		.events = (__poll_t)events | EPOLLONESHOT,
		.data = cookie,
	};

	return (int)host_call(epoll_ctl, epoll_fd, op, fd, &event);
}

int host_poll_add(int fd, u32 events, u64 cookie)
{
	int ret = epoll_fd < 0 ? start() : 0;

	if (ret < 0)
		return ret;
	return control(ADD, fd, events, cookie);
}

int host_poll_arm(int fd, u32 events, u64 cookie)
{
	return control(MOD, fd, events, cookie);
}

void host_poll_del(int fd)
{
	control(DEL, fd, 0, 0);
}

bool host_poll_next(u64 *cookie, u32 *events)
{
	u32 at = tail;

	if (at == __atomic_load_n(&head, __ATOMIC_ACQUIRE))
		return false;
	*cookie = ring[at % RING_EVENTS].cookie;
	*events = ring[at % RING_EVENTS].events &
		  (HOST_POLL_IN | HOST_POLL_OUT | HOST_POLL_ERR | HOST_POLL_HUP);
	__atomic_store_n(&tail, at + 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST))
		host_futex_wake(&tail, 1);
	return true;
}
