/* SPDX-License-Identifier: GPL-2.0-only */
/* host.h - what uml_net changes on the host. */
#ifndef UML_NET_HOST_H
#define UML_NET_HOST_H

#include "lib/netlink.h"
#include "uml_net/access.h"
#include "uml_net/request.h"

enum {
	/* Who made a route or a proxied neighbour, in their field "protocol": uml_net. */
	HOST_PROTOCOL = 85,
	HOST_PROBLEM_SIZE = 512,
	HOST_ALIAS_SIZE = 32,
	HOST_IPV4_BITS = 32,
	/* Interfaces that one address is answered for on. */
	HOST_DEVICES_MAX = 64,
};

/**
 * struct claims - the addresses of all guests, by the routes that uml_net made
 * @list: by address in order
 * @count: how many
 */
struct claims {
	struct claim {
		uint32_t address;
		int device;
	} *list;
	size_t count;
};

/* Some interfaces, by their numbers. */
struct host_devices {
	int list[HOST_DEVICES_MAX];
	unsigned int count;
};

/**
 * struct host - one request at work
 * @netlink: an open socket
 * @tun: descriptor of the clone device, or -errno; attached to an interface after host_up()
 * @caller: who asks
 * @policy: what is allowed
 * @request: what is asked for
 * @claims: from host_read_claims()
 * @problem: set on failure, `what failed: cause; remedy`
 */
struct host {
	struct netlink *netlink;
	int tun;
	const struct caller *caller;
	const struct policy *policy;
	const struct request *request;
	struct claims claims;
	char problem[HOST_PROBLEM_SIZE];
};

/*
 * One operation each: 0, or -errno and nothing is changed. host_up() sets @name. To be used by a process
 * that has the lock. Each is safe to be killed in at any step.
 */
int host_up(struct host *host, char name[IFNAMSIZ]);
int host_down(struct host *host);
int host_add(struct host *host);
int host_delete(struct host *host);

/* What helps where the rights are missing. */
#define HOST_RIGHTS "uml_net must be set-user-ID root or have CAP_NET_ADMIN and CAP_SETUID"

/* ---- for the files of this folder ------------------------------------------------------------ */

/* Sets host->problem; returns error. */
int host_fail(struct host *host, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same where a request to the kernel failed: `what: the kernel's words`. */
int host_refused(struct host *host, int error, const char *what, const char *device);

/* The alias of interfaces that uml_net made for a user; nobody else can set it. */
void host_alias(uid_t user, char alias[HOST_ALIAS_SIZE]);

/* Finds request->device and proves that uml_net made it for the caller. */
int host_own_link(struct host *host, struct netlink_link *link);

/* The address as text, in one of several buffers. */
const char *host_ipv4(uint32_t address);

/* Whether request->address may be the host's end of a cable; others may share it. */
int host_check_gate(struct host *host);

/* Whether uml_net made an interface, for whomever. */
bool host_is_guests(const struct netlink_link *link);

/* Sets a setting of the host that is one digit, unless it has that value already; 0 or -errno. */
int host_set_sysctl(const char *path, char value);

/* Whether a route says that its destination is a guest's. */
bool host_is_claim(const struct netlink_route *route);

/* Fills in host->claims. Returns 0 or -errno with host->problem set. */
int host_read_claims(struct host *host);

/* Whether an address is any guest's. */
bool host_claimed(const struct claims *claims, uint32_t address);

/*
 * The functions below change the host: to be used while privileges are raised, with host->claims read.
 *
 * The filters of one interface, or of all guests', are made to agree with host->claims, and with
 * whether it is the port of a bridge. 0, or -errno with host->problem set.
 */
int host_guard(struct host *host, const struct netlink_link *link);
int host_guard_all(struct host *host);

/* The same for a new interface, which is not up, with settings for it. */
int host_protect(struct host *host, const struct netlink_link *link);

/* Removes proxied neighbours of guests that are gone; 0, or -errno with host->problem set. */
int host_sweep(struct host *host);

/* Proxied neighbours of one address, 0 or -errno. What others made is left alone. */
int host_add_proxies(struct host *host, uint32_t address, const struct host_devices *devices);
int host_remove_proxies(struct host *host, uint32_t address);

#endif
