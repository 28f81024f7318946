// SPDX-License-Identifier: GPL-2.0-only
/*
 * virtio.c - PCI devices that are served through virtio: a device behind a device.
 *
 * Theory of operation.  The messages are those of <uapi/linux/virtio_pcidev.h>.  Queue 0
 * takes our commands: reads and writes of configuration space and BARs.  On queue 1 the
 * device sends its interrupts, into buffers that wait there.
 *
 * A register access cannot sleep, so a command is waited for where it stands: spinning
 * for a moment, then in short sleeps of the host's thread.  There is one command at a
 * time and its buffers belong to the device, so nothing is allocated.  A device that does
 * not answer for PATIENCE_NS is given up: its buffers are the other side's from then on,
 * reads give all bits set as on a bus without a device.
 */
#include <linux/err.h>
#include <linux/moduleparam.h>
#include <linux/pci.h>
#include <linux/pm_runtime.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/virtio.h>
#include <linux/virtio_config.h>
#include <uapi/linux/virtio_pcidev.h>
#include <host/clock.h>
#include "bus.h"

#define PATIENCE_NS	(5ULL * NSEC_PER_SEC)
#define SPINS		2000
#define NAP_NS		20000
#define DATA_BYTES	1024		/* of one command; longer accesses are several */
#define EVENTS		32

struct command {
	struct virtio_pcidev_msg head;
	u8 data[DATA_BYTES];
};

struct event {
	struct virtio_pcidev_msg head;
	u8 data[8];
};

/**
 * struct virtio_pci_function - one device
 * @function: towards the bus
 * @vdev: towards the other side
 * @commands: queue 0
 * @events: queue 1
 * @lock: one command at a time
 * @lost: it did not answer
 * @request: the command and what it writes
 * @answer: what it reads
 * @event: buffers for @events
 * @pme: it has asked to be woken
 */
struct virtio_pci_function {
	struct um_pci_function function;
	struct virtio_device *vdev;
	struct virtqueue *commands;
	struct virtqueue *events;
	spinlock_t lock;
	bool lost;
	struct command request;
	u8 answer[DATA_BYTES];
	struct event event[EVENTS];
	struct work_struct pme;
};

static int virtio_id = CONFIG_UML_PCI_OVER_VIRTIO_DEVICE_ID;

static struct virtio_pci_function *to_virtio(struct um_pci_function *f)
{
	return container_of(f, struct virtio_pci_function, function);
}

/* --------------------------------------------------------------- commands */

/* Wait until the other side has used the buffers of the command.  False: it does not. */
static bool await_answer(struct virtio_pci_function *v, u32 *len)
{
	u64 end = host_clock_ns() + PATIENCE_NS;

	for (unsigned int spins = 0; !virtqueue_get_buf(v->commands, len); spins++) {
		if (virtqueue_is_broken(v->commands))
			return false;
		if (spins < SPINS) {
			cpu_relax();
			continue;
		}
		if (host_clock_ns() > end) {
			dev_err(&v->vdev->dev, "the PCI device does not answer: given up\n");
			return false;
		}
		host_nap(NAP_NS);
	}
	return true;
}

/* One command: @out bytes of the request's data go, @in bytes come.  With the lock. */
static bool command(struct virtio_pci_function *v, u8 op, int bar, u64 addr, u32 size, u32 out,
		    u32 in)
{
	struct scatterlist request, answer, *lists[] = { &request, &answer };
	u32 len;

	if (v->lost)
		return false;
	v->request.head = (struct virtio_pcidev_msg){
		.op = op,
		.bar = bar,
		.size = size,
		.addr = addr,
	};
	sg_init_one(&request, &v->request, sizeof(v->request.head) + out);
	sg_init_one(&answer, v->answer, in);
	if (virtqueue_add_sgs(v->commands, lists, 1, in ? 1 : 0, v, GFP_ATOMIC) ||
	    !virtqueue_kick(v->commands) || !await_answer(v, &len)) {
		v->lost = true;
		return false;
	}
	return len >= in;
}

static void function_read(struct um_pci_function *f, int space, u64 offset, void *buf, u32 size)
{
	struct virtio_pci_function *v = to_virtio(f);
	const u8 op = space < 0 ? VIRTIO_PCIDEV_OP_CFG_READ : VIRTIO_PCIDEV_OP_MMIO_READ;
	unsigned long flags;

	for (u32 step; size; size -= step, offset += step, buf += step) {
		step = min_t(u32, size, DATA_BYTES);
		spin_lock_irqsave(&v->lock, flags);
		if (command(v, op, max(space, 0), offset, step, 0, step))
			memcpy(buf, v->answer, step);
		else
			memset(buf, 0xff, step);
		spin_unlock_irqrestore(&v->lock, flags);
	}
}

static void function_write(struct um_pci_function *f, int space, u64 offset, const void *buf,
			   u32 size)
{
	struct virtio_pci_function *v = to_virtio(f);
	const u8 op = space < 0 ? VIRTIO_PCIDEV_OP_CFG_WRITE : VIRTIO_PCIDEV_OP_MMIO_WRITE;
	unsigned long flags;

	for (u32 step; size; size -= step, offset += step, buf += step) {
		step = min_t(u32, size, DATA_BYTES);
		spin_lock_irqsave(&v->lock, flags);
		memcpy(v->request.data, buf, step);
		command(v, op, max(space, 0), offset, step, step, 0);
		spin_unlock_irqrestore(&v->lock, flags);
	}
}

