/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * filter.h - what the host takes of the frames that a guest sends.
 *
 * Of all others it takes none: two filters stand at an interface, the one of these programs, by which
 * frames pass, and behind it one that drops. A frame that is too short for what a program reads is not
 * taken.
 */
#ifndef UML_NET_FILTER_H
#define UML_NET_FILTER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FILTER_ADDRESSES_MAX = 64,
	FILTER_LENGTH_MAX = 96,
};

/**
 * struct filter - a program of classic BPF on an Ethernet frame; its result is 0 or all ones
 * @program: its instructions
 * @length: how many
 */
struct filter {
	struct sock_filter program[FILTER_LENGTH_MAX];
	uint16_t length;
};

/**
 * filter_addresses() - take what comes from addresses of the guest's
 * @filter: filled in
 * @addresses: the guest's, in the host's byte order
 * @count: how many; what is beyond FILTER_ADDRESSES_MAX is not taken
 *
 * IPv4 packets and ARP messages of these addresses are, but for packets to 127.0.0.0/8, redirects and
 * advertisements of routers. IPv6, VLAN tags and all other protocols are not.
 */
void filter_addresses(struct filter *filter, const uint32_t *addresses, size_t count);

/**
 * filter_port() - take what a machine on a bridge may send
 * @filter: filled in
 *
 * Everything, but for frames to 01:80:c2:00:00:00 to 0f: those would go to the host past the bridge, or
 * be those of another bridge.
 */
void filter_port(struct filter *filter);

/* What is done with a frame that the program before did not take: its result is TC_ACT_SHOT. */
void filter_rest(struct filter *filter);

#endif
