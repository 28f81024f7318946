// SPDX-License-Identifier: GPL-2.0-only
/*
 * stream.c - ports on Unix streams, as QEMU's -netdev stream and passt have them: each frame comes
 * behind its length, 4 bytes in network order.
 *
 * What is read lies in one buffer, and frames are forwarded out of it. A length above the longest
 * frame means that the two sides have lost each other; the port ends. A frame that could be written
 * in part only is kept whole in a second buffer, for the rest to follow before anything else.
 */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "uml_switch/transport.h"

enum {
	HEAD = SWITCH_STREAM_HEAD_BYTES,
	PACKETS_A_CALL = 32,
	/* Length, and at most two parts. */
	PARTS_A_PACKET = 3,
	READ_BYTES = 64 * 1024,
};

struct stream_port {
	struct port port;
	size_t size;		/* of input: one frame with its head, and a read */
	size_t begin, end;	/* what of input is not forwarded yet */
	uint8_t *input;
	uint8_t *rest;		/* of the frame that could not be written whole */
	size_t rest_begin, rest_end;
};

static struct stream_port *stream_port(struct port *port)
{
	return container_of(port, struct stream_port, port);
}

/* Reads more. Return: 1 done, 0 nothing there, -errno. */
static int fill(struct stream_port *stream)
{
	ssize_t got;

	if (stream->begin == stream->end || stream->size - stream->end < READ_BYTES / 2) {
		memmove(stream->input, stream->input + stream->begin, stream->end - stream->begin);
		stream->end -= stream->begin;
		stream->begin = 0;
	}
	do
		got = recv(stream->port.data.fd, stream->input + stream->end,
			   stream->size - stream->end, MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : errno == ECONNRESET ? -EPIPE : -errno;
	if (!got)
		return -EPIPE;
	stream->end += (size_t)got;
	return 1;
}

/* Takes the frames that are whole. Return: how many. */
static int cut(struct stream_port *stream, struct batch *batch, unsigned int limit)
{
	unsigned int got = 0;

	stream->port.more = false;
	while (stream->end - stream->begin >= HEAD) {
		uint8_t *bytes = stream->input + stream->begin;
		uint32_t length = switch_decode_length(bytes);

		if (length > FRAME_BYTES_MAX)
			return -EPROTO;
		if (stream->end - stream->begin < HEAD + length)
			break;
		if (got == limit) {
			stream->port.more = true;
			break;
		}
		got++;
		stream->begin += HEAD + length;
		if (length > batch->frame_max)
			batch->oversize++;
		else if (length < FRAME_BYTES_MIN)
			batch->runts++;
		else
			batch->frames[batch->count++] =
				(struct frame){ .bytes = bytes + HEAD, .length = length };
	}
	return (int)got;
}

static int stream_receive(struct port *port, struct batch *batch, unsigned int limit)
{
	struct stream_port *stream = stream_port(port);

	/* First what is there: memory must not move before it is forwarded. */
	if (!port->more) {
		int filled = fill(stream);

		if (filled <= 0)
			return filled;
	}
	return cut(stream, batch, limit);
}

static int write_rest(struct stream_port *stream)
{
	ssize_t sent;

	if (!stream->port.stuck)
		return 0;
	sent = send(stream->port.data.fd, stream->rest + stream->rest_begin,
		    stream->rest_end - stream->rest_begin, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	stream->rest_begin += (size_t)sent;
	stream->port.stuck = stream->rest_begin < stream->rest_end;
	return 0;
}

/* Keeps what of a packet was not sent. */
static int keep_rest(struct stream_port *stream, const struct iovec *parts, size_t sent)
{
	size_t length = 0;

	if (!stream->rest)
		stream->rest = malloc(HEAD + FRAME_BYTES_MAX);
	if (!stream->rest)
		return -ENOMEM;
	for (int i = 0; i < PARTS_A_PACKET; i++) {
		if (parts[i].iov_len)
			memcpy(stream->rest + length, parts[i].iov_base, parts[i].iov_len);
		length += parts[i].iov_len;
	}
	stream->rest_begin = sent;
	stream->rest_end = length;
	stream->port.stuck = true;
	return 0;
}

/* Sends up to PACKETS_A_CALL packets by one call. Return: how many are done with, or -errno. */
static int send_some(struct stream_port *stream, struct packet *packets, unsigned int count)
{
	uint8_t heads[PACKETS_A_CALL][HEAD];
	struct iovec parts[PACKETS_A_CALL * PARTS_A_PACKET];
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = count * PARTS_A_PACKET };
	unsigned int done = 0;
	ssize_t sent;

	for (unsigned int i = 0; i < count; i++) {
		struct iovec *part = parts + i * PARTS_A_PACKET;

		switch_encode_length(heads[i], packets[i].length);
		part[0] = (struct iovec){ heads[i], HEAD };
		part[1] = packets[i].parts[0];
		part[2] = packets[i].part_count > 1 ? packets[i].parts[1] : (struct iovec){ 0 };
	}
	sent = sendmsg(stream->port.data.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -errno;
	while (done < count && (size_t)sent >= HEAD + packets[done].length)
		sent -= HEAD + packets[done++].length;
	if (sent && done < count) {
		int error = keep_rest(stream, parts + done * PARTS_A_PACKET, (size_t)sent);

		if (error)
			return error;
		done++;
	}
	return (int)done;
}

static int stream_send(struct port *port, struct packet *packets, unsigned int count)
{
	struct stream_port *stream = stream_port(port);
	unsigned int done = 0;
	int error = write_rest(stream);

	if (error)
		return error;
	while (done < count && !port->stuck) {
		unsigned int left = count - done;
		unsigned int some = left < PACKETS_A_CALL ? left : PACKETS_A_CALL;
		int sent = send_some(stream, packets + done, some);

		if (sent < 0)
			return sent;
		done += (unsigned int)sent;
		if ((unsigned int)sent < some)
			break;
	}
	return (int)done;
}

static void stream_close(struct port *port)
{
	struct stream_port *stream = stream_port(port);

	free(stream->rest);
	stream->rest = NULL;
	/* Frames of the input may be on their way in this turn; it lies behind the port. */
	loop_bury(port->fabric->loop, &port->grave, stream);
}

static const struct transport stream_transport = {
	"stream", stream_receive, stream_send, stream_close,
};

int stream_attach(struct fabric *fabric, int fd, const char *listener,
		  const struct client *client)
{
	size_t size = HEAD + FRAME_BYTES_MAX + READ_BYTES;
	struct stream_port *stream = malloc(sizeof(*stream) + size);
	int error;

	if (!stream)
		return -ENOMEM;
	memset(stream, 0, sizeof(*stream));
	stream->input = (uint8_t *)(stream + 1);
	stream->size = size;
	stream->port.transport = &stream_transport;
	stream->port.listener = listener;
	if (client)
		port_set_client(&stream->port, client);
	error = port_start(fabric, &stream->port, fd);
	if (error)
		free(stream);
	else
		port_ask_umid(&stream->port, fd);
	return error;
}
