// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink.c - the host's interfaces, addresses, routes and proxied neighbours by rtnetlink(7).
 *
 * A request is built in a message of fixed size; an attribute that does not fit marks it as broken,
 * and it is not sent. Two loops talk to the kernel: change() for a request that is acknowledged, and
 * dump() for one that is answered by items. Answers count only if the kernel itself sent them and
 * they carry the number of the request.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/netlink.h"
#include "lib/report.h"

enum {
	MESSAGE_SIZE = 1024,
	/* The kernel answers at once; this is for a kernel that does not answer at all. */
	ANSWER_LIMIT_S = 20,
	DUMP_TRIES = 20,
	/* What a dump is told by its items' function to go on with. */
	GO_ON = 0,
};

/* A request while it is built. */
struct message {
	bool broken;
	union {
		struct nlmsghdr header;
		uint8_t bytes[MESSAGE_SIZE];
	};
};

typedef int (*link_function)(void *context, const struct netlink_link *link);
typedef int (*address_function)(void *context, const struct netlink_address *address);
typedef int (*route_function)(void *context, const struct netlink_route *route);
typedef int (*proxy_function)(void *context, const struct netlink_proxy *proxy);
typedef void (*any_function)(void);

/* What a dump does with one item: body is what follows the header. */
struct visitor {
	uint16_t type;
	size_t body_size;
	int (*item)(const struct visitor *visitor, const void *body, const struct rtattr *first,
		    size_t length);
	any_function each;	/* the caller's function, cast back by item */
	void *context;
};

/* ---- requests -------------------------------------------------------------------------------- */

/* Room for size bytes at the message's end, zeroed, or NULL. */
static void *put_space(struct message *message, size_t size)
{
	size_t used = NLMSG_ALIGN(message->header.nlmsg_len);

	if (message->broken || size > sizeof(message->bytes) - used) {
		message->broken = true;
		return NULL;
	}
	message->header.nlmsg_len = (uint32_t)(used + size);
	return message->bytes + used;
}

static void *message_begin(struct message *message, uint16_t type, uint16_t flags,
			   size_t body_size)
{
	memset(message, 0, sizeof(*message));
	message->header.nlmsg_len = NLMSG_HDRLEN;
	message->header.nlmsg_type = type;
	message->header.nlmsg_flags = NLM_F_REQUEST | flags;
	return put_space(message, body_size);
}

static void put_attribute(struct message *message, uint16_t type, const void *data, size_t length)
{
	struct rtattr *attribute = put_space(message, RTA_LENGTH(length));

	if (!attribute)
		return;
	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(attribute), data, length);
}

static void put_u32(struct message *message, uint16_t type, uint32_t value)
{
	put_attribute(message, type, &value, sizeof(value));
}

static void put_ipv4(struct message *message, uint16_t type, uint32_t address)
{
	put_u32(message, type, htonl(address));
}

/* Opens an attribute that holds others; nest_end() with what it returns closes it. */
static size_t nest_begin(struct message *message, uint16_t type)
{
	put_attribute(message, type | NLA_F_NESTED, NULL, 0);
	return message->header.nlmsg_len - RTA_LENGTH(0);
}

static void nest_end(struct message *message, size_t begin)
{
	struct rtattr *attribute = (struct rtattr *)(message->bytes + begin);

	if (!message->broken)
		attribute->rta_len = (uint16_t)(message->header.nlmsg_len - begin);
}

