// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink.c - requests to the host's kernel by rtnetlink(7) and their answers.
 *
 * A request is built in a message of fixed size; an attribute that does not fit marks it as broken,
 * and it is not sent. Two loops talk to the kernel: nl_change() for a request that is acknowledged,
 * and nl_ask() for one that is answered by items. Answers count only if the kernel itself sent them
 * and they carry the number of the request. What the requests are about stands in netlink_link.c
 * and netlink_ip.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/netlink_message.h"
#include "lib/report.h"

enum {
	/* The kernel answers at once; this is for a kernel that does not answer at all. */
	ANSWER_LIMIT_S = 20,
	DUMP_TRIES = 20,
};

/* ---- requests -------------------------------------------------------------------------------- */

/* Room for size bytes at the message's end, zeroed, or NULL. */
static void *put_space(struct nl_message *message, size_t size)
{
	size_t begin = NLMSG_ALIGN(message->used);

	if (message->broken || size > sizeof(message->bytes) - begin) {
		message->broken = true;
		return NULL;
	}
	message->used = begin + size;
	return message->bytes + begin;
}

void *nl_begin(struct nl_message *message, uint16_t type, uint16_t flags, size_t body_size)
{
	memset(message, 0, sizeof(*message));
	message->used = NLMSG_HDRLEN;
	message->header.nlmsg_type = type;
	message->header.nlmsg_flags = NLM_F_REQUEST | flags;
	return put_space(message, body_size);
}

void nl_put(struct nl_message *message, uint16_t type, const void *data, size_t length)
{
	struct rtattr *attribute = put_space(message, RTA_LENGTH(length));

	if (!attribute)
		return;
	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(length);
	if (length)
		memcpy(RTA_DATA(attribute), data, length);
}

void nl_put_u32(struct nl_message *message, uint16_t type, uint32_t value)
{
	nl_put(message, type, &value, sizeof(value));
}

void nl_put_ipv4(struct nl_message *message, uint16_t type, uint32_t address)
{
	nl_put_u32(message, type, htonl(address));
}

/* Opens an attribute that holds others; nl_nest_end() with what it returns closes it. */
size_t nl_nest_begin(struct nl_message *message, uint16_t type)
{
	nl_put(message, type | NLA_F_NESTED, NULL, 0);
	return message->used - RTA_LENGTH(0);
}

void nl_nest_end(struct nl_message *message, size_t begin)
{
	struct rtattr *attribute = (struct rtattr *)(message->bytes + begin);

	if (!message->broken)
		attribute->rta_len = (uint16_t)(message->used - begin);
}

static int send_message(struct netlink *netlink, struct nl_message *message)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	ssize_t sent;

	netlink->refusal[0] = '\0';
	if (message->broken)
		return -EMSGSIZE;
	message->header.nlmsg_len = (uint32_t)message->used;
	message->header.nlmsg_seq = ++netlink->sequence;
	do
		sent = sendto(netlink->fd, message->bytes, message->header.nlmsg_len, 0,
			      (struct sockaddr *)&kernel, sizeof(kernel));
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* The next datagram of the kernel in netlink->buffer: its length or -errno. */
static ssize_t receive(struct netlink *netlink)
{
	for (;;) {
		struct sockaddr_nl from;
		struct iovec part = { netlink->buffer, sizeof(netlink->buffer) };
		struct msghdr datagram = { .msg_name = &from,
					   .msg_namelen = sizeof(from),
					   .msg_iov = &part,
					   .msg_iovlen = 1 };
		ssize_t got = recvmsg(netlink->fd, &datagram, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (datagram.msg_namelen != sizeof(from) || from.nl_pid)
			continue;
		return datagram.msg_flags & MSG_TRUNC ? -EMSGSIZE : got;
	}
}

/* Keeps the kernel's explanation, which follows the first skip bytes of the message's body. */
static void keep_refusal(struct netlink *netlink, const struct nlmsghdr *header, size_t skip)
{
	const struct rtattr *attribute;
	size_t length = NLMSG_PAYLOAD(header, 0);

	if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || skip >= length)
		return;
	attribute = (const struct rtattr *)((const uint8_t *)NLMSG_DATA(header) + skip);
	length -= skip;
	for (; RTA_OK(attribute, length); attribute = RTA_NEXT(attribute, length)) {
		if ((attribute->rta_type & NLA_TYPE_MASK) != NLMSGERR_ATTR_MSG)
			continue;
		snprintf(netlink->refusal, sizeof(netlink->refusal), "%.*s",
			 (int)RTA_PAYLOAD(attribute), (const char *)RTA_DATA(attribute));
	}
}

