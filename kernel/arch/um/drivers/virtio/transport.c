// SPDX-License-Identifier: GPL-2.0-only
/*
 * transport.c - virtio devices that other programs of the host serve.
 *
 * Theory of operation.  The other program, the backend, maps guest RAM by a descriptor
 * that we send it and works on the rings in it (ring.c).  All else - features,
 * configuration, the life of rings - are messages on a socket (link.c).
 *
 * A backend that has gone does not come back: its device is broken from then on.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/kernel.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_ids.h>
#include <uapi/linux/virtio_net.h>
#include <host/file.h>
#include <host/irq.h>
#include <host/socket.h>
#include <host/vhost.h>
#include "device.h"

#define OUR_PROTOCOL	(VHOST_PROTOCOL_QUEUES | VHOST_PROTOCOL_ACK | VHOST_PROTOCOL_BACKEND | \
			 VHOST_PROTOCOL_CONFIG | VHOST_PROTOCOL_RESET | VHOST_PROTOCOL_STATUS)

/* Features of the transport that we can offer, if the backend does. */
#define OUR_TRANSPORT	(BIT_ULL(VIRTIO_RING_F_INDIRECT_DESC) | BIT_ULL(VIRTIO_RING_F_EVENT_IDX) | \
			 BIT_ULL(VIRTIO_F_VERSION_1) | BIT_ULL(VIRTIO_F_ORDER_PLATFORM))
#define ALL_TRANSPORT	GENMASK_ULL(VIRTIO_TRANSPORT_F_END - 1, VIRTIO_TRANSPORT_F_START)

/*
 * A network backend leaves the control queue to the virtual machine's monitor, and
 * without configuration space these have nowhere to be read from.
 */
#define NET_CONTROL	(BIT_ULL(VIRTIO_NET_F_CTRL_VQ) | BIT_ULL(VIRTIO_NET_F_CTRL_RX) | \
			 BIT_ULL(VIRTIO_NET_F_CTRL_VLAN) | BIT_ULL(VIRTIO_NET_F_CTRL_MAC_ADDR) | \
			 BIT_ULL(VIRTIO_NET_F_GUEST_ANNOUNCE) | BIT_ULL(VIRTIO_NET_F_MQ))
#define NET_CONFIG	(BIT_ULL(VIRTIO_NET_F_MAC) | BIT_ULL(VIRTIO_NET_F_STATUS) | \
			 BIT_ULL(VIRTIO_NET_F_MTU))

/* ---------------------------------------------------------- configuration */

/* From the beginning on: there are backends that do not look at the offset. */
static void vhost_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	struct vhost_device *dev = to_vhost(vdev);
	struct vhost_config config = { .size = offset + len };
	u32 size = VHOST_CONFIG_HEAD + offset + len;
	int err = -EOPNOTSUPP;

	if (offset + len > VHOST_CONFIG_MAX)
		err = -ERANGE;
	else if (dev->protocol & VHOST_PROTOCOL_CONFIG)
		err = vhost_ask(&dev->link, VHOST_GET_CONFIG, &config, size, size);
	if (err && !dev->no_config_said) {
		dev_warn(&vdev->dev, "the backend does not tell its configuration: %d\n", err);
		dev->no_config_said = true;
	}
	if (err)
		memset(buf, 0, len);
	else
		memcpy(buf, config.data + offset, len);
}

static void vhost_set(struct virtio_device *vdev, unsigned int offset, const void *buf,
		      unsigned int len)
{
	struct vhost_device *dev = to_vhost(vdev);
	struct vhost_config config = { .offset = offset, .size = len };
	int err = -EOPNOTSUPP;

	if (offset + len > VHOST_CONFIG_MAX) {
		err = -ERANGE;
	} else if (dev->protocol & VHOST_PROTOCOL_CONFIG) {
		memcpy(config.data, buf, len);
		err = vhost_tell(&dev->link, VHOST_SET_CONFIG, &config, VHOST_CONFIG_HEAD + len, -1);
	}
	if (err)
		dev_warn(&vdev->dev, "the backend does not take configuration at %u: %d\n", offset, err);
}

