// SPDX-License-Identifier: GPL-2.0-only
/*
 * message.c - descriptors that zygote and agents send to the kernel process.
 *
 * A new agent sends its eventfd, and for each new carrier the listener of its filter, with
 * the serial number of the request: what belongs to an attempt that failed is told apart.
 * The host adds the sender's process id.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <host/string.h>
#include "abi.h"
#include "raw.h"
#include "unit_private.h"

int host_unit_socket = -1;

static u32 last_serial;

u32 host_unit_serial(void)
{
	return ++last_serial;
}

#define START_TIMEOUT_MS	10000

#define SOL_SOCKET	1
#define SO_PASSCRED	16
#define SCM_RIGHTS	1
#define SCM_CREDENTIALS	2

struct host_iov {
	u64 base, len;
};

struct host_msghdr {
	u64 name;
	u32 namelen, pad0;
	u64 iov, iovlen, control, controllen;
	u32 flags, pad1;
};

struct host_cmsg {
	u64 len;
	int level, type;
};

/* Open the socket pair.  Return: the end that zygote and agents send from, or -errno. */
int host_unit_messages(void)
{
	int pair[2], one = 1;
	int err = host_call(socketpair, 1 /* AF_UNIX */, 2 | HOST_O_CLOEXEC /* DGRAM */, 0, pair);

	if (err)
		return err;
	host_unit_socket = pair[0];
	host_call(setsockopt, host_unit_socket, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	return pair[1];
}

/* A message for the agent to send: serial number and one descriptor of the agent's. */
u64 host_unit_message(struct host_unit *unit, u32 serial, int fd)
{
	struct message {
		struct host_msghdr header;
		struct host_iov iov;
		struct host_cmsg cmsg;
		int fd, pad;
		u32 serial;
	} *m = (void *)(unit->ro + LIST_DATA);
	u64 va = U_REQ + LIST_DATA;

	memset(m, 0, sizeof(*m));
	m->serial = serial;
	m->fd = fd;
	m->cmsg = (struct host_cmsg) { sizeof(m->cmsg) + sizeof(m->fd), SOL_SOCKET, SCM_RIGHTS };
	m->iov = (struct host_iov) { va + __builtin_offsetof(struct message, serial), 4 };
	m->header.iov = va + __builtin_offsetof(struct message, iov);
	m->header.iovlen = 1;
	m->header.control = va + __builtin_offsetof(struct message, cmsg);
	m->header.controllen = sizeof(m->cmsg) + 8;
	return va;
}

/* Take one message off the socket; its serial number, or 0. */
static u32 message_take(int *fd, int *pid)
{
	u64 control[16];
	u32 serial = 0;
	struct host_iov iov = { (u64)&serial, 4 };
	struct host_msghdr m = {
		.iov = (u64)&iov, .iovlen = 1,
		.control = (u64)control, .controllen = sizeof(control),
	};
	struct host_cmsg *c = (void *)control;
	u64 left;

	*fd = -1;
	if (host_call(recvmsg, host_unit_socket, &m, 0x40000040 /* CMSG_CLOEXEC|DONTWAIT */) < 0)
		return 0;
	for (left = m.controllen; left >= sizeof(*c) && c->len >= sizeof(*c);) {
		u64 step = (c->len + 7) & ~7UL;

		if (c->level == SOL_SOCKET && c->type == SCM_RIGHTS)
			*fd = *(int *)(c + 1);
		if (c->level == SOL_SOCKET && c->type == SCM_CREDENTIALS)
			*pid = *(int *)(c + 1);
		if (step >= left)
			break;
		left -= step;
		c = (void *)((u8 *)c + step);
	}
	return serial;
}

/*
 * Wait for the message with a serial number, for an error acknowledged on error_fd, or for the
 * death of whoever should send it.  Messages of attempts that failed earlier are dropped.
 * Returns 0 or -errno.
 */
int host_unit_receive(struct host_unit *unit, u32 serial, int error_fd, int *fd, int *pid)
{
	struct host_pollfd pf[2] = { { host_unit_socket, 1, 0 }, { error_fd, 1, 0 } };
	int waited_ms = 0;

	for (;;) {
		struct host_timespec limit = { 0, 100000000 };
		long n = host_call(ppoll, pf, 2, &limit, 0, 8);
		int sender = 0;
		u32 got;
		u64 value;

		if (n == 0 && (waited_ms += 100) >= START_TIMEOUT_MS)
			return -ETIMEDOUT;
		if (n <= 0) {
			if (host_maker_died(unit))
				return -ESRCH;
			continue;
		}
		if (pf[0].revents) {
			got = message_take(fd, &sender);
			if (got == serial && *fd >= 0) {
				*pid = sender;
				return 0;
			}
			if (*fd >= 0)
				host_call(close, *fd);
			continue;
		}
		if (host_call(read, error_fd, &value, 8) == 8 && host_ack_error(value))
			return host_ack_error(value);
	}
}

/* Descriptors that arrive by a message and find no place are lost: ask before. */
bool host_descriptor_left(void)
{
	int fd = host_call(fcntl, host_unit_socket, 1030 /* F_DUPFD_CLOEXEC */, 0);

	if (fd < 0)
		return false;
	host_call(close, fd);
	return true;
}
