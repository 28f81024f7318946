// SPDX-License-Identifier: GPL-2.0-only
/*
 * link.c - makes and removes the interface of a guest.
 *
 * An interface that uml_net makes lives as long as somebody has its descriptor: it goes away with
 * the guest, with its addresses and routes, and with uml_net when that fails or is killed midway.
 *
 * Whose it is tells its alias, "uml_net uid 1000". Only CAP_NET_ADMIN can set an alias; the owner
 * that TUN keeps, which anyone who has the descriptor can change, must agree but proves nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/report.h"
#include "lib/tap.h"
#include "uml_net/host.h"

/* What the alias begins with; the user's number follows. */
#define ALIAS_PREFIX "uml_net uid "

int host_fail(struct host *host, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(host->problem, sizeof(host->problem), format, arguments);
	va_end(arguments);
	return error;
}

int host_refused(struct host *host, int error, const char *what, const char *device)
{
	return host_fail(host, error, "cannot %s %s: %s; %s", what, device,
			 netlink_cause(host->netlink, error),
			 error == -EPERM ? HOST_RIGHTS
					 : "see ip address, ip route and ip neighbour show proxy");
}

void host_alias(uid_t user, char alias[HOST_ALIAS_SIZE])
{
	snprintf(alias, HOST_ALIAS_SIZE, ALIAS_PREFIX "%u", user);
}

bool host_is_guests(const struct netlink_link *link)
{
	return !strcmp(link->kind, "tun") && link->tun.tap &&
	       !strncmp(link->alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX));
}

const char *host_ipv4(uint32_t address)
{
	static char texts[4][INET_ADDRSTRLEN];
	static unsigned int turn;
	struct in_addr network = { htonl(address) };

	turn = (turn + 1) % (sizeof(texts) / sizeof(texts[0]));
	return inet_ntop(AF_INET, &network, texts[turn], sizeof(texts[0]));
}

int host_own_link(struct host *host, struct netlink_link *link)
{
	const char *device = host->request->device;
	char alias[HOST_ALIAS_SIZE];
	int error = netlink_link_by_name(host->netlink, device, link);

	if (error && error != -ENODEV)
		return host_refused(host, error, "look up", device);
	host_alias(host->caller->user, alias);
	/* The same words for all, so that nobody learns about others' interfaces here. */
	if (error || !request_device_valid(link->name) || !host_is_guests(link) ||
	    link->tun.owner != host->caller->user || strcmp(link->alias, alias))
		return host_fail(host, -EPERM,
				 "cannot change %s: uml_net did not make it for uid "
				 "%u; ask for one by 'tuntap up'",
				 device, host->caller->user);
	return 0;
}

/* ---- making one ------------------------------------------------------------------------------ */

/* Whether an interface has an address of the host. */
struct address_search {
	uint32_t address;
	int device;
	bool found;
};

static int match_address(void *context, const struct netlink_address *address)
{
	struct address_search *search = context;
	uint32_t wanted = htonl(search->address);

	if (!address)
		search->found = false;
	else if (address->family == AF_INET && address->device == search->device &&
		 !memcmp(address->bytes, &wanted, sizeof(wanted)))
		search->found = true;
	return 0;
}

/* The bridge that the request names. */
static int find_named_bridge(struct host *host, struct netlink_link *bridge)
{
	const char *name = host->request->device;
	int error;

	if (!access_bridge(host->policy, host->caller, name))
		return host_fail(host, -EPERM,
				 "cannot use the bridge %s: the policy does not allow it; add "
				 "'bridge %s' to a line of yours",
				 name, name);
	error = netlink_link_by_name(host->netlink, name, bridge);
	if (error)
		return host_refused(host, error, "find the bridge", name);
	if (strcmp(bridge->kind, "bridge"))
		return host_fail(host, -EINVAL,
				 "cannot use %s: it is no bridge; make one with ip link add type "
				 "bridge",
				 name);
	return 0;
}

/* The caller's bridge that has the address on the host; its index is 0 where there is none. */
static int find_bridge_of_gate(struct host *host, struct netlink_link *bridge)
{
	struct address_search search = { .address = host->request->address };
	const char *name;
	int error;

	for (unsigned int i = 0; (name = access_bridge_at(host->policy, host->caller, i)); i++) {
		if (!*name || netlink_link_by_name(host->netlink, name, bridge) ||
		    strcmp(bridge->kind, "bridge"))
			continue;
		search.device = bridge->index;
		error = netlink_addresses(host->netlink, match_address, &search);
		if (error)
			return host_refused(host, error, "look up", host_ipv4(search.address));
		if (search.found)
			return 0;
	}
	bridge->index = 0;
	return 0;
}

