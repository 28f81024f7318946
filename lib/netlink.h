/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netlink.h - the host's interfaces, addresses, IPv4 routes and proxied neighbours by rtnetlink(7).
 *
 * Each function is one request to the kernel and waits for its answer. What the kernel says of its
 * own accord about a refusal is kept: netlink_cause() has it. IPv4 addresses are numbers in the
 * host's byte order.
 *
 * A dump hands each item to a function. It is called with NULL before the first one, and again
 * where the table changed meanwhile and is read anew: it must forget then what it has seen. It must
 * not make requests on the same socket. What it returns below 0 ends the dump as an error.
 */
#ifndef LIB_NETLINK_H
#define LIB_NETLINK_H

#include <linux/filter.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	NETLINK_ALIAS_SIZE = 256,
	NETLINK_ID_NONE = -1,
};

/**
 * struct netlink - a socket for requests
 * @fd: the socket
 * @sequence: number of the last request
 * @refusal: what the kernel said about the last refusal, empty where it said nothing
 * @buffer: the last answer
 */
struct netlink {
	int fd;
	uint32_t sequence;
	char refusal[160];
	uint8_t buffer[65536] __attribute__((aligned(8)));
};

/**
 * struct netlink_tun - what the kernel tells of a TUN or TAP interface
 * @tap: carries Ethernet frames, not packets
 * @persistent: stays when no program has it open
 * @multi_queue: several programs or threads may have it open
 * @vnet_hdr: frames have a virtio header before them
 * @packet_info: frames have four bytes of flags and protocol before them
 * @owner: user id, or NETLINK_ID_NONE
 * @group: group id, or NETLINK_ID_NONE
 * @queues: count of descriptors it is open by; known for several queues only
 */
struct netlink_tun {
	bool tap;
	bool persistent;
	bool multi_queue;
	bool vnet_hdr;
	bool packet_info;
	int64_t owner;
	int64_t group;
	uint32_t queues;
};

/**
 * struct netlink_link - an interface
 * @index: its number
 * @flags: IFF_UP and others, see netdevice(7)
 * @master: number of the bridge it is a port of, or 0
 * @mac: its Ethernet address where @has_mac
 * @has_mac: it has one
 * @name: its name
 * @kind: "tun", "bridge", ...; empty for hardware
 * @alias: its alias, or empty
 * @tun: valid where @kind is "tun"
 */
struct netlink_link {
	int index;
	unsigned int flags;
	int master;
	uint8_t mac[6];
	bool has_mac;
	char name[IFNAMSIZ];
	char kind[IFNAMSIZ];
	char alias[NETLINK_ALIAS_SIZE];
	struct netlink_tun tun;
};

/**
 * struct netlink_address - an address of an interface
 * @device: number of the interface
 * @family: AF_INET or AF_INET6
 * @prefix: length of its network part in bits
 * @bytes: the address in network order, 4 or 16 bytes
 */
struct netlink_address {
	int device;
	uint8_t family;
	uint8_t prefix;
	uint8_t bytes[16];
};

/**
 * struct netlink_route - an IPv4 route
 * @destination: network
 * @prefix: length of @destination in bits
 * @gateway: next router, or 0
 * @table: RT_TABLE_MAIN and others
 * @device: number of the interface, 0 where it has none or several
 * @type: RTN_UNICAST, RTN_LOCAL and others
 * @protocol: who made it, RTPROT_BOOT and others
 */
struct netlink_route {
	uint32_t destination;
	uint32_t gateway;
	uint32_t table;
	int device;
	uint8_t prefix;
	uint8_t type;
	uint8_t protocol;
};

/**
 * struct netlink_proxy - an IPv4 address that an interface answers ARP requests for
 * @address: the address
 * @device: number of the interface
 * @protocol: who made it, RTPROT_UNSPEC where the kernel does not tell
 */
struct netlink_proxy {
	uint32_t address;
	int device;
	uint8_t protocol;
};

