// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdb.c - the forwarding table.
 *
 * A hash table with linear probing, twice as large as the entries that it may hold, allocated once:
 * no frame can make it grow. The hash is keyed by random numbers, so that nobody can choose
 * addresses that collide. An entry names its port and the port's generation; a port that goes away
 * gets a new generation, which outdates its entries at once. They are removed by the sweep.
 *
 * Where the table is full, room for one more address is made at the cost of who has more than others:
 * what is outdated goes first, then of the user with too many the port with too many loses the
 * address that was silent longest. Who has less than an equal share of the table loses nothing,
 * however many addresses others make up. For this each port has a list of its entries, the longest
 * silent first, and those of ports that are gone have one together.
 */
#include <config.h>
#include <stdlib.h>
#include <sys/random.h>

#include "uml_switch/fdb.h"

enum { SWEEP_SLOTS = 8192 };

/* Entries name each other by their slots. */
#define NONE	UINT32_MAX

struct entry {
	uint64_t key;		/* address and VLAN; USED is set, 0 is an empty slot */
	uint32_t seen_s;
	uint32_t generation;
	uint32_t port;
	uint32_t before, behind;	/* in its list */
};

struct list {
	uint32_t first, last;
};

struct owner {
	struct list entries;
	uint32_t generation;
	uint32_t count;
	uint32_t share;
	bool sticky;
};

/* What the ports of one user have together. */
struct share {
	uint64_t user;
	uint32_t count;
	uint32_t ports;		/* 0: free */
};

struct fdb {
	struct entry *slots;
	struct owner *owners;	/* by port number */
	struct share *shares;
	struct list stale;	/* entries of ports that are gone */
	unsigned int ports_max;
	uint32_t share_count;	/* those that are in use */
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
	fdb->shares = calloc(ports_max + 1, sizeof(*fdb->shares));
	if (!fdb->slots || !fdb->owners || !fdb->shares) {
		fdb_free(fdb);
		return NULL;
	}
	fdb->stale = (struct list){ NONE, NONE };
	for (unsigned int port = 0; port <= ports_max; port++)
		fdb->owners[port] = (struct owner){ .entries = { NONE, NONE }, .share = NONE };
	fdb->ports_max = ports_max;
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
	free(fdb->shares);
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

static struct list *list_of(struct fdb *fdb, const struct entry *entry)
{
	return of_living_port(fdb, entry) ? &fdb->owners[entry->port].entries : &fdb->stale;
}

/* Takes an entry off its list. */
static void leave_list(struct fdb *fdb, struct entry *entry)
{
	struct list *list = list_of(fdb, entry);

	*(entry->before == NONE ? &list->first : &fdb->slots[entry->before].behind) = entry->behind;
	*(entry->behind == NONE ? &list->last : &fdb->slots[entry->behind].before) = entry->before;
}

/* Puts an entry at the end of its port's list, as the one heard last. */
static void join_list(struct fdb *fdb, struct entry *entry)
{
	struct list *list = list_of(fdb, entry);
	uint32_t slot = (uint32_t)(entry - fdb->slots);

	entry->before = list->last;
	entry->behind = NONE;
	*(list->last == NONE ? &list->first : &fdb->slots[list->last].behind) = slot;
	list->last = slot;
}

/* An entry was copied to another slot: its neighbours learn that. */
static void follow_move(struct fdb *fdb, struct entry *entry)
{
	struct list *list = list_of(fdb, entry);
	uint32_t slot = (uint32_t)(entry - fdb->slots);

	*(entry->before == NONE ? &list->first : &fdb->slots[entry->before].behind) = slot;
	*(entry->behind == NONE ? &list->last : &fdb->slots[entry->behind].before) = slot;
}

static void count_entry(struct fdb *fdb, unsigned int port, int change)
{
	struct owner *owner = &fdb->owners[port];

	owner->count += (uint32_t)change;
	if (owner->share != NONE)
		fdb->shares[owner->share].count += (uint32_t)change;
}

/* Takes an entry from its port, or from the stale ones. */
static void release(struct fdb *fdb, struct entry *entry)
{
	leave_list(fdb, entry);
	if (of_living_port(fdb, entry))
		count_entry(fdb, entry->port, -1);
}

/* Empties a slot and moves up those behind it that would not be found any more. */
static void remove_slot(struct fdb *fdb, uint32_t hole)
{
	uint32_t next = hole;

	release(fdb, &fdb->slots[hole]);
	fdb->count--;
	for (;;) {
		uint32_t distance;

		next = (next + 1) & fdb->mask;
		if (!fdb->slots[next].key)
			break;
		distance = (next - home(fdb, fdb->slots[next].key)) & fdb->mask;
		if (distance >= ((next - hole) & fdb->mask)) {
			fdb->slots[hole] = fdb->slots[next];
			follow_move(fdb, &fdb->slots[hole]);
			hole = next;
		}
	}
	fdb->slots[hole].key = 0;
}

/* The user who has to give: the newcomer's own with an equal part of the table, else who has most. */
static uint32_t richest_share(const struct fdb *fdb, uint32_t own)
{
	uint32_t richest = own;

	if (own != NONE && (uint64_t)fdb->shares[own].count * fdb->share_count >= fdb->entries_max)
		return own;
	for (uint32_t share = 0; share < fdb->ports_max; share++)
		if (fdb->shares[share].ports &&
		    (richest == NONE || fdb->shares[share].count > fdb->shares[richest].count))
			richest = share;
	return richest;
}

/* The port of a user that has to give, by the same rule. */
static unsigned int richest_port(const struct fdb *fdb, uint32_t share, unsigned int own)
{
	const struct owner *owner = &fdb->owners[own];
	unsigned int richest = 0;

	if (owner->share == share && owner->count &&
	    (uint64_t)owner->count * fdb->shares[share].ports >= fdb->shares[share].count)
		return own;
	for (unsigned int port = 1; port <= fdb->ports_max; port++)
		if (fdb->owners[port].share == share &&
		    fdb->owners[port].count > fdb->owners[richest].count)
			richest = port;
	return richest;
}

/* Makes room for one more address of a port. Return: whether there is some. */
static bool make_room(struct fdb *fdb, unsigned int port)
{
	uint32_t share, slot = fdb->stale.first;

	if (slot == NONE) {
		share = richest_share(fdb, fdb->owners[port].share);
		if (share == NONE)
			return false;
		slot = fdb->owners[richest_port(fdb, share, port)].entries.first;
	}
	if (slot == NONE)
		return false;
	remove_slot(fdb, slot);
	return true;
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
		leave_list(fdb, entry);
		join_list(fdb, entry);
		return result;
	}
	if (entry->key && fdb->owners[entry->port].sticky && !outdated(fdb, entry, now_s))
		return FDB_HELD;
	if (owner->count >= limit)
		return FDB_FULL;
	if (entry->key) {
		*old_port = entry->port;
		if (!outdated(fdb, entry, now_s))
			result = FDB_MOVED;
		release(fdb, entry);
	} else {
		if (fdb->count >= fdb->entries_max) {
			if (!make_room(fdb, port))
				return FDB_FULL;
			entry = probe(fdb, key);
		}
		fdb->count++;
	}
	count_entry(fdb, port, 1);
	*entry = (struct entry){ .key = key, .seen_s = now_s, .generation = owner->generation,
				 .port = port };
	join_list(fdb, entry);
	return result;
}

