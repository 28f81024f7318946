/* SPDX-License-Identifier: GPL-2.0-only */
/* device.h - a virtio device that another program serves, and its rings. */
#ifndef __UM_VIRTIO_DEVICE_H
#define __UM_VIRTIO_DEVICE_H

#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <asm/fdwatch.h>
#include "link.h"

/**
 * struct vhost_device - one device
 * @vdev: towards the virtio drivers
 * @link: the connection
 * @backend: watch of the socket for requests of the backend; fd -1 without one
 * @request: the next request of the backend, as far as it has come
 * @request_bytes: how far
 * @path: the socket of the backend
 * @offered: features of the backend
 * @protocol: protocol features in use
 * @queues: how many the backend has, if it says so
 * @status: what was set last
 * @no_config_said: the log has the line about it
 */
struct vhost_device {
	struct virtio_device vdev;
	struct vhost_link link;
	struct um_fd_watch backend;
	struct {
		struct vhost_header head;
		u8 payload[VHOST_PAYLOAD_MAX];
	} request;
	size_t request_bytes;
	const char *path;
	u64 offered;
	u64 protocol;
	u64 queues;
	u8 status;
	bool no_config_said;
};

static inline struct vhost_device *to_vhost(struct virtio_device *vdev)
{
	return container_of(vdev, struct vhost_device, vdev);
}

/** vhost_find_vqs() - share guest RAM, make the rings and have them started. */
int vhost_find_vqs(struct virtio_device *vdev, unsigned int count, struct virtqueue *vqs[],
		   struct virtqueue_info infos[], struct irq_affinity *affinity);

/** vhost_stop_rings() - the backend leaves all rings alone from now on. */
void vhost_stop_rings(struct vhost_device *dev);

/** vhost_del_vqs() - stop and free all rings. */
void vhost_del_vqs(struct virtio_device *vdev);

#endif
