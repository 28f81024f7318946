// SPDX-License-Identifier: GPL-2.0-only
/*
 * route.c - the addresses of guests: a route to each, and answers to ARP requests for it.
 *
 * The route is the claim: the kernel takes one of two that are added at a time, and it goes away
 * with the interface. Proxied neighbours on other interfaces do not; they are added after the route
 * and removed before it, so one without a route is left over from a guest that was killed, and
 * host_sweep() removes it. Routes and neighbours of uml_net bear its number as their protocol; what
 * others made is never changed.
 */
#include <errno.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/report.h"
#include "uml_net/host.h"

enum {
	IPV4_BITS = 32,
	/* Interfaces that one address is answered for on. */
	DEVICES_MAX = 64,
	/* Addresses of one interface. */
	ADDRESSES_MAX = 64,
	/* Proxied neighbours that one call looks at. */
	NEIGHBOURS_MAX = 1024,
};

/* What the host's routes say about an address. */
struct survey {
	uint32_t address;
	uint32_t netmask;
	int device;

	bool ours;		  /* it is the device's already */
	bool hosts;		  /* it is the host's own */
	bool broadcast;		  /* it is a broadcast address of the host */
	bool router;		  /* the host sends by it */
	int taken;		  /* interface that a route to it alone goes by */
	unsigned int addresses;	  /* count of the device's addresses */
	int devices[DEVICES_MAX]; /* other interfaces in the guest's network */
	unsigned int device_count;
};

static bool is_guest_route(const struct netlink_route *route, int device)
{
	return route->protocol == HOST_PROTOCOL && route->prefix == IPV4_BITS &&
	       route->table == RT_TABLE_MAIN && route->device == device;
}

static void note_device(struct survey *survey, int device)
{
	for (unsigned int i = 0; i < survey->device_count; i++)
		if (survey->devices[i] == device)
			return;
	if (survey->device_count < DEVICES_MAX)
		survey->devices[survey->device_count++] = device;
}

static void survey_main(struct survey *survey, const struct netlink_route *route)
{
	bool exact = route->prefix == IPV4_BITS && route->destination == survey->address;

	if (is_guest_route(route, survey->device)) {
		survey->addresses++;
		survey->ours |= exact;
		return;
	}
	if (exact)
		survey->taken = route->device ? route->device : -1;
	if (route->type == RTN_UNICAST && route->device && route->device != survey->device &&
	    (route->destination & survey->netmask) == (survey->address & survey->netmask))
		note_device(survey, route->device);
}

static int survey_route(void *context, const struct netlink_route *route)
{
	struct survey *survey = context;

	if (!route) {
		*survey = (struct survey){ .address = survey->address,
					   .netmask = survey->netmask,
					   .device = survey->device };
		return 0;
	}
	if (route->gateway == survey->address)
		survey->router = true;
	if (route->table == RT_TABLE_MAIN)
		survey_main(survey, route);
	else if (route->table == RT_TABLE_LOCAL && route->prefix == IPV4_BITS &&
		 route->destination == survey->address)
		*(route->type == RTN_LOCAL ? &survey->hosts : &survey->broadcast) = true;
	return 0;
}

static int make_survey(struct host *host, int device, struct survey *survey)
{
	int error;

	survey->address = host->request->address;
	survey->netmask = host->request->netmask;
	survey->device = device;
	error = netlink_routes(host->netlink, survey_route, survey);
	return error ? host_refused(host, error, "read the routes to", host_ipv4(survey->address))
		     : 0;
}

/* ---- proxied neighbours ---------------------------------------------------------------------- */

/* Proxied neighbours of one address, or of uml_net. */
struct neighbours {
	uint32_t address; /* the only one wanted, or 0 */
	bool others;	  /* also those that uml_net did not make */
	struct netlink_proxy list[NEIGHBOURS_MAX];
	bool kept[NEIGHBOURS_MAX];
	unsigned int count;
};

