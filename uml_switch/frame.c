// SPDX-License-Identifier: GPL-2.0-only
/* frame.c - 802.1Q tags of frames; frames are not copied to change them. */
#include <string.h>

#include "uml_switch/frame.h"

enum { TYPE_VLAN = 0x8100 };

static uint16_t type_at(const struct frame *frame, uint32_t offset)
{
	return (uint16_t)(frame->bytes[offset] << 8 | frame->bytes[offset + 1]);
}

int frame_tag(const struct frame *frame)
{
	if (type_at(frame, MACS_BYTES) != TYPE_VLAN ||
	    frame->length < FRAME_BYTES_MIN + TAG_BYTES)
		return -1;
	return type_at(frame, MACS_BYTES + 2);
}

bool frame_has_inner_tag(const struct frame *frame)
{
	/* 802.1Q, 802.1ad, and what was used before that. */
	static const uint16_t types[] = { TYPE_VLAN, 0x88a8, 0x9100, 0x9200, 0x9300 };
	uint16_t type = type_at(frame, MACS_BYTES + (frame->tagged ? TAG_BYTES : 0));

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (type == types[i])
			return true;
	return false;
}

static void make_head(struct frame *frame)
{
	int tag = frame->tagged ? frame_tag(frame) : 0;
	uint8_t *type = frame->head + MACS_BYTES;

	memcpy(frame->head, frame->bytes, MACS_BYTES);
	tag = (tag & ~VLAN_ID_MASK) | frame->vlan;
	type[0] = TYPE_VLAN >> 8;
	type[1] = TYPE_VLAN & 0xff;
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
