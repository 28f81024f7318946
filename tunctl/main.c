// SPDX-License-Identifier: GPL-2.0-only
/* main.c - tunctl: makes, removes and lists persistent TUN and TAP interfaces. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/options.h"
#include "lib/parse.h"
#include "lib/report.h"
#include "lib/signals.h"
#include "tunctl/tunctl.h"

enum {
	ID_MULTI_QUEUE = 256,
	ID_VNET_HDR,
	ID_MAC,
	ID_UP,
	ID_ADDRESS,
	ID_JSON,
};

static const char *const usage[] = {
	"[-b] [-n|-p] [-u OWNER] [-g GROUP] [-t NAME] [-f DEVICE] [OPTION]...",
	"-d NAME [-f DEVICE]",
	"--list [--json] [-t NAME]",
	NULL,
};

static const struct tool_option options[] = {
	{ 'u', "owner", "OWNER", "user, name or number, that may use the interface" },
	{ 'g', "group", "GROUP", "group, name or number, that may use it" },
	{ 't', "name", "NAME", "its name; default tap0, tap1, ... or tun0, ..." },
	{ 'n', "tun", NULL, "make a TUN interface, which carries packets" },
	{ 'p', "tap", NULL, "make a TAP interface, which carries frames (the default)" },
	{ 'b', "brief", NULL, "print nothing but the name" },
	{ ID_MULTI_QUEUE, "multi-queue", NULL, "let it be open several times" },
	{ ID_VNET_HDR, "vnet-hdr", NULL, "put a virtio header before each frame" },
	{ ID_MAC, "mac", "MAC", "set its Ethernet address" },
	{ ID_ADDRESS, "address", "ADDRESS/BITS",
	  "give it an IPv4 or IPv6 address; may be repeated" },
	{ ID_UP, "up", NULL, "bring it up" },
	{ 'd', "delete", "NAME", "remove the interface" },
	{ 'l', "list", NULL, "list the interfaces" },
	{ ID_JSON, "json", NULL, "list them as JSON" },
	{ 'f', "device", "DEVICE", "clone device, default " TAP_CLONE_DEVICE },
	{ 0 },
};

static const struct tool tool = {
	.name = "tunctl",
	.purpose = "Makes, removes and lists persistent TUN and TAP interfaces.",
	.usage = usage,
	.options = options,
};

/* What the command line says beside what is in struct tunctl. */
struct command {
	struct tunctl tunctl;
	const char *removed;
	unsigned int given;	/* bits of options that can be given once */
	bool tap_asked;
	bool list;
	bool json;
};

static uid_t parse_owner(const char *text)
{
	const struct passwd *user = getpwnam(text);
	uint64_t id;

	if (user)
		return user->pw_uid;
	if (parse_number(text, UINT32_MAX - 1, &id))
		usage_error(&tool, "'%s' is neither a username nor a numeric uid", text);
	return (uid_t)id;
}

static gid_t parse_group(const char *text)
{
	const struct group *group = getgrnam(text);
	uint64_t id;

	if (group)
		return group->gr_gid;
	if (parse_number(text, UINT32_MAX - 1, &id))
		usage_error(&tool, "'%s' is neither a groupname nor a numeric group", text);
	return (gid_t)id;
}

static void parse_name(const char *text, char name[IFNAMSIZ])
{
	/* The kernel would cut a long name and so work on another interface. */
	if (*text && !netlink_name_accepted(text))
		usage_error(&tool,
			    "'%s' is no name for an interface: at most %d bytes, without blanks, "
			    "'/' and ':'",
			    text, IFNAMSIZ - 1);
	memset(name, 0, IFNAMSIZ);
	memcpy(name, text, strlen(text));
}

