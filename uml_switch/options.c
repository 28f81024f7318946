// SPDX-License-Identifier: GPL-2.0-only
/* options.c - the command line of uml_switch. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/options.h"
#include "lib/parse.h"
#include "lib/report.h"
#include "uml_switch/settings.h"

enum {
	ID_UNIX = 256, ID_HUB, ID_TAP, ID_DAEMON, ID_COMPAT, ID_SEQPACKET, ID_STREAM, ID_CONNECT,
	ID_PORT, ID_MAC_AGE, ID_MAC_LIMIT, ID_MAX_PORTS, ID_MAX_FRAME, ID_PCAP, ID_MIRROR, ID_MODE,
	ID_GROUP, ID_USER, ID_SYSLOG, ID_STATUS, ID_JSON,
};

enum {
	PORTS_LIMIT = 32768,
	FRAME_LIMIT_MIN = 1514,
	MODE_MAX = 0777,
};

static const struct tool_option options[] = {
	{ ID_UNIX, "unix", "CTL", "control socket, default /tmp/uml.ctl; DATA see -compat-v0" },
	{ ID_HUB, "hub", NULL, "send each frame to all ports" },
	{ ID_TAP, "tap", "DEVICE", "uplink to the host; may be repeated" },
	{ ID_DAEMON, "daemon", NULL, "run in the background, log to syslog" },
	{ ID_COMPAT, "compat-v0", NULL, "serve clients of version 0 too, on DATA" },
	{ ID_SEQPACKET, "seqpacket", "PATH", "socket for seqpacket clients; may be repeated" },
	{ ID_STREAM, "stream", "PATH", "socket for QEMU's -netdev stream; may be repeated" },
	{ ID_CONNECT, "connect", "PATH", "attach to passt's socket; may be repeated" },
	{ ID_PORT, "port", "MATCH,SETTING,...", "what ports may do; see below; may be repeated" },
	{ ID_MAC_AGE, "mac-age", "SECONDS", "forget silent addresses after that, default 300" },
	{ ID_MAC_LIMIT, "mac-limit", "NUMBER", "addresses that a port may have, default 4096" },
	{ ID_MAX_PORTS, "max-ports", "NUMBER",
	  "ports in all, default 2048; half for a user, an eighth for a process" },
	{ ID_MAX_FRAME, "max-frame", "BYTES", "longest frame, default and at most 65553" },
	{ ID_PCAP, "pcap", "FILE", "write all frames to FILE" },
	{ ID_MIRROR, "mirror", "MATCH", "copy all frames to those ports: --port=MATCH,mirror" },
	{ ID_MODE, "mode", "OCTAL", "permissions of the sockets" },
	{ ID_GROUP, "group", "GROUP", "group of the sockets" },
	{ ID_USER, "user", "USER", "run as USER, once the taps are open" },
	{ ID_SYSLOG, "syslog", NULL, "log to syslog" },
	{ ID_STATUS, "status", NULL, "print the state of the switch at CTL" },
	{ ID_JSON, "json", NULL, "with --status: as JSON" },
	{ 0 },
};

static const char *const usage[] = {
	"[-unix CTL [DATA]] [-hub] [-tap DEVICE] [-daemon] [-compat-v0] [OPTION]...",
	"--status [--json] [-unix CTL]",
	NULL,
};

static const char notes[] =
	"MATCH names ports: all; a kind, unix, seqpacket, stream or tap; a port number; a tap\n"
	"device; uid:USER; umid:UMID; or a path, which may have wildcards, of the socket where the\n"
	"client connected or of its own. SETTING is vlan=ID, trunk=ID+ID-ID, native=ID, isolated,\n"
	"sticky, rate=BITS, pps=FRAMES, flood=FRAMES (a second; with k, M, G), mac-limit=NUMBER or\n"
	"mirror. Options may have one dash. Unless a daemon, the switch ends with its standard\n"
	"input, if that is a terminal or pipe.\n";

static const struct tool tool = {
	.name = "uml_switch",
	.purpose = "Connects user-mode Linux machines by a virtual Ethernet switch.",
	.usage = usage,
	.options = options,
	.notes = notes,
	.one_dash = true,
};

static void add_word(struct words *words, const char *word)
{
	const char **items = realloc(words->items, (words->count + 1) * sizeof(*items));

	if (!items)
		die("cannot read the options: %s", cause(ENOMEM));
	items[words->count++] = word;
	words->items = items;
}

static uint32_t number(const char *option, uint64_t min, uint64_t max)
{
	uint64_t value;

	if (parse_number(optarg, max, &value) || value < min)
		usage_error(&tool, "--%s=%s: not a number from %llu to %llu", option, optarg,
			    (unsigned long long)min, (unsigned long long)max);
	return (uint32_t)value;
}

static void add_rule(struct rules *rules, const char *option, const char *text)
{
	const char *problem;

	if (rules_add(rules, text, &problem))
		usage_error(&tool, "--%s=%s: %s", option, optarg, problem);
}

static void add_mirror(struct rules *rules)
{
	size_t length = strlen(optarg) + sizeof(",mirror");
	char *text = malloc(length);

	if (!text)
		die("cannot read the options: %s", cause(ENOMEM));
	strcpy(text, optarg);
	strcat(text, ",mirror");
	add_rule(rules, "mirror", text);
	free(text);
}

static int octal_mode(void)
{
	char *end;
	unsigned long mode = strtoul(optarg, &end, 8);

	if (*optarg < '0' || *optarg > '7' || *end || mode > MODE_MAX)
		usage_error(&tool, "--mode=%s: not an octal number up to 0777", optarg);
	return (int)mode;
}

/* The old form: a second word behind the control socket is the data socket. */
static const char *second_word(int argc, char **argv)
{
	return optind < argc && argv[optind][0] != '-' ? argv[optind++] : NULL;
}

