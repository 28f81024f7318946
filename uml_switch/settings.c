// SPDX-License-Identifier: GPL-2.0-only
/* settings.c - what holds for uml_switch without options. */
#include <config.h>
#include <stdlib.h>

#include "uml_switch/settings.h"

enum {
	MAC_AGE_S = 300,
	MAC_LIMIT = 4096,
	PORTS = 2048,
	VLAN_DEFAULT = 1,
};

void settings_default(struct settings *settings)
{
	*settings = (struct settings){
		.program = "uml_switch",
		.control = "/tmp/uml.ctl",
		.data = "/tmp/uml.data",
		.mode = -1,
		.mac_age_s = MAC_AGE_S,
		.max_ports = PORTS,
		.max_frame = FRAME_BYTES_MAX,
		.port = { .mac_limit = MAC_LIMIT, .vlans = { .untagged = VLAN_DEFAULT } },
	};
	vlans_add(&settings->port.vlans, VLAN_DEFAULT);
}

void settings_free(struct settings *settings)
{
	free(settings->taps.items);
	free(settings->seqpackets.items);
	free(settings->streams.items);
	free(settings->connects.items);
	rules_free(&settings->rules);
}