static u64 vhost_get_features(struct virtio_device *vdev)
{
	struct vhost_device *dev = to_vhost(vdev);
	u64 features = dev->offered & ~VHOST_HAS_PROTOCOL & (OUR_TRANSPORT | ~ALL_TRANSPORT);

	if (vdev->id.device == VIRTIO_ID_NET) {
		features &= ~NET_CONTROL;
		if (!(dev->protocol & VHOST_PROTOCOL_CONFIG))
			features &= ~NET_CONFIG;
	}
	return features;
}

static int vhost_finalize_features(struct virtio_device *vdev)
{
	struct vhost_device *dev = to_vhost(vdev);

	vring_transport_features(vdev);
	return vhost_tell_u64(&dev->link, VHOST_SET_FEATURES,
			      vdev->features | (dev->offered & VHOST_HAS_PROTOCOL), -1);
}

static const char *vhost_bus_name(struct virtio_device *vdev)
{
	return dev_name(vdev->dev.parent);
}

static u8 vhost_get_status(struct virtio_device *vdev)
{
	struct vhost_device *dev = to_vhost(vdev);
	u64 status;

	/* The backend may want to add that it needs a reset. */
	if ((dev->protocol & VHOST_PROTOCOL_STATUS) && dev->status &&
	    !vhost_ask_u64(&dev->link, VHOST_GET_STATUS, &status))
		dev->status |= status & VIRTIO_CONFIG_S_NEEDS_RESET;
	return dev->status;
}

static void vhost_set_status(struct virtio_device *vdev, u8 status)
{
	struct vhost_device *dev = to_vhost(vdev);

	dev->status = status;
	if (dev->protocol & VHOST_PROTOCOL_STATUS)
		vhost_tell_u64(&dev->link, VHOST_SET_STATUS, status, -1);
}

static void vhost_reset(struct virtio_device *vdev)
{
	struct vhost_device *dev = to_vhost(vdev);

	vhost_stop_rings(dev);
	if (!dev->status)
		return;
	if (dev->protocol & VHOST_PROTOCOL_STATUS)
		vhost_tell_u64(&dev->link, VHOST_SET_STATUS, 0, -1);
	else if (dev->protocol & VHOST_PROTOCOL_RESET)
		vhost_tell(&dev->link, VHOST_RESET_DEVICE, NULL, 0, -1);
	dev->status = 0;
}

/* Rings are called by the handler of one interrupt. */
static void vhost_synchronize_cbs(struct virtio_device *vdev)
{
	synchronize_irq(HOST_IRQ_POLL);
}

static const struct virtio_config_ops vhost_ops = {
	.get = vhost_get,
	.set = vhost_set,
	.get_status = vhost_get_status,
	.set_status = vhost_set_status,
	.reset = vhost_reset,
	.find_vqs = vhost_find_vqs,
	.del_vqs = vhost_del_vqs,
	.synchronize_cbs = vhost_synchronize_cbs,
	.get_features = vhost_get_features,
	.finalize_features = vhost_finalize_features,
	.bus_name = vhost_bus_name,
};

/* ---------------------------------------------- what the backend asks of us */

/* A request without data is answered if it wants to be; what we do not know is refused. */
static void backend_request(struct um_fd_watch *watch, u32 revents)
{
	struct vhost_device *dev = container_of(watch, struct vhost_device, backend);
	struct {
		struct vhost_header head;
		u64 refused;
	} __packed answer;
	u8 payload[64];
	ssize_t got = host_socket_receive(watch->fd, &answer.head, sizeof(answer.head));

	if (got != sizeof(answer.head) || answer.head.size > sizeof(payload) ||
	    host_socket_receive(watch->fd, payload, answer.head.size) != answer.head.size) {
		/* A stream that is out of step is not listened to any more; the end is no error. */
		if (got > 0)
			dev_err(&dev->vdev.dev, "the backend sends requests that are cut short\n");
		if (got != -EAGAIN)
			return;
	} else {
		answer.refused = answer.head.request != VHOST_BACKEND_CONFIG_CHANGED;
		if (!answer.refused)
			virtio_config_changed(&dev->vdev);
		if (answer.head.flags & VHOST_NEEDS_REPLY) {
			answer.head.flags = VHOST_VERSION | VHOST_REPLY;
			answer.head.size = sizeof(answer.refused);
			host_socket_send(watch->fd, &answer, sizeof(answer), NULL, 0);
		}
	}
	um_fd_watch_arm(watch);
}

