// SPDX-License-Identifier: GPL-2.0-only
/* claims.c - which address is which guest's: the routes that uml_net made. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "uml_net/host.h"

bool host_is_claim(const struct netlink_route *route)
{
	return route->protocol == HOST_PROTOCOL && route->prefix == HOST_IPV4_BITS &&
	       route->table == RT_TABLE_MAIN && route->device;
}

static int note_claim(void *context, const struct netlink_route *route)
{
	struct claims *claims = context;
	struct claim *grown;

	if (!route) {
		claims->count = 0;
		return 0;
	}
	if (!host_is_claim(route))
		return 0;
	grown = array_grow(claims->list, claims->count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	claims->list = grown;
	grown[claims->count++] = (struct claim){ route->destination, route->device };
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct claim *a = left, *b = right;

	return a->address < b->address ? -1 : a->address > b->address;
}

int host_read_claims(struct host *host)
{
	struct claims *claims = &host->claims;
	int error;

	free(claims->list);
	*claims = (struct claims){ .count = 0 };
	error = netlink_routes(host->netlink, note_claim, claims);
	if (error)
		return host_refused(host, error, "read", "the routes to guests");
	if (claims->count)
		qsort(claims->list, claims->count, sizeof(*claims->list), compare);
	return 0;
}

bool host_claimed(const struct claims *claims, uint32_t address)
{
	const struct claim wanted = { .address = address };

	return claims->count &&
	       bsearch(&wanted, claims->list, claims->count, sizeof(wanted), compare);
}
