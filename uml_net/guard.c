// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard.c - keeps what a guest sends from what is not the guest's.
 *
 * Filters at the interface do it. The kernel has settings for the same, rp_filter and others, but
 * combines those of an interface with those of all interfaces, and not always to the stricter of two,
 * so nothing rests on them; they are set as a second means.
 *
 * The address that a filter lets pass is always one that the interface has a route to: it comes after
 * the route and goes before it. Routes can go without uml_net, by the administrator or with the
 * interface's state, so before an address becomes a guest's the filters of all guests are made to agree
 * with the routes.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/ip.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/array.h"
#include "lib/report.h"
#include "uml_net/filter.h"
#include "uml_net/host.h"

enum {
	/* Priorities of filters: those of others may come first. */
	PRIORITY_OF_GUEST = 0x5500,
	PRIORITY_OF_REST,
};

/* What an interface towards a guest needs and must not have; on top of what the host has. */
static const struct {
	uint16_t setting;
	uint32_t value;
} ipv4_settings[] = {
	{ IPV4_DEVCONF_RP_FILTER, 1 },
	{ IPV4_DEVCONF_ACCEPT_REDIRECTS, 0 },
	/* This one holds alone: routes in packets are followed where both settings say so. */
	{ IPV4_DEVCONF_ACCEPT_SOURCE_ROUTE, 0 },
};

/* ---- files below /proc/sys ------------------------------------------------------------------- */

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

int host_set_sysctl(const char *path, char value)
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

/* ---- filters --------------------------------------------------------------------------------- */

static int set_filter(struct host *host, int device, uint16_t priority, const struct filter *filter)
{
	const struct netlink_filter request = { .priority = priority,
						.verdict = priority == PRIORITY_OF_REST,
						.program = filter->program,
						.length = filter->length };

	return netlink_filter_set(host->netlink, device, &request);
}

static void filter_claims(const struct claims *claims, int device, struct filter *filter)
{
	uint32_t addresses[FILTER_ADDRESSES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < claims->count && count < FILTER_ADDRESSES_MAX; i++)
		if (claims->list[i].device == device)
			addresses[count++] = claims->list[i].address;
	filter_addresses(filter, addresses, count);
}

/*
 * Whether frames that come in are a bridge's, or those of something like it. The interfaces of a VRF
 * have a master too, but stay the host's own.
 */
static int is_port(struct host *host, const struct netlink_link *link, bool *port)
{
	struct netlink_link master;
	int error = link->master ? netlink_link_by_index(host->netlink, link->master, &master) : 0;

	*port = !error && link->master && strcmp(master.kind, "vrf");
	/* Without its master the interface is none. */
	return error == -ENODEV ? 0 : error;
}

/* Lets nothing pass before it lets something pass. */
static int guard(struct host *host, const struct netlink_link *link)
{
	int error, device = link->index;
	struct filter filter;
	bool port;

	error = is_port(host, link, &port);
	if (error)
		return error;
	error = netlink_ingress_add(host->netlink, device);
	if (error && error != -EEXIST)
		return error;
	filter_rest(&filter);
	error = set_filter(host, device, PRIORITY_OF_REST, &filter);
	if (error)
		return error;
	if (port)
		filter_port(&filter);
	else
		filter_claims(&host->claims, device, &filter);
	return set_filter(host, device, PRIORITY_OF_GUEST, &filter);
}

static int no_filter(struct host *host, int error, const char *device)
{
	return host_fail(host, error,
			 "cannot filter what guests send by %s: %s; the host's kernel needs its "
			 "modules sch_ingress and cls_bpf",
			 device, netlink_cause(host->netlink, error));
}

int host_guard(struct host *host, const struct netlink_link *link)
{
	int error = guard(host, link);

	return error ? no_filter(host, error, link->name) : 0;
}

/* Interfaces of all users. */
struct guarded {
	struct netlink_link *list;
	size_t count;
};

static int note_guarded(void *context, const struct netlink_link *link)
{
	struct guarded *guarded = context;
	struct netlink_link *grown;

	if (!link) {
		guarded->count = 0;
		return 0;
	}
	if (!host_is_guests(link))
		return 0;
	grown = array_grow(guarded->list, guarded->count, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	guarded->list = grown;
	grown[guarded->count++] = *link;
	return 0;
}

int host_guard_all(struct host *host)
{
	struct guarded guarded = { .count = 0 };
	int error = netlink_links(host->netlink, note_guarded, &guarded);

	if (error)
		host_refused(host, error, "list", "the interfaces");
	for (size_t i = 0; !error && i < guarded.count; i++) {
		error = guard(host, &guarded.list[i]);
		/* One that has gone meanwhile sends nothing. */
		if (error == -ENODEV)
			error = 0;
		else if (error)
			no_filter(host, error, guarded.list[i].name);
	}
	free(guarded.list);
	return error;
}

int host_protect(struct host *host, const struct netlink_link *link)
{
	char path[96];
	int error = host_guard(host, link);

	if (error)
		return error;
	for (size_t i = 0; !error && i < sizeof(ipv4_settings) / sizeof(ipv4_settings[0]); i++)
		error = netlink_link_ipv4_setting(host->netlink, link->index,
						  ipv4_settings[i].setting, ipv4_settings[i].value);
	if (error)
		return host_refused(host, error, "set up", link->name);
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/accept_ra", link->name);
	error = host_set_sysctl(path, '0');
	if (error && error != -ENOENT)
		return host_fail(host, error, "cannot write %s: %s; is /proc/sys writable?", path,
				 cause(error));
	return 0;
}
