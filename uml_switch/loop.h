/* SPDX-License-Identifier: GPL-2.0-only */
/* loop.h - waits for descriptors by epoll and calls those who watch them. */
#ifndef SWITCH_LOOP_H
#define SWITCH_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

/**
 * struct watch - a descriptor that is waited for; part of the object that it belongs to
 * @fd: the descriptor, -1 when there is none
 * @events: what is waited for, EPOLLIN and the like, level triggered
 * @ready: called with what happened; may close any watch, also this one
 */
struct watch {
	int fd;
	uint32_t events;
	void (*ready)(struct watch *watch, uint32_t events);
	struct watch *again;	/* the next that loop_again() named */
	bool is_again;
};

/* Memory that is freed when no event of this turn can point to it any more. */
struct grave {
	struct grave *next;
	void *memory;
};

struct loop {
	int epoll;
	bool stop;
	bool hurry;		/* a turn comes after a millisecond at the latest */
	uint64_t now_ns;	/* monotonic time, read once a turn */
	uint64_t next_tick_ns;
	void (*tick)(void *context);	/* called once a second */
	void (*turn)(void *context);	/* called at the end of each turn */
	void *context;
	struct watch *again;
	struct grave *graves;
};

#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/**
 * loop_open() - prepare a loop
 * @loop: the loop; its tick, turn and context are the caller's
 *
 * Return: 0 or -errno.
 */
int loop_open(struct loop *loop);
void loop_close(struct loop *loop);

/**
 * loop_add() - begin to watch a descriptor
 * @loop: the loop
 * @watch: with its ready function set
 * @fd: the descriptor; closed by loop_drop()
 * @events: what to wait for
 *
 * Return: 0, or -errno and the descriptor is still the caller's.
 */
int loop_add(struct loop *loop, struct watch *watch, int fd, uint32_t events);

/* loop_change() - wait for other events from now on */
void loop_change(struct loop *loop, struct watch *watch, uint32_t events);

/* loop_drop() - watch no longer and close the descriptor; nothing where there is none */
void loop_drop(struct loop *loop, struct watch *watch);

/* loop_release() - watch no longer; the descriptor is the caller's again, -1 where there is none */
int loop_release(struct loop *loop, struct watch *watch);

/* loop_again() - call the watch in the next turn with EPOLLIN, whatever its descriptor says */
void loop_again(struct loop *loop, struct watch *watch);

/* loop_bury() - free memory, in which the grave itself may lie, at the end of the turn */
void loop_bury(struct loop *loop, struct grave *grave, void *memory);

/* loop_run() - serve until stop is set */
void loop_run(struct loop *loop);

/* loop_turn() - one turn: wait at most @timeout_ms, serve what is ready */
void loop_turn(struct loop *loop, int timeout_ms);

#endif
