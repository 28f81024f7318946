// SPDX-License-Identifier: GPL-2.0-only
/* frame.c - 802.1Q tags of frames; frames are not copied to change them. */
#include <string.h>

#include "uml_switch/frame.h"

enum { TYPE_VLAN_HIGH = 0x81, TYPE_VLAN_LOW = 0x00 };

int frame_tag(const struct frame *frame)
{
	const uint8_t *type = frame->bytes + MACS_BYTES;

	if (type[0] != TYPE_VLAN_HIGH || type[1] != TYPE_VLAN_LOW ||
	    frame->length < FRAME_BYTES_MIN + TAG_BYTES)
		return -1;
	return type[2] << 8 | type[3];
}

static void make_head(struct frame *frame)
{
	int tag = frame->tagged ? frame_tag(frame) : 0;
	uint8_t *type = frame->head + MACS_BYTES;

	memcpy(frame->head, frame->bytes, MACS_BYTES);
	tag = (tag & ~VLAN_ID_MASK) | frame->vlan;
	type[0] = TYPE_VLAN_HIGH;
	type[1] = TYPE_VLAN_LOW;
	type[2] = (uint8_t)(tag >> 8);
	type[3] = (uint8_t)tag;
}

void frame_parts(struct frame *frame, enum frame_form form, struct packet *packet)
{
	uint32_t rest = MACS_BYTES + (frame->tagged ? TAG_BYTES : 0);

	if (form == FRAME_AS_IT_CAME || (form == FRAME_UNTAGGED && !frame->tagged)) {
		packet->parts[0] = (struct iovec){ frame->bytes, frame->length };
		packet->part_count = 1;
		packet->length = frame->length;
		return;
	}
	if (form == FRAME_TAGGED) {
		make_head(frame);
		packet->parts[0] = (struct iovec){ frame->head, sizeof(frame->head) };
	} else {
		packet->parts[0] = (struct iovec){ frame->bytes, MACS_BYTES };
	}
	packet->parts[1] = (struct iovec){ frame->bytes + rest, frame->length - rest };
	packet->part_count = 2;
	packet->length = (uint32_t)(packet->parts[0].iov_len + packet->parts[1].iov_len);
}
