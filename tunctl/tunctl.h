/* SPDX-License-Identifier: GPL-2.0-only */
/* tunctl.h - what the parts of tunctl share. */
#ifndef TUNCTL_TUNCTL_H
#define TUNCTL_TUNCTL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/netlink.h"
#include "lib/tap.h"

enum { TUNCTL_ADDRESSES_MAX = 16 };

/**
 * struct tunctl - what the command line asks for
 * @clone_device: path of the clone device
 * @tap: the interface
 * @brief: print its name alone
 * @has_owner: @owner is given
 * @has_group: @group is given
 * @owner: user that may use it
 * @group: group that may use it
 * @has_mac: @mac is given
 * @mac: its Ethernet address
 * @up: bring it up
 * @addresses: its addresses
 * @address_count: how many
 */
struct tunctl {
	const char *clone_device;
	struct tap tap;
	bool brief;
	bool has_owner;
	bool has_group;
	uid_t owner;
	gid_t group;
	bool has_mac;
	uint8_t mac[6];
	bool up;
	struct netlink_address addresses[TUNCTL_ADDRESSES_MAX];
	unsigned int address_count;
};

/* Each says what is wrong and exits with 1 where it fails. */
void tunctl_create(struct tunctl *tunctl);
void tunctl_remove(struct tunctl *tunctl);
/* Prints the interfaces on stdout, only @tunctl's where that has a name. */
void tunctl_list(const struct tunctl *tunctl, bool json);

#endif
