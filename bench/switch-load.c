// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch-load.c - two clients of a switch: one sends frames as fast as it can, one counts those that
 * arrive; and silent ones beside them.
 *
 * usage: switch-load CONTROL-SOCKET FRAME-BYTES SECONDS CPU-OF-SENDER CPU-OF-RECEIVER NAMES \
 *		IDLE
 *
 * NAMES is "abstract" for data sockets such as those of user-mode Linux, or "path": vde_switch takes
 * only those. IDLE clients more are attached and silent.
 *
 * Prints frames delivered per second. A CPU of -1 leaves the choice to the scheduler. Both clients
 * move batches by sendmmsg(2) and recvmmsg(2); the sender waits where the switch's queue is full.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "wire/switch.h"

enum {
	BATCH = 64,
	FRAME_MAX = 9000,
	IDLE_MAX = 500,
	TYPE_OFFSET = 12,
	/* An Ethernet type for local experiments (IEEE 802), so that no other frame is counted. */
	TYPE_HIGH = 0x88,
	TYPE_LOW = 0xb5,
};

static const uint8_t sender_mac[6] = { 2, 0, 0, 0, 0, 1 };
static const uint8_t receiver_mac[6] = { 2, 0, 0, 0, 0, 2 };

/* Shared by the two processes. */
struct counts {
	volatile unsigned long received;
	volatile int failed;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "switch-load: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void hold_on(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("cannot be held on the CPU");
}

static struct switch_request request = { .version = SWITCH_VERSION };

/* The name of a client's data socket, in the request. */
static void name_data_socket(const char *control_path, int number, bool path)
{
	struct switch_address *data = &request.data;

	memset(data, 0, sizeof(*data));
	data->length = SWITCH_PATH_BYTES;
	snprintf((char *)data->path + !path, SWITCH_PATH_BYTES - 1U, "%s.load%d", control_path,
		 number);
	if (path)
		unlink((char *)data->path);
}

/* A data socket that is connected to the switch's, for sending and receiving. */
static int attach(const char *control_path, int number, bool path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	uint8_t bytes[SWITCH_REQUEST_BYTES_MAX];
	struct switch_address peer;
	int control = socket(AF_UNIX, SOCK_STREAM, 0), data = socket(AF_UNIX, SOCK_DGRAM, 0);

	name_data_socket(control_path, number, path);
	memcpy(address.sun_path, request.data.path, SWITCH_PATH_BYTES);
	if (bind(data, (struct sockaddr *)&address, sizeof(address)))
		fail(address.sun_path);
	memset(address.sun_path, 0, sizeof(address.sun_path));
	strncpy(address.sun_path, control_path, sizeof(address.sun_path) - 1);
	if (connect(control, (struct sockaddr *)&address, sizeof(address)))
		fail(control_path);
	switch_encode_request(bytes, &request);
	if (write(control, bytes, SWITCH_V3_BYTES) != SWITCH_V3_BYTES)
		fail("request");
	if (recv(control, bytes, SWITCH_REPLY_BYTES, MSG_WAITALL) != SWITCH_REPLY_BYTES ||
	    switch_decode_reply(bytes, SWITCH_REPLY_BYTES, &peer))
		fail("reply");
	memcpy(address.sun_path, peer.path, SWITCH_PATH_BYTES);
	if (connect(data, (struct sockaddr *)&address, sizeof(address)))
		fail("data socket");
	return data;
}

static void fill(struct mmsghdr *messages, struct iovec *parts, uint8_t (*frames)[FRAME_MAX],
		 size_t length)
{
	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ frames[i], length };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
}

static uint8_t frames[BATCH][FRAME_MAX];
static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];

static _Noreturn void receive(int data, struct counts *counts)
{
	fill(messages, parts, frames, FRAME_MAX);
	for (;;) {
		int got = recvmmsg(data, messages, BATCH, MSG_WAITFORONE, NULL);

		if (got < 0 && errno != EINTR)
			break;
		for (int i = 0; i < got; i++)
			counts->received += frames[i][TYPE_OFFSET] == TYPE_HIGH &&
					    frames[i][TYPE_OFFSET + 1] == TYPE_LOW;
	}
	counts->failed = 1;
	_exit(1);
}

static _Noreturn void send_all(int data, size_t length, struct counts *counts)
{
	for (int i = 0; i < BATCH; i++) {
		memcpy(frames[i], receiver_mac, 6);
		memcpy(frames[i] + 6, sender_mac, 6);
		frames[i][TYPE_OFFSET] = TYPE_HIGH;
		frames[i][TYPE_OFFSET + 1] = TYPE_LOW;
	}
	fill(messages, parts, frames, length);
	while (sendmmsg(data, messages, BATCH, 0) >= 0 || errno == EINTR || errno == ENOBUFS)
		;
	counts->failed = 1;
	_exit(1);
}

static pid_t start(int cpu)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	hold_on(cpu);
	return 0;
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct counts *counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint8_t hello[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	unsigned long before;
	int in, out, idle;
	bool path;
	pid_t sender, receiver;
	double begin, seconds;

	if (argc != 8 || atoi(argv[2]) < 14 || atoi(argv[2]) > FRAME_MAX) {
		fprintf(stderr, "usage: switch-load CONTROL-SOCKET FRAME-BYTES SECONDS CPU CPU NAMES "
				"IDLE\n");
		return 2;
	}
	path = !strcmp(argv[6], "path");
	idle = atoi(argv[7]);
	if (idle < 0 || idle > IDLE_MAX)
		return 2;
	in = attach(argv[1], 1, path);
	out = attach(argv[1], 2, path);
	for (int i = 1; i <= idle; i++)
		attach(argv[1], 2 + i, path);
	memcpy(hello + 6, receiver_mac, 6);
	if (send(in, hello, sizeof(hello), 0) < 0)
		fail("send");
	receiver = start(atoi(argv[5]));
	if (!receiver)
		receive(in, counts);
	sender = start(atoi(argv[4]));
	if (!sender)
		send_all(out, (size_t)atoi(argv[2]), counts);
	/* Not measured: until all are warm. */
	usleep(200000);
	before = counts->received;
	begin = now();
	usleep((useconds_t)(atof(argv[3]) * 1e6));
	before = counts->received - before;
	seconds = now() - begin;
	kill(sender, SIGKILL);
	kill(receiver, SIGKILL);
	waitpid(sender, NULL, 0);
	waitpid(receiver, NULL, 0);
	for (int i = 1; i <= 2 + idle; i++)
		name_data_socket(argv[1], i, path);
	if (counts->failed) {
		fprintf(stderr, "switch-load: a client failed\n");
		return 1;
	}
	printf("%.0f\n", (double)before / seconds);
	return 0;
}
