// SPDX-License-Identifier: GPL-2.0-only
/*
 * answer.c - one command to a kernel's management console, and its answer.
 *
 * Each command has a socket of its own: a late reply to an earlier one has nowhere to go. The
 * socket is connected, so that the host drops what others send, and so that the kernel's burst of
 * parts is not limited by the short queue of sockets that are not.
 */
#include <config.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mconsole/answer.h"
#include "wire/mconsole.h"

enum {
	/* A silent kernel is looked after this often. */
	LOOK_MS = 250,
	/* What may still be taken after the deadline: parts that are there already. */
	LATE_PARTS = 1024,
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Return: 1 when the socket is ready, 0 after the slice, -ETIMEDOUT after the deadline. */
static int wait_ready(int fd, short events, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };
	int64_t left_ms = deadline_ms < 0 ? LOOK_MS : deadline_ms - now_ms();
	int ready = poll(&poll_fd, 1, left_ms < 0 ? 0 : left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);

	if (ready < 0)
		return errno == EINTR ? 0 : -errno;
	if (!ready && deadline_ms >= 0 && now_ms() >= deadline_ms)
		return -ETIMEDOUT;
	return ready;
}

static bool is_gone(const struct umid *umid)
{
	int fd = umid_connect(umid);

	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED || fd == -ENOENT;
}

static int add_text(struct answer *answer, const struct mconsole_reply *part)
{
	size_t needed = answer->length + part->length + 1;

	if (needed > ANSWER_MAX_BYTES || ++answer->parts > ANSWER_MAX_PARTS)
		return -EFBIG;
	if (needed > answer->room) {
		size_t room = 2 * needed;
		char *grown = realloc(answer->text, room);

		if (!grown)
			return -ENOMEM;
		answer->text = grown;
		answer->room = room;
	}
	memcpy(answer->text + answer->length, part->text, part->length);
	answer->length += part->length;
	answer->text[answer->length] = '\0';
	answer->error = part->error;
	return 0;
}

static void note_sender(struct msghdr *message, struct answer *answer)
{
	struct ucred credentials;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
			continue;
		memcpy(&credentials, CMSG_DATA(c), sizeof(credentials));
		answer->sender = credentials.pid;
	}
}

/* Return: 1 after the last part, 0 after another, -EAGAIN where there is none, or -errno. */
static int receive_part(int fd, struct answer *answer)
{
	/* One byte more than a datagram may have shows the longer ones. */
	uint8_t bytes[MCONSOLE_REPLY_BYTES + 1];
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec piece = { bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct mconsole_reply part;
	ssize_t length = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int error;

	if (length < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	if (mconsole_decode_reply(bytes, (size_t)length, &part) != MCONSOLE_GOOD)
		return -EPROTO;
	note_sender(&message, answer);
	error = add_text(answer, &part);
	return error ? error : !part.more;
}

int answer_receive(int fd, int64_t timeout_ms, const struct umid *umid, struct answer *answer)
{
	int64_t deadline_ms = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	unsigned int late = 0;
	bool gone = false;

	for (;;) {
		int result = receive_part(fd, answer);

		if (result > 0)
			return 0;
		if (result < 0 && result != -EAGAIN)
			return result;
		/* Nothing was left behind by one that is gone. */
		if (result == -EAGAIN && gone)
			return -ECONNRESET;
		if (!result && deadline_ms >= 0 && now_ms() >= deadline_ms && ++late > LATE_PARTS)
			return -ETIMEDOUT;
		if (!result)
			continue;
		result = wait_ready(fd, POLLIN, deadline_ms);
		if (result < 0)
			return result;
		gone = !result && umid && is_gone(umid);
	}
}

static int send_request(int fd, const char *command, int64_t deadline_ms)
{
	uint8_t request[MCONSOLE_REQUEST_BYTES];

	if (mconsole_encode_request(request, command, strlen(command)) != MCONSOLE_GOOD)
		return -EMSGSIZE;
	while (send(fd, request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
		int ready;

		if (errno == ECONNRESET)
			return -ECONNREFUSED;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		/* Its queue is full of requests that it does not take. */
		ready = wait_ready(fd, POLLOUT, deadline_ms);
		if (ready < 0)
			return ready;
	}
	return 0;
}

int answer_ask(const struct umid *umid, const char *command, unsigned int timeout_s,
	       struct answer *answer)
{
	int64_t timeout_ms = timeout_s ? (int64_t)timeout_s * 1000 : -1;
	int fd, error;

	*answer = (struct answer){ 0 };
	fd = umid_connect(umid);
	if (fd < 0)
		return fd == -ENOENT ? -ECONNREFUSED : fd;
	error = send_request(fd, command, timeout_ms < 0 ? -1 : now_ms() + timeout_ms);
	if (!error)
		error = answer_receive(fd, timeout_ms, umid, answer);
	close(fd);
	return error;
}

void answer_free(struct answer *answer)
{
	free(answer->text);
	*answer = (struct answer){ 0 };
}
