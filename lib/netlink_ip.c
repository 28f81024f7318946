// SPDX-License-Identifier: GPL-2.0-only
/* netlink_ip.c - the host's addresses, IPv4 routes and proxied neighbours by rtnetlink(7). */
#include <linux/neighbour.h>

#include "lib/netlink_message.h"

typedef int (*address_function)(void *context, const struct netlink_address *address);
typedef int (*route_function)(void *context, const struct netlink_route *route);
typedef int (*proxy_function)(void *context, const struct netlink_proxy *proxy);

/* ---- addresses ------------------------------------------------------------------------------- */

static size_t address_size(uint8_t family)
{
	return family == AF_INET ? 4 : 16;
}

static int visit_address(const struct nl_visitor *visitor, const void *body,
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
		return NL_GO_ON;
	address.device = (int)info->ifa_index;
	address.family = info->ifa_family;
	address.prefix = info->ifa_prefixlen;
	NL_FOR_EACH(attribute, first, length)
	{
		/* On a line from point to point IFA_ADDRESS is the far end. */
		if (nl_type(attribute) != IFA_LOCAL && (nl_type(attribute) != IFA_ADDRESS || local))
			continue;
		if (RTA_PAYLOAD(attribute) != address_size(info->ifa_family))
			continue;
		local = nl_type(attribute) == IFA_LOCAL;
		memcpy(address.bytes, RTA_DATA(attribute), RTA_PAYLOAD(attribute));
	}
	return each(visitor->context, &address);
}

int netlink_addresses(struct netlink *netlink,
		      int (*each)(void *context, const struct netlink_address *address),
		      void *context)
{
	const struct nl_visitor visitor = { RTM_NEWADDR, sizeof(struct ifaddrmsg), visit_address,
					    (nl_function)each, context };
	struct nl_message message;

	nl_begin(&message, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	return nl_ask(netlink, &message, &visitor);
}

static int change_address(struct netlink *netlink, uint16_t type, uint16_t flags,
			  const struct netlink_address *address)
{
	struct nl_message message;
	struct ifaddrmsg *info = nl_begin(&message, type, flags, sizeof(*info));

	info->ifa_family = address->family;
	info->ifa_prefixlen = address->prefix;
	info->ifa_index = (uint32_t)address->device;
	nl_put(&message, IFA_LOCAL, address->bytes, address_size(address->family));
	nl_put(&message, IFA_ADDRESS, address->bytes, address_size(address->family));
	return nl_change(netlink, &message);
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

static int visit_route(const struct nl_visitor *visitor, const void *body,
		       const struct rtattr *first, size_t length)
{
	route_function each = (route_function)visitor->each;
	const struct rtmsg *info = body;
	struct netlink_route route = { 0 };
	const struct rtattr *attribute;

	if (!body)
		return each(visitor->context, NULL);
	if (info->rtm_family != AF_INET || info->rtm_flags & RTM_F_CLONED)
		return NL_GO_ON;
	route.prefix = info->rtm_dst_len;
	route.table = info->rtm_table;
	route.type = info->rtm_type;
	route.protocol = info->rtm_protocol;
	NL_FOR_EACH(attribute, first, length)
	{
		switch (nl_type(attribute)) {
		case RTA_DST:
			route.destination = nl_ipv4(attribute);
			break;
		case RTA_GATEWAY:
			route.gateway = nl_ipv4(attribute);
			break;
		case RTA_OIF:
			route.device = (int)nl_u32(attribute);
			break;
		case RTA_TABLE:
			route.table = nl_u32(attribute);
			break;
		}
	}
	return each(visitor->context, &route);
}

int netlink_routes(struct netlink *netlink,
		   int (*each)(void *context, const struct netlink_route *route), void *context)
{
	const struct nl_visitor visitor = { RTM_NEWROUTE, sizeof(struct rtmsg), visit_route,
					    (nl_function)each, context };
	struct nl_message message;
	struct rtmsg *info = nl_begin(&message, RTM_GETROUTE, NLM_F_DUMP, sizeof(*info));

	info->rtm_family = AF_INET;
	return nl_ask(netlink, &message, &visitor);
}

static int change_route(struct netlink *netlink, uint16_t type, uint16_t flags,
			const struct netlink_route *route)
{
	struct nl_message message;
	struct rtmsg *info = nl_begin(&message, type, flags, sizeof(*info));

	info->rtm_family = AF_INET;
	info->rtm_dst_len = route->prefix;
	info->rtm_protocol = route->protocol;
	info->rtm_scope = route->gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	info->rtm_type = route->type;
	nl_put_ipv4(&message, RTA_DST, route->destination);
	nl_put_u32(&message, RTA_TABLE, route->table);
	if (route->gateway)
		nl_put_ipv4(&message, RTA_GATEWAY, route->gateway);
	if (route->device)
		nl_put_u32(&message, RTA_OIF, (uint32_t)route->device);
	return nl_change(netlink, &message);
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

static int visit_proxy(const struct nl_visitor *visitor, const void *body,
		       const struct rtattr *first, size_t length)
{
	proxy_function each = (proxy_function)visitor->each;
	const struct ndmsg *info = body;
	struct netlink_proxy proxy = { 0 };
	const struct rtattr *attribute;

	if (!body)
		return each(visitor->context, NULL);
	if (info->ndm_family != AF_INET || !(info->ndm_flags & NTF_PROXY))
		return NL_GO_ON;
	proxy.device = info->ndm_ifindex;
	NL_FOR_EACH(attribute, first, length)
	{
		if (nl_type(attribute) == NDA_DST)
			proxy.address = nl_ipv4(attribute);
		if (nl_type(attribute) == NDA_PROTOCOL)
			proxy.protocol = nl_u8(attribute);
	}
	return each(visitor->context, &proxy);
}

int netlink_proxies(struct netlink *netlink,
		    int (*each)(void *context, const struct netlink_proxy *proxy), void *context)
{
	const struct nl_visitor visitor = { RTM_NEWNEIGH, sizeof(struct ndmsg), visit_proxy,
					    (nl_function)each, context };
	struct nl_message message;
	struct ndmsg *info = nl_begin(&message, RTM_GETNEIGH, NLM_F_DUMP, sizeof(*info));

	info->ndm_family = AF_INET;
	info->ndm_flags = NTF_PROXY;
	return nl_ask(netlink, &message, &visitor);
}

static int change_proxy(struct netlink *netlink, uint16_t type, uint16_t flags,
			const struct netlink_proxy *proxy)
{
	struct nl_message message;
	struct ndmsg *info = nl_begin(&message, type, flags, sizeof(*info));

	info->ndm_family = AF_INET;
	info->ndm_ifindex = proxy->device;
	info->ndm_state = NUD_PERMANENT;
	info->ndm_flags = NTF_PROXY;
	nl_put_ipv4(&message, NDA_DST, proxy->address);
	if (type == RTM_NEWNEIGH && proxy->protocol)
		nl_put(&message, NDA_PROTOCOL, &proxy->protocol, sizeof(proxy->protocol));
	return nl_change(netlink, &message);
}

int netlink_proxy_add(struct netlink *netlink, const struct netlink_proxy *proxy)
{
	return change_proxy(netlink, RTM_NEWNEIGH, NLM_F_CREATE, proxy);
}

int netlink_proxy_delete(struct netlink *netlink, const struct netlink_proxy *proxy)
{
	return change_proxy(netlink, RTM_DELNEIGH, 0, proxy);
}
