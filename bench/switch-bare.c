// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch-bare.c - a relay with none of a switch's work: what the host's sockets cost.
 *
 * usage: switch-bare CONTROL-SOCKET
 *
 * Attaches two clients by version 3 of the protocol and passes all frames on to the first, in
 * batches, without a look at them. Each frame is sent by the client's name, which the host looks
 * up; a switch with a connected socket for each client may be faster.
 */
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/switch.h"

enum { BATCH = 64, FRAME_MAX = 9000, CLIENTS = 2 };

static uint8_t frames[BATCH][FRAME_MAX];
static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "switch-bare: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int bound(int type, const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, type, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		fail(address->sun_path);
	return fd;
}

/* Serves one client's request; its data socket's address. */
static struct sockaddr_un admit(int control, const struct switch_address *data)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint8_t bytes[SWITCH_REQUEST_BYTES_MAX];
	struct switch_request request;
	int fd = accept(control, NULL, NULL);
	ssize_t length = recv(fd, bytes, SWITCH_V3_BYTES, MSG_WAITALL);

	if (length < 0 || switch_decode_request(bytes, (size_t)length, &request))
		fail("request");
	memcpy(address.sun_path, request.data.path, SWITCH_PATH_BYTES);
	switch_encode_reply(bytes, data);
	if (write(fd, bytes, SWITCH_REPLY_BYTES) != SWITCH_REPLY_BYTES)
		fail("reply");
	return address;
}

/* From the one data socket: clients take frames only from the address that they were told. */
static _Noreturn void relay(int data, struct sockaddr_un *client)
{
	for (;;) {
		int got, sent = 0;

		for (int i = 0; i < BATCH; i++) {
			parts[i] = (struct iovec){ frames[i], FRAME_MAX };
			messages[i].msg_hdr =
				(struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
		}
		got = recvmmsg(data, messages, BATCH, MSG_WAITFORONE, NULL);
		for (int i = 0; i < got; i++) {
			parts[i].iov_len = messages[i].msg_len;
			messages[i].msg_hdr.msg_name = client;
			messages[i].msg_hdr.msg_namelen = sizeof(*client);
		}
		while (sent < got) {
			int n = sendmmsg(data, messages + sent, (unsigned int)(got - sent), 0);

			if (n < 0)
				fail("client");
			sent += n;
		}
		if (got < 0)
			fail("data socket");
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct switch_address data = { .length = SWITCH_PATH_BYTES };
	struct sockaddr_un first;
	int control, socket_of_data;

	if (argc != 2 || strlen(argv[1]) > 80) {
		fputs("usage: switch-bare CONTROL-SOCKET\n", stderr);
		return 2;
	}
	signal(SIGINT, SIG_DFL); /* a shell's background job ignores it */
	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s.data", argv[1]);
	memcpy(data.path, address.sun_path, SWITCH_PATH_BYTES);
	socket_of_data = bound(SOCK_DGRAM, &address);
	memset(address.sun_path, 0, sizeof(address.sun_path));
	memcpy(address.sun_path, argv[1], strlen(argv[1]));
	control = bound(SOCK_STREAM, &address);
	if (listen(control, CLIENTS))
		fail(argv[1]);
	first = admit(control, &data);
	admit(control, &data);
	relay(socket_of_data, &first);
}
