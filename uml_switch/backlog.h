/* SPDX-License-Identifier: GPL-2.0-only */
/* backlog.h - frames for a port that does not keep up. */
#ifndef SWITCH_BACKLOG_H
#define SWITCH_BACKLOG_H

#include <stdbool.h>
#include <stdint.h>

#include "uml_switch/frame.h"

enum {
	BACKLOG_FRAMES = 256,
	BACKLOG_BYTES = 512 * 1024,
	/* Of all ports together. */
	BACKLOG_TOTAL_BYTES = 64 * 1024 * 1024,
};

struct waiting {
	uint8_t *bytes;
	uint32_t length;
	uint64_t source;
};

/* A ring; its slots are allocated with the first frame. */
struct backlog {
	struct waiting *slots;
	unsigned int first;
	unsigned int count;
	uint32_t bytes;
};

/**
 * backlog_add() - keep a copy of a packet
 * @backlog: the port's backlog
 * @packet: the packet
 * @source: who sent it, for a fair share
 *
 * Return: false where the source has its share, or there is no room.
 */
bool backlog_add(struct backlog *backlog, const struct packet *packet, uint64_t source);

/**
 * backlog_packets() - the packets at the front
 * @backlog: the backlog
 * @packets: filled; they live until they are dropped
 * @max: room
 *
 * Return: how many.
 */
unsigned int backlog_packets(const struct backlog *backlog, struct packet *packets,
			     unsigned int max);

/* backlog_drop() - remove @count packets from the front */
void backlog_drop(struct backlog *backlog, unsigned int count);

/* backlog_free() - remove all */
void backlog_free(struct backlog *backlog);

#endif
