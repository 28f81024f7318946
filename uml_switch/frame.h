/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.h - an Ethernet frame on its way, with and without its 802.1Q tag. */
#ifndef SWITCH_FRAME_H
#define SWITCH_FRAME_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
	MAC_BYTES = 6,
	MACS_BYTES = 2 * MAC_BYTES,
	TAG_BYTES = 4,
	FRAME_BYTES_MIN = MACS_BYTES + 2,
	/* The longest IP packet with its Ethernet header and a tag. */
	FRAME_BYTES_MAX = 65535 + FRAME_BYTES_MIN + TAG_BYTES,
	VLAN_ID_MAX = 4094,
	VLAN_ID_MASK = 0xfff,
};

/**
 * struct frame - a frame that a port took
 * @bytes: the frame as it came
 * @length: its length, bytes
 * @vlan: the VLAN that it belongs to, 0 where the switch knows none
 * @tagged: it came with a tag
 * @inner_tag: behind that tag, or where there is none, stands another one, of any kind
 * @head: addresses and tag of its tagged form; filled by frame_parts()
 */
struct frame {
	uint8_t *bytes;
	uint32_t length;
	uint16_t vlan;
	bool tagged;
	bool inner_tag;
	uint8_t head[MACS_BYTES + TAG_BYTES];
};

/* How a port sends a frame. */
enum frame_form {
	FRAME_AS_IT_CAME,
	FRAME_UNTAGGED,
	FRAME_TAGGED,
};

/* A frame ready to be sent: what it consists of, one after the other. */
struct packet {
	struct iovec parts[2];
	uint32_t part_count;
	uint32_t length;
};

static inline bool frame_to_group(const struct frame *frame)
{
	return frame->bytes[0] & 1;
}

static inline uint64_t mac_number(const uint8_t *mac)
{
	uint64_t number = 0;

	for (int i = 0; i < MAC_BYTES; i++)
		number = number << 8 | mac[i];
	return number;
}

/**
 * frame_tag() - the tag of a frame
 * @frame: a frame of at least FRAME_BYTES_MIN bytes
 *
 * Return: priority and VLAN as the 16 bits of the tag, -1 for a frame without one.
 */
int frame_tag(const struct frame *frame);

/**
 * frame_has_inner_tag() - whether a tag comes to light where the frame's own is taken off
 * @frame: the frame, with @tagged set
 *
 * For a frame without a tag of its own: whether its type is that of a tag all the same, of a kind
 * that this switch does not use, or one that is cut short.
 */
bool frame_has_inner_tag(const struct frame *frame);

/**
 * frame_parts() - the packet that a port sends for a frame
 * @frame: the frame; must live as long as the packet
 * @form: with or without tag
 * @packet: set
 */
void frame_parts(struct frame *frame, enum frame_form form, struct packet *packet);

#endif
