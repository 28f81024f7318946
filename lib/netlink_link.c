// SPDX-License-Identifier: GPL-2.0-only
/* netlink_link.c - the host's interfaces by rtnetlink(7). */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>

#include "lib/netlink_message.h"

typedef int (*link_function)(void *context, const struct netlink_link *link);

static void read_tun(const struct rtattr *first, size_t length, struct netlink_tun *tun)
{
	const struct rtattr *attribute;

	NL_FOR_EACH(attribute, first, length)
	{
		switch (nl_type(attribute)) {
		case IFLA_TUN_OWNER:
			tun->owner = nl_u32(attribute);
			break;
		case IFLA_TUN_GROUP:
			tun->group = nl_u32(attribute);
			break;
		case IFLA_TUN_TYPE:
			tun->tap = nl_u8(attribute) == IFF_TAP;
			break;
		case IFLA_TUN_PI:
			tun->packet_info = nl_u8(attribute);
			break;
		case IFLA_TUN_VNET_HDR:
			tun->vnet_hdr = nl_u8(attribute);
			break;
		case IFLA_TUN_PERSIST:
			tun->persistent = nl_u8(attribute);
			break;
		case IFLA_TUN_MULTI_QUEUE:
			tun->multi_queue = nl_u8(attribute);
			break;
		case IFLA_TUN_NUM_QUEUES:
			tun->queues = nl_u32(attribute);
			break;
		}
	}
}

static void read_link_info(const struct rtattr *first, size_t length, struct netlink_link *link)
{
	const struct rtattr *attribute, *data = NULL;

	NL_FOR_EACH(attribute, first, length)
	{
		if (nl_type(attribute) == IFLA_INFO_KIND)
			nl_text(attribute, link->kind, sizeof(link->kind));
		if (nl_type(attribute) == IFLA_INFO_DATA)
			data = attribute;
	}
	if (data && !strcmp(link->kind, "tun"))
		read_tun(RTA_DATA(data), RTA_PAYLOAD(data), &link->tun);
}

static int visit_link(const struct nl_visitor *visitor, const void *body,
		      const struct rtattr *first, size_t length)
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
	NL_FOR_EACH(attribute, first, length)
	{
		switch (nl_type(attribute)) {
		case IFLA_IFNAME:
			nl_text(attribute, link.name, sizeof(link.name));
			break;
		case IFLA_IFALIAS:
			nl_text(attribute, link.alias, sizeof(link.alias));
			break;
		case IFLA_MASTER:
			link.master = (int)nl_u32(attribute);
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

static struct nl_visitor link_visitor(link_function each, void *context)
{
	return (struct nl_visitor){ RTM_NEWLINK, sizeof(struct ifinfomsg), visit_link,
				    (nl_function)each, context };
}

/* Statistics are long, and nobody here reads them. */
static void skip_statistics(struct nl_message *message)
{
	nl_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
}

int netlink_links(struct netlink *netlink,
		  int (*each)(void *context, const struct netlink_link *link), void *context)
{
	const struct nl_visitor visitor = link_visitor(each, context);
	struct nl_message message;

	nl_begin(&message, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg));
	skip_statistics(&message);
	return nl_ask(netlink, &message, &visitor);
}

static int copy_link(void *context, const struct netlink_link *link)
{
	struct netlink_link *copy = context;

	if (link)
		*copy = *link;
	else
		memset(copy, 0, sizeof(*copy));
	return NL_GO_ON;
}

static int find_link(struct netlink *netlink, int index, const char *name,
		     struct netlink_link *link)
{
	const struct nl_visitor visitor = link_visitor(copy_link, link);
	struct nl_message message;
	struct ifinfomsg *info;
	int error;

	memset(link, 0, sizeof(*link));
	info = nl_begin(&message, RTM_GETLINK, 0, sizeof(*info));
	info->ifi_index = index;
	if (name)
		nl_put(&message, IFLA_IFNAME, name, strlen(name) + 1);
	skip_statistics(&message);
	error = nl_ask(netlink, &message, &visitor);
	return error ? error : link->index ? 0 : -ENODEV;
}

int netlink_link_by_name(struct netlink *netlink, const char *name, struct netlink_link *link)
{
	if (!netlink_name_accepted(name))
		return -ENODEV;
	return find_link(netlink, 0, name, link);
}

int netlink_link_by_index(struct netlink *netlink, int index, struct netlink_link *link)
{
	return index > 0 ? find_link(netlink, index, NULL, link) : -ENODEV;
}

static struct ifinfomsg *link_message(struct nl_message *message, uint16_t type, int index)
{
	struct ifinfomsg *info = nl_begin(message, type, 0, sizeof(*info));

	info->ifi_index = index;
	return info;
}

int netlink_link_up(struct netlink *netlink, int index, bool up)
{
	struct nl_message message;
	struct ifinfomsg *info = link_message(&message, RTM_NEWLINK, index);

	info->ifi_flags = up ? IFF_UP : 0;
	info->ifi_change = IFF_UP;
	return nl_change(netlink, &message);
}

int netlink_link_mac(struct netlink *netlink, int index, const uint8_t mac[6])
{
	struct nl_message message;

	link_message(&message, RTM_NEWLINK, index);
	nl_put(&message, IFLA_ADDRESS, mac, 6);
	return nl_change(netlink, &message);
}

int netlink_link_alias(struct netlink *netlink, int index, const char *alias)
{
	struct nl_message message;

	link_message(&message, RTM_NEWLINK, index);
	nl_put(&message, IFLA_IFALIAS, alias, strlen(alias));
	return nl_change(netlink, &message);
}

int netlink_link_master(struct netlink *netlink, int index, int master)
{
	struct nl_message message;

	link_message(&message, RTM_NEWLINK, index);
	nl_put_u32(&message, IFLA_MASTER, (uint32_t)master);
	return nl_change(netlink, &message);
}

int netlink_link_ipv4_setting(struct netlink *netlink, int index, uint16_t setting, uint32_t value)
{
	struct nl_message message;
	size_t families, family, settings;

	link_message(&message, RTM_SETLINK, index);
	families = nl_nest_begin(&message, IFLA_AF_SPEC);
	family = nl_nest_begin(&message, AF_INET);
	settings = nl_nest_begin(&message, IFLA_INET_CONF);
	nl_put_u32(&message, setting, value);
	nl_nest_end(&message, settings);
	nl_nest_end(&message, family);
	nl_nest_end(&message, families);
	return nl_change(netlink, &message);
}

int netlink_link_delete(struct netlink *netlink, int index)
{
	struct nl_message message;

	link_message(&message, RTM_DELLINK, index);
	return nl_change(netlink, &message);
}

bool netlink_name_accepted(const char *name)
{
	/* Blanks as the kernel has them: in Latin 1. */
	static const char refused[] = "/: \t\n\v\f\r\xa0";
	size_t length = strnlen(name, IFNAMSIZ);

	return length && length < IFNAMSIZ && strcmp(name, ".") && strcmp(name, "..") &&
	       !strpbrk(name, refused);
}

bool netlink_name_valid(const char *name)
{
	if (!netlink_name_accepted(name))
		return false;
	for (; *name; name++)
		if (*name <= ' ' || *name > '~')
			return false;
	return true;
}
