// SPDX-License-Identifier: GPL-2.0-only
/*
 * backlog.c - frames for a port that does not keep up.
 *
 * Where a client reads slower than frames come for it, its socket is full nearly always, and who
 * sends most would get nearly all the room in it. So frames wait here, and each sender may have as
 * many of them as there is room left: one that floods fills half, and the others still find room
 * for theirs. The same holds for bytes. A client that never reads costs what its backlog holds.
 */
#include <config.h>
#include <stdlib.h>
#include <string.h>

#include "uml_switch/backlog.h"

/* Bytes in all backlogs. */
static size_t total_bytes;

static struct waiting *slot(const struct backlog *backlog, unsigned int place)
{
	return &backlog->slots[(backlog->first + place) % BACKLOG_FRAMES];
}

static bool has_share(const struct backlog *backlog, uint64_t source, uint32_t length)
{
	unsigned int frames = 0;
	uint32_t bytes = 0;

	for (unsigned int i = 0; i < backlog->count; i++) {
		const struct waiting *waiting = slot(backlog, i);

		if (waiting->source == source) {
			frames++;
			bytes += waiting->length;
		}
	}
	return frames < BACKLOG_FRAMES - backlog->count &&
	       bytes + length <= BACKLOG_BYTES - backlog->bytes;
}

bool backlog_add(struct backlog *backlog, const struct packet *packet, uint64_t source)
{
	struct waiting *waiting;
	uint8_t *next;

	if (!has_share(backlog, source, packet->length) ||
	    total_bytes + packet->length > BACKLOG_TOTAL_BYTES)
		return false;
	if (!backlog->slots)
		backlog->slots = calloc(BACKLOG_FRAMES, sizeof(*backlog->slots));
	if (!backlog->slots)
		return false;
	next = malloc(packet->length);
	if (!next)
		return false;
	waiting = slot(backlog, backlog->count);
	*waiting = (struct waiting){ next, packet->length, source };
	for (uint32_t i = 0; i < packet->part_count; i++) {
		memcpy(next, packet->parts[i].iov_base, packet->parts[i].iov_len);
		next += packet->parts[i].iov_len;
	}
	backlog->count++;
	backlog->bytes += packet->length;
	total_bytes += packet->length;
	return true;
}

unsigned int backlog_packets(const struct backlog *backlog, struct packet *packets,
			     unsigned int max)
{
	unsigned int count = backlog->count < max ? backlog->count : max;

	for (unsigned int i = 0; i < count; i++) {
		struct waiting *waiting = slot(backlog, i);

		packets[i].parts[0] = (struct iovec){ waiting->bytes, waiting->length };
		packets[i].part_count = 1;
		packets[i].length = waiting->length;
	}
	return count;
}

void backlog_drop(struct backlog *backlog, unsigned int count)
{
	while (count--) {
		struct waiting *waiting = slot(backlog, 0);

		backlog->bytes -= waiting->length;
		total_bytes -= waiting->length;
		free(waiting->bytes);
		backlog->first = (backlog->first + 1) % BACKLOG_FRAMES;
		backlog->count--;
	}
}

void backlog_free(struct backlog *backlog)
{
	backlog_drop(backlog, backlog->count);
	free(backlog->slots);
	backlog->slots = NULL;
}
