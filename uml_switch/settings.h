/* SPDX-License-Identifier: GPL-2.0-only */
/* settings.h - what the command line says. */
#ifndef SWITCH_SETTINGS_H
#define SWITCH_SETTINGS_H

#include "uml_switch/rules.h"

/* Paths and names of one kind, in the order of the command line. */
struct words {
	const char **items;
	unsigned int count;
};

struct settings {
	const char *program;		/* argv[0] */
	bool hub;
	bool compat_v0;
	bool daemon;
	bool use_syslog;
	bool status;
	bool json;
	const char *control;		/* NULL where the service manager passes sockets */
	bool control_named;		/* by an option, not the default */
	const char *data;		/* for clients of version 0 */
	struct words taps, seqpackets, streams, connects;
	const char *capture;
	const char *user, *group;
	int mode;			/* of the sockets, -1: as umask says */
	uint32_t mac_age_s;
	uint32_t max_ports;
	uint32_t max_frame;
	struct port_settings port;	/* what a port may do that no rule matches */
	struct rules rules;
};

/**
 * settings_parse() - read the command line
 * @settings: all set
 * @argc: as main() has it
 * @argv: as main() has it
 *
 * Exits on --help, --version and wrong usage.
 */
void settings_parse(struct settings *settings, int argc, char **argv);

/* settings_default() - what holds without options */
void settings_default(struct settings *settings);

void settings_free(struct settings *settings);

#endif