static int note_proxy(void *context, const struct netlink_proxy *proxy)
{
	struct neighbours *neighbours = context;

	if (!proxy)
		neighbours->count = 0;
	else if (neighbours->count < NEIGHBOURS_MAX &&
		 (!neighbours->address || neighbours->address == proxy->address) &&
		 (neighbours->others || proxy->protocol == HOST_PROTOCOL))
		neighbours->list[neighbours->count++] = *proxy;
	return 0;
}

static bool has_proxy(const struct neighbours *neighbours, int device)
{
	for (unsigned int i = 0; i < neighbours->count; i++)
		if (neighbours->list[i].device == device)
			return true;
	return false;
}

/* Whether ARP is spoken there at all. */
static bool speaks_arp(struct host *host, int device)
{
	struct netlink_link link;

	return !netlink_link_by_index(host->netlink, device, &link) &&
	       !(link.flags & (IFF_LOOPBACK | IFF_NOARP));
}

static int remove_proxies(struct host *host, uint32_t address)
{
	struct neighbours neighbours = { .address = address };
	int error = netlink_proxies(host->netlink, note_proxy, &neighbours);

	for (unsigned int i = 0; !error && i < neighbours.count; i++) {
		error = netlink_proxy_delete(host->netlink, &neighbours.list[i]);
		if (error == -ENOENT || error == -ENODEV || error == -ENXIO)
			error = 0;
	}
	return error;
}

static int add_proxies(struct host *host, const struct survey *survey)
{
	struct neighbours neighbours = { .address = survey->address, .others = true };
	int error = netlink_proxies(host->netlink, note_proxy, &neighbours);

	for (unsigned int i = 0; !error && i < survey->device_count; i++) {
		const struct netlink_proxy proxy = { .address = survey->address,
						     .device = survey->devices[i],
						     .protocol = HOST_PROTOCOL };

		/* An entry that is there would become ours. */
		if (has_proxy(&neighbours, proxy.device) || !speaks_arp(host, proxy.device))
			continue;
		error = netlink_proxy_add(host->netlink, &proxy);
		/* An interface that has gone meanwhile needs none. */
		if (error == -ENODEV || error == -ENXIO)
			error = 0;
	}
	return error;
}

/* ---- what killed guests left ----------------------------------------------------------------- */

static int keep_routed(void *context, const struct netlink_route *route)
{
	struct neighbours *neighbours = context;

	if (!route) {
		memset(neighbours->kept, 0, sizeof(neighbours->kept));
		return 0;
	}
	if (!is_guest_route(route, route->device))
		return 0;
	for (unsigned int i = 0; i < neighbours->count; i++)
		if (neighbours->list[i].address == route->destination)
			neighbours->kept[i] = true;
	return 0;
}

void host_sweep(struct host *host)
{
	struct neighbours neighbours = { .address = 0 }, again;

	if (netlink_proxies(host->netlink, note_proxy, &neighbours) || !neighbours.count ||
	    netlink_routes(host->netlink, keep_routed, &neighbours))
		return;
	for (unsigned int i = 0; i < neighbours.count; i++)
		if (!neighbours.kept[i])
			netlink_proxy_delete(host->netlink, &neighbours.list[i]);
	/* Another uml_net may have added the address after the look at the routes. */
	again = neighbours;
	if (netlink_routes(host->netlink, keep_routed, &again))
		return;
	for (unsigned int i = 0; i < again.count; i++)
		if (again.kept[i] && !neighbours.kept[i])
			netlink_proxy_add(host->netlink, &again.list[i]);
}

/* ---- add and del ----------------------------------------------------------------------------- */

static int in_use(struct host *host, const struct survey *survey, const char *whose)
{
	return host_fail(host, -EADDRINUSE, "cannot use %s: %s; take another one",
			 host_ipv4(survey->address), whose);
}

static int check_free(struct host *host, const struct survey *survey)
{
	if (survey->broadcast)
		return in_use(host, survey, "it is a broadcast address of the host");
	if (survey->router)
		return in_use(host, survey, "it is a router of the host");
	if (survey->taken)
		return in_use(host, survey, "the host has a route to it already");
	return 0;
}

