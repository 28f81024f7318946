/* SPDX-License-Identifier: GPL-2.0-only */
/* bus.h - the PCI bus: what the driver of a kind of device and the bus need of each other. */
#ifndef __UM_PCI_BUS_H
#define __UM_PCI_BUS_H

#include <linux/kref.h>
#include <linux/pci.h>
#include <linux/types.h>

#define UM_PCI_SLOTS	32

/* A space of a device: one of its BARs, by number, or its configuration. */
#define UM_PCI_CONFIG	(-1)

/*
 * Physical addresses, above all RAM.  Devices see the first part without the offset, so
 * that BARs of 32 bits lie below 4 GiB whatever the size of RAM.
 */
#define UM_PCI_OFFSET	(1UL << 41)
#define UM_PCI_LOW	(UM_PCI_OFFSET + 0x10000000UL)
#define UM_PCI_LOW_END	(UM_PCI_OFFSET + 0xefffffffUL)
#define UM_PCI_HIGH	(1UL << 42)
#define UM_PCI_HIGH_END	((1UL << 43) - 1)
#define UM_PCI_PORTS	(UM_PCI_OFFSET - 0x100000UL)
#define UM_PCI_PORT_MIN	0x1000

/* The two: with the offset and without. */
extern struct resource *const um_pci_windows[2];

struct um_pci_function;

/**
 * struct um_pci_ops - how a device is reached
 * @read: read; data of several bytes are little-endian
 * @write: write
 * @fill: set a range to one byte
 * @release: the last reference is gone
 *
 * Sizes are any.  Context: any, with or without interrupts; none may sleep.
 */
struct um_pci_ops {
	void (*read)(struct um_pci_function *f, int space, u64 offset, void *buf, u32 size);
	void (*write)(struct um_pci_function *f, int space, u64 offset, const void *buf, u32 size);
	void (*fill)(struct um_pci_function *f, int space, u64 offset, u8 byte, u32 size);
	void (*release)(struct um_pci_function *f);
};

/**
 * struct um_pci_function - a device on the bus
 * @ops: how it is reached
 * @ref: references: the driver's, the bus's, one for each mapping of a BAR
 * @slot: its place
 * @pdev: what Linux made of it, or NULL
 *
 * The driver sets the first two before it calls um_pci_add().
 */
struct um_pci_function {
	const struct um_pci_ops *ops;
	struct kref ref;
	int slot;
	struct pci_dev *pdev;
};

/**
 * um_pci_add() - put a device on the bus and let Linux find it
 * @f: the device; answers from now on
 * @parent: of the bus, if it has to be made
 *
 * Return: 0 or -errno.
 */
int um_pci_add(struct um_pci_function *f, struct device *parent);

/** um_pci_remove() - take a device off the bus. */
void um_pci_remove(struct um_pci_function *f);

/** um_pci_read() - read a little-endian number of up to 8 bytes. */
u64 um_pci_read(struct um_pci_function *f, int space, u64 offset, u32 size);

/** um_pci_write() - write a little-endian number of up to 8 bytes. */
void um_pci_write(struct um_pci_function *f, int space, u64 offset, u64 value, u32 size);

/**
 * um_pci_find_bar() - whose BAR is at an address?
 * @type: IORESOURCE_MEM or IORESOURCE_IO
 * @start: first address, as Linux has it
 * @size: in bytes; must lie wholly in the BAR
 * @bar: where its number is stored
 * @offset: where the offset in it is stored
 *
 * Return: the device, or NULL.
 */
struct um_pci_function *um_pci_find_bar(unsigned long type, resource_size_t start, size_t size,
					int *bar, u64 *offset);

/** um_pci_put() - drop a reference. */
void um_pci_put(struct um_pci_function *f);

/**
 * um_pci_interrupts_init() - make the interrupt domains
 *
 * Return: 0 or -errno.
 */
int um_pci_interrupts_init(void);

/** um_pci_msi_domain() - the domain of message interrupts. */
struct irq_domain *um_pci_msi_domain(void);

/** um_pci_map_pin() - Linux's number of the interrupt of a pin, 1 to 4. */
int um_pci_map_pin(const struct pci_dev *pdev, u8 slot, u8 pin);

/** um_pci_raise_pin() - a device has pulled an interrupt pin.  Context: hard interrupt. */
void um_pci_raise_pin(unsigned int pin);

/** um_pci_raise_message() - a device has written to memory, to interrupt.  Context: same. */
void um_pci_raise_message(u64 address, u32 data);

#endif
