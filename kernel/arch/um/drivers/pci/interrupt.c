// SPDX-License-Identifier: GPL-2.0-only
/*
 * interrupt.c - interrupts of PCI devices: four pins for all, and messages.
 *
 * A message is a write of the device to DOORBELL; what it writes is the vector's number.
 */
#include <linux/bitmap.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/log2.h>
#include <linux/msi.h>
#include <linux/mutex.h>
#include "bus.h"

#define PINS		4
#define VECTORS		256
#define DOORBELL	0xf0000000UL	/* behind the BARs of 32 bits */

static struct irq_domain *pin_domain, *vector_domain, *msi_domain;
static DECLARE_BITMAP(vectors_used, VECTORS);
static DEFINE_MUTEX(vectors_lock);

/* ------------------------------------------------------------------- pins */

static struct irq_chip pin_chip = {
	.name = "pci-pin",
};

static int pin_map(struct irq_domain *domain, unsigned int irq, irq_hw_number_t pin)
{
	irq_set_chip_and_handler(irq, &pin_chip, handle_simple_irq);
	return 0;
}

static const struct irq_domain_ops pin_ops = {
	.map = pin_map,
};

int um_pci_map_pin(const struct pci_dev *pdev, u8 slot, u8 pin)
{
	unsigned int irq = irq_create_mapping(pin_domain, pin - 1);

	return irq ?: -1;
}

void um_pci_raise_pin(unsigned int pin)
{
	if (pin >= 1 && pin <= PINS)
		generic_handle_domain_irq(pin_domain, pin - 1);
}

/* --------------------------------------------------------------- messages */

static void vector_message(struct irq_data *data, struct msi_msg *message)
{
	message->address_hi = 0;
	message->address_lo = DOORBELL;
	message->data = data->hwirq;
}

/* A message is complete as it comes: there is nothing to acknowledge. */
static void vector_ack(struct irq_data *data)
{
}

static struct irq_chip vector_chip = {
	.name = "pci-vector",
	.irq_compose_msi_msg = vector_message,
	.irq_ack = vector_ack,
};

/* A device with several vectors of the old kind counts in the low bits of one message. */
static int vectors_alloc(struct irq_domain *domain, unsigned int irq, unsigned int count, void *arg)
{
	int first;

	mutex_lock(&vectors_lock);
	first = bitmap_find_free_region(vectors_used, VECTORS, order_base_2(count));
	mutex_unlock(&vectors_lock);
	if (first < 0)
		return -ENOSPC;
	for (unsigned int i = 0; i < count; i++)
		irq_domain_set_info(domain, irq + i, first + i, &vector_chip, NULL, handle_edge_irq,
				    NULL, NULL);
	return 0;
}

static void vectors_free(struct irq_domain *domain, unsigned int irq, unsigned int count)
{
	struct irq_data *data = irq_domain_get_irq_data(domain, irq);

	mutex_lock(&vectors_lock);
	bitmap_release_region(vectors_used, data->hwirq, order_base_2(count));
	mutex_unlock(&vectors_lock);
	irq_domain_free_irqs_top(domain, irq, count);
}

static const struct irq_domain_ops vector_ops = {
	.alloc = vectors_alloc,
	.free = vectors_free,
};

static struct irq_chip msi_chip = {
	.name = "pci-msi",
	.irq_ack = irq_chip_ack_parent,
};

static struct msi_domain_info msi_info = {
	.flags = MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS | MSI_FLAG_PCI_MSIX |
		 MSI_FLAG_MULTI_PCI_MSI,
	.chip = &msi_chip,
};

struct irq_domain *um_pci_msi_domain(void)
{
	return msi_domain;
}

void um_pci_raise_message(u64 address, u32 data)
{
	if (address == DOORBELL && data < VECTORS)
		generic_handle_domain_irq(vector_domain, data);
	else
		pr_warn_ratelimited("pci: a device interrupts by writing %x to %llx, which means nothing\n",
				    data, address);
}

/* -------------------------------------------------------------- beginning */

int um_pci_interrupts_init(void)
{
	struct fwnode_handle *name = irq_domain_alloc_named_fwnode("pci");

	if (!name)
		return -ENOMEM;
	pin_domain = irq_domain_create_linear(NULL, PINS, &pin_ops, NULL);
	vector_domain = irq_domain_create_linear(name, VECTORS, &vector_ops, NULL);
	if (vector_domain)
		msi_domain = pci_msi_create_irq_domain(name, &msi_info, vector_domain);
	if (pin_domain && msi_domain)
		return 0;
	if (vector_domain)
		irq_domain_remove(vector_domain);
	if (pin_domain)
		irq_domain_remove(pin_domain);
	irq_domain_free_fwnode(name);
	return -ENOMEM;
}
