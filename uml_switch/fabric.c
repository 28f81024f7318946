// SPDX-License-Identifier: GPL-2.0-only
/*
 * fabric.c - the way of a frame through the switch.
 *
 * Frames come in batches from one port. Each is checked against the limits and VLANs of that port,
 * its source address is learned, and it is noted in the lists of those ports where it has to go: one
 * where the destination is known, else all. After the batch each port with a list is flushed once,
 * so that a stream of frames to one port costs one system call a batch on both sides. Frames are
 * never copied on the way, except for ports that do not keep up.
 */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "uml_switch/capture.h"
#include "uml_switch/fabric.h"
#include "uml_switch/log.h"

enum {
	MACS_MAX = 65536,
	BITS_A_BYTE = 8,
	/* Shares of all ports that one process and one user may have, as divisors. */
	PROCESS_SHARE = 8,
	USER_SHARE = 2,
	CACHE_LINE_BYTES = 64,
};

int fabric_open(struct fabric *fabric, struct loop *loop, const struct settings *settings,
		unsigned int ports_max)
{
	struct batch *batch = &fabric->batch;

	memset(fabric, 0, sizeof(*fabric));
	fabric->loop = loop;
	fabric->settings = settings;
	fabric->shared.fd = -1;
	fabric->ports_max = ports_max;
	fabric->fdb = fdb_new(MACS_MAX, ports_max, settings->mac_age_s);
	fabric->ports = calloc(ports_max, sizeof(struct port *));
	fabric->active = calloc(ports_max, sizeof(struct port *));
	fabric->touched = calloc(ports_max, sizeof(struct port *));
	fabric->held = calloc(ports_max, sizeof(struct port *));
	batch->frame_max = settings->max_frame;
	/* One byte more tells that a frame is too long; an odd count of lines spreads the frames. */
	batch->stride = (batch->frame_max + 1 + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES;
	batch->stride = (batch->stride | 1) * CACHE_LINE_BYTES;
	batch->space = malloc(BATCH_FRAMES * batch->stride);
	if (!fabric->fdb || !fabric->ports || !fabric->active || !fabric->touched ||
	    !fabric->held || !batch->space) {
		fabric_close(fabric);
		return -ENOMEM;
	}
	return 0;
}

void fabric_close(struct fabric *fabric)
{
	while (fabric->active && fabric->active_count)
		port_remove(fabric->active[0], NULL);
	fdb_free(fabric->fdb);
	free(fabric->ports);
	free(fabric->active);
	free(fabric->touched);
	free(fabric->held);
	free(fabric->batch.space);
}

bool fabric_admits(const struct fabric *fabric, const struct ucred *credentials)
{
	unsigned int of_process = 0, of_user = 0;

	for (unsigned int i = 0; i < fabric->active_count; i++) {
		const struct port *port = fabric->active[i];

		if (!port->has_credentials)
			continue;
		of_process += port->credentials.pid == credentials->pid;
		of_user += port->credentials.uid == credentials->uid;
	}
	return fabric->active_count < fabric->ports_max &&
	       of_process < (fabric->ports_max + PROCESS_SHARE - 1) / PROCESS_SHARE &&
	       of_user < (fabric->ports_max + USER_SHARE - 1) / USER_SHARE;
}

static void touch(struct fabric *fabric, struct port *port, unsigned int frame,
		  enum frame_form form)
{
	if (!port->out_count)
		fabric->touched[fabric->touched_count++] = port;
	port->out[port->out_count++] = (struct outgoing){ (uint8_t)frame, (uint8_t)form };
}

static bool within_rates(struct port *from, const struct frame *frame, uint64_t now_ns)
{
	return rate_allows(&from->bits, (uint64_t)frame->length * BITS_A_BYTE, now_ns) &&
	       rate_allows(&from->frames, 1, now_ns);
}

static void learn(struct fabric *fabric, struct port *from, const struct frame *frame)
{
	const uint8_t *mac = frame->bytes + MAC_BYTES;
	uint32_t now_s = fabric_seconds(fabric);
	unsigned int old = 0;

	/* No station has a group address. */
	if (mac[0] & 1)
		return;
	switch (fdb_learn(fabric->fdb, frame->vlan, mac_number(mac), from->number,
			  from->settings.mac_limit, now_s, &old)) {
	case FDB_NEW:
		log_news(" Addr: %02x:%02x:%02x:%02x:%02x:%02x New port %u", mac[0], mac[1],
			 mac[2], mac[3], mac[4], mac[5], from->number);
		break;
	case FDB_MOVED:
		log_news(" Addr: %02x:%02x:%02x:%02x:%02x:%02x New port %u old port %u", mac[0],
			 mac[1], mac[2], mac[3], mac[4], mac[5], from->number, old);
		break;
	case FDB_KNOWN:
	case FDB_FULL:
	case FDB_HELD:
		break;
	}
}

/* Notes the frame for one port, unless it must not go there. */
static void deliver(struct fabric *fabric, struct port *from, struct port *to, unsigned int place)
{
	const struct frame *frame = &fabric->batch.frames[place];
	enum frame_form form = FRAME_AS_IT_CAME;

	if (to == from || to->settings.mirror ||
	    (from->settings.isolated && to->settings.isolated))
		return;
	if (fabric->settings->rules.vlans) {
		if (!vlans_have(&to->settings.vlans, frame->vlan))
			return;
		if (!vlans_form(&to->settings.vlans, frame, &form)) {
			to->counters.drop_error++;
			return;
		}
	}
	touch(fabric, to, place, form);
}

static void copy_to_mirrors(struct fabric *fabric, const struct port *from, unsigned int place)
{
	for (unsigned int i = 0; i < fabric->active_count; i++) {
		struct port *port = fabric->active[i];

		if (port->settings.mirror && port != from)
			touch(fabric, port, place, FRAME_AS_IT_CAME);
	}
}

/* Whether a frame that has a length may enter the switch at this port. */
static bool may_enter(struct fabric *fabric, struct port *from, struct frame *frame)
{
	struct counters *counters = &from->counters;

	if (from->settings.mirror) {
		counters->drop_mirror++;
		return false;
	}
	if (!within_rates(from, frame, fabric->loop->now_ns)) {
		counters->drop_rate++;
		return false;
	}
	frame->vlan = 0;
	frame->tagged = false;
	if (fabric->settings->rules.vlans && !vlans_classify(&from->settings.vlans, frame)) {
		counters->drop_vlan++;
		return false;
	}
	return true;
}

/* The port that alone gets the frame, or NULL where all do. */
static struct port *find_target(struct fabric *fabric, const struct frame *frame)
{
	unsigned int number;

	if (fabric->settings->hub || frame_to_group(frame))
		return NULL;
	number = fdb_find(fabric->fdb, frame->vlan, mac_number(frame->bytes),
			  fabric_seconds(fabric));
	return number ? fabric->ports[number - 1] : NULL;
}

static void forward_frame(struct fabric *fabric, struct port *from, unsigned int place)
{
	struct frame *frame = &fabric->batch.frames[place];
	struct port *target;

	from->counters.frames_in++;
	from->counters.bytes_in += frame->length;
	if (!may_enter(fabric, from, frame))
		return;
	if (fabric->capture)
		capture_frame(fabric->capture, frame->bytes, frame->length);
	if (fabric->mirrors)
		copy_to_mirrors(fabric, from, place);
	if (!fabric->settings->hub)
		learn(fabric, from, frame);
	target = find_target(fabric, frame);
	if (target) {
		deliver(fabric, from, target, place);
		return;
	}
	if (!rate_allows(&from->floods, 1, fabric->loop->now_ns)) {
		from->counters.drop_rate++;
		return;
	}
	for (unsigned int i = 0; i < fabric->active_count; i++)
		deliver(fabric, from, fabric->active[i], place);
}

unsigned int fabric_forward(struct fabric *fabric, struct port *from)
{
	struct batch *batch = &fabric->batch;
	unsigned int work = 0;

	from->counters.drop_runt += batch->runts;
	from->counters.drop_oversize += batch->oversize;
	for (unsigned int i = 0; i < batch->count; i++)
		forward_frame(fabric, from, i);
	for (unsigned int i = 0; i < fabric->touched_count; i++) {
		struct port *port = fabric->touched[i];

		work += port->out_count;
		port_flush(port, batch, from);
	}
	fabric->touched_count = 0;
	return work;
}

void fabric_turn(struct fabric *fabric)
{
	unsigned int kept = 0;

	for (unsigned int i = 0; i < fabric->held_count; i++) {
		struct port *port = fabric->held[i];

		if (!port->held_for->blocked || fabric->loop->now_ns >= port->held_until_ns)
			port_release(port);
		else
			fabric->held[kept++] = port;
	}
	fabric->held_count = kept;
	fabric->loop->hurry = kept;
}

void fabric_second(struct fabric *fabric)
{
	fdb_sweep(fabric->fdb, fabric_seconds(fabric));
	if (fabric->capture)
		capture_flush(fabric->capture);
}
