// SPDX-License-Identifier: GPL-2.0-only
/* mmsg.c - batches of frames by recvmmsg(2) and sendmmsg(2). */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "uml_switch/mmsg.h"

/* Adds a message to the batch unless it is no frame. */
static void take(struct batch *batch, uint8_t *bytes, uint32_t length, bool cut)
{
	if (cut || length > batch->frame_max)
		batch->oversize++;
	else if (length < FRAME_BYTES_MIN)
		batch->runts++;
	else
		batch->frames[batch->count++] = (struct frame){ .bytes = bytes, .length = length };
}

int mmsg_receive(int fd, struct batch *batch, unsigned int limit, struct sockaddr_un *names,
		 socklen_t *name_lengths)
{
	struct mmsghdr messages[BATCH_FRAMES];
	struct iovec parts[BATCH_FRAMES];
	int got;

	for (unsigned int i = 0; i < limit; i++) {
		parts[i] = (struct iovec){ batch->space + i * batch->stride, batch->stride };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
		if (names) {
			messages[i].msg_hdr.msg_name = &names[i];
			messages[i].msg_hdr.msg_namelen = sizeof(names[i]);
		}
	}
	do
		got = recvmmsg(fd, messages, limit, MSG_DONTWAIT, NULL);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	for (int i = 0; i < got && i < (int)limit; i++) {
		unsigned int place = batch->count;

		take(batch, parts[i].iov_base, messages[i].msg_len,
		     messages[i].msg_hdr.msg_flags & MSG_TRUNC);
		if (names && batch->count > place) {
			names[place] = names[i];
			name_lengths[place] = messages[i].msg_hdr.msg_namelen;
		}
	}
	return got;
}

/* What an error of the first of some packets means: 0 wait, 1 drop this packet, -errno the end. */
static int judge(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
		return 0;
	case EMSGSIZE:
	case EPERM:
		return 1;
	default:
		return -error;
	}
}

int mmsg_send(int fd, struct packet *packets, unsigned int count, const struct sockaddr_un *name,
	      socklen_t name_length)
{
	struct mmsghdr messages[BATCH_FRAMES];
	unsigned int done = 0;

	for (unsigned int i = 0; i < count; i++)
		messages[i].msg_hdr = (struct msghdr){
			.msg_iov = packets[i].parts, .msg_iovlen = packets[i].part_count,
			.msg_name = (void *)name, .msg_namelen = name_length,
		};
	while (done < count) {
		int sent = sendmmsg(fd, messages + done, count - done, MSG_DONTWAIT | MSG_NOSIGNAL);
		int verdict;

		if (sent > 0) {
			done += (unsigned int)sent;
			continue;
		}
		if (sent < 0 && errno == EINTR)
			continue;
		verdict = judge(errno);
		if (verdict < 0)
			return verdict;
		if (!verdict)
			break;
		packets[done++].length = 0;
	}
	return (int)done;
}
