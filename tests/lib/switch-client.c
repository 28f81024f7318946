// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch-client.c - clients of a switch, driven by words; many in one process, so that what happens
 * has an order. The first command that fails ends it with status 1.
 *
 *	open NAME KIND PATH	attach; KIND v1 or v3 (data socket abstract), seqpacket, stream
 *	open0 NAME CTL DATA	attach with version 0 to the data socket DATA
 *	path NAME CTL OWN	attach with version 3, the data socket at the path OWN
 *	claim NAME CTL ADDRESS	ask for a port with a data socket that is not ours; @ for abstract
 *	refused NAME		the switch closes the control connection
 *	close NAME		leave
 *	shut NAME		close the data socket alone
 *	send NAME TO FROM TEXT	send a frame; addresses are numbers of stations, or all
 *	tag NAME ID TO FROM TEXT	send a frame with an 802.1Q tag
 *	tags NAME HEX TEXT	send a frame to all from station 88 with these bytes behind the addresses
 *	raw NAME BYTES		send BYTES bytes to all from station 99
 *	get NAME		print the next frame
 *	is NAME TEXT		the next frame has that text
 *	probe A B COUNT		A sends frames to B one by one, and B gets each; others are passed over
 *	flood NAME TO BYTES	a process of its own sends frames as fast as it can until the end
 *	macs NAME TO		the same, each frame from another address
 *	fill NAME FIRST COUNT	send frames from so many addresses, each to itself
 *	crowd COUNT CTL		open control connections and say nothing
 *	ports COUNT CTL		ask for ports and keep what is granted; prints how many
 *	half CTL		send half a request
 *	hold			print a line and wait for the end of standard input
 */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/switch.h"

enum {
	CLIENTS_MAX = 1024,
	FRAME_MAX = 70000,
	FRAME_MIN = 60,
	HEAD = 14,
	LIMIT_MS = 20000,
	STATION_ALL = -1,
};

struct client {
	const char *name;
	int control;		/* -1 for connections that need none */
	int data;
	bool stream;
	bool has_peer;
	struct sockaddr_un peer;	/* where frames go */
	socklen_t peer_length;
};

static struct client clients[CLIENTS_MAX];
static int client_count;

static _Noreturn void fail(const char *format, ...)
{
	va_list arguments;

	fflush(stdout);
	va_start(arguments, format);
	fputs("switch-client: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(1);
}

static struct client *find(const char *name)
{
	for (int i = 0; i < client_count; i++)
		if (!strcmp(clients[i].name, name))
			return &clients[i];
	fail("no client %s", name);
}

static struct client *add(const char *name)
{
	struct client *client = &clients[client_count++];

	if (client_count > CLIENTS_MAX)
		fail("too many clients");
	*client = (struct client){ .name = name, .control = -1, .data = -1 };
	return client;
}

static socklen_t make_name(struct sockaddr_un *name, const struct switch_address *address)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(name->sun_path, address->path, address->length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + address->length);
}

static void parse_address(struct switch_address *address, const char *text)
{
	memset(address, 0, sizeof(*address));
	if (*text == '@') {
		strncpy((char *)address->path + 1, text + 1, SWITCH_PATH_BYTES - 1);
		address->length = SWITCH_PATH_BYTES;
	} else {
		strncpy((char *)address->path, text, SWITCH_PATH_BYTES - 1);
		address->length = (uint8_t)(strlen(text) + 1);
	}
}

static int connect_to(const char *path, int type)
{
	struct switch_address address;
	struct sockaddr_un name;
	socklen_t length;
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	parse_address(&address, path);
	length = make_name(&name, &address);
	if (fd < 0 || connect(fd, (struct sockaddr *)&name, length))
		fail("%s: %s", path, strerror(errno));
	return fd;
}

static bool wait_for(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, LIMIT_MS) == 1;
}

static void request_port(struct client *client, const char *control_path, uint32_t version,
			 const struct switch_address *data)
{
	struct switch_request request = { .version = version, .data = *data };
	uint8_t bytes[SWITCH_REQUEST_BYTES_MAX];
	size_t length = switch_encode_request(bytes, &request);

	client->control = connect_to(control_path, SOCK_STREAM);
	if (write(client->control, bytes, length) != (ssize_t)length)
		fail("%s: request: %s", client->name, strerror(errno));
}

