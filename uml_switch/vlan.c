// SPDX-License-Identifier: GPL-2.0-only
/* vlan.c - VLANs of ports, after IEEE 802.1Q. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "uml_switch/vlan.h"

static int parse_id(const char *text, unsigned int *id)
{
	uint64_t number;

	if (parse_number(text, VLAN_ID_MAX, &number) || !number)
		return -EINVAL;
	*id = (unsigned int)number;
	return 0;
}

/* One VLAN, or FIRST-LAST. */
static int parse_range(char *text, struct vlans *vlans)
{
	char *dash = strchr(text, '-');
	unsigned int first, last;

	if (dash)
		*dash = '\0';
	if (parse_id(text, &first))
		return -EINVAL;
	last = first;
	if (dash && (parse_id(dash + 1, &last) || last < first))
		return -EINVAL;
	for (unsigned int id = first; id <= last; id++)
		vlans_add(vlans, id);
	return 0;
}

int vlans_parse(const char *text, struct vlans *vlans)
{
	char *copy, *rest, *word;
	int error = 0;

	if (!strcmp(text, "all")) {
		for (unsigned int id = 1; id <= VLAN_ID_MAX; id++)
			vlans_add(vlans, id);
		return 0;
	}
	copy = rest = strdup(text);
	if (!copy)
		return -ENOMEM;
	while (!error && (word = strsep(&rest, "+")))
		error = parse_range(word, vlans);
	free(copy);
	return error;
}

bool vlans_classify(const struct vlans *vlans, struct frame *frame)
{
	int tag = frame_tag(frame);
	unsigned int id = tag < 0 ? 0 : tag & VLAN_ID_MASK;

	frame->tagged = tag >= 0;
	frame->inner_tag = frame_has_inner_tag(frame);
	if (!id) {
		/* No tag, or one with a priority only; a tag behind it would be another switch's choice. */
		frame->vlan = vlans->untagged;
		return vlans->untagged && !frame->inner_tag;
	}
	frame->vlan = (uint16_t)id;
	/* Who is in one VLAN does not choose another by a tag. */
	return vlans->trunk && id <= VLAN_ID_MAX && vlans_have(vlans, id);
}
