// SPDX-License-Identifier: GPL-2.0-only
/*
 * telnet.c - the server's side of telnet (RFC 854, 855) for a terminal in character mode.
 *
 * The line discipline is the guest's: it echoes, edits lines and turns keys into signals. So we
 * offer to echo (the client then does not) and both sides leave out go-ahead (the client then sends
 * each key at once); commands that stand for keys, like "interrupt process", become those keys. The
 * client's window size is asked for (RFC 1073). All other options are refused: nothing on the way to
 * the guest's terminal carries a terminal type, a speed or an environment.
 *
 * Negotiation is that of RFC 1143, without its queue, since we never take a request back. An answer
 * is given only to a request that changes a state or that is refused, and never to a refusal of
 * what is off; so two ends can not answer each other for ever.
 *
 * Nothing is kept of a subnegotiation but its first bytes, and no byte from the client makes more
 * than TELNET_ANSWER_MAX bytes of answer; without room for them nothing is taken in.
 */
#include "port-helper/telnet.h"

/* Commands of RFC 854, and of RFC 1184 the three below it. */
enum {
	CMD_EOF = 236,
	CMD_SUSPEND = 237,
	CMD_ABORT = 238,
	CMD_SE = 240,
	CMD_NOP = 241,
	CMD_DATA_MARK = 242,
	CMD_BREAK = 243,
	CMD_INTERRUPT = 244,
	CMD_ARE_YOU_THERE = 246,
	CMD_ERASE_CHARACTER = 247,
	CMD_ERASE_LINE = 248,
	CMD_SB = 250,
	CMD_WILL = 251,
	CMD_WONT = 252,
	CMD_DO = 253,
	CMD_DONT = 254,
	CMD_IAC = 255,
};

enum { INDEX_BINARY, INDEX_ECHO, INDEX_GO_AHEAD, INDEX_WINDOW };

enum { OPTION_WINDOW = 31 };

enum policy { REFUSE, ACCEPT, ASK };

/* The options that we know; RFC 856, 857, 858, 1073. */
static const struct {
	uint8_t code;
	uint8_t ours;
	uint8_t theirs;
} options[TELNET_OPTIONS] = {
	[INDEX_BINARY] = { 0, ACCEPT, ACCEPT },
	[INDEX_ECHO] = { 1, ASK, REFUSE },
	[INDEX_GO_AHEAD] = { 3, ASK, ASK },
	[INDEX_WINDOW] = { OPTION_WINDOW, REFUSE, ASK },
};

/* A break is an interrupt, as on a serial line. */
static const struct {
	uint8_t command;
	uint8_t key;
} keys[] = {
	{ CMD_INTERRUPT, 0x03 },
	{ CMD_BREAK, 0x03 },
	{ CMD_ABORT, 0x1c },
	{ CMD_SUSPEND, 0x1a },
	{ CMD_EOF, 0x04 },
	{ CMD_ERASE_CHARACTER, 0x7f },
	{ CMD_ERASE_LINE, 0x15 },
};

enum side_state { SIDE_NO, SIDE_YES, SIDE_ASKED };

enum {
	STATE_DATA,
	STATE_COMMAND,		/* behind IAC */
	STATE_OPTION,		/* behind IAC WILL and its like */
	STATE_SUB_OPTION,	/* behind IAC SB */
	STATE_SUB,
	STATE_SUB_COMMAND,	/* behind IAC in a subnegotiation */
};

static void put_request(struct buffer *to_client, uint8_t command, uint8_t code)
{
	const uint8_t request[] = { CMD_IAC, command, code };

	buffer_put(to_client, request, sizeof(request));
}

void telnet_start(struct telnet *telnet, struct buffer *to_client)
{
	for (int i = 0; i < TELNET_OPTIONS; i++) {
		if (options[i].ours == ASK) {
			telnet->ours[i] = SIDE_ASKED;
			put_request(to_client, CMD_WILL, options[i].code);
		}
		if (options[i].theirs == ASK) {
			telnet->theirs[i] = SIDE_ASKED;
			put_request(to_client, CMD_DO, options[i].code);
		}
	}
}

bool telnet_settled(const struct telnet *telnet)
{
	for (int i = 0; i < TELNET_OPTIONS; i++) {
		if (telnet->ours[i] == SIDE_ASKED || telnet->theirs[i] == SIDE_ASKED)
			return false;
	}
	return telnet->theirs[INDEX_WINDOW] == SIDE_NO || telnet->window_known;
}

/* The client wants to switch an option, on its side by WILL and WONT, on ours by DO and DONT. */
static void negotiate(struct telnet *telnet, uint8_t code, struct buffer *to_client)
{
	bool on = telnet->command == CMD_WILL || telnet->command == CMD_DO;
	bool is_theirs = telnet->command == CMD_WILL || telnet->command == CMD_WONT;
	uint8_t yes = is_theirs ? CMD_DO : CMD_WILL;
	uint8_t no = is_theirs ? CMD_DONT : CMD_WONT;
	uint8_t *state;
	int i = 0;

	while (i < TELNET_OPTIONS && options[i].code != code)
		i++;
	if (i == TELNET_OPTIONS || (is_theirs ? options[i].theirs : options[i].ours) == REFUSE) {
		if (on)
			put_request(to_client, no, code);
		return;
	}
	state = is_theirs ? &telnet->theirs[i] : &telnet->ours[i];
	if (on && *state == SIDE_NO)
		put_request(to_client, yes, code);
	else if (!on && *state == SIDE_YES)
		put_request(to_client, no, code);
	*state = on ? SIDE_YES : SIDE_NO;
}