static void take_reply(struct client *client)
{
	uint8_t bytes[SWITCH_REPLY_BYTES];
	struct switch_address peer;

	if (!wait_for(client->control, POLLIN) ||
	    recv(client->control, bytes, sizeof(bytes), MSG_WAITALL) != sizeof(bytes) ||
	    switch_decode_reply(bytes, sizeof(bytes), &peer))
		fail("%s: no reply", client->name);
	/* As stock kernels do, with the whole structure. */
	make_name(&client->peer, &peer);
	client->peer_length = sizeof(client->peer);
	client->has_peer = true;
}

static void bind_data(struct client *client, const struct switch_address *own)
{
	struct sockaddr_un name;
	socklen_t length = make_name(&name, own);

	client->data = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (client->data < 0 || bind(client->data, (struct sockaddr *)&name, length))
		fail("%s: data socket: %s", client->name, strerror(errno));
}

static void own_address(struct switch_address *own)
{
	static unsigned int number;
	char text[64];

	snprintf(text, sizeof(text), "@switch-client.%d.%u", (int)getpid(), number++);
	parse_address(own, text);
}

/* A connection says nothing when the switch takes it: waits until that has read an empty frame. */
static void wait_until_taken(struct client *client)
{
	static const uint8_t empty[SWITCH_STREAM_HEAD_BYTES];
	int left_ms = LIMIT_MS, unread = 1;

	if (send(client->data, empty, client->stream ? sizeof(empty) : 1, 0) < 0)
		fail("%s: %s", client->name, strerror(errno));
	for (; unread && left_ms; left_ms--) {
		if (ioctl(client->data, SIOCOUTQ, &unread))
			fail("%s: %s", client->name, strerror(errno));
		if (unread)
			usleep(1000);
	}
	if (unread)
		fail("%s: not taken", client->name);
}

static void do_open(char **words)
{
	struct client *client = add(words[0]);
	struct switch_address own;

	if (*words[1] == 'v') {
		own_address(&own);
		bind_data(client, &own);
		request_port(client, words[2], words[1][1] == '1' ? 1 : 3, &own);
		take_reply(client);
		return;
	}
	client->stream = !strcmp(words[1], "stream");
	client->data = connect_to(words[2], client->stream ? SOCK_STREAM : SOCK_SEQPACKET);
	wait_until_taken(client);
}

static void do_open0(char **words)
{
	struct client *client = add(words[0]);
	struct switch_address own, peer;

	own_address(&own);
	bind_data(client, &own);
	request_port(client, words[1], 0, &own);
	parse_address(&peer, words[2]);
	client->peer_length = make_name(&client->peer, &peer);
	client->has_peer = true;
}

static void do_path(char **words)
{
	struct client *client = add(words[0]);
	struct switch_address own;

	parse_address(&own, words[2]);
	bind_data(client, &own);
	request_port(client, words[1], 3, &own);
	take_reply(client);
}

static void do_claim(char **words)
{
	struct switch_address claimed;

	parse_address(&claimed, words[2]);
	request_port(add(words[0]), words[1], 3, &claimed);
}

static void do_refused(char **words)
{
	struct client *client = find(words[0]);
	char bytes[256];
	ssize_t got;

	if (!wait_for(client->control, POLLIN))
		fail("%s: still connected", client->name);
	got = recv(client->control, bytes, sizeof(bytes), 0);
	if (got > 0)
		fail("%s: got a reply", client->name);
}

static void do_shut(char **words)
{
	struct client *client = find(words[0]);

	close(client->data);
	client->data = -1;
}

static void do_close(char **words)
{
	struct client *client = find(words[0]);

	close(client->control);
	close(client->data);
	client->name = "";
}

static void put_mac(uint8_t *bytes, const char *text)
{
	unsigned long station = strtoul(text, NULL, 10);

	if (!strcmp(text, "all")) {
		memset(bytes, 0xff, 6);
		return;
	}
	memset(bytes, 0, 6);
	bytes[0] = 2;
	bytes[4] = (uint8_t)(station >> 8);
	bytes[5] = (uint8_t)station;
}

/* Sends a frame; blocks where the switch does not take it. */
static bool send_frame(struct client *client, const uint8_t *bytes, size_t length)
{
	uint8_t head[SWITCH_STREAM_HEAD_BYTES];
	struct iovec parts[2] = { { head, sizeof(head) }, { (void *)bytes, length } };
	struct msghdr message = { .msg_iov = parts + !client->stream,
				  .msg_iovlen = client->stream ? 2 : 1 };
	size_t whole = length + (client->stream ? sizeof(head) : 0);

	switch_encode_length(head, (uint32_t)length);
	if (client->has_peer) {
		message.msg_name = &client->peer;
		message.msg_namelen = client->peer_length;
	}
	return sendmsg(client->data, &message, MSG_NOSIGNAL) == (ssize_t)whole;
}

