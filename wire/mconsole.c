// SPDX-License-Identifier: GPL-2.0-only
/* mconsole.c - datagrams of the management console, in buffers. */
#include <string.h>

#include "wire/mconsole.h"

enum { NOTICE_HEAD_BYTES = MCONSOLE_NOTIFY_BYTES - MCONSOLE_DATA_BYTES };

static uint32_t word(const uint8_t *bytes, unsigned int index)
{
	uint32_t value;

	memcpy(&value, bytes + index * sizeof(value), sizeof(value));
	return value;
}

static void put_word(uint8_t *out, unsigned int index, uint32_t value)
{
	memcpy(out + index * sizeof(value), &value, sizeof(value));
}

/* The text behind a header whose last number is the text's length. */
static enum mconsole_fault take_text(const uint8_t *bytes, size_t length, size_t head_bytes,
				     const char **text, uint32_t *text_length)
{
	uint32_t said = word(bytes, (unsigned int)(head_bytes / 4 - 1));

	if (said > MCONSOLE_DATA_BYTES)
		return MCONSOLE_LONG;
	if (said > length - head_bytes)
		return MCONSOLE_SHORT;
	*text = (const char *)bytes + head_bytes;
	*text_length = said && !(*text)[said - 1] ? said - 1 : said;
	return MCONSOLE_GOOD;
}

enum mconsole_fault mconsole_encode_request(uint8_t out[MCONSOLE_REQUEST_BYTES], const char *text,
					    size_t length)
{
	if (length > MCONSOLE_COMMAND_MAX)
		return MCONSOLE_LONG;
	memset(out, 0, MCONSOLE_REQUEST_BYTES);
	put_word(out, 0, MCONSOLE_MAGIC);
	put_word(out, 1, MCONSOLE_VERSION);
	put_word(out, 2, (uint32_t)length);
	memcpy(out + MCONSOLE_HEAD_BYTES, text, length);
	return MCONSOLE_GOOD;
}

enum mconsole_fault mconsole_decode_request(const uint8_t *bytes, size_t length,
					    struct mconsole_request *request)
{
	if (length < MCONSOLE_HEAD_BYTES)
		return MCONSOLE_SHORT;
	if (length > MCONSOLE_REQUEST_BYTES)
		return MCONSOLE_LONG;
	if (word(bytes, 0) != MCONSOLE_MAGIC || word(bytes, 1) != MCONSOLE_VERSION)
		return MCONSOLE_ALIEN;
	return take_text(bytes, length, MCONSOLE_HEAD_BYTES, &request->text, &request->length);
}

size_t mconsole_encode_reply(uint8_t out[MCONSOLE_REPLY_BYTES], const struct mconsole_reply *reply)
{
	if (reply->length > MCONSOLE_COMMAND_MAX)
		return 0;
	put_word(out, 0, reply->error);
	put_word(out, 1, reply->more);
	put_word(out, 2, reply->length + 1);
	memcpy(out + MCONSOLE_HEAD_BYTES, reply->text, reply->length);
	out[MCONSOLE_HEAD_BYTES + reply->length] = 0;
	return MCONSOLE_HEAD_BYTES + reply->length + 1;
}

enum mconsole_fault mconsole_decode_reply(const uint8_t *bytes, size_t length,
					  struct mconsole_reply *reply)
{
	if (length < MCONSOLE_HEAD_BYTES)
		return MCONSOLE_SHORT;
	if (length > MCONSOLE_REPLY_BYTES)
		return MCONSOLE_LONG;
	reply->error = word(bytes, 0);
	reply->more = word(bytes, 1) != 0;
	return take_text(bytes, length, MCONSOLE_HEAD_BYTES, &reply->text, &reply->length);
}

size_t mconsole_encode_notice(uint8_t out[MCONSOLE_NOTIFY_BYTES],
			      const struct mconsole_notice *notice)
{
	if (notice->length > MCONSOLE_DATA_BYTES)
		return 0;
	put_word(out, 0, MCONSOLE_MAGIC);
	put_word(out, 1, MCONSOLE_VERSION);
	put_word(out, 2, notice->event);
	put_word(out, 3, notice->length);
	memcpy(out + NOTICE_HEAD_BYTES, notice->text, notice->length);
	return NOTICE_HEAD_BYTES + notice->length;
}

enum mconsole_fault mconsole_decode_notice(const uint8_t *bytes, size_t length,
					   struct mconsole_notice *notice)
{
	if (length < NOTICE_HEAD_BYTES)
		return MCONSOLE_SHORT;
	if (length > MCONSOLE_NOTIFY_BYTES)
		return MCONSOLE_LONG;
	if (word(bytes, 0) != MCONSOLE_MAGIC || word(bytes, 1) != MCONSOLE_VERSION)
		return MCONSOLE_ALIEN;
	notice->event = word(bytes, 2);
	return take_text(bytes, length, NOTICE_HEAD_BYTES, &notice->text, &notice->length);
}