/**
 * struct netlink_filter - a filter of the frames that come in by an interface
 * @priority: filters of lower numbers are asked first; there is one of each number
 * @verdict: the program's result is the frame's fate, TC_ACT_SHOT or another; else a frame that it
 *	takes, by a result other than 0, passes, and one that it does not take goes to the next filter
 * @program: classic BPF, on the frame from its Ethernet header on
 * @length: count of instructions
 *
 * The result of a program that reads behind a frame's end is 0.
 */
struct netlink_filter {
	uint16_t priority;
	bool verdict;
	const struct sock_filter *program;
	uint16_t length;
};

/**
 * netlink_open() - open a socket for requests in the caller's network namespace
 * @netlink: filled in
 *
 * The kernel asks for CAP_NET_ADMIN here and in each request that changes something.
 *
 * Return: 0 or -errno.
 */
int netlink_open(struct netlink *netlink);
void netlink_close(struct netlink *netlink);

/**
 * netlink_cause() - the text of an error that one of the functions below has just returned
 * @netlink: the socket
 * @error: what it returned
 *
 * Return: the error's text, with the kernel's own explanation where it gave one.
 */
const char *netlink_cause(struct netlink *netlink, int error);

/* Each returns 0 or -errno, -ENODEV where there is no such interface. */
int netlink_link_by_name(struct netlink *netlink, const char *name, struct netlink_link *link);
int netlink_link_by_index(struct netlink *netlink, int index, struct netlink_link *link);

/* Changes of one interface; each returns 0 or -errno. */
int netlink_link_up(struct netlink *netlink, int index, bool up);
int netlink_link_mac(struct netlink *netlink, int index, const uint8_t mac[6]);
int netlink_link_alias(struct netlink *netlink, int index, const char *alias);
/* Makes it a port of the bridge @master; of none where that is 0. */
int netlink_link_master(struct netlink *netlink, int index, int master);
/* A setting of IPv4 on it: IPV4_DEVCONF_PROXY_ARP and others of <linux/ip.h>. */
int netlink_link_ipv4_setting(struct netlink *netlink, int index, uint16_t setting, uint32_t value);
int netlink_link_delete(struct netlink *netlink, int index);

/* Each returns 0 or -errno; adding what is there is -EEXIST. */
int netlink_address_add(struct netlink *netlink, const struct netlink_address *address);
int netlink_address_delete(struct netlink *netlink, const struct netlink_address *address);
int netlink_route_add(struct netlink *netlink, const struct netlink_route *route);
int netlink_route_delete(struct netlink *netlink, const struct netlink_route *route);
/* Takes over an entry that is there already. */
int netlink_proxy_add(struct netlink *netlink, const struct netlink_proxy *proxy);
int netlink_proxy_delete(struct netlink *netlink, const struct netlink_proxy *proxy);

/*
 * Makes the place for filters of what comes in; -EEXIST where there is one. The host's kernel loads its
 * modules for it and for the filters; -ENOENT or -EOPNOTSUPP where it has none.
 */
int netlink_ingress_add(struct netlink *netlink, int index);
/* Adds the filter, or takes it in place of the one of its priority, in one step. */
int netlink_filter_set(struct netlink *netlink, int index, const struct netlink_filter *filter);

/* Dumps, see the top of this file; each returns 0, -errno, or what @each returned below 0. */
int netlink_links(struct netlink *netlink,
		  int (*each)(void *context, const struct netlink_link *link), void *context);
int netlink_addresses(struct netlink *netlink,
		      int (*each)(void *context, const struct netlink_address *address),
		      void *context);
int netlink_routes(struct netlink *netlink,
		   int (*each)(void *context, const struct netlink_route *route), void *context);
int netlink_proxies(struct netlink *netlink,
		    int (*each)(void *context, const struct netlink_proxy *proxy), void *context);

/* Whether @name is printable ASCII, and the kernel would take it for an interface. */
bool netlink_name_valid(const char *name);

/* Whether the kernel would take @name for an interface, whatever bytes it has. */
bool netlink_name_accepted(const char *name);

#endif
