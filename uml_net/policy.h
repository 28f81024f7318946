/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * policy.h - what /etc/uml/uml_net.conf allows to whom.
 *
 * A line is empty, a comment from # on, or one of
 *
 *	allow user|group NAME [address RANGE...] [bridge NAME...]
 *	interfaces COUNT
 *	forwarding yes|no
 *	proxy-arp yes|no
 *
 * Anything else makes the whole file void. RANGE is A.B.C.D, A.B.C.D/BITS or A.B.C.D-A.B.C.D.
 */
#ifndef UML_NET_POLICY_H
#define UML_NET_POLICY_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	POLICY_SIZE_MAX = 64 << 10,
	POLICY_NAME_SIZE = 64,
	POLICY_GRANTS_MAX = 256,
	POLICY_RANGES_MAX = 32,
	POLICY_BRIDGES_MAX = 8,
	POLICY_INTERFACES = 8,
	POLICY_INTERFACES_MAX = 4096,
};

struct policy_range {
	uint32_t first;
	uint32_t last;
};

/**
 * struct policy_grant - what one line allows
 * @group: @name is a group's
 * @name: name or number of the user or group
 * @applies: it is the caller's; set by access_resolve()
 * @ranges: addresses, of guests and of the host's interfaces towards them
 * @range_count: how many
 * @bridges: bridges that interfaces may be made ports of
 * @bridge_count: how many
 */
struct policy_grant {
	bool group;
	bool applies;
	char name[POLICY_NAME_SIZE];
	struct policy_range ranges[POLICY_RANGES_MAX];
	unsigned int range_count;
	char bridges[POLICY_BRIDGES_MAX][IFNAMSIZ];
	unsigned int bridge_count;
};

/**
 * struct policy - the whole file
 * @forwarding: may let the host forward packets
 * @proxy_arp: the host answers ARP requests for guests
 * @interfaces: how many interfaces one user may have at a time
 * @grants: what is allowed
 * @grant_count: how many
 */
struct policy {
	bool forwarding;
	bool proxy_arp;
	unsigned int interfaces;
	struct policy_grant grants[POLICY_GRANTS_MAX];
	unsigned int grant_count;
};

/**
 * struct policy_problem - why a file is void
 * @line: number of the line, from 1
 * @what: what is wrong with it
 */
struct policy_problem {
	unsigned int line;
	const char *what;
};

/* What holds where there is no file: nobody is allowed anything. */
void policy_default(struct policy *policy);

/**
 * policy_parse() - read a policy
 * @text: the file's bytes
 * @length: how many
 * @policy: filled in; of no use after a failure
 * @problem: set on failure
 *
 * Return: 0 or -EINVAL.
 */
int policy_parse(const char *text, size_t length, struct policy *policy,
		 struct policy_problem *problem);

/* Whether counts and texts of a policy are within their bounds: it comes from another process. */
bool policy_sound(const struct policy *policy);

#endif
