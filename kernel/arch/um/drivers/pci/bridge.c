// SPDX-License-Identifier: GPL-2.0-only
/*
 * bridge.c - the PCI bus: one host bridge, a row of slots, a device of one function in
 * each.  The bridge appears with the first device.
 */
#include <linux/bitfield.h>
#include <linux/err.h>
#include <linux/ioport.h>
#include <linux/pci.h>
#include <linux/spinlock.h>
#include "bus.h"

static DEFINE_SPINLOCK(slots_lock);		/* guards the row, and @pdev of those in it */
static struct um_pci_function *slots[UM_PCI_SLOTS];
static DEFINE_MUTEX(bus_lock);			/* one device comes or goes at a time */
static struct pci_bus *root_bus;

static struct resource bus_numbers = DEFINE_RES_NAMED(0, 1, "PCI bus 0", IORESOURCE_BUS);
static struct resource port_window = DEFINE_RES_NAMED(
	UM_PCI_PORT_MIN, IO_SPACE_LIMIT + 1 - UM_PCI_PORT_MIN, "PCI ports", IORESOURCE_IO);

u64 um_pci_read(struct um_pci_function *f, int space, u64 offset, u32 size)
{
	__le64 value = 0;

	f->ops->read(f, space, offset, &value, size);
	return le64_to_cpu(value);
}

void um_pci_write(struct um_pci_function *f, int space, u64 offset, u64 value, u32 size)
{
	__le64 bytes = cpu_to_le64(value);

	f->ops->write(f, space, offset, &bytes, size);
}

static void last_put(struct kref *ref)
{
	struct um_pci_function *f = container_of(ref, struct um_pci_function, ref);

	f->ops->release(f);
}

void um_pci_put(struct um_pci_function *f)
{
	kref_put(&f->ref, last_put);
}

/* The device in a slot, with a reference, or NULL. */
static struct um_pci_function *get_slot(unsigned int slot)
{
	struct um_pci_function *f = NULL;
	unsigned long flags;

	spin_lock_irqsave(&slots_lock, flags);
	if (slot < UM_PCI_SLOTS)
		f = slots[slot];
	if (f)
		kref_get(&f->ref);
	spin_unlock_irqrestore(&slots_lock, flags);
	return f;
}

static bool covers(const struct resource *bar, unsigned long type, resource_size_t start,
		   size_t size)
{
	return resource_type(bar) == type && resource_size(bar) && start >= bar->start &&
	       start + size - 1 <= bar->end;
}

struct um_pci_function *um_pci_find_bar(unsigned long type, resource_size_t start, size_t size,
					int *bar, u64 *offset)
{
	struct um_pci_function *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&slots_lock, flags);
	for (int i = 0; i < UM_PCI_SLOTS && !found; i++) {
		if (!slots[i] || !slots[i]->pdev)
			continue;
		for (*bar = 0; *bar < PCI_STD_NUM_BARS && !found; ++*bar) {
			const struct resource *res = &slots[i]->pdev->resource[*bar];

			if (covers(res, type, start, size)) {
				*offset = start - res->start;
				found = slots[i];
				kref_get(&found->ref);
				break;
			}
		}
	}
	spin_unlock_irqrestore(&slots_lock, flags);
	return found;
}

/* ---------------------------------------------------------- configuration */

static int config_read(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 *value)
{
	struct um_pci_function *f = PCI_FUNC(devfn) ? NULL : get_slot(PCI_SLOT(devfn));

	if (!f) {
		PCI_SET_ERROR_RESPONSE(value);
		return PCIBIOS_DEVICE_NOT_FOUND;
	}
	*value = um_pci_read(f, UM_PCI_CONFIG, where, size);
	um_pci_put(f);
	return PCIBIOS_SUCCESSFUL;
}