static int send_message(struct netlink *netlink, struct message *message)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	netlink->refusal[0] = '\0';
	if (message->broken)
		return -EMSGSIZE;
	message->header.nlmsg_seq = ++netlink->sequence;
	do
		sent = sendto(netlink->fd, message->bytes, message->header.nlmsg_len, 0,
			      (struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The next datagram of the kernel in netlink->buffer: its length or -errno. */
static ssize_t receive(struct netlink *netlink)
{
	for (;;) {
		struct sockaddr_nl from;
		struct iovec part = { netlink->buffer, sizeof(netlink->buffer) };
		struct msghdr datagram = { .msg_name = &from, .msg_namelen = sizeof(from),
					   .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t got = recvmsg(netlink->fd, &datagram, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (datagram.msg_namelen != sizeof(from) || from.nl_pid)
			continue;
		return datagram.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
	}
}

/* Keeps the kernel's explanation, which follows the first skip bytes of the message's body. */
static void keep_refusal(struct netlink *netlink, const struct nlmsghdr *header, size_t skip)
{
	const struct rtattr *attribute;
	size_t length = NLMSG_PAYLOAD(header, 0);

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || skip >= length)
		return;
	attribute = (const struct rtattr *)((const uint8_t *)NLMSG_DATA(header) + skip);
	length -= skip;
	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		if ((attribute->rta_type & NLA_TYPE_MASK) != NLMSGERR_ATTR_MSG)
			continue;
		snprintf(netlink->refusal, sizeof(netlink->refusal), "%.*s",
			 (int)RTA_PAYLOAD(attribute), (const char *)RTA_DATA(attribute));
	}
}

/* The result in an error or acknowledgement. */
static int read_result(struct netlink *netlink, const struct nlmsghdr *header)
{
	const struct nlmsgerr *result = NLMSG_DATA(header);
	size_t skip = sizeof(*result);

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*result)))
		return -EBADMSG;
	if (!(header->nlmsg_flags & NLM_F_CAPPED) && result->error)
		skip += NLMSG_PAYLOAD(&result->msg, 0);
	if (result->error)
		keep_refusal(netlink, header, NLMSG_ALIGN(skip));
	return result->error;
}

/* Sends a request that changes something; its result. */
static int change(struct netlink *netlink, struct message *message)
{
	int error;

	message->header.nlmsg_flags |= NLM_F_ACK;
	error = send_message(netlink, message);
	while (!error) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)netlink->buffer;
		ssize_t got = receive(netlink);
		size_t left = got < 0 ? 0 : (size_t)got;

		if (got < 0)
			return (int)got;
		for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left))
			if (header->nlmsg_seq == netlink->sequence &&
			    header->nlmsg_type == NLMSG_ERROR)
				return read_result(netlink, header);
	}
	return error;
}

/* Hands one item of an answer to the visitor. */
static int visit(const struct visitor *visitor, const struct nlmsghdr *header)
{
	const uint8_t *body = NLMSG_DATA(header);
	size_t skip = NLMSG_ALIGN(visitor->body_size);
	size_t length = NLMSG_PAYLOAD(header, 0);

	if (header->nlmsg_type != visitor->type || length < visitor->body_size)
		return GO_ON;
	return visitor->item(visitor, body, (const struct rtattr *)(body + skip),
			     length > skip ? length - skip : 0);
}

/*
 * Visits the items of one datagram. Returns 1 at the end of a dump, or after the single item of an
 * answer that is none; below 0 what ended it.
 */
