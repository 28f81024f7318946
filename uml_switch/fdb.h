/* SPDX-License-Identifier: GPL-2.0-only */
/* fdb.h - the forwarding table: which Ethernet address was last seen at which port. */
#ifndef SWITCH_FDB_H
#define SWITCH_FDB_H

#include <stdbool.h>
#include <stdint.h>

struct fdb;

enum fdb_result {
	FDB_KNOWN,	/* it stood there */
	FDB_NEW,
	FDB_MOVED,	/* it was at another port before */
	FDB_FULL,	/* not learned: the port has as many as it may */
	FDB_HELD,	/* not learned: it is at a port that keeps its addresses */
};

struct fdb_view {
	uint8_t mac[6];
	uint16_t vlan;
	unsigned int port;
	uint32_t age_s;
};

/**
 * fdb_new() - make a table
 * @entries_max: how many addresses it can hold
 * @ports_max: greatest number of a port; ports are numbered from 1
 * @age_s: seconds after which an address that is silent is forgotten
 *
 * Return: the table, or NULL without memory.
 */
struct fdb *fdb_new(uint32_t entries_max, unsigned int ports_max, uint32_t age_s);
void fdb_free(struct fdb *fdb);

/**
 * fdb_learn() - an address was seen at a port
 * @fdb: the table
 * @vlan: its VLAN, 0 for none
 * @mac: the address as a number, see mac_number()
 * @port: the port
 * @limit: how many addresses this port may have
 * @now_s: the time, seconds
 * @old_port: set on FDB_MOVED
 *
 * Where the table is full, the address takes the place of another one: of the same port or user, if
 * those have their share of the table, else of who has most.
 */
enum fdb_result fdb_learn(struct fdb *fdb, uint16_t vlan, uint64_t mac, unsigned int port,
			  uint32_t limit, uint32_t now_s, unsigned int *old_port);

/**
 * fdb_set_user() - tell whose a port is; ports of one user share a part of a full table
 * @fdb: the table
 * @port: the port
 * @user: the user, as any number
 */
void fdb_set_user(struct fdb *fdb, unsigned int port, uint64_t user);

/* fdb_find() - the port where an address is, 0 where that is not known */
unsigned int fdb_find(const struct fdb *fdb, uint16_t vlan, uint64_t mac, uint32_t now_s);

/* fdb_forget_port() - drop all addresses of a port, in constant time */
void fdb_forget_port(struct fdb *fdb, unsigned int port);

/* fdb_set_sticky() - whether addresses of a port stay there until it goes or they are outdated */
void fdb_set_sticky(struct fdb *fdb, unsigned int port, bool sticky);

/* fdb_sweep() - remove a part of what is outdated; to be called once a second */
void fdb_sweep(struct fdb *fdb, uint32_t now_s);

/* fdb_count() - addresses of a port, not yet swept ones included; port 0: of the whole table */
uint32_t fdb_count(const struct fdb *fdb, unsigned int port);

/* fdb_each() - call @each for every address that is known */
void fdb_each(const struct fdb *fdb, uint32_t now_s,
	      void (*each)(const struct fdb_view *view, void *context), void *context);

#endif
