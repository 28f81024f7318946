// SPDX-License-Identifier: GPL-2.0-only
/* wire_mconsole.c - unit tests of wire/mconsole: datagrams as stock kernels have them. */
#include <string.h>

#include "unit.h"
#include "wire/mconsole.h"

/* What a kernel 6.1 sent: to "version" in part, to "remove ubd5", and on its notify socket. */
static const uint8_t reply_part[] = "\0\0\0\0" "\1\0\0\0" "\6\0\0\0" "Linux";
static const uint8_t reply_error[] = "\xed\xff\xff\xff" "\0\0\0\0" "\x15\0\0\0"
				     "Device doesn't exist";
static const uint8_t notice_user[] = "\xbe\xba\xfe\xca" "\2\0\0\0" "\3\0\0\0" "\6\0\0\0" "hallo\n";
static const uint8_t notice_panic[] = "\xbe\xba\xfe\xca" "\2\0\0\0" "\1\0\0\0" "\x16\0\0\0"
				      "sysrq triggered crash";

#define SAME(text_, length_, wanted) \
	((length_) == sizeof(wanted) - 1 && !memcmp(text_, wanted, sizeof(wanted) - 1))

static void requests_are_whole_datagrams(void)
{
	uint8_t out[MCONSOLE_REQUEST_BYTES], zero[MCONSOLE_DATA_BYTES] = { 0 };
	char longest[MCONSOLE_DATA_BYTES];
	struct mconsole_request request;

	CHECK_EQ(mconsole_encode_request(out, "version", 7), MCONSOLE_GOOD);
	CHECK(!memcmp(out, "\xbe\xba\xfe\xca\2\0\0\0\7\0\0\0version", 19));
	CHECK(!memcmp(out + 19, zero, sizeof(out) - 19));
	CHECK_EQ(mconsole_decode_request(out, sizeof(out), &request), MCONSOLE_GOOD);
	CHECK(SAME(request.text, request.length, "version"));

	memset(longest, 'x', sizeof(longest));
	CHECK_EQ(mconsole_encode_request(out, longest, 511), MCONSOLE_GOOD);
	CHECK_EQ(mconsole_decode_request(out, sizeof(out), &request), MCONSOLE_GOOD);
	CHECK_EQ(request.length, 511);
	CHECK_EQ(mconsole_encode_request(out, longest, 512), MCONSOLE_LONG);
}

static void requests_of_others_are_refused(void)
{
	uint8_t out[MCONSOLE_REQUEST_BYTES + 1] = { 0 };
	struct mconsole_request request;

	mconsole_encode_request(out, "go", 2);
	CHECK_EQ(mconsole_decode_request(out, 14, &request), MCONSOLE_GOOD);
	CHECK_EQ(mconsole_decode_request(out, 13, &request), MCONSOLE_SHORT);
	CHECK_EQ(mconsole_decode_request(out, 11, &request), MCONSOLE_SHORT);
	CHECK_EQ(mconsole_decode_request(out, 0, &request), MCONSOLE_SHORT);
	CHECK_EQ(mconsole_decode_request(out, sizeof(out), &request), MCONSOLE_LONG);
	out[10] = 1;
	CHECK_EQ(mconsole_decode_request(out, 524, &request), MCONSOLE_LONG);
	out[10] = 0;
	out[4] = 3;
	CHECK_EQ(mconsole_decode_request(out, 524, &request), MCONSOLE_ALIEN);
	out[4] = 2;
	out[0] = 0;
	CHECK_EQ(mconsole_decode_request(out, 524, &request), MCONSOLE_ALIEN);
}