static void function_fill(struct um_pci_function *f, int space, u64 offset, u8 byte, u32 size)
{
	struct virtio_pci_function *v = to_virtio(f);
	unsigned long flags;

	spin_lock_irqsave(&v->lock, flags);
	v->request.data[0] = byte;
	command(v, VIRTIO_PCIDEV_OP_MMIO_MEMSET, space, offset, size, 1, 0);
	spin_unlock_irqrestore(&v->lock, flags);
}

static void function_release(struct um_pci_function *f)
{
	kfree(to_virtio(f));
}

static const struct um_pci_ops function_ops = {
	.read = function_read,
	.write = function_write,
	.fill = function_fill,
	.release = function_release,
};

/* ----------------------------------------------------------------- events */

static void offer_event(struct virtio_pci_function *v, struct event *event)
{
	struct scatterlist list;

	sg_init_one(&list, event, sizeof(*event));
	virtqueue_add_inbuf(v->events, &list, 1, event, GFP_ATOMIC);
}

static void wake(struct work_struct *work)
{
	struct virtio_pci_function *v = container_of(work, struct virtio_pci_function, pme);
	struct pci_dev *pdev = v->function.pdev;

	if (pdev)
		pm_request_resume(&pdev->dev);
}

static void serve_event(struct virtio_pci_function *v, const struct event *event, u32 len)
{
	u32 have = len - min_t(u32, len, sizeof(event->head));

	if (len < sizeof(event->head))
		return;
	switch (event->head.op) {
	case VIRTIO_PCIDEV_OP_INT:
		um_pci_raise_pin(event->head.addr);
		break;
	case VIRTIO_PCIDEV_OP_MSI:
		if (event->head.size == 2 && have >= 2)
			um_pci_raise_message(event->head.addr, le16_to_cpup((__le16 *)event->data));
		else if (event->head.size == 4 && have >= 4)
			um_pci_raise_message(event->head.addr, le32_to_cpup((__le32 *)event->data));
		break;
	case VIRTIO_PCIDEV_OP_PME:
		schedule_work(&v->pme);
		break;
	default:
		dev_warn_ratelimited(&v->vdev->dev, "event %u is none of a PCI device\n",
				     event->head.op);
	}
}

static void events_called(struct virtqueue *vq)
{
	struct virtio_pci_function *v = vq->vdev->priv;
	struct event *event;
	u32 len;

	while ((event = virtqueue_get_buf(vq, &len))) {
		serve_event(v, event, len);
		offer_event(v, event);
	}
	virtqueue_kick(vq);
}

/* ----------------------------------------------------------------- devices */

static int function_probe(struct virtio_device *vdev)
{
	struct virtqueue_info infos[] = {
		{ .name = "commands" },
		{ .name = "events", .callback = events_called },
	};
	struct virtio_pci_function *v = kzalloc(sizeof(*v), GFP_KERNEL);
	struct virtqueue *vqs[ARRAY_SIZE(infos)];
	int err;

	if (!v)
		return -ENOMEM;
	v->function.ops = &function_ops;
	kref_init(&v->function.ref);
	v->vdev = vdev;
	spin_lock_init(&v->lock);
	INIT_WORK(&v->pme, wake);
	vdev->priv = v;
	err = virtio_find_vqs(vdev, ARRAY_SIZE(infos), vqs, infos, NULL);
	if (err) {
		kfree(v);
		return err;
	}
	v->commands = vqs[0];
	v->events = vqs[1];
	virtio_device_ready(vdev);
	for (int i = 0; i < EVENTS; i++)
		offer_event(v, &v->event[i]);
	virtqueue_kick(v->events);
	err = um_pci_add(&v->function, &vdev->dev);
	if (err) {
		virtio_reset_device(vdev);
		vdev->config->del_vqs(vdev);
		um_pci_put(&v->function);
	}
	return err;
}

static void function_remove(struct virtio_device *vdev)
{
	struct virtio_pci_function *v = vdev->priv;

	/* Its driver may still want to talk to it; nobody can after that. */
	um_pci_remove(&v->function);
	spin_lock_irq(&v->lock);
	v->lost = true;
	spin_unlock_irq(&v->lock);
	virtio_reset_device(vdev);
	cancel_work_sync(&v->pme);
	vdev->config->del_vqs(vdev);
	um_pci_put(&v->function);
}

static struct virtio_device_id ids[] = {
	{ .vendor = VIRTIO_DEV_ANY_ID },
	{ }
};

static struct virtio_driver function_driver = {
	.driver.name = "um-pci",
	.id_table = ids,
	.probe = function_probe,
	.remove = function_remove,
};

/* No kind of virtio device is set aside for this: whoever has one says which he uses. */
static int __init function_init(void)
{
	if (virtio_id <= 0)
		return 0;
	ids[0].device = virtio_id;
	return register_virtio_driver(&function_driver);
}
device_initcall(function_init);

module_param(virtio_id, int, 0444);
MODULE_PARM_DESC(virtio_id, "virtio device id of PCI devices");
