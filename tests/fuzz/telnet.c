// SPDX-License-Identifier: GPL-2.0-only
/*
 * telnet.c - fuzzes both directions of port-helper's telnet between their buffers.
 *
 * The input is a series of steps: a byte whose lowest two bits choose what happens and whose others
 * are a length, then that many bytes. Checked against a client of its own: output of the terminal
 * arrives unchanged; each answer is one of the few there are, and is owed to a command; one byte at
 * a time gives what all at once gives; two of us, whatever has been said, fall silent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port-helper/telnet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(cond)								\
	do {									\
		if (!(cond)) {							\
			fprintf(stderr, "%d: not so: %s\n", __LINE__, #cond);	\
			abort();						\
		}								\
	} while (0)

enum { CMD_FIRST = 251, CMD_IAC = 255, OPTION_BINARY = 0 };

/* A connection, the same one fed byte by byte, and what the client makes of our output. */
struct run {
	struct telnet telnet, twin;
	struct buffer to_terminal, to_client;
	struct buffer twin_to_terminal, twin_to_client;
	bool is_binary;
	bool after_cr;
	bool after_iac;
};

static void check_buffer(const struct buffer *buffer)
{
	REQUIRE(buffer->start <= buffer->end && buffer->end <= BUFFER_SIZE);
}

static const uint8_t *start_of(const struct buffer *buffer)
{
	return buffer->bytes + buffer->start;
}

static void clear(struct buffer *buffer)
{
	check_buffer(buffer);
	buffer_take(buffer, buffer_used(buffer));
}

/* One answer at a time: a request of three bytes, or "Yes", whose CR may need another's end. */
static void check_answers(struct run *run, size_t commands)
{
	static const char here[] = "\r\n[Yes]\r\n";

	while (buffer_used(&run->to_client)) {
		const uint8_t *answer = start_of(&run->to_client);
		size_t used = buffer_used(&run->to_client);

		REQUIRE(commands--);
		if (*answer == CMD_IAC) {
			REQUIRE(used >= 3 && answer[1] >= CMD_FIRST && answer[1] < CMD_IAC);
			if (answer[2] == OPTION_BINARY && answer[1] <= CMD_FIRST + 1)
				run->is_binary = answer[1] == CMD_FIRST;
			buffer_take(&run->to_client, 3);
			continue;
		}
		if (!*answer) {
			REQUIRE(run->after_cr);
			answer++;
			buffer_take(&run->to_client, 1);
		}
		run->after_cr = false;
		REQUIRE(buffer_used(&run->to_client) >= sizeof(here) - 1 &&
			!memcmp(answer, here, sizeof(here) - 1));
		buffer_take(&run->to_client, sizeof(here) - 1);
	}
}

static void from_client(struct run *run, const uint8_t *bytes, size_t length)
{
	size_t used = telnet_receive(&run->telnet, bytes, length, &run->to_terminal,
				     &run->to_client);
	size_t commands = 0;

	for (size_t i = 0; i < used; i++) {
		commands += bytes[i] == CMD_IAC;
		REQUIRE(telnet_receive(&run->twin, bytes + i, 1, &run->twin_to_terminal,
				       &run->twin_to_client) == 1);
	}
	REQUIRE(used == length || !buffer_room(&run->to_terminal) ||
		buffer_room(&run->to_client) < TELNET_ANSWER_MAX);
	REQUIRE(buffer_used(&run->to_terminal) == buffer_used(&run->twin_to_terminal));
	REQUIRE(!memcmp(start_of(&run->to_terminal), start_of(&run->twin_to_terminal),
			buffer_used(&run->to_terminal)));
	REQUIRE(buffer_used(&run->to_client) == buffer_used(&run->twin_to_client));
	clear(&run->twin_to_client);
	/* A command may have begun in the step before. */
	check_answers(run, commands + 1);
}

/* The client decodes what it gets, and finds the bytes that the terminal put out. */
static void to_client(struct run *run, const uint8_t *bytes, size_t length)
{
	uint8_t twin_bytes[64];
	size_t used = telnet_send(&run->telnet, bytes, length, &run->to_client), found = 0;
	const uint8_t *out = start_of(&run->to_client);

	memcpy(twin_bytes, bytes, length);
	REQUIRE(used == length);
	REQUIRE(telnet_send(&run->twin, twin_bytes, length, &run->twin_to_client) == used);
	for (size_t i = 0; i < buffer_used(&run->to_client); i++) {
		uint8_t byte = out[i];
		bool after_cr = run->after_cr;

		run->after_cr = false;
		if (after_cr && !byte)
			continue;
		REQUIRE(!after_cr || byte == '\n');
		if (byte == CMD_IAC) {
			REQUIRE(++i < buffer_used(&run->to_client) && out[i] == CMD_IAC);
		}
		REQUIRE(found < used && byte == bytes[found++]);
		run->after_cr = byte == '\r' && !run->is_binary;
	}
	REQUIRE(found == used);
	clear(&run->to_client);
	clear(&run->twin_to_client);
}

/* Two of us, each the other's client. */
static void fall_silent(struct run *run)
{
	static struct buffer there, back;
	struct telnet other = { 0 };
	int rounds = 0;

	clear(&there);
	clear(&back);
	telnet_start(&other, &back);
	do {
		struct buffer *inputs[] = { &back, &there };
		struct telnet *sides[] = { &run->telnet, &other };

		for (int i = 0; i < 2; i++) {
			struct buffer input = *inputs[i];

			clear(inputs[i]);
			clear(&run->to_terminal);
			telnet_receive(sides[i], start_of(&input), buffer_used(&input),
				       &run->to_terminal, inputs[!i]);
		}
		REQUIRE(++rounds < 10);
	} while (buffer_used(&there) || buffer_used(&back));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run run;

	run = (struct run){ 0 };
	telnet_start(&run.telnet, &run.to_client);
	telnet_start(&run.twin, &run.twin_to_client);
	clear(&run.to_client);
	clear(&run.twin_to_client);
	while (size) {
		unsigned int step = *data & 3;
		size_t length = *data >> 2;

		data++;
		size--;
		if (length > size)
			length = size;
		if (step < 2) {
			from_client(&run, data, length);
		} else if (step == 2) {
			to_client(&run, data, length);
		} else {
			run.telnet.synch = run.twin.synch = length & 1;
			clear(&run.to_terminal);
			clear(&run.twin_to_terminal);
			length = 0;
		}
		check_buffer(&run.to_terminal);
		data += length;
		size -= length;
	}
	fall_silent(&run);
	return 0;
}
