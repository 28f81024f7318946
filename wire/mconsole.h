/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mconsole.h - datagrams of the management console, protocol version 2.
 *
 * A client sends one request to the kernel's Unix datagram socket. The kernel answers with one
 * reply or several parts; all but the last say that more follow. To the socket that the kernel
 * option mconsole=notify: names, the kernel sends notifications on its own. Numbers are 32 bits in
 * the byte order of the host, which both sides share. Text of replies ends with a NUL that its
 * length counts; an old kernel's may lack it.
 */
#ifndef WIRE_MCONSOLE_H
#define WIRE_MCONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MCONSOLE_MAGIC		0xcafebabeu
#define MCONSOLE_VERSION	2

enum {
	MCONSOLE_DATA_BYTES = 512,	/* room for text in each datagram */
	MCONSOLE_HEAD_BYTES = 12,
	MCONSOLE_REQUEST_BYTES = MCONSOLE_HEAD_BYTES + MCONSOLE_DATA_BYTES,
	MCONSOLE_REPLY_BYTES = MCONSOLE_HEAD_BYTES + MCONSOLE_DATA_BYTES,
	MCONSOLE_NOTIFY_BYTES = 16 + MCONSOLE_DATA_BYTES,
	/* The longest command: the kernel puts a NUL behind it. */
	MCONSOLE_COMMAND_MAX = MCONSOLE_DATA_BYTES - 1,
};

/* What is wrong with a datagram. */
enum mconsole_fault {
	MCONSOLE_GOOD,
	MCONSOLE_SHORT,		/* shorter than its header says */
	MCONSOLE_LONG,		/* longer than the protocol allows */
	MCONSOLE_ALIEN,		/* not this protocol, or another version */
};

/* Kinds of notifications. */
enum mconsole_event {
	MCONSOLE_EVENT_SOCKET,	/* the console is up; the text is the path of its socket */
	MCONSOLE_EVENT_PANIC,	/* the kernel panicked; the text is its message */
	MCONSOLE_EVENT_HANG,	/* the kernel does not get on */
	MCONSOLE_EVENT_USER,	/* what a program in the guest wrote to /proc/mconsole */
};

/* The text of these three points into the datagram and ends before its final NUL, if it has one. */
struct mconsole_request {
	const char *text;
	uint32_t length;
};

struct mconsole_reply {
	uint32_t error;		/* 0: done */
	bool more;		/* another part follows */
	const char *text;
	uint32_t length;
};

struct mconsole_notice {
	uint32_t event;		/* enum mconsole_event; later kernels may have more */
	const char *text;
	uint32_t length;
};

/**
 * mconsole_encode_request() - make the datagram of a request
 * @out: room for it; all of it is sent
 * @text: the command, without NUL
 * @length: its length, bytes
 *
 * Return: MCONSOLE_GOOD, or MCONSOLE_LONG where @length is above MCONSOLE_COMMAND_MAX.
 */
enum mconsole_fault mconsole_encode_request(uint8_t out[MCONSOLE_REQUEST_BYTES], const char *text,
					    size_t length);

/**
 * mconsole_decode_request() - read the datagram of a request
 * @bytes: the datagram
 * @length: its length, bytes
 * @request: set on success
 *
 * Return: MCONSOLE_GOOD or what is wrong.
 */
enum mconsole_fault mconsole_decode_request(const uint8_t *bytes, size_t length,
					    struct mconsole_request *request);

/**
 * mconsole_encode_reply() - make the datagram of one part of a reply
 * @out: room for it
 * @reply: the part; a NUL is put behind its text
 *
 * Return: bytes to send, 0 where the text is above MCONSOLE_COMMAND_MAX bytes.
 */
size_t mconsole_encode_reply(uint8_t out[MCONSOLE_REPLY_BYTES], const struct mconsole_reply *reply);

/**
 * mconsole_decode_reply() - read the datagram of one part of a reply
 * @bytes: the datagram
 * @length: its length, bytes
 * @reply: set on success
 *
 * Return: MCONSOLE_GOOD or what is wrong.
 */
enum mconsole_fault mconsole_decode_reply(const uint8_t *bytes, size_t length,
					  struct mconsole_reply *reply);

/**
 * mconsole_encode_notice() - make the datagram of a notification
 * @out: room for it
 * @notice: the notification
 *
 * Return: bytes to send, 0 where the text is above MCONSOLE_DATA_BYTES.
 */
size_t mconsole_encode_notice(uint8_t out[MCONSOLE_NOTIFY_BYTES],
			      const struct mconsole_notice *notice);

/**
 * mconsole_decode_notice() - read the datagram of a notification
 * @bytes: the datagram
 * @length: its length, bytes
 * @notice: set on success
 *
 * Return: MCONSOLE_GOOD or what is wrong.
 */
enum mconsole_fault mconsole_decode_notice(const uint8_t *bytes, size_t length,
					   struct mconsole_notice *notice);

#endif
