/* SPDX-License-Identifier: GPL-2.0-only */
/* switch_memory.h - ports whose frames come from memory and go there, for tests of the switch. */
#ifndef TESTS_SWITCH_MEMORY_H
#define TESTS_SWITCH_MEMORY_H

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "uml_switch/fabric.h"

enum { MEMORY_SENT_MAX = 512, MEMORY_FRAME_MAX = 2048 };

struct memory_port {
	struct port port;
	const uint8_t *next;		/* the frame that it sends next, NULL for none */
	uint32_t next_length;
	unsigned int repeat;		/* how often */
	unsigned int room;		/* how many packets it takes before it blocks */
	int error;			/* what sending to it returns */
	unsigned int sent;		/* to it */
	uint32_t sent_length;		/* the last one */
	uint8_t sent_bytes[MEMORY_FRAME_MAX];
};

static int memory_receive(struct port *port, struct batch *batch, unsigned int limit)
{
	struct memory_port *memory = container_of(port, struct memory_port, port);
	unsigned int got = 0;

	while (memory->repeat && got < limit) {
		uint8_t *bytes = batch->space + got * batch->stride;

		memory->repeat--;
		got++;
		if (memory->next_length > batch->frame_max) {
			batch->oversize++;
			continue;
		}
		if (memory->next_length < FRAME_BYTES_MIN) {
			batch->runts++;
			continue;
		}
		memcpy(bytes, memory->next, memory->next_length);
		batch->frames[batch->count++] =
			(struct frame){ .bytes = bytes, .length = memory->next_length };
	}
	return (int)got;
}

static int memory_send(struct port *port, struct packet *packets, unsigned int count)
{
	struct memory_port *memory = container_of(port, struct memory_port, port);
	unsigned int done = 0;

	if (memory->error)
		return memory->error;
	for (; done < count && memory->room; done++, memory->room--) {
		uint32_t length = 0;

		for (uint32_t i = 0; i < packets[done].part_count; i++) {
			const struct iovec *part = &packets[done].parts[i];

			/* Each byte is read, for a sanitizer to see. */
			if (length + part->iov_len <= MEMORY_FRAME_MAX)
				memcpy(memory->sent_bytes + length, part->iov_base, part->iov_len);
			length += (uint32_t)part->iov_len;
		}
		if (length != packets[done].length)
			abort();
		memory->sent++;
		memory->sent_length = length;
	}
	return (int)done;
}

static void memory_close(struct port *port)
{
	loop_bury(port->fabric->loop, &port->grave,
		  container_of(port, struct memory_port, port));
}

static const struct transport memory_transport = {
	"unix", memory_receive, memory_send, memory_close,
};

static inline struct memory_port *memory_attach(struct fabric *fabric)
{
	struct memory_port *memory = calloc(1, sizeof(*memory));
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (!memory || fd < 0)
		abort();
	memory->port.transport = &memory_transport;
	memory->room = UINT32_MAX;
	if (port_start(fabric, &memory->port, fd))
		abort();
	return memory;
}

/* Lets a port send a frame so many times. */
static inline void memory_feed(struct memory_port *memory, const uint8_t *bytes, uint32_t length,
			       unsigned int repeat)
{
	memory->next = bytes;
	memory->next_length = length;
	memory->repeat = repeat;
	port_pump(&memory->port);
}

#endif
