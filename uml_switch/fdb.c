// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdb.c - the forwarding table.
 *
 * A hash table with linear probing, twice as large as the entries that it may hold, allocated once:
 * no frame can make it grow. The hash is keyed by random numbers, so that nobody can choose
 * addresses that collide. An entry names its port and the port's generation; a port that goes away
 * gets a new generation, which outdates its entries at once. They are removed by the sweep.
 */
#include <config.h>
#include <stdlib.h>
#include <sys/random.h>

#include "uml_switch/fdb.h"

enum { SWEEP_SLOTS = 8192 };

struct entry {
	uint64_t key;		/* address and VLAN; USED is set, 0 is an empty slot */
	uint32_t seen_s;
	uint32_t generation;
	uint32_t port;
};

struct owner {
	uint32_t generation;
	uint32_t count;
	bool sticky;
};

struct fdb {
	struct entry *slots;
	struct owner *owners;	/* by port number */
	uint64_t multiplier;
	uint64_t salt;
	uint32_t mask;
	uint32_t count;
	uint32_t entries_max;
	uint32_t age_s;
	uint32_t sweep_next;
};

#define USED	(1ull << 63)

static uint64_t make_key(uint16_t vlan, uint64_t mac)
{
	return USED | (uint64_t)vlan << 48 | mac;
}

static uint32_t home(const struct fdb *fdb, uint64_t key)
{
	uint64_t hash = (key ^ fdb->salt) * fdb->multiplier;

	hash = (hash ^ hash >> 32) * fdb->multiplier;
	return (uint32_t)(hash >> 32) & fdb->mask;
}

struct fdb *fdb_new(uint32_t entries_max, unsigned int ports_max, uint32_t age_s)
{
	struct fdb *fdb = calloc(1, sizeof(*fdb));
	uint32_t slots = 16;

	if (!fdb)
		return NULL;
	while (slots < 2 * entries_max)
		slots *= 2;
	fdb->slots = calloc(slots, sizeof(*fdb->slots));
	fdb->owners = calloc(ports_max + 1, sizeof(*fdb->owners));
	if (!fdb->slots || !fdb->owners) {
		fdb_free(fdb);
		return NULL;
	}
	fdb->mask = slots - 1;
	fdb->entries_max = entries_max;
	fdb->age_s = age_s;
	if (getrandom(&fdb->multiplier, sizeof(fdb->multiplier), GRND_NONBLOCK) < 0)
		fdb->multiplier = 0x9e3779b97f4a7c15u;
	if (getrandom(&fdb->salt, sizeof(fdb->salt), GRND_NONBLOCK) < 0)
		fdb->salt = (uintptr_t)fdb;
	fdb->multiplier |= 1;
	return fdb;
}

void fdb_free(struct fdb *fdb)
{
	if (!fdb)
		return;
	free(fdb->slots);
	free(fdb->owners);
	free(fdb);
}

/* The slot of a key, or the empty one where it would go. There is always an empty one. */
static struct entry *probe(const struct fdb *fdb, uint64_t key)
{
	uint32_t slot = home(fdb, key);

	while (fdb->slots[slot].key && fdb->slots[slot].key != key)
		slot = (slot + 1) & fdb->mask;
	return &fdb->slots[slot];
}

static bool of_living_port(const struct fdb *fdb, const struct entry *entry)
{
	return fdb->owners[entry->port].generation == entry->generation;
}

static bool outdated(const struct fdb *fdb, const struct entry *entry, uint32_t now_s)
{
	return !of_living_port(fdb, entry) || now_s - entry->seen_s > fdb->age_s;
}

enum fdb_result fdb_learn(struct fdb *fdb, uint16_t vlan, uint64_t mac, unsigned int port,
			  uint32_t limit, uint32_t now_s, unsigned int *old_port)
{
	uint64_t key = make_key(vlan, mac);
	struct entry *entry = probe(fdb, key);
	struct owner *owner = &fdb->owners[port];
	enum fdb_result result = FDB_NEW;

	if (entry->key && entry->port == port && entry->generation == owner->generation) {
		if (entry->seen_s == now_s)
			return FDB_KNOWN;
		result = now_s - entry->seen_s > fdb->age_s ? FDB_NEW : FDB_KNOWN;
		entry->seen_s = now_s;
		return result;
	}
	if (entry->key && fdb->owners[entry->port].sticky && !outdated(fdb, entry, now_s))
		return FDB_HELD;
	if (owner->count >= limit || (!entry->key && fdb->count >= fdb->entries_max))
		return FDB_FULL;
	if (entry->key) {
		*old_port = entry->port;
		if (!outdated(fdb, entry, now_s))
			result = FDB_MOVED;
		if (of_living_port(fdb, entry))
			fdb->owners[entry->port].count--;
	} else {
		fdb->count++;
	}
	owner->count++;
	*entry = (struct entry){ key, now_s, owner->generation, port };
	return result;
}

unsigned int fdb_find(const struct fdb *fdb, uint16_t vlan, uint64_t mac, uint32_t now_s)
{
	const struct entry *entry = probe(fdb, make_key(vlan, mac));

	return entry->key && !outdated(fdb, entry, now_s) ? entry->port : 0;
}

void fdb_forget_port(struct fdb *fdb, unsigned int port)
{
	fdb->owners[port].generation++;
	fdb->owners[port].count = 0;
	fdb->owners[port].sticky = false;
}

void fdb_set_sticky(struct fdb *fdb, unsigned int port, bool sticky)
{
	fdb->owners[port].sticky = sticky;
}

/* Empties a slot and moves up those behind it that would not be found any more. */
static void remove_slot(struct fdb *fdb, uint32_t hole)
{
	struct entry *entry = &fdb->slots[hole];
	uint32_t next = hole;

	if (of_living_port(fdb, entry))
		fdb->owners[entry->port].count--;
	fdb->count--;
	for (;;) {
		uint32_t distance;

		next = (next + 1) & fdb->mask;
		if (!fdb->slots[next].key)
			break;
		distance = (next - home(fdb, fdb->slots[next].key)) & fdb->mask;
		if (distance >= ((next - hole) & fdb->mask)) {
			fdb->slots[hole] = fdb->slots[next];
			hole = next;
		}
	}
	fdb->slots[hole].key = 0;
}

void fdb_sweep(struct fdb *fdb, uint32_t now_s)
{
	uint32_t slots = fdb->mask + 1;

	for (uint32_t left = slots < SWEEP_SLOTS ? slots : SWEEP_SLOTS; left; left--) {
		uint32_t slot = fdb->sweep_next;

		/* What moves up into the slot is looked at too. */
		while (fdb->slots[slot].key && outdated(fdb, &fdb->slots[slot], now_s))
			remove_slot(fdb, slot);
		fdb->sweep_next = (slot + 1) & fdb->mask;
	}
}

uint32_t fdb_count(const struct fdb *fdb, unsigned int port)
{
	return port ? fdb->owners[port].count : fdb->count;
}

void fdb_each(const struct fdb *fdb, uint32_t now_s,
	      void (*each)(const struct fdb_view *view, void *context), void *context)
{
	for (uint32_t slot = 0; slot <= fdb->mask; slot++) {
		const struct entry *entry = &fdb->slots[slot];
		struct fdb_view view = { .port = entry->port, .age_s = now_s - entry->seen_s };

		if (!entry->key || outdated(fdb, entry, now_s))
			continue;
		view.vlan = (uint16_t)(entry->key >> 48) & 0x7fff;
		for (int i = 0; i < 6; i++)
			view.mac[i] = (uint8_t)(entry->key >> (40 - 8 * i));
		each(&view, context);
	}
}
