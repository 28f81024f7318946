// SPDX-License-Identifier: GPL-2.0-only
/*
 * mconsole.c - fuzzes the management console: the three decoders, then the whole client against a
 * sequence of datagrams, to what it shows on a terminal.
 *
 * Input: datagrams, each behind two bytes of its length.
 */
#include <assert.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/printable.h"
#include "mconsole/answer.h"
#include "mconsole/commands.h"
#include "wire/mconsole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text that is given out lies in the datagram. */
static void check_text(const uint8_t *data, size_t size, const char *text, uint32_t length)
{
	assert((const uint8_t *)text >= data && (const uint8_t *)text + length <= data + size);
}

static void decode(const uint8_t *data, size_t size)
{
	uint8_t out[MCONSOLE_NOTIFY_BYTES];
	struct mconsole_request request;
	struct mconsole_reply reply, again;
	struct mconsole_notice notice;

	if (!mconsole_decode_request(data, size, &request))
		check_text(data, size, request.text, request.length);
	if (!mconsole_decode_notice(data, size, &notice)) {
		check_text(data, size, notice.text, notice.length);
		assert(mconsole_encode_notice(out, &notice));
	}
	if (mconsole_decode_reply(data, size, &reply))
		return;
	check_text(data, size, reply.text, reply.length);
	if (!mconsole_encode_reply(out, &reply))
		return;
	assert(!mconsole_decode_reply(out, MCONSOLE_HEAD_BYTES + reply.length + 1, &again));
	assert(again.error == reply.error && again.more == reply.more &&
	       again.length == reply.length && !memcmp(again.text, reply.text, reply.length));
}

/* What is shown has no control characters but line feeds and tabs. */
static void show(const struct answer *answer)
{
	char *shown = NULL;
	size_t length;
	FILE *out;

	if (!answer->text)
		return;
	assert(strlen(answer->text) <= answer->length);
	out = open_memstream(&shown, &length);
	assert(out);
	printable_write(out, answer->text, answer->length, PRINTABLE_LINES);
	fclose(out);
	for (size_t i = 0; i < length; i++)
		assert((unsigned char)shown[i] >= ' ' || shown[i] == '\n' || shown[i] == '\t');
	free(shown);
	free(printable_line(answer->text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ready;
	struct answer answer = { 0 };
	const char *argument;
	int ends[2];

	if (!ready++)
		setlocale(LC_CTYPE, "C.UTF-8");
	decode(data, size);
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) < 0)
		abort();
	while (size > 2) {
		size_t length = (size_t)(data[0] | data[1] << 8) % 1024;

		data += 2, size -= 2;
		length = length < size ? length : size;
		decode(data, length);
		if (send(ends[1], data, length, 0) < 0)
			break;
		data += length, size -= length;
	}
	answer_receive(ends[0], 0, NULL, &answer);
	show(&answer);
	if (answer.text)
		command_find(answer.text, &argument);
	answer_free(&answer);
	close(ends[0]);
	close(ends[1]);
	return 0;
}