static int check_guest(struct host *host, const struct survey *survey)
{
	if (survey->hosts)
		return in_use(host, survey, "it is an address of the host itself");
	if (!survey->ours && survey->addresses >= ADDRESSES_MAX)
		return host_fail(
			host, -EDQUOT,
			"cannot use %s: the interface has %d addresses already; remove one",
			host_ipv4(survey->address), ADDRESSES_MAX);
	return check_free(host, survey);
}

int host_check_gate(struct host *host)
{
	struct survey survey;
	int error = make_survey(host, 0, &survey);

	/* As the host's own it would hide from all of the host whoever has it now. */
	return error ? error : check_free(host, &survey);
}

static struct netlink_route guest_route(uint32_t address, int device)
{
	return (struct netlink_route){ .destination = address,
				       .prefix = IPV4_BITS,
				       .table = RT_TABLE_MAIN,
				       .type = RTN_UNICAST,
				       .protocol = HOST_PROTOCOL,
				       .device = device };
}

/* Removes what an address brought. Goes on after failures; returns the first one. */
static int take_back(struct host *host, const struct survey *survey, bool last)
{
	const struct netlink_route route = guest_route(survey->address, survey->device);
	int error = remove_proxies(host, survey->address);
	int next = netlink_route_delete(host->netlink, &route);

	if (!error && next != -ESRCH)
		error = next;
	if (last && host->policy->proxy_arp) {
		next = netlink_link_ipv4_setting(host->netlink, survey->device,
						 IPV4_DEVCONF_PROXY_ARP, 0);
		if (!error)
			error = next;
	}
	return error;
}

static int answer_arp(struct host *host, const struct survey *survey, const char *device)
{
	int error;

	if (!host->policy->proxy_arp)
		return 0;
	error = netlink_link_ipv4_setting(host->netlink, survey->device, IPV4_DEVCONF_PROXY_ARP, 1);
	if (!error)
		error = add_proxies(host, survey);
	return error ? host_refused(host, error, "answer ARP requests for", device) : 0;
}

/* Whether the host got the address as its own since it was looked at. */
static int check_again(struct host *host, const struct survey *survey)
{
	struct survey again;
	int error = make_survey(host, survey->device, &again);

	return error ? error : check_guest(host, &again);
}

static int put_in_place(struct host *host, const struct survey *survey, const char *device)
{
	const struct netlink_route route = guest_route(survey->address, survey->device);
	int error = survey->ours ? 0 : netlink_route_add(host->netlink, &route);

	if (error)
		return host_refused(host, error, "add a route by", device);
	error = check_again(host, survey);
	if (!error)
		error = answer_arp(host, survey, device);
	if (error && !survey->ours)
		take_back(host, survey, !survey->addresses);
	return error;
}

int host_add(struct host *host)
{
	struct netlink_link link;
	struct survey survey;
	int error = host_own_link(host, &link);

	if (error)
		return error;
	/* Behind a bridge the guest's addresses are a matter of that network. */
	if (link.master)
		return 0;
	if (!access_address(host->policy, host->caller, host->request->address))
		return host_fail(host, -EPERM,
				 "cannot route %s to the guest: the policy does not "
				 "allow it; add it to a line of yours",
				 host_ipv4(host->request->address));
	error = make_survey(host, link.index, &survey);
	if (!error)
		error = check_guest(host, &survey);
	if (error)
		return error;
	error = privilege_raise();
	if (error)
		return host_refused(host, error, "change", link.name);
	host_sweep(host);
	error = put_in_place(host, &survey, link.name);
	privilege_lower();
	return error;
}

int host_delete(struct host *host)
{
	struct netlink_link link;
	struct survey survey;
	int error = host_own_link(host, &link);

	if (error || link.master)
		return error;
	error = make_survey(host, link.index, &survey);
	if (error)
		return error;
	if (!survey.ours)
		return host_fail(host, -ENOENT,
				 "cannot remove %s: %s does not have it; see ip "
				 "route",
				 host_ipv4(survey.address), link.name);
	error = privilege_raise();
	if (error)
		return host_refused(host, error, "change", link.name);
	error = take_back(host, &survey, survey.addresses == 1);
	privilege_lower();
	return error ? host_refused(host, error, "remove an address of", link.name) : 0;
}
