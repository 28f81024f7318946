// SPDX-License-Identifier: GPL-2.0-only
/* switch.c - requests and replies on the control socket of uml_switch. */
#include <string.h>

#include "wire/switch.h"

enum {
	FAMILY_UNIX = 1,
	MAC_BYTES = 6,
};

static uint32_t get_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof(value));
	return value;
}

static uint8_t *put_u32(uint8_t *out, uint32_t value)
{
	memcpy(out, &value, sizeof(value));
	return out + sizeof(value);
}

static void put_address(uint8_t *out, const struct switch_address *address)
{
	uint16_t family = FAMILY_UNIX;

	memset(out, 0, SWITCH_ADDRESS_BYTES);
	memcpy(out, &family, sizeof(family));
	memcpy(out + 2, address->path, address->length);
}

static enum switch_fault get_address(const uint8_t *bytes, struct switch_address *address)
{
	const uint8_t *path = bytes + 2, *end;
	uint16_t family;

	memcpy(&family, bytes, sizeof(family));
	if (family != FAMILY_UNIX)
		return SWITCH_ADDRESS_BAD;
	memset(address, 0, sizeof(*address));
	memcpy(address->path, path, SWITCH_PATH_BYTES);
	address->length = SWITCH_PATH_BYTES;
	if (!path[0]) {
		/* All zero is no name: bind(2) would choose one. */
		for (int i = 1; i < SWITCH_PATH_BYTES; i++)
			if (path[i])
				return SWITCH_GOOD;
		return SWITCH_ADDRESS_BAD;
	}
	end = memchr(path, 0, SWITCH_PATH_BYTES);
	if (end) {
		address->length = (uint8_t)(end - path + 1);
		memset(address->path + address->length, 0, SWITCH_PATH_BYTES - address->length);
	}
	return SWITCH_GOOD;
}

size_t switch_encode_request(uint8_t out[SWITCH_REQUEST_BYTES_MAX],
			     const struct switch_request *request)
{
	uint8_t *next = out;

	memset(out, 0, SWITCH_REQUEST_BYTES_MAX);
	if (request->type == SWITCH_REQUEST_STATUS) {
		next = put_u32(next, SWITCH_MAGIC);
		next = put_u32(next, SWITCH_VERSION);
		next = put_u32(next, request->type);
		next[2] = request->form;
		return SWITCH_V3_BYTES;
	}
	switch (request->version) {
	case 0:
		next = put_u32(next, request->type) + MAC_BYTES;
		put_address(next, &request->data);
		return SWITCH_V0_BYTES;
	case 1:
		next = put_u32(next, SWITCH_MAGIC);
		next = put_u32(next, request->type) + MAC_BYTES;
		put_address(next, &request->data);
		return SWITCH_V1_BYTES;
	case SWITCH_VERSION:
		next = put_u32(next, SWITCH_MAGIC);
		next = put_u32(next, request->version);
		next = put_u32(next, request->type);
		put_address(next, &request->data);
		return SWITCH_V3_BYTES;
	default:
		return 0;
	}
}

/* What a request is whose address stands at a place; whole is its full length. */
static enum switch_fault decode_port(const uint8_t *bytes, size_t length, size_t address,
				     size_t whole, struct switch_request *request)
{
	if (request->type != SWITCH_REQUEST_PORT)
		return SWITCH_TYPE_UNKNOWN;
	if (length < address + SWITCH_ADDRESS_BYTES)
		return SWITCH_SHORT;
	if (length > whole)
		return SWITCH_LONG;
	return get_address(bytes + address, &request->data);
}

static enum switch_fault decode_status(const uint8_t *bytes, size_t length,
				       struct switch_request *request)
{
	if (length < SWITCH_V3_BYTES)
		return SWITCH_SHORT;
	if (length > SWITCH_V3_BYTES)
		return SWITCH_LONG;
	request->form = bytes[14];
	if (request->form != SWITCH_STATUS_TEXT && request->form != SWITCH_STATUS_JSON)
		return SWITCH_TYPE_UNKNOWN;
	return SWITCH_GOOD;
}

enum switch_fault switch_decode_request(const uint8_t *bytes, size_t length,
					struct switch_request *request)
{
	memset(request, 0, sizeof(*request));
	if (length < 4)
		return SWITCH_SHORT;
	if (get_u32(bytes) != SWITCH_MAGIC) {
		request->type = get_u32(bytes);
		return decode_port(bytes, length, 4 + MAC_BYTES, SWITCH_V0_BYTES, request);
	}
	if (length < 8)
		return SWITCH_SHORT;
	/* Version 1 has its type, which is 0, where the later ones have their number. */
	request->version = get_u32(bytes + 4);
	if (request->version == SWITCH_REQUEST_PORT) {
		request->version = 1;
		return decode_port(bytes, length, 8 + MAC_BYTES, SWITCH_V1_BYTES, request);
	}
	if (request->version != SWITCH_VERSION)
		return SWITCH_VERSION_UNKNOWN;
	if (length < 12)
		return SWITCH_SHORT;
	request->type = get_u32(bytes + 8);
	if (request->type == SWITCH_REQUEST_STATUS)
		return decode_status(bytes, length, request);
	return decode_port(bytes, length, 12, SWITCH_V3_BYTES, request);
}

void switch_encode_reply(uint8_t out[SWITCH_REPLY_BYTES], const struct switch_address *data)
{
	put_address(out, data);
}

enum switch_fault switch_decode_reply(const uint8_t *bytes, size_t length,
				      struct switch_address *data)
{
	if (length < SWITCH_REPLY_BYTES)
		return SWITCH_SHORT;
	if (length > SWITCH_REPLY_BYTES)
		return SWITCH_LONG;
	return get_address(bytes, data);
}

void switch_encode_length(uint8_t out[SWITCH_STREAM_HEAD_BYTES], uint32_t length)
{
	for (int i = 0; i < SWITCH_STREAM_HEAD_BYTES; i++)
		out[i] = (uint8_t)(length >> (24 - 8 * i));
}

uint32_t switch_decode_length(const uint8_t bytes[SWITCH_STREAM_HEAD_BYTES])
{
	uint32_t length = 0;

	for (int i = 0; i < SWITCH_STREAM_HEAD_BYTES; i++)
		length = length << 8 | bytes[i];
	return length;
}
