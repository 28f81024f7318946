// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch_stream.c - fuzzes stream ports of uml_switch: how frames are cut from a byte stream that
 * comes in any pieces, and written to a reader that takes any pieces.
 *
 * The first byte is the size of the pieces. What comes in at one stream port goes out at another,
 * and each frame there must be whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uml_switch/transport.h"

enum { BUFFER_BYTES = 1 << 20, SEND_BUFFER = 4096 };

struct bench {
	struct loop loop;
	struct settings settings;
	struct fabric fabric;
	int in, out;		/* our ends */
	size_t got;
};

static uint8_t got_bytes[BUFFER_BYTES];

static int attach(struct bench *bench)
{
	struct client client = { .credentials = { .pid = 1 }, .umid = "" };
	int ends[2], size = SEND_BUFFER;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends))
		abort();
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	if (stream_attach(&bench->fabric, ends[0], "test", &client))
		abort();
	return ends[1];
}

static void read_some(struct bench *bench, size_t size)
{
	ssize_t got;

	if (size > BUFFER_BYTES - bench->got)
		size = BUFFER_BYTES - bench->got;
	got = recv(bench->out, got_bytes + bench->got, size, MSG_DONTWAIT);
	if (got > 0)
		bench->got += (size_t)got;
}

/* What came out is frames, one after the other, the last one perhaps cut. */
static void check_output(const struct bench *bench)
{
	size_t place = 0;

	while (bench->got - place >= SWITCH_STREAM_HEAD_BYTES) {
		uint32_t length = switch_decode_length(got_bytes + place);

		if (length < FRAME_BYTES_MIN || length > FRAME_BYTES_MAX)
			abort();
		if (length > bench->got - place - SWITCH_STREAM_HEAD_BYTES)
			break;
		place += SWITCH_STREAM_HEAD_BYTES + length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct bench bench = { 0 };
	size_t piece, done = 0;

	if (length < 2)
		return 0;
	piece = 1 + (size_t)bytes[0] * bytes[0];
	bytes++, length--;
	settings_default(&bench.settings);
	bench.settings.hub = true;
	if (loop_open(&bench.loop) ||
	    fabric_open(&bench.fabric, &bench.loop, &bench.settings, 2))
		abort();
	bench.in = attach(&bench);
	bench.out = attach(&bench);
	while (done < length && bench.fabric.active_count == 2) {
		size_t left = length - done;
		ssize_t sent = send(bench.in, bytes + done, left < piece ? left : piece,
				    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0)
			done += (size_t)sent;
		loop_turn(&bench.loop, 0);
		fabric_turn(&bench.fabric);
		read_some(&bench, piece + 7);
	}
	for (int i = 0; i < 8; i++) {
		loop_turn(&bench.loop, 0);
		read_some(&bench, BUFFER_BYTES);
	}
	check_output(&bench);
	close(bench.in);
	close(bench.out);
	fabric_close(&bench.fabric);
	loop_close(&bench.loop);
	settings_free(&bench.settings);
	return 0;
}
