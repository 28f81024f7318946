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
};

/**
 * struct host - one request at work
 * @netlink: an open socket
 * @tun: descriptor of the clone device, or -errno; attached to an interface after host_up()
 * @caller: who asks
 * @policy: what is allowed
 * @request: what is asked for
 * @problem: set on failure, `what failed: cause; remedy`
 */
struct host {
	struct netlink *netlink;
	int tun;
	const struct caller *caller;
	const struct policy *policy;
	const struct request *request;
	char problem[HOST_PROBLEM_SIZE];
};

/* One operation each: 0, or -errno and nothing is changed. host_up() sets @name. */
int host_up(struct host *host, char name[IFNAMSIZ]);
int host_down(struct host *host);
int host_add(struct host *host);
int host_delete(struct host *host);

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

/* Removes proxied neighbours of guests that are gone. To be used while privileges are raised. */
void host_sweep(struct host *host);

#endif
