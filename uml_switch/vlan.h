/* SPDX-License-Identifier: GPL-2.0-only */
/* vlan.h - which VLANs a port belongs to, and whether frames go with or without a tag there. */
#ifndef SWITCH_VLAN_H
#define SWITCH_VLAN_H

#include "uml_switch/frame.h"

/**
 * struct vlans - the VLANs of a port
 * @untagged: the one whose frames have no tag here, 0 for none
 * @trunk: frames of the others come and go with their tag; else only @untagged exists
 * @members: one bit a VLAN
 */
struct vlans {
	uint16_t untagged;
	bool trunk;
	uint64_t members[(VLAN_ID_MAX + 64) / 64];
};

static inline void vlans_add(struct vlans *vlans, unsigned int id)
{
	vlans->members[id / 64] |= 1ull << id % 64;
}

static inline bool vlans_have(const struct vlans *vlans, unsigned int id)
{
	return vlans->members[id / 64] >> id % 64 & 1;
}

/**
 * vlans_parse() - read a list such as 10+20-29, or "all"
 * @text: the list
 * @vlans: the VLANs are added to its members
 *
 * Return: 0 or -EINVAL.
 */
int vlans_parse(const char *text, struct vlans *vlans);

/**
 * vlans_classify() - find the VLAN of a frame that came in
 * @vlans: those of the port
 * @frame: the frame; its vlan, tagged and inner_tag are set
 *
 * Return: whether the frame may enter.
 */
bool vlans_classify(const struct vlans *vlans, struct frame *frame);

/**
 * vlans_form() - how a frame that is a member leaves through the port
 * @vlans: those of the port
 * @frame: the frame
 * @form: set on success
 *
 * A tag behind the frame's own must not become the first one: whoever takes the frame next would
 * believe it, and the frame be in a VLAN that it did not enter.
 *
 * Return: whether it may leave.
 */
static inline bool vlans_form(const struct vlans *vlans, const struct frame *frame,
			      enum frame_form *form)
{
	*form = frame->vlan == vlans->untagged ? FRAME_UNTAGGED : FRAME_TAGGED;
	return *form == FRAME_TAGGED || !frame->inner_tag;
}

#endif
