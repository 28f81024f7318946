/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * link.h - the connection to a program that serves a device: messages of the vhost-user
 * protocol and their answers.
 */
#ifndef __UM_VIRTIO_LINK_H
#define __UM_VIRTIO_LINK_H

#include <linux/bits.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <asm/fdwatch.h>

/* What we ask of the other side. */
enum vhost_request {
	VHOST_GET_FEATURES = 1,
	VHOST_SET_FEATURES = 2,
	VHOST_SET_OWNER = 3,
	VHOST_SET_MEM_TABLE = 5,
	VHOST_SET_VRING_NUM = 8,
	VHOST_SET_VRING_ADDR = 9,
	VHOST_SET_VRING_BASE = 10,
	VHOST_GET_VRING_BASE = 11,
	VHOST_SET_VRING_KICK = 12,
	VHOST_SET_VRING_CALL = 13,
	VHOST_GET_PROTOCOL_FEATURES = 15,
	VHOST_SET_PROTOCOL_FEATURES = 16,
	VHOST_GET_QUEUE_NUM = 17,
	VHOST_SET_VRING_ENABLE = 18,
	VHOST_SET_BACKEND_FD = 21,
	VHOST_GET_CONFIG = 24,
	VHOST_SET_CONFIG = 25,
	VHOST_RESET_DEVICE = 34,
	VHOST_SET_STATUS = 39,
	VHOST_GET_STATUS = 40,
};

/* What the other side asks of us, on a second socket. */
enum vhost_backend_request {
	VHOST_BACKEND_CONFIG_CHANGED = 2,
};

/* A bit among the device's features: there are protocol features. */
#define VHOST_HAS_PROTOCOL	BIT_ULL(30)

#define VHOST_PROTOCOL_QUEUES	BIT_ULL(0)
#define VHOST_PROTOCOL_ACK	BIT_ULL(3)
#define VHOST_PROTOCOL_BACKEND	BIT_ULL(5)
#define VHOST_PROTOCOL_CONFIG	BIT_ULL(9)
#define VHOST_PROTOCOL_RESET	BIT_ULL(13)
#define VHOST_PROTOCOL_STATUS	BIT_ULL(16)

#define VHOST_VERSION		1
#define VHOST_VERSION_MASK	3
#define VHOST_REPLY		BIT(2)
#define VHOST_NEEDS_REPLY	BIT(3)

#define VHOST_NO_FD		BIT(8)	/* with the index of a ring: no descriptor follows */

#define VHOST_CONFIG_MAX	256
#define VHOST_PAYLOAD_MAX	64	/* of what the other side asks */

struct vhost_header {
	u32 request;
	u32 flags;
	u32 size;
};

struct vhost_ring_state {
	u32 index;
	u32 num;
};

struct vhost_ring_address {
	u32 index;
	u32 flags;
	u64 descriptors;
	u64 used;
	u64 available;
	u64 log;
};

struct vhost_memory {
	u32 count;
	u32 padding;
	u64 guest;
	u64 size;
	u64 user;
	u64 offset;
};

struct vhost_config {
	u32 offset;
	u32 size;
	u32 flags;
	u8 data[VHOST_CONFIG_MAX];
};

#define VHOST_CONFIG_HEAD	offsetof(struct vhost_config, data)

/**
 * struct vhost_link - one connection
 * @fd: the socket
 * @acks: the other side acknowledges what has no answer of its own
 * @broken: the connection has failed, for good
 * @lock: one exchange at a time
 * @watch: of the socket
 * @event: something has happened on the socket since this was cleared
 * @wait: for @event
 * @lost: called in process context once the other side has gone
 */
struct vhost_link {
	int fd;
	bool acks;
	bool broken;
	struct mutex lock;
	struct um_fd_watch watch;
	bool event;
	wait_queue_head_t wait;
	struct work_struct lost;
};

/**
 * vhost_link_open() - prepare a connection
 * @link: the connection
 * @fd: its socket
 * @lost: see struct vhost_link
 *
 * Return: 0 or -errno.
 */
int vhost_link_open(struct vhost_link *link, int fd, work_func_t lost);

/** vhost_link_close() - end a connection; its socket is closed. */
void vhost_link_close(struct vhost_link *link);

/**
 * vhost_tell() - send a message that has no answer but "done"
 * @link: the connection
 * @request: what
 * @payload: its payload, or NULL
 * @size: of the payload in bytes
 * @fd: a descriptor that goes with it, or -1
 *
 * Return: 0, -EIO if the other side refuses, or -errno.  Context: may sleep.
 */
int vhost_tell(struct vhost_link *link, enum vhost_request request, const void *payload, u32 size,
	       int fd);

/** vhost_tell_u64() - vhost_tell() with a number as payload. */
int vhost_tell_u64(struct vhost_link *link, enum vhost_request request, u64 value, int fd);

/**
 * vhost_ask() - send a message and wait for the answer
 * @link: the connection
 * @request: what
 * @payload: its payload, and where the answer's is stored
 * @size: of the payload in bytes
 * @answer_size: of the answer in bytes
 *
 * Return: 0, -EIO for an answer of another size, or -errno.  Context: may sleep.
 */
int vhost_ask(struct vhost_link *link, enum vhost_request request, void *payload, u32 size,
	      u32 answer_size);

/** vhost_ask_u64() - vhost_ask() without a payload for a number. */
int vhost_ask_u64(struct vhost_link *link, enum vhost_request request, u64 *value);

#endif
