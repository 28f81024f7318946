/* SPDX-License-Identifier: GPL-2.0-only */
/* telnet.h - the server's side of telnet, between buffers. */
#ifndef PORT_HELPER_TELNET_H
#define PORT_HELPER_TELNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "port-helper/buffer.h"

enum {
	TELNET_OPTIONS = 4,
	/* The most that one byte from the client makes us answer. */
	TELNET_ANSWER_MAX = 16,
	/* Room in the buffer to the client that output leaves to answers. */
	TELNET_RESERVE = 1024,
};

/**
 * struct telnet - one connection
 * @state: what the next byte from the client means
 * @command: WILL, WONT, DO or DONT that an option is awaited for
 * @after_cr_in: the last byte from the client was a carriage return
 * @after_cr_out: the last byte to the client was a carriage return
 * @synch: the client has asked to pass over data up to its mark
 * @ours: what we do, an enum side_state an option
 * @theirs: what the client does
 * @sub_option: option of the subnegotiation that is being read
 * @sub: its first bytes
 * @sub_length: count of its bytes, at most one more than @sub holds
 * @window_known: the client has told its window's size
 * @rows: that size, 0 where the client does not know
 * @columns: likewise
 */
struct telnet {
	uint8_t state;
	uint8_t command;
	bool after_cr_in;
	bool after_cr_out;
	bool synch;
	uint8_t ours[TELNET_OPTIONS];
	uint8_t theirs[TELNET_OPTIONS];
	uint8_t sub_option;
	uint8_t sub[4];
	uint8_t sub_length;
	bool window_known;
	uint16_t rows;
	uint16_t columns;
};

/**
 * telnet_start() - ask the client for what a terminal in character mode needs
 * @telnet: the connection, all zero
 * @to_client: gets the requests; has room for TELNET_RESERVE bytes
 */
void telnet_start(struct telnet *telnet, struct buffer *to_client);

/**
 * telnet_settled() - whether the client has answered all that telnet_start() asked
 * @telnet: the connection
 *
 * A client that tells its window's size has told it.
 */
bool telnet_settled(const struct telnet *telnet);

/**
 * telnet_receive() - decode bytes from the client
 * @telnet: the connection
 * @bytes: what came
 * @length: count
 * @to_terminal: gets what is typed; interrupts and their like become their keys
 * @to_client: gets answers
 *
 * Return: bytes used, less than @length where a buffer is full.
 */
size_t telnet_receive(struct telnet *telnet, const uint8_t *bytes, size_t length,
		      struct buffer *to_terminal, struct buffer *to_client);

/**
 * telnet_send() - encode output of the terminal
 * @telnet: the connection
 * @bytes: the output
 * @length: count
 * @to_client: gets it
 *
 * Return: bytes used, less than @length where the buffer has only its reserve left.
 */
size_t telnet_send(struct telnet *telnet, const uint8_t *bytes, size_t length,
		   struct buffer *to_client);

/**
 * telnet_probe() - append a command that does nothing, to see whether the client is there
 * @to_client: gets it where it has room
 */
void telnet_probe(struct buffer *to_client);

#endif
