// SPDX-License-Identifier: GPL-2.0-only
/*
 * loop.c - waits for descriptors by epoll.
 *
 * Descriptors are level triggered and stay registered; only a port whose client does not keep up
 * changes its registration. In a turn each ready descriptor is served once, in the order in which
 * the kernel tells, so that none can starve another; a handler bounds its own work and is called
 * again in the next turn. What a handler closes may still stand in the list of this turn: its
 * descriptor is then -1 and its memory is kept until the turn's end.
 */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "uml_switch/loop.h"

enum {
	EVENTS_A_TURN = 128,
	TICK_NS = 1000000000,
	NS_A_MS = 1000000,
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int loop_open(struct loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return -errno;
	loop->now_ns = now_ns();
	loop->next_tick_ns = loop->now_ns + TICK_NS;
	return 0;
}

static void empty_graves(struct loop *loop)
{
	while (loop->graves) {
		struct grave *grave = loop->graves;

		loop->graves = grave->next;
		free(grave->memory);
	}
}

void loop_close(struct loop *loop)
{
	empty_graves(loop);
	close(loop->epoll);
	loop->epoll = -1;
}

int loop_add(struct loop *loop, struct watch *watch, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event))
		return -errno;
	watch->fd = fd;
	watch->events = events;
	return 0;
}

void loop_change(struct loop *loop, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (watch->fd < 0 || watch->events == events)
		return;
	watch->events = events;
	/* Fails only for a descriptor that is not registered, and this one is. */
	epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event);
}

static void forget_again(struct loop *loop, struct watch *watch)
{
	struct watch **place = &loop->again;

	if (!watch->is_again)
		return;
	while (*place && *place != watch)
		place = &(*place)->again;
	if (*place)
		*place = watch->again;
	watch->is_again = false;
}

int loop_release(struct loop *loop, struct watch *watch)
{
	int fd = watch->fd;

	if (fd < 0)
		return -1;
	forget_again(loop, watch);
	epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
	watch->fd = -1;
	return fd;
}

void loop_drop(struct loop *loop, struct watch *watch)
{
	int fd = loop_release(loop, watch);

	if (fd >= 0)
		close(fd);
}

void loop_again(struct loop *loop, struct watch *watch)
{
	if (watch->is_again || watch->fd < 0)
		return;
	watch->is_again = true;
	watch->again = loop->again;
	loop->again = watch;
}

void loop_bury(struct loop *loop, struct grave *grave, void *memory)
{
	grave->memory = memory;
	grave->next = loop->graves;
	loop->graves = grave;
}

static void serve_again(struct loop *loop)
{
	struct watch *batch[EVENTS_A_TURN];
	int count = 0;

	/* Taken off the list first: they may come back to it. */
	while (loop->again && count < EVENTS_A_TURN) {
		struct watch *watch = loop->again;

		loop->again = watch->again;
		watch->is_again = false;
		batch[count++] = watch;
	}
	for (int i = 0; i < count; i++)
		if (batch[i]->fd >= 0)
			batch[i]->ready(batch[i], EPOLLIN);
}

void loop_turn(struct loop *loop, int timeout_ms)
{
	struct epoll_event events[EVENTS_A_TURN];
	int count;

	count = epoll_wait(loop->epoll, events, EVENTS_A_TURN, loop->again ? 0 : timeout_ms);
	loop->now_ns = now_ns();
	for (int i = 0; i < count; i++) {
		struct watch *watch = events[i].data.ptr;

		if (watch->fd >= 0)
			watch->ready(watch, events[i].events);
	}
	serve_again(loop);
	if (loop->turn)
		loop->turn(loop->context);
	if (loop->now_ns >= loop->next_tick_ns) {
		loop->next_tick_ns = loop->now_ns + TICK_NS;
		if (loop->tick)
			loop->tick(loop->context);
	}
	empty_graves(loop);
}

void loop_run(struct loop *loop)
{
	while (!loop->stop) {
		uint64_t left = loop->next_tick_ns > loop->now_ns ?
				loop->next_tick_ns - loop->now_ns : 0;

		if (loop->hurry)
			left = 0;
		loop_turn(loop, (int)(left / NS_A_MS) + 1);
	}
}
