// SPDX-License-Identifier: GPL-2.0-only
/*
 * port.c - the life of a port, and how frames are taken from it and sent to it.
 *
 * What a port costs in one turn is bounded by the number of deliveries that its frames cause: one
 * whose frames go to many ports is served fewer of them. A port that blocks gets a backlog; as long
 * as it has one all frames go through that, in their order.
 *
 * A port that sends faster than its receiver reads is held for a moment: it is better that the
 * client waits, or knows that it lost a frame, than that the switch works for frames that it drops.
 * This is only done to a port most of whose frames are for that receiver, for HOLD_NS at most, and
 * not where the receiver takes nothing at all. So a client that does not read can stop nobody.
 */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "uml_switch/fabric.h"
#include "uml_switch/log.h"
#include "uml_switch/port.h"

/* Deliveries that the frames of a port may cause in one turn, and about those of one batch. */
enum { WORK_A_TURN = 512, WORK_A_BATCH = 256 };
/* A port is held where so many of its frames, and half of its batch, must wait. */
enum { HOLD_FRAMES = 8 };
#define SHARE_OF_OTHERS	UINT64_MAX
enum { HOLD_NS = 1000000, STALLED_NS = 10000000 };

void port_identity(const struct port *port, struct port_identity *identity)
{
	bool tap = !strcmp(port->transport->kind, "tap");

	*identity = (struct port_identity){
		.kind = port->transport->kind,
		.number = port->number,
		.device = tap ? port->name : NULL,
		.umid = port->umid[0] ? port->umid : NULL,
		.listener = port->listener,
		.path = port->path[0] ? port->path : NULL,
		.has_uid = port->has_credentials,
		.uid = port->credentials.uid,
	};
}

static void apply_settings(struct port *port)
{
	const struct settings *settings = port->fabric->settings;
	struct port_identity identity;

	port->settings = settings->port;
	port_identity(port, &identity);
	rules_apply(&settings->rules, &identity, &port->settings);
	rate_set(&port->bits, port->settings.bits_per_second);
	rate_set(&port->frames, port->settings.frames_per_second);
	rate_set(&port->floods, port->settings.floods_per_second);
	fdb_set_sticky(port->fabric->fdb, port->number, port->settings.sticky);
}

static void port_ready(struct watch *watch, uint32_t events);

void port_set_client(struct port *port, const struct client *client)
{
	port->has_credentials = true;
	port->credentials = client->credentials;
	if (client->umid)
		snprintf(port->umid, sizeof(port->umid), "%s", client->umid);
	else
		port->question.credentials = client->credentials;
}

static void umid_known(struct question *question, const char *umid)
{
	struct port *port = container_of(question, struct port, question);

	snprintf(port->umid, sizeof(port->umid), "%s", umid);
}

void port_ask_umid(struct port *port, int connection)
{
	if (!port->question.credentials.pid)
		return;
	port->question.connection = connection;
	port->question.known = umid_known;
	namer_ask(&port->question);
}

int port_start(struct fabric *fabric, struct port *port, int fd)
{
	unsigned int number = 1;
	int error;

	if (fabric->active_count >= fabric->ports_max)
		return -EUSERS;
	port->data.ready = port_ready;
	error = loop_add(fabric->loop, &port->data, fd, EPOLLIN);
	if (error)
		return error;
	while (fabric->ports[number - 1])
		number++;
	port->fabric = fabric;
	port->number = number;
	port->serial = ++fabric->next_serial;
	port->batch_limit = BATCH_FRAMES;
	if (!port->name[0])
		snprintf(port->name, sizeof(port->name), "%s%u", port->transport->kind, number);
	port->place = fabric->active_count;
	fabric->active[fabric->active_count++] = port;
	fabric->ports[number - 1] = port;
	/* What the administrator named, taps and the like, has a share like a user. */
	fdb_set_user(fabric->fdb, number,
		     port->has_credentials ? port->credentials.uid : SHARE_OF_OTHERS);
	apply_settings(port);
	fabric->mirrors += port->settings.mirror;
	return 0;
}

/* A port that ends waits for none, and none waits for it: those that did go on. */
static void leave_held(struct port *port)
{
	struct fabric *fabric = port->fabric;
	unsigned int kept = 0;

	for (unsigned int i = 0; i < fabric->held_count; i++) {
		struct port *held = fabric->held[i];

		if (held == port)
			continue;
		if (held->held_for == port)
			port_release(held);
		else
			fabric->held[kept++] = held;
	}
	fabric->held_count = kept;
}

void port_remove(struct port *port, const char *why)
{
	struct fabric *fabric = port->fabric;
	struct port *last = fabric->active[fabric->active_count - 1];

	if (port->dead)
		return;
	port->dead = true;
	if (why)
		log_event("port %s: ended: %s", port->name, why);
	leave_held(port);
	namer_forget(&port->question);
	fdb_forget_port(fabric->fdb, port->number);
	fabric->mirrors -= port->settings.mirror;
	fabric->active[port->place] = last;
	last->place = port->place;
	fabric->active_count--;
	fabric->ports[port->number - 1] = NULL;
	backlog_free(&port->backlog);
	loop_drop(fabric->loop, &port->data);
	port->transport->close(port);
}

