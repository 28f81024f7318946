// SPDX-License-Identifier: GPL-2.0-only
/*
 * owner.c - whose socket a Unix socket is connected to, and where it is bound, by NETLINK_SOCK_DIAG.
 *
 * SO_PEERCRED does not tell it for datagram sockets, and an abstract name has no file with an owner.
 */
#include <config.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uml_switch/owner.h"

enum { ANSWER_BYTES = 4096 };

struct question {
	struct nlmsghdr header;
	struct unix_diag_req request;
};

/* The attribute of one socket as 32 bits. */
static int ask(int netlink, uint32_t inode, uint32_t show, int attribute, uint32_t *value)
{
	struct question question = {
		.header = { .nlmsg_len = sizeof(question), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			    .nlmsg_flags = NLM_F_REQUEST },
		.request = { .sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = inode,
			     .udiag_show = show, .udiag_cookie = { ~0u, ~0u } },
	};
	union {
		struct nlmsghdr header;
		char bytes[ANSWER_BYTES];
	} answer;
	struct rtattr *found;
	ssize_t length;
	int left;

	if (send(netlink, &question, sizeof(question), 0) < 0)
		return -errno;
	/* The kernel has answered before send() returns. */
	length = recv(netlink, &answer, sizeof(answer), MSG_DONTWAIT);
	if (length < 0)
		return -errno;
	if (!NLMSG_OK(&answer.header, (size_t)length) ||
	    answer.header.nlmsg_type != SOCK_DIAG_BY_FAMILY ||
	    answer.header.nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
		return -EOPNOTSUPP;
	left = (int)NLMSG_PAYLOAD(&answer.header, sizeof(struct unix_diag_msg));
	found = (struct rtattr *)((char *)NLMSG_DATA(&answer.header) +
				  NLMSG_ALIGN(sizeof(struct unix_diag_msg)));
	for (; RTA_OK(found, left); found = RTA_NEXT(found, left)) {
		if (found->rta_type != attribute || RTA_PAYLOAD(found) < sizeof(*value))
			continue;
		memcpy(value, RTA_DATA(found), sizeof(*value));
		return 0;
	}
	return -EOPNOTSUPP;
}

static int ask_of(int fd, int (*ask_it)(int netlink, uint32_t inode, void *answer), void *answer)
{
	int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG), error;
	struct stat info;

	if (netlink < 0)
		return -EOPNOTSUPP;
	error = fstat(fd, &info) ? -errno : ask_it(netlink, (uint32_t)info.st_ino, answer);
	close(netlink);
	return error;
}

static int ask_peer(int netlink, uint32_t inode, void *answer)
{
	struct owner *owner = answer;
	int error = ask(netlink, inode, UDIAG_SHOW_PEER, UNIX_DIAG_PEER, &owner->inode);

	return error ? error :
		       ask(netlink, owner->inode, UDIAG_SHOW_UID, UNIX_DIAG_UID, &owner->uid);
}

int owner_of_peer(int fd, struct owner *owner)
{
	return ask_of(fd, ask_peer, owner);
}

static int ask_file(int netlink, uint32_t inode, void *answer)
{
	/* The inode is the first of what is told of the file. */
	return ask(netlink, inode, UDIAG_SHOW_VFS, UNIX_DIAG_VFS, answer);
}

int owner_bound_file(int fd, uint32_t *inode)
{
	return ask_of(fd, ask_file, inode);
}
