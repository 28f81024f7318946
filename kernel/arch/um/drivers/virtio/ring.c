// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - virtqueues in guest RAM that another program works on.
 *
 * A ring has two event counters of the host: we raise the one when there are new buffers,
 * the backend the other when it has used some; a watch on that one becomes the ring's
 * interrupt.
 *
 * Ring addresses are given in the kernel process's own address space, as the linear map
 * has them; the one region of memory says how it lies to guest-physical addresses and to
 * the descriptor.  Buffers in the kernel's image are in no region: drivers do not use
 * any, as static data cannot be mapped for devices elsewhere either.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>
#include <host/file.h>
#include <host/ram.h>
#include <host/socket.h>
#include "device.h"

#define RING_SIZE	256

/**
 * struct vhost_ring - one virtqueue, in its @priv
 * @vq: the virtqueue
 * @kick_fd: raised by us
 * @call: watch of the counter that the backend raises
 * @called: @call is in use: the driver wants to be called
 * @started: the backend works on it
 */
struct vhost_ring {
	struct virtqueue *vq;
	int kick_fd;
	struct um_fd_watch call;
	bool called;
	bool started;
};

static void stop_ring(struct vhost_device *dev, struct vhost_ring *ring)
{
	struct vhost_ring_state state = { .index = ring->vq->index };

	if (!ring->started)
		return;
	ring->started = false;
	vhost_ask(&dev->link, VHOST_GET_VRING_BASE, &state, sizeof(state), sizeof(state));
}

void vhost_stop_rings(struct vhost_device *dev)
{
	struct virtqueue *vq;

	virtio_device_for_each_vq(&dev->vdev, vq)
		stop_ring(dev, vq->priv);
}

static bool ring_kick(struct virtqueue *vq)
{
	struct vhost_ring *ring = vq->priv;

	host_event_raise(ring->kick_fd);
	return true;
}

static void ring_called(struct um_fd_watch *watch, u32 revents)
{
	struct vhost_ring *ring = container_of(watch, struct vhost_ring, call);

	host_event_clear(watch->fd);
	vring_interrupt(0, ring->vq);
	um_fd_watch_arm(watch);
}

static u64 user_address(dma_addr_t guest)
{
	return (u64)__va(guest);
}

static int start_ring(struct vhost_device *dev, struct vhost_ring *ring)
{
	struct virtqueue *vq = ring->vq;
	struct vhost_ring_state state = { .index = vq->index };
	struct vhost_ring_address address = {
		.index = vq->index,
		.descriptors = user_address(virtqueue_get_desc_addr(vq)),
		.used = user_address(virtqueue_get_used_addr(vq)),
		.available = user_address(virtqueue_get_avail_addr(vq)),
		.log = ~0ULL,
	};
	struct vhost_link *link = &dev->link;
	int err;

	state.num = virtqueue_get_vring_size(vq);
	err = vhost_tell(link, VHOST_SET_VRING_NUM, &state, sizeof(state), -1);
	if (err)
		return err;
	state.num = 0;
	err = vhost_tell(link, VHOST_SET_VRING_BASE, &state, sizeof(state), -1);
	if (err)
		return err;
	err = vhost_tell(link, VHOST_SET_VRING_ADDR, &address, sizeof(address), -1);
	if (err)
		return err;
	ring->started = true;
	if (ring->called)
		err = vhost_tell_u64(link, VHOST_SET_VRING_CALL, vq->index, ring->call.fd);
	else
		err = vhost_tell_u64(link, VHOST_SET_VRING_CALL, vq->index | VHOST_NO_FD, -1);
	if (err)
		return err;
	err = vhost_tell_u64(link, VHOST_SET_VRING_KICK, vq->index, ring->kick_fd);
	if (err || !(dev->offered & VHOST_HAS_PROTOCOL))
		return err;
	state.num = 1;
	return vhost_tell(link, VHOST_SET_VRING_ENABLE, &state, sizeof(state), -1);
}

/* Return: 0 or -errno.  The watch of the counter is armed. */
static int watch_ring(struct vhost_ring *ring)
{
	int err;

	ring->call.fd = host_event_create();
	if (ring->call.fd < 0)
		return ring->call.fd;
	ring->call.events = HOST_POLL_IN;
	ring->call.ready = ring_called;
	err = um_fd_watch_add(&ring->call);
	if (err) {
		host_file_close(ring->call.fd);
		return err;
	}
	ring->called = true;
	um_fd_watch_arm(&ring->call);
	return 0;
}

static void free_ring(struct vhost_ring *ring)
{
	if (ring->called) {
		um_fd_watch_remove(&ring->call);
		host_file_close(ring->call.fd);
	}
	if (ring->kick_fd >= 0)
		host_file_close(ring->kick_fd);
	if (ring->vq)
		vring_del_virtqueue(ring->vq);
	kfree(ring);
}

static struct virtqueue *make_ring(struct vhost_device *dev, unsigned int index,
				   const struct virtqueue_info *info)
{
	struct vhost_ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	int err;

	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->kick_fd = host_event_create();
	ring->vq = vring_create_virtqueue(index, RING_SIZE, PAGE_SIZE, &dev->vdev, true, true,
					  info->ctx, ring_kick, info->callback, info->name);
	err = !ring->vq ? -ENOMEM : min(ring->kick_fd, 0);
	if (!err) {
		ring->vq->priv = ring;
		ring->vq->num_max = RING_SIZE;
		if (info->callback)
			err = watch_ring(ring);
	}
	if (err) {
		free_ring(ring);
		return ERR_PTR(err);
	}
	return ring->vq;
}

static int share_memory(struct vhost_device *dev)
{
	struct vhost_memory memory = {
		.count = 1,
		.guest = host_ram_base,
		.size = host_ram_bytes,
		.user = user_address(host_ram_base),
	};

	return vhost_tell(&dev->link, VHOST_SET_MEM_TABLE, &memory, sizeof(memory), host_ram_fd);
}

void vhost_del_vqs(struct virtio_device *vdev)
{
	struct virtqueue *vq, *next;

	list_for_each_entry_safe(vq, next, &vdev->vqs, list) {
		stop_ring(to_vhost(vdev), vq->priv);
		free_ring(vq->priv);
	}
}

int vhost_find_vqs(struct virtio_device *vdev, unsigned int count, struct virtqueue *vqs[],
		   struct virtqueue_info infos[], struct irq_affinity *affinity)
{
	struct vhost_device *dev = to_vhost(vdev);
	unsigned int index = 0;
	int err = share_memory(dev);

	for (unsigned int i = 0; i < count && !err; i++) {
		vqs[i] = NULL;
		if (!infos[i].name)
			continue;
		if (index >= dev->queues) {
			err = -ENOENT;
			break;
		}
		vqs[i] = make_ring(dev, index++, &infos[i]);
		err = IS_ERR(vqs[i]) ? PTR_ERR(vqs[i]) : start_ring(dev, vqs[i]->priv);
	}
	if (err) {
		dev_err(&vdev->dev, "cannot set up the queues: %d\n", err);
		vhost_del_vqs(vdev);
	}
	return err;
}