static size_t make_frame(uint8_t *bytes, const char *to, const char *from, int tag,
			 const char *text)
{
	size_t length = 12;

	memset(bytes, 0, 2 * FRAME_MIN + strlen(text));
	put_mac(bytes, to);
	put_mac(bytes + 6, from);
	if (tag >= 0) {
		bytes[length++] = 0x81;
		bytes[length++] = 0;
		bytes[length++] = (uint8_t)(tag >> 8);
		bytes[length++] = (uint8_t)tag;
	}
	/* For local experiments (IEEE 802). */
	bytes[length++] = 0x88;
	bytes[length++] = 0xb5;
	strcpy((char *)bytes + length, text);
	length += strlen(text) + 1;
	return length < FRAME_MIN ? FRAME_MIN : length;
}

static uint8_t frame[FRAME_MAX];

static void do_send(char **words)
{
	struct client *client = find(words[0]);

	if (!send_frame(client, frame, make_frame(frame, words[1], words[2], -1, words[3])))
		fail("%s: send: %s", client->name, strerror(errno));
}

static void do_tag(char **words)
{
	struct client *client = find(words[0]);

	if (!send_frame(client, frame,
			make_frame(frame, words[2], words[3], atoi(words[1]), words[4])))
		fail("%s: send: %s", client->name, strerror(errno));
}

static void do_tags(char **words)
{
	struct client *client = find(words[0]);
	size_t length = 12;
	const char *hex = words[1];

	make_frame(frame, "all", "88", -1, "");
	for (; hex[0] && hex[1]; hex += 2)
		frame[length++] = (uint8_t)strtoul((char[3]){ hex[0], hex[1] }, NULL, 16);
	frame[length++] = 0x88;
	frame[length++] = 0xb5;
	strcpy((char *)frame + length, words[2]);
	if (!send_frame(client, frame, 2 * FRAME_MIN))
		fail("%s: send: %s", client->name, strerror(errno));
}

static void do_raw(char **words)
{
	struct client *client = find(words[0]);
	size_t length = strtoul(words[1], NULL, 10);

	make_frame(frame, "all", "99", -1, "");
	if (length > sizeof(frame) || !send_frame(client, frame, length))
		fail("%s: send: %s", client->name, strerror(errno));
}

/* The next frame in the buffer; 0 where none comes. */
static size_t receive(struct client *client)
{
	uint8_t head[SWITCH_STREAM_HEAD_BYTES];
	ssize_t got;
	size_t length;

	if (!wait_for(client->data, POLLIN))
		return 0;
	if (!client->stream) {
		got = recv(client->data, frame, sizeof(frame), 0);
		return got > 0 ? (size_t)got : 0;
	}
	if (recv(client->data, head, sizeof(head), MSG_WAITALL) != sizeof(head))
		return 0;
	length = switch_decode_length(head);
	if (length > sizeof(frame) ||
	    recv(client->data, frame, length, MSG_WAITALL) != (ssize_t)length)
		fail("%s: broken stream", client->name);
	return length;
}

/* The text of the frame in the buffer. */
static const char *text_of(size_t length, int *tag)
{
	size_t offset = 12;

	*tag = -1;
	frame[length < FRAME_MAX ? length : FRAME_MAX - 1] = 0;
	if (frame[12] == 0x81 && !frame[13]) {
		*tag = frame[14] << 8 | frame[15];
		offset += 4;
	}
	return (const char *)frame + offset + 2;
}

static void do_get(char **words)
{
	struct client *client = find(words[0]);
	size_t length = receive(client);
	const char *text;
	int tag;

	if (!length)
		fail("%s: no frame", client->name);
	text = text_of(length, &tag);
	printf("%s: %02x%02x > %02x%02x", client->name, frame[10], frame[11], frame[4], frame[5]);
	if (tag >= 0)
		printf(" tag %d", tag);
	printf(" %zu %s\n", length, text);
}

static void do_is(char **words)
{
	struct client *client = find(words[0]);
	size_t length = receive(client);
	int tag;

	if (!length)
		fail("%s: no frame, not '%s'", client->name, words[1]);
	if (strcmp(text_of(length, &tag), words[1]))
		fail("%s: got '%s', not '%s'", client->name, text_of(length, &tag), words[1]);
}