static void end_of_sub(struct telnet *telnet)
{
	const uint8_t *sub = telnet->sub;

	if (telnet->sub_option != OPTION_WINDOW || telnet->sub_length != sizeof(telnet->sub) ||
	    telnet->theirs[INDEX_WINDOW] != SIDE_YES)
		return;
	telnet->columns = (uint16_t)(sub[0] << 8 | sub[1]);
	telnet->rows = (uint16_t)(sub[2] << 8 | sub[3]);
	telnet->window_known = true;
}

static void sub_byte(struct telnet *telnet, uint8_t byte)
{
	if (telnet->sub_length < sizeof(telnet->sub))
		telnet->sub[telnet->sub_length] = byte;
	if (telnet->sub_length <= sizeof(telnet->sub))
		telnet->sub_length++;
}

static void data_byte(struct telnet *telnet, uint8_t byte, struct buffer *to_terminal)
{
	bool after_cr = telnet->after_cr_in;

	telnet->after_cr_in = false;
	if (telnet->synch)
		return;
	if (telnet->theirs[INDEX_BINARY] != SIDE_YES) {
		/* Enter is sent as CR NUL or CR LF. */
		if (after_cr && (byte == '\0' || byte == '\n'))
			return;
		telnet->after_cr_in = byte == '\r';
	}
	buffer_put_byte(to_terminal, byte);
}

static void command_byte(struct telnet *telnet, uint8_t byte, struct buffer *to_terminal,
			 struct buffer *to_client)
{
	static const char here[] = "\r\n[Yes]\r\n";

	telnet->state = STATE_DATA;
	switch (byte) {
	case CMD_IAC:
		data_byte(telnet, byte, to_terminal);
		return;
	case CMD_WILL:
	case CMD_WONT:
	case CMD_DO:
	case CMD_DONT:
		telnet->command = byte;
		telnet->state = STATE_OPTION;
		return;
	case CMD_SB:
		telnet->state = STATE_SUB_OPTION;
		return;
	case CMD_ARE_YOU_THERE:
		if (telnet->after_cr_out)
			buffer_put_byte(to_client, '\0');
		telnet->after_cr_out = false;
		buffer_put(to_client, here, sizeof(here) - 1);
		return;
	case CMD_DATA_MARK:
		telnet->synch = false;
		return;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (keys[i].command == byte)
			buffer_put_byte(to_terminal, keys[i].key);
	}
}

static void receive_byte(struct telnet *telnet, uint8_t byte, struct buffer *to_terminal,
			 struct buffer *to_client)
{
	switch (telnet->state) {
	case STATE_DATA:
		if (byte == CMD_IAC)
			telnet->state = STATE_COMMAND;
		else
			data_byte(telnet, byte, to_terminal);
		break;
	case STATE_COMMAND:
		command_byte(telnet, byte, to_terminal, to_client);
		break;
	case STATE_OPTION:
		telnet->state = STATE_DATA;
		negotiate(telnet, byte, to_client);
		break;
	case STATE_SUB_OPTION:
		telnet->sub_option = byte;
		telnet->sub_length = 0;
		telnet->state = STATE_SUB;
		break;
	case STATE_SUB:
		if (byte == CMD_IAC)
			telnet->state = STATE_SUB_COMMAND;
		else
			sub_byte(telnet, byte);
		break;
	case STATE_SUB_COMMAND:
		telnet->state = STATE_SUB;
		if (byte == CMD_IAC) {
			sub_byte(telnet, byte);
		} else if (byte == CMD_SE) {
			end_of_sub(telnet);
			telnet->state = STATE_DATA;
		} else {
			/* The end is missing: take it as the command that it is. */
			command_byte(telnet, byte, to_terminal, to_client);
		}
		break;
	}
}

size_t telnet_receive(struct telnet *telnet, const uint8_t *bytes, size_t length,
		      struct buffer *to_terminal, struct buffer *to_client)
{
	size_t used = 0;

	while (used < length && buffer_room(to_terminal) &&
	       buffer_room(to_client) >= TELNET_ANSWER_MAX)
		receive_byte(telnet, bytes[used++], to_terminal, to_client);
	return used;
}

size_t telnet_send(struct telnet *telnet, const uint8_t *bytes, size_t length,
		   struct buffer *to_client)
{
	bool is_binary = telnet->ours[INDEX_BINARY] == SIDE_YES;
	size_t used = 0;

	/* Three: what ends a CR before it, and the byte twice. */
	while (used < length && buffer_room(to_client) >= TELNET_RESERVE + 3) {
		uint8_t byte = bytes[used++];

		/* A CR stands before LF or NUL; which one, only the byte behind it tells. */
		if (telnet->after_cr_out && byte != '\n')
			buffer_put_byte(to_client, '\0');
		telnet->after_cr_out = byte == '\r' && !is_binary;
		if (byte == CMD_IAC)
			buffer_put_byte(to_client, byte);
		buffer_put_byte(to_client, byte);
	}
	return used;
}

void telnet_probe(struct buffer *to_client)
{
	static const uint8_t probe[] = { CMD_IAC, CMD_NOP };

	if (buffer_room(to_client) >= sizeof(probe))
		buffer_put(to_client, probe, sizeof(probe));
}