static void add_address(struct tunctl *tunctl, const char *text)
{
	struct netlink_address *address = &tunctl->addresses[tunctl->address_count];
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	uint64_t bits;

	if (tunctl->address_count == TUNCTL_ADDRESSES_MAX)
		usage_error(&tool, "more than %d addresses", TUNCTL_ADDRESSES_MAX);
	memset(address, 0, sizeof(*address));
	snprintf(host, sizeof(host), "%.*s", (int)(length < sizeof(host) ? length : 0), text);
	address->family = strchr(host, ':') ? AF_INET6 : AF_INET;
	bits = address->family == AF_INET ? 32 : 128;
	/* Without its bits a guest's network would be one address, which nobody means. */
	if (inet_pton(address->family, host, address->bytes) != 1 || !slash ||
	    parse_number(slash + 1, bits, &bits))
		usage_error(&tool, "'%s' is no address: 192.0.2.1/24 or 2001:db8::1/64 is", text);
	address->prefix = (uint8_t)bits;
	tunctl->address_count++;
}

/* Only addresses may be given more than once: of anything else one would be left undone. */
static void refuse_again(struct command *command, int id)
{
	static const char once[] = "ugdtf";
	const char *letter = id < 256 ? strchr(once, id) : NULL;
	unsigned int bit = letter ? 1u << (letter - once) : id == ID_MAC ? 1u << sizeof(once) : 0;

	if (!(command->given & bit)) {
		command->given |= bit;
		return;
	}
	if (letter)
		usage_error(&tool, "-%c can be given once only", id);
	usage_error(&tool, "--mac can be given once only");
}

static void take_option(struct command *command, int id)
{
	struct tunctl *tunctl = &command->tunctl;

	refuse_again(command, id);
	switch (id) {
	case 'u':
		tunctl->owner = parse_owner(optarg);
		tunctl->has_owner = true;
		break;
	case 'g':
		tunctl->group = parse_group(optarg);
		tunctl->has_group = true;
		break;
	case 'd':
		command->removed = optarg;
		/* fallthrough */
	case 't':
		parse_name(optarg, tunctl->tap.name);
		break;
	case 'n':
		tunctl->tap.tun = true;
		break;
	case 'p':
		command->tap_asked = true;
		break;
	case 'b':
		tunctl->brief = true;
		break;
	case 'f':
		tunctl->clone_device = optarg;
		break;
	case 'l':
		command->list = true;
		break;
	case ID_MULTI_QUEUE:
		tunctl->tap.multi_queue = true;
		break;
	case ID_VNET_HDR:
		tunctl->tap.vnet_hdr = true;
		break;
	case ID_MAC:
		if (parse_mac(optarg, tunctl->mac))
			usage_error(&tool, "'%s' is no Ethernet address: 02:00:00:00:00:01 is",
				    optarg);
		tunctl->has_mac = true;
		break;
	case ID_ADDRESS:
		add_address(tunctl, optarg);
		break;
	case ID_UP:
		tunctl->up = true;
		break;
	case ID_JSON:
		command->json = true;
		break;
	}
}

static void check(const struct command *command)
{
	const struct tunctl *tunctl = &command->tunctl;

	if (tunctl->tap.tun && command->tap_asked)
		usage_error(&tool, "-n and -p exclude each other");
	if (tunctl->tap.tun && tunctl->has_mac)
		usage_error(&tool, "a TUN interface has no Ethernet address: --mac needs -p");
	if (command->removed && !*command->removed)
		usage_error(&tool, "-d: no name");
	if (command->removed && command->list)
		usage_error(&tool, "-d and --list exclude each other");
	if (command->json && !command->list)
		usage_error(&tool, "--json is for --list");
}

int main(int argc, char **argv)
{
	static struct command command = { .tunctl.clone_device = TAP_CLONE_DEVICE };
	int id;

	signals_begin();
	while ((id = options_next(&tool, argc, argv)) >= 0)
		take_option(&command, id);
	if (optind < argc)
		usage_error(&tool, "'%s': no word is expected here", argv[optind]);
	check(&command);
	if (command.list)
		tunctl_list(&command.tunctl, command.json);
	else if (command.removed)
		tunctl_remove(&command.tunctl);
	else
		tunctl_create(&command.tunctl);
	if (fflush(stdout))
		die("cannot write to standard output: %s", cause(errno));
	return EXIT_DONE;
}