static int visit_datagram(struct netlink *netlink, const struct visitor *visitor, size_t left,
			  bool *interrupted)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)netlink->buffer;
	int result;

	for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_seq != netlink->sequence)
			continue;
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (header->nlmsg_type == NLMSG_ERROR) {
			result = read_result(netlink, header);
			return result ? result : 1;
		}
		if (header->nlmsg_type == NLMSG_DONE) {
			result = 0;
			if (NLMSG_PAYLOAD(header, 0) >= sizeof(result))
				memcpy(&result, NLMSG_DATA(header), sizeof(result));
			if (result < 0)
				keep_refusal(netlink, header, sizeof(result));
			return result < 0 ? result : 1;
		}
		result = visit(visitor, header);
		if (result < 0)
			return result;
		if (!(header->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

/* Reads what is left of a dump that nobody wants any more. */
static void drain(struct netlink *netlink)
{
	while (recv(netlink->fd, netlink->buffer, sizeof(netlink->buffer), MSG_DONTWAIT) > 0)
		;
}

/* Sends a request that is answered by items. */
static int ask(struct netlink *netlink, struct message *message, const struct visitor *visitor)
{
	for (int tries = 0; tries < DUMP_TRIES; tries++) {
		bool interrupted = false;
		int result = send_message(netlink, message);

		if (result)
			return result;
		visitor->item(visitor, NULL, NULL, 0);
		while (!result) {
			ssize_t got = receive(netlink);

			result = got < 0 ? (int)got :
				 visit_datagram(netlink, visitor, (size_t)got, &interrupted);
		}
		if (result < 0) {
			drain(netlink);
			return result;
		}
		if (!interrupted)
			return 0;
	}
	return -EAGAIN;
}

/* ---- attributes ------------------------------------------------------------------------------ */

static uint16_t type_of(const struct rtattr *attribute)
{
	return attribute->rta_type & NLA_TYPE_MASK;
}

static uint32_t get_u32(const struct rtattr *attribute)
{
	uint32_t value = 0;

	if (RTA_PAYLOAD(attribute) >= sizeof(value))
		memcpy(&value, RTA_DATA(attribute), sizeof(value));
	return value;
}

static uint8_t get_u8(const struct rtattr *attribute)
{
	return RTA_PAYLOAD(attribute) ? *(const uint8_t *)RTA_DATA(attribute) : 0;
}

static uint32_t get_ipv4(const struct rtattr *attribute)
{
	return ntohl(get_u32(attribute));
}

static void get_text(const struct rtattr *attribute, char *text, size_t size)
{
	snprintf(text, size, "%.*s", (int)RTA_PAYLOAD(attribute),
		 (const char *)RTA_DATA(attribute));
}

#define FOR_EACH_ATTRIBUTE(attribute, first, length) \
	for (attribute = (first); RTA_OK(attribute, length); \
	     attribute = RTA_NEXT(attribute, length))

/* ---- interfaces ------------------------------------------------------------------------------ */

static void read_tun(const struct rtattr *first, size_t length, struct netlink_tun *tun)
{
	const struct rtattr *attribute;

	FOR_EACH_ATTRIBUTE(attribute, first, length) {
		switch (type_of(attribute)) {
		case IFLA_TUN_OWNER:
			tun->owner = get_u32(attribute);
			break;
		case IFLA_TUN_GROUP:
			tun->group = get_u32(attribute);
			break;
		case IFLA_TUN_TYPE:
			tun->tap = get_u8(attribute) == IFF_TAP;
			break;
		case IFLA_TUN_PI:
			tun->packet_info = get_u8(attribute);
			break;
		case IFLA_TUN_VNET_HDR:
			tun->vnet_hdr = get_u8(attribute);
			break;
		case IFLA_TUN_PERSIST:
			tun->persistent = get_u8(attribute);
			break;
		case IFLA_TUN_MULTI_QUEUE:
			tun->multi_queue = get_u8(attribute);
			break;
		case IFLA_TUN_NUM_QUEUES:
			tun->queues = get_u32(attribute);
			break;
		}
	}
}

static void read_link_info(const struct rtattr *first, size_t length, struct netlink_link *link)
{
	const struct rtattr *attribute, *data = NULL;

	FOR_EACH_ATTRIBUTE(attribute, first, length) {
		if (type_of(attribute) == IFLA_INFO_KIND)
			get_text(attribute, link->kind, sizeof(link->kind));
		if (type_of(attribute) == IFLA_INFO_DATA)
			data = attribute;
	}
	if (data && !strcmp(link->kind, "tun"))
		read_tun(RTA_DATA(data), RTA_PAYLOAD(data), &link->tun);
}

static int visit_link(const struct visitor *visitor, const void *body, const struct rtattr *first,
		      size_t length)
{
	link_function each = (link_function)visitor->each;
	const struct ifinfomsg *info = body;
	struct netlink_link link = { .tun = { .owner = NETLINK_ID_NONE,
					      .group = NETLINK_ID_NONE } };
	const struct rtattr *attribute;

	if (!body)
		return each(visitor->context, NULL);
	link.index = info->ifi_index;
	link.flags = info->ifi_flags;
	FOR_EACH_ATTRIBUTE(attribute, first, length) {
		switch (type_of(attribute)) {
		case IFLA_IFNAME:
			get_text(attribute, link.name, sizeof(link.name));
			break;
		case IFLA_IFALIAS:
			get_text(attribute, link.alias, sizeof(link.alias));
			break;
		case IFLA_MASTER:
			link.master = (int)get_u32(attribute);
			break;
		case IFLA_ADDRESS:
			link.has_mac = RTA_PAYLOAD(attribute) == sizeof(link.mac);
			if (link.has_mac)
				memcpy(link.mac, RTA_DATA(attribute), sizeof(link.mac));
			break;
		case IFLA_LINKINFO:
			read_link_info(RTA_DATA(attribute), RTA_PAYLOAD(attribute), &link);
			break;
		}
	}
	return each(visitor->context, &link);
}

static struct visitor link_visitor(link_function each, void *context)
{
	return (struct visitor){ RTM_NEWLINK, sizeof(struct ifinfomsg), visit_link,
				 (any_function)each, context };
}

/* Statistics are long, and nobody here reads them. */
static void skip_statistics(struct message *message)
{
	put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

int netlink_links(struct netlink *netlink,
		  int (*each)(void *context, const struct netlink_link *link), void *context)
{
	const struct visitor visitor = link_visitor(each, context);
	struct message message;

	message_begin(&message, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	skip_statistics(&message);
	return ask(netlink, &message, &visitor);
}

static int copy_link(void *context, const struct netlink_link *link)
{
	struct netlink_link *copy = context;

	if (link)
		*copy = *link;
	else
		memset(copy, 0, sizeof(*copy));
	return GO_ON;
}

static int find_link(struct netlink *netlink, int index, const char *name,
		     struct netlink_link *link)
{
	const struct visitor visitor = link_visitor(copy_link, link);
	struct message message;
	struct ifinfomsg *info;
	int error;

	info = message_begin(&message, RTM_GETLINK, 0, sizeof(*info));
	info->ifi_index = index;
	if (name)
		put_attribute(&message, IFLA_IFNAME, name, strlen(name) + 1);
	skip_statistics(&message);
	error = ask(netlink, &message, &visitor);
	return error ? error : link->index ? 0 : -ENODEV;
}

int netlink_link_by_name(struct netlink *netlink, const char *name, struct netlink_link *link)
{
	if (!netlink_name_valid(name))
		return -ENODEV;
	return find_link(netlink, 0, name, link);
}

int netlink_link_by_index(struct netlink *netlink, int index, struct netlink_link *link)
{
	return index > 0 ? find_link(netlink, index, NULL, link) : -ENODEV;
}

static struct ifinfomsg *link_message(struct message *message, uint16_t type, int index)
{
	struct ifinfomsg *info = message_begin(message, type, 0, sizeof(*info));

	info->ifi_index = index;
	return info;
}

int netlink_link_up(struct netlink *netlink, int index, bool up)
{
	struct message message;
	struct ifinfomsg *info = link_message(&message, RTM_NEWLINK, index);

	info->ifi_flags = up ? IFF_UP : 0;
	info->ifi_change = IFF_UP;
	return change(netlink, &message);
}

int netlink_link_mac(struct netlink *netlink, int index, const uint8_t mac[6])
{
	struct message message;

	link_message(&message, RTM_NEWLINK, index);
	put_attribute(&message, IFLA_ADDRESS, mac, 6);
	return change(netlink, &message);
}

int netlink_link_alias(struct netlink *netlink, int index, const char *alias)
{
	struct message message;

	link_message(&message, RTM_NEWLINK, index);
	put_attribute(&message, IFLA_IFALIAS, alias, strlen(alias));
	return change(netlink, &message);
}

int netlink_link_master(struct netlink *netlink, int index, int master)
{
	struct message message;

	link_message(&message, RTM_NEWLINK, index);
	put_u32(&message, IFLA_MASTER, (uint32_t)master);
	return change(netlink, &message);
}

int netlink_link_ipv4_setting(struct netlink *netlink, int index, uint16_t setting, uint32_t value)
{
	struct message message;
	size_t families, family, settings;

	link_message(&message, RTM_SETLINK, index);
	families = nest_begin(&message, IFLA_AF_SPEC);
	family = nest_begin(&message, AF_INET);
	settings = nest_begin(&message, IFLA_INET_CONF);
	put_u32(&message, setting, value);
	nest_end(&message, settings);
	nest_end(&message, family);
	nest_end(&message, families);
	return change(netlink, &message);
}

int netlink_link_delete(struct netlink *netlink, int index)
{
	struct message message;

	link_message(&message, RTM_DELLINK, index);
	return change(netlink, &message);
}

bool netlink_name_valid(const char *name)
{
	size_t length = strnlen(name, IFNAMSIZ);

	if (!length || length == IFNAMSIZ || !strcmp(name, ".") || !strcmp(name, ".."))
		return false;
	for (; *name; name++)
		if (*name <= ' ' || *name > '~' || *name == '/' || *name == ':')
			return false;
	return true;
}

/* ---- addresses ------------------------------------------------------------------------------- */

static size_t address_size(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static int visit_address(const struct visitor *visitor, const void *body,
			 const struct rtattr *first, size_t length)
{
	address_function each = (address_function)visitor->each;
	const struct ifaddrmsg *info = body;
	struct netlink_address address = { 0 };
	const struct rtattr *attribute;
	bool local = false;

	if (!body)
		return each(visitor->context, NULL);
	if (info->ifa_family != AF_INET && info->ifa_family != AF_INET6)
		return GO_ON;
	address.device = (int)info->ifa_index;
	address.family = info->ifa_family;
	address.prefix = info->ifa_prefixlen;
	FOR_EACH_ATTRIBUTE(attribute, first, length) {
		/* On a line from point to point IFA_ADDRESS is the far end. */
		if (type_of(attribute) != IFA_LOCAL &&
		    (type_of(attribute) != IFA_ADDRESS || local))
			continue;
		if (RTA_PAYLOAD(attribute) != address_size(info->ifa_family))
			continue;
		local = type_of(attribute) == IFA_LOCAL;
		memcpy(address.bytes, RTA_DATA(attribute), RTA_PAYLOAD(attribute));
	}
	return each(visitor->context, &address);
}

int netlink_addresses(struct netlink *netlink,
		      int (*each)(void *context, const struct netlink_address *address),
		      void *context)
{
	const struct visitor visitor = { RTM_NEWADDR, sizeof(struct ifaddrmsg), visit_address,
					 (any_function)each, context };
	struct message message;

	message_begin(&message, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	return ask(netlink, &message, &visitor);
}

static int change_address(struct netlink *netlink, uint16_t type, uint16_t flags,
			  const struct netlink_address *address)
{
	struct message message;
	struct ifaddrmsg *info = message_begin(&message, type, flags, sizeof(*info));

	info->ifa_family = address->family;
	info->ifa_prefixlen = address->prefix;
	info->ifa_index = (uint32_t)address->device;
	put_attribute(&message, IFA_LOCAL, address->bytes, address_size(address->family));
	put_attribute(&message, IFA_ADDRESS, address->bytes, address_size(address->family));
	return change(netlink, &message);
}

int netlink_address_add(struct netlink *netlink, const struct netlink_address *address)
{
	return change_address(netlink, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, address);
}

int netlink_address_delete(struct netlink *netlink, const struct netlink_address *address)
{
	return change_address(netlink, RTM_DELADDR, 0, address);
}

/* ---- routes ---------------------------------------------------------------------------------- */

static int visit_route(const struct visitor *visitor, const void *body, const struct rtattr *first,
		       size_t length)
{
	route_function each = (route_function)visitor->each;
	const struct rtmsg *info = body;
	struct netlink_route route = { 0 };
	const struct rtattr *attribute;

	if (!body)
		return each(visitor->context, NULL);
	if (info->rtm_family != AF_INET || info->rtm_flags & RTM_F_CLONED)
		return GO_ON;
	route.prefix = info->rtm_dst_len;
	route.table = info->rtm_table;
	route.type = info->rtm_type;
	route.protocol = info->rtm_protocol;
	FOR_EACH_ATTRIBUTE(attribute, first, length) {
		switch (type_of(attribute)) {
		case RTA_DST:
			route.destination = get_ipv4(attribute);
			break;
		case RTA_GATEWAY:
			route.gateway = get_ipv4(attribute);
			break;
		case RTA_OIF:
			route.device = (int)get_u32(attribute);
			break;
		case RTA_TABLE:
			route.table = get_u32(attribute);
			break;
		}
	}
	return each(visitor->context, &route);
}

int netlink_routes(struct netlink *netlink,
		   int (*each)(void *context, const struct netlink_route *route), void *context)
{
	const struct visitor visitor = { RTM_NEWROUTE, sizeof(struct rtmsg), visit_route,
					 (any_function)each, context };
	struct message message;
	struct rtmsg *info = message_begin(&message, RTM_GETROUTE, NLM_F_DUMP, sizeof(*info));

	info->rtm_family = AF_INET;
	return ask(netlink, &message, &visitor);
}

static int change_route(struct netlink *netlink, uint16_t type, uint16_t flags,
			const struct netlink_route *route)
{
	struct message message;
	struct rtmsg *info = message_begin(&message, type, flags, sizeof(*info));

	info->rtm_family = AF_INET;
	info->rtm_dst_len = route->prefix;
	info->rtm_protocol = route->protocol;
	info->rtm_scope = route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	info->rtm_type = route->type;
	put_ipv4(&message, RTA_DST, route->destination);
	put_u32(&message, RTA_TABLE, route->table);
	if (route->gateway)
		put_ipv4(&message, RTA_GATEWAY, route->gateway);
	if (route->device)
		put_u32(&message, RTA_OIF, (uint32_t)route->device);
	return change(netlink, &message);
}

int netlink_route_add(struct netlink *netlink, const struct netlink_route *route)
{
	return change_route(netlink, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
}

int netlink_route_delete(struct netlink *netlink, const struct netlink_route *route)
{
	return change_route(netlink, RTM_DELROUTE, 0, route);
}

/* ---- proxied neighbours ---------------------------------------------------------------------- */

static int visit_proxy(const struct visitor *visitor, const void *body, const struct rtattr *first,
		       size_t length)
{
	proxy_function each = (proxy_function)visitor->each;
	const struct ndmsg *info = body;
	struct netlink_proxy proxy = { 0 };
	const struct rtattr *attribute;

	if (!body)
		return each(visitor->context, NULL);
	if (info->ndm_family != AF_INET || !(info->ndm_flags & NTF_PROXY))
		return GO_ON;
	proxy.device = info->ndm_ifindex;
	FOR_EACH_ATTRIBUTE(attribute, first, length) {
		if (type_of(attribute) == NDA_DST)
			proxy.address = get_ipv4(attribute);
		if (type_of(attribute) == NDA_PROTOCOL)
			proxy.protocol = get_u8(attribute);
	}
	return each(visitor->context, &proxy);
}

int netlink_proxies(struct netlink *netlink,
		    int (*each)(void *context, const struct netlink_proxy *proxy), void *context)
{
	const struct visitor visitor = { RTM_NEWNEIGH, sizeof(struct ndmsg), visit_proxy,
					 (any_function)each, context };
	struct message message;
	struct ndmsg *info = message_begin(&message, RTM_GETNEIGH, NLM_F_DUMP, sizeof(*info));

	info->ndm_family = AF_INET;
	info->ndm_flags = NTF_PROXY;
	return ask(netlink, &message, &visitor);
}

static int change_proxy(struct netlink *netlink, uint16_t type, uint16_t flags,
			const struct netlink_proxy *proxy)
{
	struct message message;
	struct ndmsg *info = message_begin(&message, type, flags, sizeof(*info));

	info->ndm_family = AF_INET;
	info->ndm_ifindex = proxy->device;
	info->ndm_state = NUD_PERMANENT;
	info->ndm_flags = NTF_PROXY;
	put_ipv4(&message, NDA_DST, proxy->address);
	if (type == RTM_NEWNEIGH && proxy->protocol)
		put_attribute(&message, NDA_PROTOCOL, &proxy->protocol, sizeof(proxy->protocol));
	return change(netlink, &message);
}

int netlink_proxy_add(struct netlink *netlink, const struct netlink_proxy *proxy)
{
	return change_proxy(netlink, RTM_NEWNEIGH, NLM_F_CREATE, proxy);
}

int netlink_proxy_delete(struct netlink *netlink, const struct netlink_proxy *proxy)
{
	return change_proxy(netlink, RTM_DELNEIGH, 0, proxy);
}

/* ---- the socket ------------------------------------------------------------------------------ */

int netlink_open(struct netlink *netlink)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	struct timeval limit = { .tv_sec = ANSWER_LIMIT_S };
	const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	int error, one = 1;

	netlink->sequence = 0;
	netlink->refusal[0] = '\0';
	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (netlink->fd < 0)
		return -errno;
	/* Kernels without one of these answer all the same, at more length or with fewer words. */
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(netlink->fd, SOL_NETLINK, options[i], &one, sizeof(one));
	if (!setsockopt(netlink->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) &&
	    !bind(netlink->fd, (struct sockaddr *)&self, sizeof(self)))
		return 0;
	error = -errno;
	netlink_close(netlink);
	return error;
}

void netlink_close(struct netlink *netlink)
{
	close(netlink->fd);
	netlink->fd = -1;
}

const char *netlink_cause(struct netlink *netlink, int error)
{
	static char text[256];

	if (!netlink->refusal[0])
		return cause(error);
	snprintf(text, sizeof(text), "%s (%s)", cause(error), netlink->refusal);
	return text;
}