static void replies_are_read(void)
{
	struct mconsole_reply reply;

	CHECK_EQ(mconsole_decode_reply(reply_part, sizeof(reply_part), &reply), MCONSOLE_GOOD);
	CHECK(SAME(reply.text, reply.length, "Linux"));
	CHECK(reply.more);
	CHECK_EQ(reply.error, 0);
	CHECK_EQ(mconsole_decode_reply(reply_error, sizeof(reply_error), &reply), MCONSOLE_GOOD);
	CHECK(SAME(reply.text, reply.length, "Device doesn't exist"));
	CHECK(!reply.more);
	CHECK_EQ((int32_t)reply.error, -19);
	/* Without the NUL, which old kernels leave out. */
	CHECK_EQ(mconsole_decode_reply((const uint8_t *)"\0\0\0\0\0\0\0\0\2\0\0\0OK", 14, &reply),
		 MCONSOLE_GOOD);
	CHECK(SAME(reply.text, reply.length, "OK"));
}

static void replies_that_lie_are_refused(void)
{
	uint8_t bytes[MCONSOLE_REPLY_BYTES + 1] = { 0 };
	struct mconsole_reply reply;

	for (size_t length = 0; length < 12; length++)
		CHECK_EQ(mconsole_decode_reply(bytes, length, &reply), MCONSOLE_SHORT);
	CHECK_EQ(mconsole_decode_reply(bytes, 12, &reply), MCONSOLE_GOOD);
	CHECK_EQ(reply.length, 0);
	bytes[8] = 5;
	CHECK_EQ(mconsole_decode_reply(bytes, 16, &reply), MCONSOLE_SHORT);
	memset(bytes + 8, 0xff, 4);
	CHECK_EQ(mconsole_decode_reply(bytes, 524, &reply), MCONSOLE_LONG);
	memset(bytes + 8, 0, 4);
	CHECK_EQ(mconsole_decode_reply(bytes, 525, &reply), MCONSOLE_LONG);
}

static void replies_come_back_as_they_were(void)
{
	struct mconsole_reply there = { .error = 5, .more = true, .text = "abc", .length = 3 };
	struct mconsole_reply back;
	uint8_t out[MCONSOLE_REPLY_BYTES];

	CHECK_EQ(mconsole_encode_reply(out, &there), 16);
	CHECK_EQ(mconsole_decode_reply(out, 16, &back), MCONSOLE_GOOD);
	CHECK(SAME(back.text, back.length, "abc"));
	CHECK_EQ(back.error, 5);
	CHECK(back.more);
	there.length = 512;
	CHECK_EQ(mconsole_encode_reply(out, &there), 0);
}

static void notices_are_read(void)
{
	struct mconsole_notice notice, there = { MCONSOLE_EVENT_USER, "hallo\n", 6 };
	uint8_t out[MCONSOLE_NOTIFY_BYTES];

	CHECK_EQ(mconsole_decode_notice(notice_panic, sizeof(notice_panic), &notice),
		 MCONSOLE_GOOD);
	CHECK_EQ(notice.event, MCONSOLE_EVENT_PANIC);
	CHECK(SAME(notice.text, notice.length, "sysrq triggered crash"));
	CHECK_EQ(mconsole_encode_notice(out, &there), 22);
	CHECK(!memcmp(out, notice_user, 22));
	CHECK_EQ(mconsole_decode_notice(out, 22, &notice), MCONSOLE_GOOD);
	CHECK(SAME(notice.text, notice.length, "hallo\n"));
	CHECK_EQ(mconsole_decode_notice(out, 21, &notice), MCONSOLE_SHORT);
	CHECK_EQ(mconsole_decode_notice(out, 15, &notice), MCONSOLE_SHORT);
	CHECK_EQ(mconsole_decode_notice(out, 529, &notice), MCONSOLE_LONG);
	out[0]++;
	CHECK_EQ(mconsole_decode_notice(out, 22, &notice), MCONSOLE_ALIEN);
}

int main(void)
{
	requests_are_whole_datagrams();
	requests_of_others_are_refused();
	replies_are_read();
	replies_that_lie_are_refused();
	replies_come_back_as_they_were();
	notices_are_read();
	return UNIT_RESULT();
}