static int config_write(struct pci_bus *bus, unsigned int devfn, int where, int size, u32 value)
{
	struct um_pci_function *f = PCI_FUNC(devfn) ? NULL : get_slot(PCI_SLOT(devfn));

	if (!f)
		return PCIBIOS_DEVICE_NOT_FOUND;
	um_pci_write(f, UM_PCI_CONFIG, where, value, size);
	um_pci_put(f);
	return PCIBIOS_SUCCESSFUL;
}

static struct pci_ops config_ops = {
	.read = config_read,
	.write = config_write,
};

static void set_pdev(struct pci_dev *pdev, struct pci_dev *value)
{
	struct um_pci_function *f = get_slot(PCI_SLOT(pdev->devfn));

	if (!f)
		return;
	spin_lock_irq(&slots_lock);
	if (value || f->pdev == pdev)
		f->pdev = value;
	spin_unlock_irq(&slots_lock);
	um_pci_put(f);
}

/* The bus's own hooks: Linux has found a device in a slot; it forgets one. */
int pcibios_device_add(struct pci_dev *pdev)
{
	set_pdev(pdev, pdev);
	return 0;
}

void pcibios_release_device(struct pci_dev *pdev)
{
	set_pdev(pdev, NULL);
}

/* --------------------------------------------------------------- the bus */

static int make_bus(struct device *parent)
{
	struct pci_host_bridge *bridge;
	int err;

	err = um_pci_interrupts_init();
	if (err)
		return err;
	err = request_resource(&ioport_resource, &port_window);
	if (err)
		return err;
	bridge = pci_alloc_host_bridge(0);
	if (!bridge)
		return -ENOMEM;
	bridge->dev.parent = parent;
	bridge->ops = &config_ops;
	bridge->map_irq = um_pci_map_pin;
	bridge->swizzle_irq = pci_common_swizzle;
	dev_set_msi_domain(&bridge->dev, um_pci_msi_domain());
	pci_add_resource(&bridge->windows, &bus_numbers);
	pci_add_resource(&bridge->windows, &port_window);
	pci_add_resource_offset(&bridge->windows, um_pci_windows[0], UM_PCI_OFFSET);
	pci_add_resource(&bridge->windows, um_pci_windows[1]);
	err = pci_host_probe(bridge);
	if (err)
		pci_free_host_bridge(bridge);
	else
		root_bus = bridge->bus;
	return err;
}

static void find_devices(void)
{
	pci_lock_rescan_remove();
	pci_rescan_bus(root_bus);
	pci_unlock_rescan_remove();
}

static int take_slot(struct um_pci_function *f)
{
	int slot, err = -ENOSPC;

	spin_lock_irq(&slots_lock);
	for (slot = 0; slot < UM_PCI_SLOTS && err; slot++) {
		if (!slots[slot]) {
			kref_get(&f->ref);
			slots[slot] = f;
			f->slot = slot;
			err = 0;
		}
	}
	spin_unlock_irq(&slots_lock);
	return err;
}

static void leave_slot(struct um_pci_function *f)
{
	spin_lock_irq(&slots_lock);
	slots[f->slot] = NULL;
	spin_unlock_irq(&slots_lock);
	um_pci_put(f);
}

int um_pci_add(struct um_pci_function *f, struct device *parent)
{
	int err;

	mutex_lock(&bus_lock);
	err = take_slot(f);
	if (!err && root_bus) {
		find_devices();
	} else if (!err) {
		err = make_bus(parent);
		if (err)
			leave_slot(f);
	}
	mutex_unlock(&bus_lock);
	return err;
}

void um_pci_remove(struct um_pci_function *f)
{
	struct pci_dev *pdev;

	mutex_lock(&bus_lock);
	pdev = pci_get_slot(root_bus, PCI_DEVFN(f->slot, 0));
	if (pdev) {
		pci_stop_and_remove_bus_device_locked(pdev);
		pci_dev_put(pdev);
	}
	leave_slot(f);
	mutex_unlock(&bus_lock);
}