static void set_option(struct settings *settings, int id, int argc, char **argv)
{
	const char *data;

	switch (id) {
	case ID_UNIX:
		settings->control = optarg;
		settings->control_named = true;
		data = second_word(argc, argv);
		if (data)
			settings->data = data;
		break;
	case ID_HUB:
		settings->hub = true;
		break;
	case ID_TAP:
		add_word(&settings->taps, optarg);
		break;
	case ID_DAEMON:
		settings->daemon = true;
		break;
	case ID_COMPAT:
		settings->compat_v0 = true;
		break;
	case ID_SEQPACKET:
		add_word(&settings->seqpackets, optarg);
		break;
	case ID_STREAM:
		add_word(&settings->streams, optarg);
		break;
	case ID_CONNECT:
		add_word(&settings->connects, optarg);
		break;
	case ID_PORT:
		add_rule(&settings->rules, "port", optarg);
		break;
	case ID_MAC_AGE:
		settings->mac_age_s = number("mac-age", 1, UINT32_MAX / 2);
		break;
	case ID_MAC_LIMIT:
		settings->port.mac_limit = number("mac-limit", 0, UINT32_MAX);
		break;
	case ID_MAX_PORTS:
		settings->max_ports = number("max-ports", 1, PORTS_LIMIT);
		break;
	case ID_MAX_FRAME:
		settings->max_frame = number("max-frame", FRAME_LIMIT_MIN, FRAME_BYTES_MAX);
		break;
	case ID_PCAP:
		settings->capture = optarg;
		break;
	case ID_MIRROR:
		add_mirror(&settings->rules);
		break;
	case ID_MODE:
		settings->mode = octal_mode();
		break;
	case ID_GROUP:
		settings->group = optarg;
		break;
	case ID_USER:
		settings->user = optarg;
		break;
	case ID_SYSLOG:
		settings->use_syslog = true;
		break;
	case ID_STATUS:
		settings->status = true;
		break;
	case ID_JSON:
		settings->json = true;
		break;
	}
}

void settings_parse(struct settings *settings, int argc, char **argv)
{
	int id;

	settings_default(settings);
	settings->program = argv[0];
	while ((id = options_next(&tool, argc, argv)) >= 0)
		set_option(settings, id, argc, argv);
	if (optind < argc)
		usage_error(&tool, "unexpected word '%s'", argv[optind]);
	if (settings->json && !settings->status)
		usage_error(&tool, "--json goes with --status");
}
