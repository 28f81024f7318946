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
#include <linux/string.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_fs.h>
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

/*
 * A file system backend may leave its configuration to the virtual machine's monitor, that
 * is to us: the tag, by which the guest mounts it, is the last part of the socket's name.
 */
static int own_config(struct vhost_device *dev, unsigned int offset, void *buf, unsigned int len)
{
	struct virtio_fs_config config = { .num_request_queues = cpu_to_le32(1) };

	if (dev->vdev.id.device != VIRTIO_ID_FS || offset + len > sizeof(config))
		return -EOPNOTSUPP;
	strtomem_pad(config.tag, kbasename(dev->path), 0);
	memcpy(buf, (u8 *)&config + offset, len);
	return 0;
}

/* From the beginning on: there are backends that do not look at the offset. */
static int backend_config(struct vhost_device *dev, unsigned int offset, void *buf, unsigned int len)
{
	struct vhost_config config = { .size = offset + len };
	u32 size = VHOST_CONFIG_HEAD + offset + len;
	int err;

	if (offset + len > VHOST_CONFIG_MAX)
		return -ERANGE;
	err = vhost_ask(&dev->link, VHOST_GET_CONFIG, &config, size, size);
	if (!err)
		memcpy(buf, config.data + offset, len);
	return err;
}

static void vhost_get(struct virtio_device *vdev, unsigned int offset, void *buf, unsigned int len)
{
	struct vhost_device *dev = to_vhost(vdev);
	int err;

	if (dev->protocol & VHOST_PROTOCOL_CONFIG)
		err = backend_config(dev, offset, buf, len);
	else
		err = own_config(dev, offset, buf, len);
	if (!err)
		return;
	memset(buf, 0, len);
	if (!dev->no_config_said)
		dev_warn(&vdev->dev, "the backend does not tell its configuration: %d\n", err);
	dev->no_config_said = true;
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

/* How many bytes of the next request are to come: the header tells of the rest. */
static size_t request_missing(const struct vhost_device *dev)
{
	size_t whole = sizeof(dev->request.head);

	if (dev->request_bytes >= whole)
		whole += dev->request.head.size;
	return whole - dev->request_bytes;
}

/* Return: 1 for a whole request, 0 if some of it is still to come, or -errno. */
static int receive_request(struct vhost_device *dev)
{
	size_t missing;

	while ((missing = request_missing(dev))) {
		ssize_t got;

		if (missing > sizeof(dev->request) - dev->request_bytes)
			return -EMSGSIZE;
		got = host_socket_receive(dev->backend.fd, (u8 *)&dev->request + dev->request_bytes,
					  missing);
		if (got <= 0)
			return got == -EAGAIN ? 0 : got ?: -ECONNRESET;
		dev->request_bytes += got;
	}
	dev->request_bytes = 0;
	return 1;
}

/* A request is answered if it wants to be; what we do not know is refused. */
static void serve_request(struct vhost_device *dev)
{
	struct {
		struct vhost_header head;
		u64 refused;
	} __packed answer = {
		.head = {
			.request = dev->request.head.request,
			.flags = VHOST_VERSION | VHOST_REPLY,
			.size = sizeof(answer.refused),
		},
		.refused = dev->request.head.request != VHOST_BACKEND_CONFIG_CHANGED,
	};

	if (!answer.refused)
		virtio_config_changed(&dev->vdev);
	if (dev->request.head.flags & VHOST_NEEDS_REPLY)
		host_socket_send(dev->backend.fd, &answer, sizeof(answer), NULL, 0);
}

static void backend_request(struct um_fd_watch *watch, u32 revents)
{
	struct vhost_device *dev = container_of(watch, struct vhost_device, backend);
	int got = receive_request(dev);

	if (got > 0)
		serve_request(dev);
	/* A stream that is out of step is not listened to any more; the end is no error. */
	if (got >= 0)
		um_fd_watch_arm(watch);
	else if (got == -EMSGSIZE)
		dev_err(&dev->vdev.dev, "the backend sends a request of %u bytes\n",
			dev->request.head.size);
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
	dev->path = host->path;
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
