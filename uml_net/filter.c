// SPDX-License-Identifier: GPL-2.0-only
/* filter.c - the programs that say what the host takes of a guest's frames. */
#include <linux/icmp.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <string.h>

#include "uml_net/filter.h"

/* Places in a frame without VLAN tag, bytes. */
enum {
	AT_DESTINATION = 0,
	AT_TYPE = 12,
	AT_PACKET = 14,
	AT_ARP_FORMAT = AT_PACKET,
	AT_ARP_LENGTHS = AT_PACKET + 4,
	AT_ARP_SENDER = AT_PACKET + 14,
	AT_IP_FRAGMENT = AT_PACKET + 6,
	AT_IP_PROTOCOL = AT_PACKET + 9,
	AT_IP_SOURCE = AT_PACKET + 12,
	AT_IP_DESTINATION = AT_PACKET + 16,
};

enum {
	FRAGMENT_OFFSET = 0x1fff,
	ARP_IPV4_ON_ETHERNET = ARPHRD_ETHER << 16 | ETH_P_IP,
	ARP_LENGTHS = ETH_ALEN << 8 | 4,
	ICMP_ROUTER_ADVERTISEMENT = 9,
	LOOPBACK_NETWORK = 127,
	/* 01:80:c2:00:00:0x */
	LINK_GROUP_BEGIN = 0x0180c200,
	LINK_GROUP_MASK = 0xfff0,
};

/* Jumps to the two ends of a program, until finish() knows where these are. */
enum { NEXT = 0, TAKE = 254, LEAVE = 255 };

static void put(struct filter *filter, struct sock_filter instruction)
{
	filter->program[filter->length++] = instruction;
}

#define STATEMENT(code, k)  ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(code, k, t, f) ((struct sock_filter)BPF_JUMP(code, k, t, f))
#define LOAD(size, at)	    STATEMENT(BPF_LD | (size) | BPF_ABS, at)
#define EQUAL(k, t, f)	    JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, t, f)

/* Adds the two ends, and makes the jumps lead there. */
static void finish(struct filter *filter)
{
	unsigned int leave = filter->length, take = leave + 1;

	for (unsigned int i = 0; i < leave; i++) {
		struct sock_filter *at = &filter->program[i];
		uint8_t *const jumps[] = { &at->jt, &at->jf };

		if (BPF_CLASS(at->code) != BPF_JMP || BPF_OP(at->code) == BPF_JA)
			continue;
		for (int j = 0; j < 2; j++)
			if (*jumps[j] == LEAVE || *jumps[j] == TAKE)
				*jumps[j] = (uint8_t)((*jumps[j] == TAKE ? take : leave) - i - 1);
	}
	put(filter, STATEMENT(BPF_RET | BPF_K, 0));
	put(filter, STATEMENT(BPF_RET | BPF_K, UINT32_MAX));
}

/*
 * What is IPv4 or ARP, up to the source's address in the accumulator. The numbers behind some jumps
 * are those of instructions to pass over.
 */
static const struct sock_filter address_head[] = {
	/* The kernel takes a tag out of the frame before it comes here. */
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, NEXT, LEAVE),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_TYPE),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, NEXT, 6 /* to IPv4 */),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_ARP_FORMAT),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARP_IPV4_ON_ETHERNET, NEXT, LEAVE),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_ARP_LENGTHS),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARP_LENGTHS, NEXT, LEAVE),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_ARP_SENDER),
	BPF_STMT(BPF_JMP | BPF_JA, 12 /* to the end */),
	/* IPv4; of a packet in fragments the first one has the type of an ICMP message. */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, NEXT, LEAVE),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_IP_PROTOCOL),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, NEXT, 6 /* to the destination */),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_IP_FRAGMENT),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FRAGMENT_OFFSET, 4 /* to the destination */, NEXT),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, AT_PACKET),
	BPF_STMT(BPF_LD | BPF_B | BPF_IND, AT_PACKET),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_REDIRECT, LEAVE, NEXT),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ROUTER_ADVERTISEMENT, LEAVE, NEXT),
	/* The destination: services of the host's own are not for guests, whatever route_localnet says. */
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_IP_DESTINATION),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LOOPBACK_NETWORK, LEAVE, NEXT),
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_IP_SOURCE),
};

void filter_addresses(struct filter *filter, const uint32_t *addresses, size_t count)
{
	_Static_assert(sizeof(address_head) / sizeof(address_head[0]) + FILTER_ADDRESSES_MAX + 2 <=
			       FILTER_LENGTH_MAX,
		       "a program does not fit");

	memcpy(filter->program, address_head, sizeof(address_head));
	filter->length = sizeof(address_head) / sizeof(address_head[0]);
	for (size_t i = 0; i < count && i < FILTER_ADDRESSES_MAX; i++)
		put(filter, EQUAL(addresses[i], TAKE, NEXT));
	finish(filter);
}

void filter_port(struct filter *filter)
{
	filter->length = 0;
	put(filter, LOAD(BPF_W, AT_DESTINATION));
	put(filter, EQUAL(LINK_GROUP_BEGIN, NEXT, TAKE));
	put(filter, LOAD(BPF_H, AT_DESTINATION + 4));
	put(filter, STATEMENT(BPF_ALU | BPF_AND | BPF_K, LINK_GROUP_MASK));
	put(filter, EQUAL(0, LEAVE, TAKE));
	finish(filter);
}

void filter_rest(struct filter *filter)
{
	filter->length = 0;
	put(filter, STATEMENT(BPF_RET | BPF_K, TC_ACT_SHOT));
}
