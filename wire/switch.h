/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * switch.h - requests and replies on the control socket of uml_switch.
 *
 * A client connects to the control socket, a Unix stream, and sends one request that names the
 * Unix datagram socket on which it takes frames. The switch answers with the address of the
 * datagram socket to which the client sends its frames; a client of version 0 knows that address
 * already and gets no answer. The port lives as long as the control connection. Numbers are in the
 * byte order of the host, which both sides share.
 *
 *	version 0: type, 6 bytes Ethernet address, address of the data socket
 *	version 1: magic, type, 6 bytes Ethernet address, address of the data socket
 *	version 3: magic, version, type, address of the data socket, 2 bytes of padding
 *
 * An address is a struct sockaddr_un: 2 bytes family, 108 bytes path. A path that begins with a NUL
 * is a name in the abstract name space, and all 108 bytes of it count.
 *
 * SWITCH_REQUEST_STATUS is our own: version 3 with no address, whose first path byte tells the form
 * wanted. The answer is text until the end of the connection.
 */
#ifndef WIRE_SWITCH_H
#define WIRE_SWITCH_H

#include <stddef.h>
#include <stdint.h>

#define SWITCH_MAGIC		0xfeedfaceu

enum {
	SWITCH_VERSION = 3,
	SWITCH_PATH_BYTES = 108,
	SWITCH_ADDRESS_BYTES = 2 + SWITCH_PATH_BYTES,
	SWITCH_REPLY_BYTES = SWITCH_ADDRESS_BYTES,
	/* The longest request of each version. */
	SWITCH_V0_BYTES = 4 + 6 + SWITCH_ADDRESS_BYTES,
	SWITCH_V1_BYTES = 8 + 6 + SWITCH_ADDRESS_BYTES,
	SWITCH_V3_BYTES = 12 + SWITCH_ADDRESS_BYTES + 2,
	SWITCH_REQUEST_BYTES_MAX = SWITCH_V3_BYTES,
	/* A stream of frames has the length of each before it, big endian. */
	SWITCH_STREAM_HEAD_BYTES = 4,
};

enum switch_request_type {
	SWITCH_REQUEST_PORT = 0,
	SWITCH_REQUEST_STATUS = 0x54415453,	/* "STAT" */
};

enum switch_status_form {
	SWITCH_STATUS_TEXT = 't',
	SWITCH_STATUS_JSON = 'j',
};

/* What is wrong with a request. */
enum switch_fault {
	SWITCH_GOOD,
	SWITCH_SHORT,		/* more bytes must follow */
	SWITCH_LONG,		/* more bytes than the request has */
	SWITCH_VERSION_UNKNOWN,
	SWITCH_TYPE_UNKNOWN,
	SWITCH_ADDRESS_BAD,	/* not the address of a Unix socket */
};

/**
 * struct switch_address - the address of a Unix socket as bind(2) and connect(2) take it
 * @path: the path with its NUL, or the abstract name with the NUL before it
 * @length: bytes of @path that count
 */
struct switch_address {
	uint8_t path[SWITCH_PATH_BYTES];
	uint8_t length;
};

struct switch_request {
	uint32_t version;	/* 0, 1 or 3; on SWITCH_VERSION_UNKNOWN what stands there */
	uint32_t type;		/* enum switch_request_type */
	union {
		struct switch_address data;	/* SWITCH_REQUEST_PORT */
		uint8_t form;			/* SWITCH_REQUEST_STATUS: enum switch_status_form */
	};
};

/**
 * switch_encode_request() - make a request
 * @out: room for it
 * @request: the request; a status request is always one of version 3
 *
 * Return: bytes to send, 0 for a version that does not exist.
 */
size_t switch_encode_request(uint8_t out[SWITCH_REQUEST_BYTES_MAX],
			     const struct switch_request *request);

/**
 * switch_decode_request() - read a request
 * @bytes: what came
 * @length: how much of it
 * @request: set as far as it could be read
 *
 * The padding of version 3 may be missing: clients in other languages leave it out.
 *
 * Return: SWITCH_GOOD or what is wrong.
 */
enum switch_fault switch_decode_request(const uint8_t *bytes, size_t length,
					struct switch_request *request);

/**
 * switch_encode_reply() - make the reply to a request of version 1 or 3
 * @out: the reply
 * @data: where the client shall send its frames
 */
void switch_encode_reply(uint8_t out[SWITCH_REPLY_BYTES], const struct switch_address *data);

/**
 * switch_decode_reply() - read a reply
 * @bytes: what came
 * @length: how much of it
 * @data: set on success
 *
 * Return: SWITCH_GOOD or what is wrong.
 */
enum switch_fault switch_decode_reply(const uint8_t *bytes, size_t length,
				      struct switch_address *data);

/**
 * switch_encode_length() - the head of a frame in a stream
 * @out: the head
 * @length: length of the frame, bytes
 */
void switch_encode_length(uint8_t out[SWITCH_STREAM_HEAD_BYTES], uint32_t length);

/**
 * switch_decode_length() - read the head of a frame in a stream
 * @bytes: the head
 *
 * Return: length of the frame, bytes; any number, for the caller to judge.
 */
uint32_t switch_decode_length(const uint8_t bytes[SWITCH_STREAM_HEAD_BYTES]);

#endif