/* Counts interfaces by alias: those of one user. */
struct count {
	char alias[HOST_ALIAS_SIZE];
	unsigned int links;
};

static int count_link(void *context, const struct netlink_link *link)
{
	struct count *count = context;

	if (!link)
		count->links = 0;
	else if (!strcmp(link->alias, count->alias))
		count->links++;
	return 0;
}

/* Whether the caller may have one more: nobody else makes one meanwhile. */
static int check_limit(struct host *host)
{
	struct count count = { .links = 0 };
	int error;

	host_alias(host->caller->user, count.alias);
	error = netlink_links(host->netlink, count_link, &count);
	if (error)
		return host_refused(host, error, "list", "the interfaces");
	if (host->caller->user && count.links >= host->policy->interfaces)
		return host_fail(host, -EDQUOT,
				 "cannot make an interface: uid %u has %u already; "
				 "end a guest, or raise 'interfaces' in the policy",
				 host->caller->user, count.links);
	return 0;
}

/* Names the new interface as the caller's. */
static int claim(struct host *host, const struct netlink_link *link)
{
	char alias[HOST_ALIAS_SIZE];
	int error;

	host_alias(host->caller->user, alias);
	error = netlink_link_alias(host->netlink, link->index, alias);
	return error ? host_refused(host, error, "name", link->name) : 0;
}

static int let_forward(struct host *host)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	int error = host->policy->forwarding ? host_set_sysctl(path, '1') : 0;

	if (error)
		return host_fail(host, error,
				 "cannot write %s: %s; write 1 to it, or say "
				 "'forwarding no' in the policy",
				 path, cause(error));
	return 0;
}

/* Nothing comes in by the interface before it is up, and it is up last. */
static int set_up(struct host *host, struct netlink_link *link, int bridge)
{
	struct netlink_address gate = { .device = link->index,
					.family = AF_INET,
					.prefix = HOST_IPV4_BITS };
	uint32_t address = htonl(host->request->address);
	int error = claim(host, link);

	link->master = bridge;
	if (!error)
		error = host_protect(host, link);
	if (error)
		return error;
	memcpy(gate.bytes, &address, sizeof(address));
	error = bridge ? netlink_link_master(host->netlink, link->index, bridge)
		       : netlink_address_add(host->netlink, &gate);
	if (!error)
		error = netlink_link_up(host->netlink, link->index, true);
	if (error)
		return host_refused(host, error, "set up", link->name);
	return bridge ? 0 : let_forward(host);
}

static int make_link(struct host *host, struct netlink_link *link)
{
	struct tap tap = { .name = "tap%d" };
	int error = host->tun < 0 ? host->tun : tap_attach(host->tun, &tap);

	if (!error)
		error = tap_set_owner(host->tun, host->caller->user);
	if (error)
		return host_fail(host, error, "cannot make an interface by %s: %s; %s",
				 TAP_CLONE_DEVICE, cause(error),
				 error == -EPERM || error == -EACCES
					 ? HOST_RIGHTS
					 : "is the host's module tun loaded?");
	error = netlink_link_by_name(host->netlink, tap.name, link);
	return error ? host_refused(host, error, "look up", tap.name) : 0;
}

int host_up(struct host *host, char name[IFNAMSIZ])
{
	struct netlink_link link = { .index = 0 }, bridge = { .index = 0 };
	int error = *host->request->device ? find_named_bridge(host, &bridge)
					   : find_bridge_of_gate(host, &bridge);

	if (error)
		return error;
	if (!bridge.index && !access_address(host->policy, host->caller, host->request->address))
		return host_fail(host, -EPERM,
				 "cannot have the address %s on the host: the "
				 "policy does not allow it; add it to a line of yours",
				 host_ipv4(host->request->address));
	error = bridge.index ? 0 : host_check_gate(host);
	if (!error)
		error = check_limit(host);
	if (!error)
		error = host_read_claims(host);
	if (error)
		return error;
	error = privilege_raise();
	if (error)
		return host_refused(host, error, "make", "an interface");
	error = host_sweep(host);
	if (!error)
		error = make_link(host, &link);
	if (!error)
		error = set_up(host, &link, bridge.index);
	privilege_lower();
	if (!error)
		memcpy(name, link.name, IFNAMSIZ);
	return error;
}

int host_down(struct host *host)
{
	struct netlink_link link;
	int error = host_own_link(host, &link);

	if (error)
		return error;
	error = privilege_raise();
	if (error)
		return host_refused(host, error, "remove", link.name);
	error = netlink_link_delete(host->netlink, link.index);
	if (error)
		host_refused(host, error, "remove", link.name);
	if (!error)
		error = host_read_claims(host);
	if (!error)
		error = host_sweep(host);
	privilege_lower();
	return error;
}
