// SPDX-License-Identifier: GPL-2.0-only
/* port_telnet.c - what telnet clients send and what they get for it, byte by byte. */
#include <string.h>

#include "port-helper/telnet.h"
#include "unit.h"

static struct buffer to_terminal, to_client;

static void clear(void)
{
	to_terminal = (struct buffer){ 0 };
	to_client = (struct buffer){ 0 };
}

static struct telnet started(void)
{
	struct telnet telnet = { 0 };

	clear();
	telnet_start(&telnet, &to_client);
	to_client = (struct buffer){ 0 };
	return telnet;
}

static bool holds(const struct buffer *buffer, const char *bytes, size_t length)
{
	return buffer_used(buffer) == length &&
	       !memcmp(buffer->bytes + buffer->start, bytes, length);
}

#define HOLDS(buffer, text) holds(buffer, text, sizeof(text) - 1)

/* What the client's bytes make of a fresh connection. Lengths count NULs within. */
static const struct {
	const char *in;
	size_t in_length;
	const char *typed;
	size_t typed_length;
	const char *answer;
	size_t answer_length;
} received[] = {
#define ROW(in, typed, answer) \
	{ in, sizeof(in) - 1, typed, sizeof(typed) - 1, answer, sizeof(answer) - 1 }
	/* Data: Enter in each of its forms, escapes. */
	ROW("abc", "abc", ""),
	ROW("a\r\0b", "a\rb", ""),
	ROW("a\r\nb", "a\rb", ""),
	ROW("a\rb\n", "a\rb\n", ""),
	ROW("\r\r\n\r\0", "\r\r\r", ""),
	ROW("\377\377", "\377", ""),
	/* Keys. */
	ROW("x\377\364y", "x\003y", ""),
	ROW("\377\363", "\003", ""),
	ROW("\377\356\377\355\377\354\377\367\377\370", "\034\032\004\177\025", ""),
	ROW("\377\361\377\362\377\371\377\365", "", ""),
	ROW("\377\366", "", "\r\n[Yes]\r\n"),
	/* Negotiation: agreement to what was asked is the end of it. */
	ROW("\377\375\001\377\375\003\377\373\003\377\373\037", "", ""),
	ROW("\377\376\001\377\374\003\377\374\037", "", ""),
	/* Agreed, then taken back, then asked for by the client. */
	ROW("\377\375\001\377\376\001\377\375\001", "", "\377\374\001\377\373\001"),
	/* Binary, in both directions, and twice. */
	ROW("\377\373\0\377\373\0\r\0\r\n", "\r\0\r\n", "\377\375\0"),
	ROW("\377\375\0\377\375\0", "", "\377\373\0"),
	/* Refused: terminal type, line mode, timing mark, number 255; a refusal of them is nothing. */
	ROW("\377\373\030\377\373\042\377\375\006\377\373\377", "",
	    "\377\376\030\377\376\042\377\374\006\377\376\377"),
	ROW("\377\374\030\377\376\006", "", ""),
	/* A client that wants to echo, or us to tell our window. */
	ROW("\377\373\001\377\375\037", "", "\377\376\001\377\374\037"),
	/* Subnegotiations of any length are passed over, their end may be missing. */
	ROW("\377\372\030\001\377\377\002\377\360x", "x", ""),
	ROW("\377\372\030\377\360x", "x", ""),
	ROW("\377\372\030abc\377\364x", "\003x", ""),
#undef ROW
};

static void test_received(void)
{
	for (size_t i = 0; i < sizeof(received) / sizeof(received[0]); i++) {
		const uint8_t *in = (const uint8_t *)received[i].in;
		struct telnet telnet = started();
		bool same;

		CHECK_EQ(telnet_receive(&telnet, in, received[i].in_length, &to_terminal,
					&to_client), received[i].in_length);
		same = holds(&to_terminal, received[i].typed, received[i].typed_length) &&
		       holds(&to_client, received[i].answer, received[i].answer_length);
		if (!same)
			fprintf(stderr, "row %zu\n", i);
		CHECK(same);
	}
}

static void test_start(void)
{
	static const char requests[] = "\377\373\001\377\373\003\377\375\003\377\375\037";
	struct telnet telnet = { 0 };

	clear();
	telnet_start(&telnet, &to_client);
	CHECK(holds(&to_client, requests, sizeof(requests) - 1));
	CHECK(!telnet_settled(&telnet));
}

static void receive(struct telnet *telnet, const char *bytes, size_t length)
{
	telnet_receive(telnet, (const uint8_t *)bytes, length, &to_terminal, &to_client);
}

#define RECEIVE(telnet, text) receive(telnet, text, sizeof(text) - 1)

