/* SPDX-License-Identifier: GPL-2.0-only */
/* fabric.h - the switch itself: its ports, its forwarding table, the way of a frame through it. */
#ifndef SWITCH_FABRIC_H
#define SWITCH_FABRIC_H

#include "uml_switch/fdb.h"
#include "uml_switch/port.h"
#include "uml_switch/settings.h"

struct capture;

struct fabric {
	struct loop *loop;
	const struct settings *settings;
	struct fdb *fdb;
	struct capture *capture;	/* NULL for none */
	unsigned int ports_max;
	struct port **ports;		/* by number - 1 */
	struct port **active;		/* without gaps */
	unsigned int active_count;
	struct port **touched;		/* those with outgoing frames */
	unsigned int touched_count;
	struct port **held;		/* those that wait for another, see port.c */
	unsigned int held_count;
	struct watch shared;		/* data socket of clients of version 0 */
	unsigned int mirrors;		/* active ports that are mirrors */
	uint64_t next_serial;
	struct batch batch;
};

/**
 * fabric_open() - make an empty switch
 * @fabric: all set
 * @loop: where its ports are watched
 * @settings: must live as long
 * @ports_max: how many ports it may have
 *
 * Return: 0 or -ENOMEM.
 */
int fabric_open(struct fabric *fabric, struct loop *loop, const struct settings *settings,
		unsigned int ports_max);

/* fabric_close() - end all ports and free all memory */
void fabric_close(struct fabric *fabric);

/* fabric_admits() - whether one more port for that process and user is within the limits */
bool fabric_admits(const struct fabric *fabric, const struct ucred *credentials);

/**
 * fabric_forward() - pass the frames of the fabric's batch on
 * @fabric: the fabric
 * @from: the port where they came in
 *
 * Return: to how many ports frames went, each counted, as a measure of the work.
 */
unsigned int fabric_forward(struct fabric *fabric, struct port *from);

/* fabric_turn() - what is done in each turn: held ports go on */
void fabric_turn(struct fabric *fabric);

/* fabric_second() - what is done once a second */
void fabric_second(struct fabric *fabric);

static inline uint32_t fabric_seconds(const struct fabric *fabric)
{
	return (uint32_t)(fabric->loop->now_ns / 1000000000u);
}

#endif