static void do_probe(char **words)
{
	struct client *from = find(words[0]), *to = find(words[1]);
	int count = atoi(words[2]), tag;
	char text[64];

	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "probe %d of %d", i, (int)getpid());
		if (!send_frame(from, frame, make_frame(frame, "all", "77", -1, text)))
			fail("%s: send: %s", from->name, strerror(errno));
		for (;;) {
			size_t length = receive(to);

			if (!length)
				fail("%s: probe %d of %s lost", to->name, i, from->name);
			if (!strcmp(text_of(length, &tag), text))
				break;
		}
	}
}

static bool child(void)
{
	pid_t pid, parent = getpid();

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		fail("fork: %s", strerror(errno));
	if (pid)
		return false;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	return true;
}

static void do_flood(char **words)
{
	struct client *client = find(words[0]);
	size_t length = strtoul(words[2], NULL, 10);

	if (!child())
		return;
	make_frame(frame, words[1], "66", -1, "flood");
	for (;;)
		send_frame(client, frame, length);
}

static void do_macs(char **words)
{
	struct client *client = find(words[0]);

	if (!child())
		return;
	make_frame(frame, words[1], "66", -1, "flood");
	for (uint32_t number = 0;; number++) {
		memcpy(frame + 7, &number, sizeof(number));
		send_frame(client, frame, FRAME_MIN);
	}
}

static void do_fill(char **words)
{
	struct client *client = find(words[0]);
	uint32_t number = (uint32_t)strtoul(words[1], NULL, 10);

	make_frame(frame, "all", "0", -1, "");
	for (uint32_t left = (uint32_t)strtoul(words[2], NULL, 10); left; left--, number++) {
		frame[6] = 6;
		memcpy(frame + 7, &number, sizeof(number));
		memcpy(frame, frame + 6, 6);
		if (!send_frame(client, frame, FRAME_MIN))
			fail("%s: send: %s", client->name, strerror(errno));
	}
}

static void raise_limit(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void do_crowd(char **words)
{
	raise_limit();
	/* Not named: they stay open until the end. */
	for (int left = atoi(words[0]); left; left--)
		connect_to(words[1], SOCK_STREAM);
}

static void do_ports(char **words)
{
	int granted = 0;

	raise_limit();
	for (int left = atoi(words[0]); left; left--) {
		struct client client = { .name = "ports" };
		struct switch_address own;
		char byte;

		own_address(&own);
		bind_data(&client, &own);
		request_port(&client, words[1], 3, &own);
		if (!wait_for(client.control, POLLIN))
			fail("neither reply nor refusal");
		if (recv(client.control, &byte, 1, MSG_PEEK) == 1)
			granted++;
	}
	printf("%d\n", granted);
}

static void do_half(char **words)
{
	struct switch_request request = { .version = SWITCH_VERSION };
	uint8_t bytes[SWITCH_REQUEST_BYTES_MAX];
	int fd = connect_to(words[0], SOCK_STREAM);

	own_address(&request.data);
	switch_encode_request(bytes, &request);
	if (write(fd, bytes, SWITCH_V3_BYTES / 2) < 0)
		fail("half: %s", strerror(errno));
}

static void do_hold(char **words)
{
	char byte;

	(void)words;
	puts("holding");
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		;
}

static const struct {
	const char *name;
	int words;
	void (*run)(char **words);
} commands[] = {
	{ "open", 3, do_open }, { "open0", 3, do_open0 }, { "path", 3, do_path },
	{ "claim", 3, do_claim }, { "refused", 1, do_refused }, { "close", 1, do_close },
	{ "shut", 1, do_shut }, { "send", 4, do_send }, { "tag", 5, do_tag }, { "tags", 3, do_tags },
	{ "raw", 2, do_raw },
	{ "get", 1, do_get }, { "is", 2, do_is }, { "probe", 3, do_probe },
	{ "flood", 3, do_flood }, { "macs", 2, do_macs }, { "fill", 3, do_fill }, { "crowd", 2, do_crowd },
	{ "ports", 2, do_ports }, { "half", 1, do_half }, { "hold", 0, do_hold },
};

int main(int argc, char **argv)
{
	size_t known = sizeof(commands) / sizeof(commands[0]);

	signal(SIGPIPE, SIG_IGN);
	for (int i = 1; i < argc;) {
		size_t command = 0;

		while (command < known && strcmp(commands[command].name, argv[i]))
			command++;
		if (command == known || i + commands[command].words >= argc)
			fail("%s: not a command, or too few words", argv[i]);
		commands[command].run(argv + i + 1);
		i += 1 + commands[command].words;
	}
	return 0;
}
