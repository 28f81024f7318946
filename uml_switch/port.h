/* SPDX-License-Identifier: GPL-2.0-only */
/* port.h - a port of the switch: who is there, what it may do, what went through it. */
#ifndef SWITCH_PORT_H
#define SWITCH_PORT_H

#include <sys/socket.h>

#include "uml_switch/backlog.h"
#include "uml_switch/loop.h"
#include "uml_switch/namer.h"
#include "uml_switch/rate.h"
#include "uml_switch/rules.h"

struct fabric;
struct port;

enum {
	/* Frames that are taken from a port and passed on at once. */
	BATCH_FRAMES = 64,
	PORT_NAME_BYTES = 32,
	PORT_UMID_BYTES = 64,
	PORT_PATH_BYTES = 110,
};

/**
 * struct batch - frames that came in at one port
 * @frames: the frames
 * @count: how many
 * @space: BATCH_FRAMES buffers of @stride bytes, for transports that have none of their own
 * @frame_max: the longest frame that is taken
 * @runts: frames that were shorter than an Ethernet header, and are not in @frames
 * @oversize: frames that were longer than @frame_max, and are not in @frames
 */
struct batch {
	struct frame frames[BATCH_FRAMES];
	unsigned int count;
	uint8_t *space;
	size_t stride;
	uint32_t frame_max;
	unsigned int runts;
	unsigned int oversize;
};

/**
 * struct transport - how frames come to a port and leave it
 * @kind: its name
 * @receive: fill an emptied batch with at most @limit frames without waiting; returns how many it
 *	took from the port, those that are not in the batch included; -errno ends the port
 * @send: send packets without waiting; returns how many are done with, fewer than @count where the
 *	port would block; -errno ends the port. A packet that cannot be sent at all is dropped: its
 *	length is then set to 0. A call with none sends what was left of the last packet
 * @close: close what the transport has besides the port's watch, and bury the port's memory
 */
struct transport {
	const char *kind;
	int (*receive)(struct port *port, struct batch *batch, unsigned int limit);
	int (*send)(struct port *port, struct packet *packets, unsigned int count);
	void (*close)(struct port *port);
};

struct counters {
	uint64_t frames_in, bytes_in, frames_out, bytes_out;
	uint64_t drop_runt;	/* shorter than an Ethernet header */
	uint64_t drop_oversize;
	uint64_t drop_vlan;	/* not of a VLAN of this port */
	uint64_t drop_rate;	/* above a limit of this port */
	uint64_t drop_mirror;	/* sent by a port that only listens */
	uint64_t drop_full;	/* to this port, which does not keep up */
	uint64_t drop_error;	/* to this port, which does not take them */
};

/* A frame that goes out: which one of the batch, and how. */
struct outgoing {
	uint8_t frame;
	uint8_t form;		/* enum frame_form */
};

struct port {
	const struct transport *transport;
	struct fabric *fabric;
	struct watch data;
	struct grave grave;
	unsigned int number;	/* from 1; the smallest free one at its start */
	uint64_t serial;	/* never used again */
	unsigned int place;	/* among the active ports */
	bool dead;
	bool more;		/* the transport holds frames that no event will tell of */
	bool stuck;		/* the transport holds a part of a packet that it could not send */
	bool blocked;		/* not all could be sent; EPOLLOUT is waited for */

	char name[PORT_NAME_BYTES];	/* the device for a tap, else kind and number */
	char umid[PORT_UMID_BYTES];	/* as the client's command line says, empty without */
	const char *listener;
	char path[PORT_PATH_BYTES];	/* path or @name of the client's socket */
	bool has_credentials;
	struct ucred credentials;
	struct question question;	/* for its umid, where that is not known at its start */

	struct port_settings settings;
	struct rate bits, frames, floods;
	struct counters counters;

	struct port *held_for;	/* nothing is taken from this port while that one blocks */
	uint64_t held_until_ns;
	uint64_t progress_ns;	/* when packets were last sent */

	unsigned int batch_limit;
	struct outgoing out[BATCH_FRAMES];
	unsigned int out_count;
	struct backlog backlog;
};

/**
 * struct client - who connected
 * @credentials: its process
 * @umid: as its command line says, empty without; NULL where that is still to be asked
 */
struct client {
	struct ucred credentials;
	const char *umid;
};

/* port_set_client() - tell a port that is not started yet who is there */
void port_set_client(struct port *port, const struct client *client);

/* port_ask_umid() - ask who is at the other end of a started port's connection, if it is not known */
void port_ask_umid(struct port *port, int connection);

/**
 * port_start() - make a port of the fabric
 * @fabric: the fabric
 * @port: with transport, name of the device, listener, path, credentials set
 * @fd: where its frames come and go
 *
 * Return: 0 or -errno; @fd is then still the caller's.
 */
int port_start(struct fabric *fabric, struct port *port, int fd);

/**
 * port_remove() - end a port; its memory is freed at the end of the turn
 * @port: the port
 * @why: for the log; NULL where its client just left
 */
void port_remove(struct port *port, const char *why);

/* port_pump() - take frames from a port and forward them, up to a bound */
void port_pump(struct port *port);

/**
 * port_flush() - send what stands in the port's list of outgoing frames
 * @port: the port
 * @batch: the frames
 * @from: the port where they came in
 */
void port_flush(struct port *port, struct batch *batch, struct port *from);

/* port_release() - take frames again from a port that is held */
void port_release(struct port *port);

/* port_identity() - what the port is, for rules */
void port_identity(const struct port *port, struct port_identity *identity);

#endif
