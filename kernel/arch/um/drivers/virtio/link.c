// SPDX-License-Identifier: GPL-2.0-only
/*
 * link.c - exchanges of the vhost-user protocol.
 *
 * Theory of operation.  An exchange is one message and, if it has one, its answer; tasks
 * take turns.  The task that waits sleeps until the socket's watch reports something, so
 * the guest goes on meanwhile.  A program that does not answer within VHOST_PATIENCE, or
 * that answers something else than it was asked, has lost the connection for good: the
 * bytes that may still come cannot be told from the answers to later messages.
 */
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <host/file.h>
#include <host/socket.h>
#include "link.h"

#define VHOST_PATIENCE	(10 * HZ)

static void link_event(struct um_fd_watch *watch, u32 revents)
{
	struct vhost_link *link = container_of(watch, struct vhost_link, watch);

	link->event = true;
	wake_up(&link->wait);
	if (revents & (HOST_POLL_HUP | HOST_POLL_ERR)) {
		link->broken = true;
		schedule_work(&link->lost);
	}
}

int vhost_link_open(struct vhost_link *link, int fd, work_func_t lost)
{
	int err;

	link->fd = fd;
	mutex_init(&link->lock);
	init_waitqueue_head(&link->wait);
	INIT_WORK(&link->lost, lost);
	link->watch.fd = fd;
	link->watch.events = HOST_POLL_IN;
	link->watch.ready = link_event;
	err = um_fd_watch_add(&link->watch);
	if (!err)
		um_fd_watch_arm(&link->watch);
	return err;
}

void vhost_link_close(struct vhost_link *link)
{
	um_fd_watch_remove(&link->watch);
	cancel_work_sync(&link->lost);
	host_file_close(link->fd);
}

/* The descriptor goes with the first byte. */
static int send_all(struct vhost_link *link, const void *buf, size_t len, int fd, unsigned long end)
{
	ssize_t done;

	while (len) {
		done = host_socket_send(link->fd, buf, len, &fd, fd >= 0);
		if (done == -EAGAIN && time_before(jiffies, end)) {
			schedule_timeout_uninterruptible(1);
			continue;
		}
		if (done < 0)
			return done == -EAGAIN ? -ETIMEDOUT : done;
		buf += done;
		len -= done;
		fd = -1;
	}
	return 0;
}

/* Sleep until something has come.  False: it is too late. */
static bool sleep_for_event(struct vhost_link *link, unsigned long end)
{
	long left = end - jiffies;

	if (left <= 0)
		return false;
	um_fd_watch_arm(&link->watch);
	wait_event_timeout(link->wait, link->event, left);
	return true;
}

static int receive_all(struct vhost_link *link, void *buf, size_t len, unsigned long end)
{
	ssize_t done;

	while (len) {
		link->event = false;
		done = host_socket_receive(link->fd, buf, len);
		if (done == -EAGAIN) {
			if (!sleep_for_event(link, end))
				return -ETIMEDOUT;
			continue;
		}
		if (done <= 0)
			return done ?: -ECONNRESET;
		buf += done;
		len -= done;
	}
	return 0;
}

/* Return: 0, -errno, or 1 for the empty answer, which says that it cannot be done. */
static int receive_answer(struct vhost_link *link, enum vhost_request request, void *answer,
			  u32 size, unsigned long end)
{
	struct vhost_header head;
	int err;

	err = receive_all(link, &head, sizeof(head), end);
	if (err)
		return err;
	if (head.request != request || (head.flags & VHOST_VERSION_MASK) != VHOST_VERSION ||
	    !(head.flags & VHOST_REPLY) || (head.size != size && head.size)) {
		pr_err("virtio_uml: request %u was answered with request %u, flags %x, %u bytes in place of %u\n",
		       request, head.request, head.flags, head.size, size);
		return -EPROTO;
	}
	return head.size ? receive_all(link, answer, size, end) : 1;
}

static int exchange(struct vhost_link *link, enum vhost_request request, const void *payload,
		    u32 size, int fd, void *answer, u32 answer_size)
{
	struct vhost_header head = {
		.request = request,
		.flags = VHOST_VERSION,
		.size = size,
	};
	unsigned long end = jiffies + VHOST_PATIENCE;
	u64 refused = 0;
	int err;

	if (!answer && link->acks) {
		head.flags |= VHOST_NEEDS_REPLY;
		answer = &refused;
		answer_size = sizeof(refused);
	}
	mutex_lock(&link->lock);
	err = link->broken ? -ENOTCONN : send_all(link, &head, sizeof(head), fd, end);
	if (!err)
		err = send_all(link, payload, size, -1, end);
	if (!err && answer)
		err = receive_answer(link, request, answer, answer_size, end);
	if (err < 0 && !link->broken) {
		link->broken = true;
		schedule_work(&link->lost);
	}
	/* To learn of its end. */
	if (!link->broken)
		um_fd_watch_arm(&link->watch);
	mutex_unlock(&link->lock);
	if (err < 0)
		return err;
	return err || refused ? -EIO : 0;
}

int vhost_tell(struct vhost_link *link, enum vhost_request request, const void *payload, u32 size,
	       int fd)
{
	return exchange(link, request, payload, size, fd, NULL, 0);
}

int vhost_tell_u64(struct vhost_link *link, enum vhost_request request, u64 value, int fd)
{
	return exchange(link, request, &value, sizeof(value), fd, NULL, 0);
}

int vhost_ask(struct vhost_link *link, enum vhost_request request, void *payload, u32 size,
	      u32 answer_size)
{
	return exchange(link, request, payload, size, -1, payload, answer_size);
}

int vhost_ask_u64(struct vhost_link *link, enum vhost_request request, u64 *value)
{
	return exchange(link, request, NULL, 0, -1, value, sizeof(*value));
}