/* Ends a port whose transport failed; a client that left is nothing to tell of. */
static void fail(struct port *port, int error)
{
	port_remove(port, error == -EPIPE ? NULL : strerror(-error));
}

static void set_blocked(struct port *port, bool blocked)
{
	uint32_t events = port->held_for ? 0 : EPOLLIN;

	port->blocked = blocked;
	loop_change(port->fabric->loop, &port->data, blocked ? events | EPOLLOUT : events);
}

static void count_sent(struct port *port, const struct packet *packets, unsigned int count)
{
	if (count)
		port->progress_ns = port->fabric->loop->now_ns;
	for (unsigned int i = 0; i < count; i++) {
		port->counters.bytes_out += packets[i].length;
		if (packets[i].length)
			port->counters.frames_out++;
		else
			port->counters.drop_error++;
	}
}

/* Sends packets; what the port cannot take now waits in its backlog. Return: how many could not. */
static unsigned int send_packets(struct port *port, struct packet *packets, unsigned int count,
				 uint64_t source)
{
	int done = 0;

	if (!port->blocked) {
		done = port->transport->send(port, packets, count);
		if (done < 0) {
			fail(port, done);
			return 0;
		}
		count_sent(port, packets, (unsigned int)done);
	}
	for (unsigned int i = (unsigned int)done; i < count; i++)
		if (!backlog_add(&port->backlog, &packets[i], source))
			port->counters.drop_full++;
	if (!port->blocked && (port->backlog.count || port->stuck))
		set_blocked(port, true);
	return count - (unsigned int)done;
}

static void hold(struct port *port, struct port *receiver)
{
	struct fabric *fabric = port->fabric;
	uint64_t now_ns = fabric->loop->now_ns;

	if (port->held_for || now_ns - receiver->progress_ns > STALLED_NS)
		return;
	port->held_for = receiver;
	port->held_until_ns = now_ns + HOLD_NS;
	fabric->held[fabric->held_count++] = port;
	fabric->loop->hurry = true;
	loop_change(fabric->loop, &port->data, port->blocked ? EPOLLOUT : 0);
}

void port_release(struct port *port)
{
	port->held_for = NULL;
	set_blocked(port, port->blocked);
	if (port->more)
		loop_again(port->fabric->loop, &port->data);
}

void port_flush(struct port *port, struct batch *batch, struct port *from)
{
	struct packet packets[BATCH_FRAMES];
	unsigned int count = port->out_count, waiting;

	port->out_count = 0;
	if (port->dead)
		return;
	for (unsigned int i = 0; i < count; i++)
		frame_parts(&batch->frames[port->out[i].frame], port->out[i].form, &packets[i]);
	waiting = send_packets(port, packets, count, from->serial);
	if (waiting >= HOLD_FRAMES && waiting >= batch->count / 2)
		hold(from, port);
}

/* The port can take frames again. */
static void drain(struct port *port)
{
	struct packet packets[BATCH_FRAMES];
	unsigned int count = backlog_packets(&port->backlog, packets, BATCH_FRAMES);
	int done = port->transport->send(port, packets, count);

	if (done < 0) {
		fail(port, done);
		return;
	}
	count_sent(port, packets, (unsigned int)done);
	backlog_drop(&port->backlog, (unsigned int)done);
	if (!port->backlog.count && !port->stuck)
		set_blocked(port, false);
}

/* Frames that go to many ports are taken in smaller batches. */
static void adapt(struct port *port, unsigned int work)
{
	if (work > WORK_A_BATCH && port->batch_limit > 1)
		port->batch_limit /= 2;
	else if (work < WORK_A_BATCH / 2 && port->batch_limit < BATCH_FRAMES)
		port->batch_limit *= 2;
}

void port_pump(struct port *port)
{
	struct fabric *fabric = port->fabric;
	struct batch *batch = &fabric->batch;
	unsigned int total = 0, limit;
	int got;

	do {
		unsigned int work;

		batch->count = batch->runts = batch->oversize = 0;
		limit = port->batch_limit;
		got = port->transport->receive(port, batch, limit);
		if (got < 0) {
			fail(port, got);
			return;
		}
		work = fabric_forward(fabric, port);
		adapt(port, work);
		total += (unsigned int)got + work;
	} while (!port->dead && !port->held_for && (unsigned int)got == limit && total < WORK_A_TURN);
	if (port->more && !port->dead && !port->held_for)
		loop_again(fabric->loop, &port->data);
}

static void port_ready(struct watch *watch, uint32_t events)
{
	struct port *port = container_of(watch, struct port, data);

	if (events & EPOLLOUT)
		drain(port);
	if (!port->dead && !port->held_for && events & ~(uint32_t)EPOLLOUT)
		port_pump(port);
}
