// SPDX-License-Identifier: GPL-2.0-only
/* list.c - lists TUN and TAP interfaces for people and as JSON. */
#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/array.h"
#include "lib/json.h"
#include "lib/printable.h"
#include "lib/report.h"
#include "tunctl/tunctl.h"

/* What two dumps tell. */
struct list {
	const char *name; /* the only interface wanted, or empty */
	struct netlink_link *links;
	size_t link_count;
	struct netlink_address *addresses;
	size_t address_count;
};

static struct netlink netlink;

/* Room for one more element. */
static void *grow(void *array, size_t count, size_t size)
{
	array = array_grow(array, count, size);
	if (!array)
		die("cannot list the interfaces: %s", cause(ENOMEM));
	return array;
}

static int add_link(void *context, const struct netlink_link *link)
{
	struct list *list = context;

	if (!link) {
		list->link_count = 0;
		return 0;
	}
	if (strcmp(link->kind, "tun") || (*list->name && strcmp(list->name, link->name)))
		return 0;
	list->links = grow(list->links, list->link_count, sizeof(*link));
	list->links[list->link_count++] = *link;
	return 0;
}

static int add_address(void *context, const struct netlink_address *address)
{
	struct list *list = context;

	if (!address) {
		list->address_count = 0;
		return 0;
	}
	list->addresses = grow(list->addresses, list->address_count, sizeof(*address));
	list->addresses[list->address_count++] = *address;
	return 0;
}

static const char *address_text(const struct netlink_address *address)
{
	static char text[INET6_ADDRSTRLEN + 4];
	size_t used;

	inet_ntop(address->family, address->bytes, text, sizeof(text));
	used = strlen(text);
	snprintf(text + used, sizeof(text) - used, "/%u", address->prefix);
	return text;
}

static const char *mac_text(const struct netlink_link *link)
{
	static char text[18];
	const uint8_t *mac = link->mac;

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
	return text;
}

static const char *owner_text(int64_t id)
{
	static char text[64];
	const struct passwd *user = id < 0 ? NULL : getpwuid((uid_t)id);

	if (id < 0)
		return "-";
	snprintf(text, sizeof(text), "%" PRId64, id);
	if (user)
		snprintf(text, sizeof(text), "%s", user->pw_name);
	return text;
}

static const char *group_text(int64_t id)
{
	static char text[64];
	const struct group *group = id < 0 ? NULL : getgrgid((gid_t)id);

	if (id < 0)
		return "-";
	snprintf(text, sizeof(text), "%" PRId64, id);
	if (group)
		snprintf(text, sizeof(text), "%s", group->gr_name);
	return text;
}

static void print_flags(const struct netlink_link *link)
{
	printf("%s%s%s%s", link->flags & IFF_UP ? "up" : "down",
	       link->tun.persistent ? ",persistent" : "",
	       link->tun.multi_queue ? ",multi-queue" : "", link->tun.vnet_hdr ? ",vnet-hdr" : "");
}

/* Names of interfaces may have any bytes but a few. */
static void print_column(const char *text, int width)
{
	char *line = printable_line(text);

	if (!line)
		die("cannot list the interfaces: %s", cause(ENOMEM));
	printf("%-*s ", width, line);
	free(line);
}

static void print_table(const struct list *list)
{
	if (list->link_count)
		printf("%-15s %-4s %-12s %-12s %-17s %s\n", "NAME", "KIND", "OWNER", "GROUP", "MAC",
		       "STATE AND ADDRESSES");
	for (size_t i = 0; i < list->link_count; i++) {
		const struct netlink_link *link = &list->links[i];

		print_column(link->name, 15);
		print_column(link->tun.tap ? "tap" : "tun", 4);
		print_column(owner_text(link->tun.owner), 12);
		print_column(group_text(link->tun.group), 12);
		print_column(link->has_mac ? mac_text(link) : "-", 17);
		print_flags(link);
		for (size_t j = 0; j < list->address_count; j++)
			if (list->addresses[j].device == link->index)
				printf(" %s", address_text(&list->addresses[j]));
		printf("\n");
	}
}

static void print_id(struct json *json, const char *name, int64_t id)
{
	if (id < 0)
		json_string(json, name, NULL);
	else
		json_number(json, name, id);
}

static void print_json_link(struct json *json, const struct list *list,
			    const struct netlink_link *link)
{
	json_object_begin(json, NULL);
	json_string(json, "name", link->name);
	json_number(json, "index", link->index);
	json_string(json, "kind", link->tun.tap ? "tap" : "tun");
	print_id(json, "owner", link->tun.owner);
	print_id(json, "group", link->tun.group);
	json_string(json, "mac", link->has_mac ? mac_text(link) : NULL);
	json_bool(json, "up", link->flags & IFF_UP);
	json_bool(json, "running", link->flags & IFF_RUNNING);
	json_bool(json, "persistent", link->tun.persistent);
	json_bool(json, "multi_queue", link->tun.multi_queue);
	json_bool(json, "vnet_hdr", link->tun.vnet_hdr);
	json_bool(json, "packet_info", link->tun.packet_info);
	json_array_begin(json, "addresses");
	for (size_t i = 0; i < list->address_count; i++)
		if (list->addresses[i].device == link->index)
			json_string(json, NULL, address_text(&list->addresses[i]));
	json_array_end(json);
	json_object_end(json);
}

static void print_json(const struct list *list)
{
	struct json json = { .out = stdout };

	json_array_begin(&json, NULL);
	for (size_t i = 0; i < list->link_count; i++)
		print_json_link(&json, list, &list->links[i]);
	json_array_end(&json);
}

void tunctl_list(const struct tunctl *tunctl, bool json)
{
	struct list list = { .name = tunctl->tap.name };
	int error = netlink_open(&netlink);

	if (error)
		die("cannot open a netlink socket: %s", cause(error));
	error = netlink_links(&netlink, add_link, &list);
	if (!error)
		error = netlink_addresses(&netlink, add_address, &list);
	if (error)
		die("cannot list the interfaces: %s", netlink_cause(&netlink, error));
	netlink_close(&netlink);
	if (*list.name && !list.link_count)
		die("cannot list '%s': no TUN or TAP interface has that name; see tunctl --list",
		    list.name);
	if (json)
		print_json(&list);
	else
		print_table(&list);
	free(list.links);
	free(list.addresses);
}
