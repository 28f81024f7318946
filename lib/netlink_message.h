/* SPDX-License-Identifier: GPL-2.0-only */
/* netlink_message.h - for netlink*.c: building requests, asking the kernel, reading attributes. */
#ifndef LIB_NETLINK_MESSAGE_H
#define LIB_NETLINK_MESSAGE_H

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "lib/netlink.h"

enum {
	NL_MESSAGE_SIZE = 2048,
	/* What an item's function returns for the dump to go on. */
	NL_GO_ON = 0,
};

/* A request while it is built. */
struct nl_message {
	bool broken;
	size_t used; /* bytes so far */
	union {
		struct nlmsghdr header;
		uint8_t bytes[NL_MESSAGE_SIZE];
	};
};

typedef void (*nl_function)(void);

/**
 * struct nl_visitor - what to do with each item of an answer
 * @type: of items; others are passed over
 * @body_size: size of what stands before an item's attributes
 * @item: called for each item, and with a NULL body before the first one and where the dump begins
 *	again
 * @each: the caller's function, cast back by @item
 * @context: for @each
 */
struct nl_visitor {
	uint16_t type;
	size_t body_size;
	int (*item)(const struct nl_visitor *visitor, const void *body, const struct rtattr *first,
		    size_t length);
	nl_function each;
	void *context;
};

/* Begins a request; returns its body of @body_size bytes, zeroed. */
void *nl_begin(struct nl_message *message, uint16_t type, uint16_t flags, size_t body_size);
void nl_put(struct nl_message *message, uint16_t type, const void *data, size_t length);
void nl_put_u32(struct nl_message *message, uint16_t type, uint32_t value);
void nl_put_ipv4(struct nl_message *message, uint16_t type, uint32_t address);

/* Opens an attribute that holds others; nl_nest_end() with what it returns closes it. */
size_t nl_nest_begin(struct nl_message *message, uint16_t type);
void nl_nest_end(struct nl_message *message, size_t begin);

/* Sends a request that changes something; its result. */
int nl_change(struct netlink *netlink, struct nl_message *message);

/* Sends a request that is answered by items; 0 or -errno. */
int nl_ask(struct netlink *netlink, struct nl_message *message, const struct nl_visitor *visitor);

static inline uint16_t nl_type(const struct rtattr *attribute)
{
	return attribute->rta_type & NLA_TYPE_MASK;
}

static inline uint32_t nl_u32(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}

static inline uint8_t nl_u8(const struct rtattr *attribute)
{
	return RTA_PAYLOAD(attribute) ? *(const uint8_t *)RTA_DATA(attribute) : 0;
}

static inline uint32_t nl_ipv4(const struct rtattr *attribute)
{
	return ntohl(nl_u32(attribute));
}

static inline void nl_text(const struct rtattr *attribute, char *text, size_t size)
{
	snprintf(text, size, "%.*s", (int)RTA_PAYLOAD(attribute),
		 (const char *)RTA_DATA(attribute));
}

#define NL_FOR_EACH(attribute, first, length)                \
	for (attribute = (first); RTA_OK(attribute, length); \
	     attribute = RTA_NEXT(attribute, length))

#endif