static void test_window(void)
{
	struct telnet telnet = started();

	/* Told without leave. */
	RECEIVE(&telnet, "\377\372\037\0\120\0\030\377\360");
	CHECK(!telnet.window_known);
	RECEIVE(&telnet, "\377\375\001\377\375\003\377\373\003\377\373\037");
	CHECK(!telnet_settled(&telnet));
	RECEIVE(&telnet, "\377\372\037\0\120\0\030\377\360");
	CHECK(telnet_settled(&telnet));
	CHECK_EQ(telnet.columns, 80);
	CHECK_EQ(telnet.rows, 24);
	/* 255 is escaped; too short and too long ones count for nothing. */
	RECEIVE(&telnet, "\377\372\037\0\377\377\1\2\377\360");
	CHECK_EQ(telnet.columns, 255);
	CHECK_EQ(telnet.rows, 258);
	RECEIVE(&telnet, "\377\372\037\0\1\0\377\360");
	RECEIVE(&telnet, "\377\372\037\0\1\0\1\0\377\360");
	CHECK_EQ(telnet.columns, 255);

	telnet = started();
	RECEIVE(&telnet, "\377\375\001\377\375\003\377\374\003\377\374\037");
	CHECK(telnet_settled(&telnet));
}

static void test_synch(void)
{
	struct telnet telnet = started();

	telnet.synch = true;
	RECEIVE(&telnet, "lost\377\377\r\377\364");
	CHECK(HOLDS(&to_terminal, "\003"));
	telnet.synch = false;
	RECEIVE(&telnet, "\377\362x");
	CHECK(HOLDS(&to_terminal, "\003x"));
}

static void send_text(struct telnet *telnet, const char *text, size_t length)
{
	CHECK_EQ(telnet_send(telnet, (const uint8_t *)text, length, &to_client), length);
}

#define SEND(telnet, text) send_text(telnet, text, sizeof(text) - 1)

static void test_send(void)
{
	struct telnet telnet = started();

	SEND(&telnet, "a\r\nb\377\rc\r");
	CHECK(HOLDS(&to_client, "a\r\nb\377\377\r\0c\r"));
	/* What stands behind a CR comes with the next piece. */
	SEND(&telnet, "\n\r");
	RECEIVE(&telnet, "\377\366");
	SEND(&telnet, "\n");
	CHECK(HOLDS(&to_client, "a\r\nb\377\377\r\0c\r\n\r\0\r\n[Yes]\r\n\n"));

	telnet = started();
	RECEIVE(&telnet, "\377\375\0");
	SEND(&telnet, "\ra\377");
	CHECK(HOLDS(&to_client, "\377\373\0\ra\377\377"));
}

static void test_full(void)
{
	static const uint8_t flood[BUFFER_SIZE] = { 0 };
	struct telnet telnet = started();
	size_t used;

	/* Output leaves the reserve to answers. */
	used = telnet_send(&telnet, flood, sizeof(flood), &to_client);
	CHECK(used < sizeof(flood));
	CHECK(buffer_room(&to_client) >= TELNET_RESERVE);
	CHECK_EQ(telnet_send(&telnet, flood, 1, &to_client), 0);
	RECEIVE(&telnet, "\377\373\030x");
	CHECK_EQ(buffer_used(&to_terminal), 1);
	/* Without room for an answer nothing is taken, nor without room for a key. */
	while (buffer_room(&to_client) >= TELNET_ANSWER_MAX)
		buffer_put_byte(&to_client, 0);
	CHECK_EQ(telnet_receive(&telnet, flood, 1, &to_terminal, &to_client), 0);
	to_client = (struct buffer){ 0 };
	CHECK_EQ(telnet_receive(&telnet, flood, sizeof(flood), &to_terminal, &to_client),
		 sizeof(flood) - 1);
	CHECK_EQ(telnet_receive(&telnet, flood, 1, &to_terminal, &to_client), 0);
}

static void test_buffer(void)
{
	static struct buffer buffer;
	uint8_t bytes[BUFFER_SIZE / 2 + 1];
	uint8_t next = 0, want = 0;

	/* Wraps many times over, in order. */
	for (int round = 0; round < 1000; round++) {
		size_t length = (size_t)(round * 37) % sizeof(bytes);

		while (buffer_room(&buffer) < length) {
			CHECK_EQ(buffer.bytes[buffer.start], want);
			want++;
			buffer_take(&buffer, 1);
		}
		for (size_t i = 0; i < length; i++)
			bytes[i] = next++;
		buffer_put(&buffer, bytes, length);
	}
	CHECK(buffer_used(&buffer) + buffer_room(&buffer) == BUFFER_SIZE);
}

int main(void)
{
	test_received();
	test_start();
	test_window();
	test_synch();
	test_send();
	test_full();
	test_buffer();
	return UNIT_RESULT();
}
