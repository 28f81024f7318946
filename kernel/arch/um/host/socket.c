// SPDX-License-Identifier: GPL-2.0-only
/* socket.c - Unix sockets and event counters of the host. */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <host/socket.h>
#include <host/string.h>
#include "abi.h"
#include "raw.h"

#define FAMILY_UNIX	1
#define STREAM		1
#define AT_ONCE		0x4040		/* MSG_DONTWAIT | MSG_NOSIGNAL */
#define LEVEL_SOCKET	1
#define RIGHTS		1
#define CONNECT_TRIES	500		/* ten milliseconds apart */

struct unix_address {
	u16 family;
	char path[108];
};

struct vector {
	void *base;
	size_t len_bytes;
};

struct message {
	void *name;
	u32 name_bytes;
	struct vector *vectors;
	size_t vector_count;
	void *control;
	size_t control_bytes;
	u32 flags;
};

/* One control message; the host rounds it up to 8 bytes. */
struct passed {
	size_t bytes;
	int level;
	int type;
	int fds[HOST_SOCKET_PASS];
};

int host_socket_connect(const char *path)
{
	struct unix_address address = { .family = FAMILY_UNIX };
	const struct host_timespec pause = { .nsec = 10000000 };
	size_t len = strlen(path);
	int fd, tries = CONNECT_TRIES;
	long err;

	if (len >= sizeof(address.path))
		return -ENAMETOOLONG;
	memcpy(address.path, path, len);
	fd = (int)host_call(socket, FAMILY_UNIX, STREAM | HOST_O_CLOEXEC | HOST_O_NONBLOCK, 0);
	if (fd < 0)
		return fd;
	while ((err = HOST_CALL(connect, fd, &address, sizeof(address.family) + len + 1)) == -EAGAIN &&
	       --tries)
		host_call(nanosleep, &pause, 0);
	if (!err)
		return fd;
	host_call(close, fd);
	return (int)err;
}

int host_socket_pair(int fds[2])
{
	return (int)host_call(socketpair, FAMILY_UNIX, STREAM | HOST_O_CLOEXEC | HOST_O_NONBLOCK, 0, fds);
}

ssize_t host_socket_send(int fd, const void *buf, size_t len_bytes, const int *pass,
			 unsigned int count)
{
	struct vector vector = { (void *)buf, len_bytes };
	struct message message = { .vectors = &vector, .vector_count = 1 };
	struct passed passed = { .level = LEVEL_SOCKET, .type = RIGHTS };

	if (count > HOST_SOCKET_PASS)
		return -EINVAL;
	if (count) {
		memcpy(passed.fds, pass, count * sizeof(int));
		passed.bytes = __builtin_offsetof(struct passed, fds) + count * sizeof(int);
		message.control = &passed;
		message.control_bytes = (passed.bytes + 7) & ~7UL;
	}
	return HOST_CALL(sendmsg, fd, &message, AT_ONCE);
}

ssize_t host_socket_receive(int fd, void *buf, size_t len_bytes)
{
	return HOST_CALL(recvfrom, fd, buf, len_bytes, AT_ONCE, NULL, NULL);
}

int host_event_create(void)
{
	return (int)host_call(eventfd2, 0, HOST_O_CLOEXEC | HOST_O_NONBLOCK);
}

void host_event_raise(int fd)
{
	const u64 one = 1;

	/* A counter that is full wakes the other side as well as one more would. */
	HOST_CALL(write, fd, &one, sizeof(one));
}

void host_event_clear(int fd)
{
	u64 count;

	HOST_CALL(read, fd, &count, sizeof(count));
}