static int open_backend_channel(struct vhost_device *dev)
{
	int fds[2], err;

	err = host_socket_pair(fds);
	if (err)
		return err;
	dev->backend.fd = fds[0];
	dev->backend.events = HOST_POLL_IN;
	dev->backend.ready = backend_request;
	err = um_fd_watch_add(&dev->backend);
	if (!err)
		err = vhost_tell(&dev->link, VHOST_SET_BACKEND_FD, NULL, 0, fds[1]);
	host_file_close(fds[1]);
	return err;
}

/* ----------------------------------------------------------------- devices */

static void vhost_lost(struct work_struct *work)
{
	struct vhost_device *dev = container_of(work, struct vhost_device, link.lost);

	dev_err(dev->vdev.dev.parent, "the program that serves this device has gone\n");
	if (device_is_registered(&dev->vdev.dev))
		virtio_break_device(&dev->vdev);
}

/* The first words on a new connection. */
static int negotiate(struct vhost_device *dev)
{
	struct vhost_link *link = &dev->link;
	int err;

	dev->queues = U64_MAX;
	err = vhost_tell(link, VHOST_SET_OWNER, NULL, 0, -1);
	if (!err)
		err = vhost_ask_u64(link, VHOST_GET_FEATURES, &dev->offered);
	if (err || !(dev->offered & VHOST_HAS_PROTOCOL))
		return err;
	err = vhost_ask_u64(link, VHOST_GET_PROTOCOL_FEATURES, &dev->protocol);
	dev->protocol &= OUR_PROTOCOL;
	if (!err)
		err = vhost_tell_u64(link, VHOST_SET_PROTOCOL_FEATURES, dev->protocol, -1);
	if (err)
		return err;
	link->acks = dev->protocol & VHOST_PROTOCOL_ACK;
	if (dev->protocol & VHOST_PROTOCOL_QUEUES)
		err = vhost_ask_u64(link, VHOST_GET_QUEUE_NUM, &dev->queues);
	if (!err && (dev->protocol & VHOST_PROTOCOL_BACKEND))
		err = open_backend_channel(dev);
	return err;
}

static void vhost_release(struct device *device)
{
	kfree(to_vhost(dev_to_virtio(device)));
}

static int vhost_add(const struct host_vhost *host, struct device *parent)
{
	struct vhost_device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);
	int err;

	if (!dev)
		return -ENOMEM;
	dev->vdev.dev.parent = parent;
	dev->vdev.dev.release = vhost_release;
	dev->vdev.config = &vhost_ops;
	dev->vdev.id.device = host->virtio_id;
	dev->vdev.id.vendor = VIRTIO_DEV_ANY_ID;
	dev->backend.fd = -1;
	err = vhost_link_open(&dev->link, host->fd, vhost_lost);
	if (!err)
		err = negotiate(dev);
	if (err) {
		/* What is left of it stays: a work or an event may be on its way. */
		dev->link.broken = true;
		return err;
	}
	err = register_virtio_device(&dev->vdev);
	if (!err && dev->backend.fd >= 0)
		um_fd_watch_arm(&dev->backend);
	return err;
}

static int __init vhost_init(void)
{
	for (int i = 0; i < HOST_VHOSTS && host_vhosts[i].path; i++) {
		const struct host_vhost *host = &host_vhosts[i];
		struct platform_device *pdev;
		int err;

		pdev = platform_device_register_simple("virtio-uml", host->number, NULL, 0);
		err = IS_ERR(pdev) ? PTR_ERR(pdev) : vhost_add(host, &pdev->dev);
		if (err)
			pr_err("virtio_uml: %s: cannot add the device: %d\n", host->path, err);
	}
	return 0;
}
device_initcall(vhost_init);
