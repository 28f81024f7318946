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
#include <fcntl.h>
#include <linux/ip.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/report.h"
#include "lib/tap.h"
#include "uml_net/host.h"

enum {
	IPV4_BITS = 32,
	/* Interfaces with one address that are looked at for a bridge. */
	GATES_MAX = 256,
};

/* What an interface towards a guest needs and must not have; on top of what the host has. */
static const struct {
	uint16_t setting;
	uint32_t value;
} ipv4_settings[] = {
	/* Guests send from the addresses that were added for them alone. */
	{ IPV4_DEVCONF_RP_FILTER, 1 },
	/* Guests do not change the host's routes. */
	{ IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 },
	{ IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 },
};

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
			 error == -EPERM ? "uml_net must be set-user-ID root or have CAP_NET_ADMIN"
					 : "see ip address, ip route and ip neighbour show proxy");
}

void host_alias(uid_t user, char alias[HOST_ALIAS_SIZE])
{
	snprintf(alias, HOST_ALIAS_SIZE, "uml_net uid %u", user);
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
	if (error || !request_device_valid(link->name) || strcmp(link->kind, "tun") ||
	    !link->tun.tap || link->tun.owner != host->caller->user || strcmp(link->alias, alias))
		return host_fail(host, -EPERM,
				 "cannot change %s: uml_net did not make it for uid "
				 "%u; ask for one by 'tuntap up'",
				 device, host->caller->user);
	return 0;
}

/* ---- making one ------------------------------------------------------------------------------ */

/* Finds the interfaces that have an address of the host. */
struct address_search {
	uint32_t address;
	int devices[GATES_MAX];
	unsigned int count;
};

static int match_address(void *context, const struct netlink_address *address)
{
	struct address_search *search = context;
	uint32_t wanted = htonl(search->address);

	if (!address)
		search->count = 0;
	else if (address->family == AF_INET && search->count < GATES_MAX &&
		 !memcmp(address->bytes, &wanted, sizeof(wanted)))
		search->devices[search->count++] = address->device;
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
	int error = netlink_addresses(host->netlink, match_address, &search);

	if (error)
		return host_refused(host, error, "look up", host_ipv4(search.address));
	for (unsigned int i = 0; i < search.count; i++) {
		/* What has gone meanwhile is not meant. */
		if (!netlink_link_by_index(host->netlink, search.devices[i], bridge) &&
		    !strcmp(bridge->kind, "bridge") &&
		    access_names_bridge(host->policy, bridge->name) &&
		    access_bridge(host->policy, host->caller, bridge->name))
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

/*
 * Names the new interface as the caller's, and counts afterwards: of two that are made at a time
 * both may fail at the limit, but never both succeed beyond it.
 */
static int claim(struct host *host, const struct netlink_link *link)
{
	struct count count = { .links = 0 };
	int error;

	host_alias(host->caller->user, count.alias);
	error = netlink_link_alias(host->netlink, link->index, count.alias);
	if (!error)
		error = netlink_links(host->netlink, count_link, &count);
	if (error)
		return host_refused(host, error, "name", link->name);
	if (host->caller->user && count.links > host->policy->interfaces)
		return host_fail(host, -EDQUOT,
				 "cannot make an interface: uid %u has %u already; "
				 "end a guest, or raise 'interfaces' in the policy",
				 host->caller->user, count.links - 1);
	return 0;
}

/* Opens a file below /proc/sys, and nothing that is laid over it. */
static int open_sysctl(const char *path, int flags)
{
	struct statfs status;
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (!fstatfs(fd, &status) && status.f_type == PROC_SUPER_MAGIC)
		return fd;
	close(fd);
	return -ENOENT;
}

/* Sets a setting that is one digit, unless it has that value already. */
static int set_sysctl(const char *path, char value)
{
	char now = '\0';
	int error = 0, fd = open_sysctl(path, O_RDONLY);

	if (fd < 0)
		return fd;
	if (read(fd, &now, 1) != 1)
		now = '\0';
	close(fd);
	if (now == value)
		return 0;
	fd = open_sysctl(path, O_WRONLY);
	if (fd < 0)
		return fd;
	if (write(fd, &value, 1) != 1)
		error = -errno;
	close(fd);
	return error;
}

static int protect_host(struct host *host, const struct netlink_link *link)
{
	char path[96];
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(ipv4_settings) / sizeof(ipv4_settings[0]); i++)
		error = netlink_link_ipv4_setting(host->netlink, link->index,
						  ipv4_settings[i].setting, ipv4_settings[i].value);
	if (error)
		return host_refused(host, error, "set up", link->name);
	/* A guest that plays router would get the host's traffic. */
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", link->name);
	error = set_sysctl(path, '0');
	if (error && error != -ENOENT)
		return host_fail(host, error, "cannot write %s: %s; is /proc/sys writable?", path,
				 cause(error));
	return 0;
}

static int let_forward(struct host *host)
{
	static const char path[] = "/proc/sys/net/ipv4/ip_forward";
	int error = host->policy->forwarding ? set_sysctl(path, '1') : 0;

	if (error)
		return host_fail(host, error,
				 "cannot write %s: %s; write 1 to it, or say "
				 "'forwarding no' in the policy",
				 path, cause(error));
	return 0;
}

static int set_up(struct host *host, const struct netlink_link *link, int bridge)
{
	struct netlink_address gate = { .device = link->index,
					.family = AF_INET,
					.prefix = IPV4_BITS };
	uint32_t address = htonl(host->request->address);
	int error = claim(host, link);

	if (!error)
		error = protect_host(host, link);
	if (error)
		return error;
	memcpy(gate.bytes, &address, sizeof(address));
	error = bridge ? netlink_link_master(host->netlink, link->index, bridge)
		       : netlink_address_add(host->netlink, &gate);
	if (!error)
		error = netlink_link_up(host->netlink, link->index, true);
	if (error)
		return host_refused(host, error, "set up", link->name);
	/* A guest may have got the address since it was looked at. */
	error = bridge ? 0 : host_check_gate(host);
	return error || bridge ? error : let_forward(host);
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
					 ? "uml_net must be set-user-ID root, or have "
					   "CAP_NET_ADMIN and access "
					   "to the device"
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
	if (error)
		return error;
	error = privilege_raise();
	if (error)
		return host_refused(host, error, "make", "an interface");
	host_sweep(host);
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
	else
		host_sweep(host);
	privilege_lower();
	return error;
}
