// SPDX-License-Identifier: GPL-2.0-only
/*
 * route.c - the addresses of guests: a route to each, and what goes with it.
 *
 * The route is the claim: it goes away with the interface. The filter that lets the guest send from the
 * address (guard.c) and the answers to ARP requests for it (proxy.c) come after the route and go before
 * it. Routes of uml_net bear its number as their protocol; what others made is never changed.
 */
#include <errno.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "uml_net/filter.h"
#include "uml_net/host.h"

enum {
	/* Addresses of one interface. */
	ADDRESSES_MAX = FILTER_ADDRESSES_MAX,
};

/* What the host's routes say about an address. */
struct survey {
	uint32_t address;
	uint32_t netmask;
	int device;

	bool ours;		     /* it is the device's already */
	bool hosts;		     /* it is the host's own */
	bool broadcast;		     /* it is a broadcast address of the host */
	bool router;		     /* the host sends by it */
	int taken;		     /* interface that a route to it alone goes by */
	unsigned int addresses;	     /* count of the device's addresses */
	struct host_devices devices; /* other interfaces in the guest's network, but for guests' */
	bool crowded;		     /* there are more than have room there */
};

static void note_device(struct survey *survey, int device)
{
	struct host_devices *devices = &survey->devices;

	for (unsigned int i = 0; i < devices->count; i++)
		if (devices->list[i] == device)
			return;
	if (devices->count == HOST_DEVICES_MAX)
		survey->crowded = true;
	else
		devices->list[devices->count++] = device;
}

static void survey_main(struct survey *survey, const struct netlink_route *route)
{
	bool exact = route->prefix == HOST_IPV4_BITS && route->destination == survey->address;

	if (host_is_claim(route) && route->device == survey->device) {
		survey->addresses++;
		survey->ours |= exact;
		return;
	}
	if (exact)
		survey->taken = route->device ? route->device : -1;
	/* The interfaces of other guests answer for all that the host reaches elsewhere. */
	if (!host_is_claim(route) && route->type == RTN_UNICAST && route->device &&
	    route->device != survey->device &&
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
	else if (route->table == RT_TABLE_LOCAL && route->prefix == HOST_IPV4_BITS &&
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
	if (survey->crowded && host->policy->proxy_arp)
		return host_fail(host, -E2BIG,
				 "cannot use %s: the host has more than %d interfaces in the guest's "
				 "network; give the guest a longer netmask",
				 host_ipv4(survey->address), HOST_DEVICES_MAX);
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
				       .prefix = HOST_IPV4_BITS,
				       .table = RT_TABLE_MAIN,
				       .type = RTN_UNICAST,
				       .protocol = HOST_PROTOCOL,
				       .device = device };
}

/* The filter of the interface without the address. */
static int stop_sending(struct host *host, const struct netlink_link *link, uint32_t address)
{
	struct claims *claims = &host->claims;
	size_t kept = 0;

	for (size_t i = 0; i < claims->count; i++)
		if (claims->list[i].address != address || claims->list[i].device != link->index)
			claims->list[kept++] = claims->list[i];
	claims->count = kept;
	return host_guard(host, link);
}

/*
 * Removes what an address brought, the route last: as long as one thing stays, nobody else gets the
 * address, and the request can be made again.
 */
static int take_back(struct host *host, const struct survey *survey,
		     const struct netlink_link *link, bool last)
{
	const struct netlink_route route = guest_route(survey->address, link->index);
	int error = stop_sending(host, link, survey->address);

	if (error)
		return error;
	error = host_remove_proxies(host, survey->address);
	if (!error && last && host->policy->proxy_arp)
		error = netlink_link_ipv4_setting(host->netlink, link->index,
						  IPV4_DEVCONF_PROXY_ARP, 0);
	if (!error)
		error = netlink_route_delete(host->netlink, &route);
	if (error && error != -ESRCH)
		return host_refused(host, error, "remove an address of", link->name);
	return 0;
}

static int answer_arp(struct host *host, const struct survey *survey,
		      const struct netlink_link *link)
{
	int error;

	if (!host->policy->proxy_arp)
		return 0;
	error = netlink_link_ipv4_setting(host->netlink, link->index, IPV4_DEVCONF_PROXY_ARP, 1);
	if (!error)
		error = host_add_proxies(host, survey->address, &survey->devices);
	return error ? host_refused(host, error, "answer ARP requests for", link->name) : 0;
}

static int put_in_place(struct host *host, const struct survey *survey,
			const struct netlink_link *link)
{
	const struct netlink_route route = guest_route(survey->address, link->index);
	char problem[HOST_PROBLEM_SIZE];
	int error = survey->ours ? 0 : netlink_route_add(host->netlink, &route);

	if (error)
		return host_refused(host, error, "add a route by", link->name);
	error = host_read_claims(host);
	if (!error)
		error = host_guard_all(host);
	if (!error)
		error = answer_arp(host, survey, link);
	if (error && !survey->ours) {
		memcpy(problem, host->problem, sizeof(problem));
		if (!take_back(host, survey, link, !survey->addresses))
			memcpy(host->problem, problem, sizeof(problem));
	}
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
	error = host_read_claims(host);
	if (error)
		return error;
	error = privilege_raise();
	if (error)
		return host_refused(host, error, "change", link.name);
	error = host_sweep(host);
	if (!error)
		error = put_in_place(host, &survey, &link);
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
	error = host_read_claims(host);
	if (error)
		return error;
	error = privilege_raise();
	if (error)
		return host_refused(host, error, "change", link.name);
	error = take_back(host, &survey, &link, survey.addresses == 1);
	privilege_lower();
	return error;
}