/* The result in an error or acknowledgement. */
static int read_result(struct netlink *netlink, const struct nlmsghdr *header)
{
	const struct nlmsgerr *result = NLMSG_DATA(header);
	size_t skip = sizeof(*result);

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*result)))
		return -EBADMSG;
	if (!(header->nlmsg_flags & NLM_F_CAPPED) && result->error)
		skip += NLMSG_PAYLOAD(&result->msg, 0);
	if (result->error)
		keep_refusal(netlink, header, NLMSG_ALIGN(skip));
	return result->error;
}

/* Sends a request that changes something; its result. */
int nl_change(struct netlink *netlink, struct nl_message *message)
{
	int error;

	message->header.nlmsg_flags |= NLM_F_ACK;
	error = send_message(netlink, message);
	while (!error) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)netlink->buffer;
		ssize_t got = receive(netlink);
		size_t left = got < 0 ? 0 : (size_t)got;

		if (got < 0)
			return (int)got;
		for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left))
			if (header->nlmsg_seq == netlink->sequence &&
			    header->nlmsg_type == NLMSG_ERROR)
				return read_result(netlink, header);
	}
	return error;
}

/* Hands one item of an answer to the visitor. */
static int visit(const struct nl_visitor *visitor, const struct nlmsghdr *header)
{
	const uint8_t *body = NLMSG_DATA(header);
	size_t skip = NLMSG_ALIGN(visitor->body_size);
	size_t length = NLMSG_PAYLOAD(header, 0);

	if (header->nlmsg_type != visitor->type || length < visitor->body_size)
		return NL_GO_ON;
	return visitor->item(visitor, body, (const struct rtattr *)(body + skip),
			     length > skip ? length - skip : 0);
}

/*
 * Visits the items of one datagram. Returns 1 at the end of a dump, or after the single item of an
 * answer that is none; below 0 what ended it.
 */
static int visit_datagram(struct netlink *netlink, const struct nl_visitor *visitor, size_t left,
			  bool *interrupted)
{
	const struct nlmsghdr *header = (const struct nlmsghdr *)netlink->buffer;
	int result;

	for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
		if (header->nlmsg_seq != netlink->sequence)
			continue;
		if (header->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (header->nlmsg_type == NLMSG_ERROR) {
			result = read_result(netlink, header);
			return result ? result : 1;
		}
		if (header->nlmsg_type == NLMSG_DONE) {
			result = 0;
			if (NLMSG_PAYLOAD(header, 0) >= sizeof(result))
				memcpy(&result, NLMSG_DATA(header), sizeof(result));
			if (result < 0)
				keep_refusal(netlink, header, sizeof(result));
			return result < 0 ? result : 1;
		}
		result = visit(visitor, header);
		if (result < 0)
			return result;
		if (!(header->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

/* Reads what is left of a dump that nobody wants any more. */
static void drain(struct netlink *netlink)
{
	while (recv(netlink->fd, netlink->buffer, sizeof(netlink->buffer), MSG_DONTWAIT) > 0)
		;
}

/* Sends a request that is answered by items. */
int nl_ask(struct netlink *netlink, struct nl_message *message, const struct nl_visitor *visitor)
{
	for (int tries = 0; tries < DUMP_TRIES; tries++) {
		bool interrupted = false;
		int result = send_message(netlink, message);

		if (result)
			return result;
		visitor->item(visitor, NULL, NULL, 0);
		while (!result) {
			ssize_t got = receive(netlink);

			result = got < 0 ? (int)got
					 : visit_datagram(netlink, visitor, (size_t)got,
							  &interrupted);
		}
		if (result < 0) {
			drain(netlink);
			return result;
		}
		if (!interrupted)
			return 0;
	}
	return -EAGAIN;
}

/* ---- the socket ------------------------------------------------------------------------------ */

int netlink_open(struct netlink *netlink)
{
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };
	struct timeval limit = { .tv_sec = ANSWER_LIMIT_S };
	const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	int error, one = 1;

	netlink->sequence = 0;
	netlink->refusal[0] = '\0';
	netlink->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (netlink->fd < 0)
		return -errno;
	/* Kernels without one of these answer all the same, at more length or with fewer words. */
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(netlink->fd, SOL_NETLINK, options[i], &one, sizeof(one));
	if (!setsockopt(netlink->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) &&
	    !bind(netlink->fd, (struct sockaddr *)&self, sizeof(self)))
		return 0;
	error = -errno;
	netlink_close(netlink);
	return error;
}

void netlink_close(struct netlink *netlink)
{
	close(netlink->fd);
	netlink->fd = -1;
}

const char *netlink_cause(struct netlink *netlink, int error)
{
	static char text[256];

	if (!netlink->refusal[0])
		return cause(error);
	snprintf(text, sizeof(text), "%s (%s)", cause(error), netlink->refusal);
	return text;
}