unsigned int fdb_find(const struct fdb *fdb, uint16_t vlan, uint64_t mac, uint32_t now_s)
{
	const struct entry *entry = probe(fdb, make_key(vlan, mac));

	return entry->key && !outdated(fdb, entry, now_s) ? entry->port : 0;
}

static void leave_share(struct fdb *fdb, struct owner *owner)
{
	struct share *share;

	if (owner->share == NONE)
		return;
	share = &fdb->shares[owner->share];
	share->count -= owner->count;
	if (!--share->ports)
		fdb->share_count--;
	owner->share = NONE;
}

void fdb_set_user(struct fdb *fdb, unsigned int port, uint64_t user)
{
	struct owner *owner = &fdb->owners[port];
	uint32_t chosen = NONE;

	leave_share(fdb, owner);
	/* There are as many shares as ports: one is free. */
	for (uint32_t share = 0; share < fdb->ports_max; share++) {
		if (fdb->shares[share].ports && fdb->shares[share].user == user) {
			chosen = share;
			break;
		}
		if (!fdb->shares[share].ports && chosen == NONE)
			chosen = share;
	}
	if (!fdb->shares[chosen].ports) {
		fdb->shares[chosen] = (struct share){ .user = user };
		fdb->share_count++;
	}
	fdb->shares[chosen].ports++;
	fdb->shares[chosen].count += owner->count;
	owner->share = chosen;
}

void fdb_forget_port(struct fdb *fdb, unsigned int port)
{
	struct owner *owner = &fdb->owners[port];
	struct list *entries = &owner->entries, *stale = &fdb->stale;

	leave_share(fdb, owner);
	/* All of its list goes to the end of the other. */
	if (entries->first != NONE) {
		fdb->slots[entries->first].before = stale->last;
		*(stale->last == NONE ? &stale->first : &fdb->slots[stale->last].behind) =
			entries->first;
		stale->last = entries->last;
	}
	*entries = (struct list){ NONE, NONE };
	owner->generation++;
	owner->count = 0;
	owner->sticky = false;
}

void fdb_set_sticky(struct fdb *fdb, unsigned int port, bool sticky)
{
	fdb->owners[port].sticky = sticky;
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
