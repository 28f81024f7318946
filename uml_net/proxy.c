// SPDX-License-Identifier: GPL-2.0-only
/*
 * proxy.c - answers to ARP requests for guests, by proxied neighbours on other interfaces.
 *
 * These do not go away with a guest's interface. They are added after the route to the guest's address
 * and removed before it, so one without a route is left over from a guest that was killed, and
 * host_sweep() removes it. Those of uml_net bear its number as their protocol; what others made is never
 * changed.
 */
#include <errno.h>
#include <string.h>

#include "uml_net/host.h"

enum {
	/* Proxied neighbours that are removed between two looks at all of them. */
	BATCH = 1024,
};

/* Those of uml_net that are to be removed: of one address, or without a route. */
struct removal {
	uint32_t address; /* the only one wanted, or 0 */
	const struct claims *claims;
	struct netlink_proxy list[BATCH];
	unsigned int count;
};

static int note_removal(void *context, const struct netlink_proxy *proxy)
{
	struct removal *removal = context;

	if (!proxy)
		removal->count = 0;
	else if (removal->count < BATCH && proxy->protocol == HOST_PROTOCOL &&
		 (removal->address ? removal->address == proxy->address
				   : !host_claimed(removal->claims, proxy->address)))
		removal->list[removal->count++] = *proxy;
	return 0;
}

static int remove_all(struct host *host, struct removal *removal)
{
	int error;

	/* A full list may not have been all; each round leaves fewer. */
	do {
		error = netlink_proxies(host->netlink, note_removal, removal);
		for (unsigned int i = 0; !error && i < removal->count; i++) {
			error = netlink_proxy_delete(host->netlink, &removal->list[i]);
			/* Gone with its interface, or by the administrator. */
			if (error == -ENOENT || error == -ENODEV || error == -ENXIO)
				error = 0;
		}
	} while (!error && removal->count == BATCH);
	return error;
}

int host_remove_proxies(struct host *host, uint32_t address)
{
	static struct removal removal;

	removal.address = address;
	return remove_all(host, &removal);
}

int host_sweep(struct host *host)
{
	static struct removal removal;
	int error;

	removal.claims = &host->claims;
	error = remove_all(host, &removal);
	return error ? host_refused(host, error, "remove", "what killed guests left") : 0;
}

/* On which interfaces of a list an address is answered for already, by whomever. */
struct presence {
	const struct host_devices *devices;
	uint32_t address;
	bool there[HOST_DEVICES_MAX];
};

static int note_presence(void *context, const struct netlink_proxy *proxy)
{
	struct presence *presence = context;

	if (!proxy) {
		memset(presence->there, 0, sizeof(presence->there));
		return 0;
	}
	for (unsigned int i = 0; i < presence->devices->count; i++)
		if (proxy->address == presence->address &&
		    proxy->device == presence->devices->list[i])
			presence->there[i] = true;
	return 0;
}

/* Whether ARP is spoken there at all. */
static bool speaks_arp(struct host *host, int device)
{
	struct netlink_link link;

	return !netlink_link_by_index(host->netlink, device, &link) &&
	       !(link.flags & (IFF_LOOPBACK | IFF_NOARP));
}

int host_add_proxies(struct host *host, uint32_t address, const struct host_devices *devices)
{
	struct presence presence = { .devices = devices, .address = address };
	int error = netlink_proxies(host->netlink, note_presence, &presence);

	for (unsigned int i = 0; !error && i < devices->count; i++) {
		const struct netlink_proxy proxy = { .address = address,
						     .device = devices->list[i],
						     .protocol = HOST_PROTOCOL };

		/* An entry that is there would become ours. */
		if (presence.there[i] || !speaks_arp(host, proxy.device))
			continue;
		error = netlink_proxy_add(host->netlink, &proxy);
		/* An interface that has gone meanwhile needs none. */
		if (error == -ENODEV || error == -ENXIO)
			error = 0;
	}
	return error;
}
