// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory.c - I/O memory and I/O ports: accesses find the device whose BAR it is.
 *
 * A mapping of a BAR is looked up once, when it is made.  Ports are mapped all together,
 * so that each access looks for its device; where there is none, all bits are set.
 */
#include <linux/io.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/logic_iomem.h>
#include <linux/slab.h>
#include "bus.h"

void __iomem *um_io_ports;
EXPORT_SYMBOL(um_io_ports);

/* ------------------------------------------------------------------- BARs */

/* A mapping of a BAR or of a part of it. */
struct mapping {
	struct um_pci_function *f;
	int bar;
	u64 offset;
};

static unsigned long bar_read(void *priv, unsigned int offset, int size)
{
	struct mapping *m = priv;

	return um_pci_read(m->f, m->bar, m->offset + offset, size);
}

static void bar_write(void *priv, unsigned int offset, int size, unsigned long value)
{
	struct mapping *m = priv;

	um_pci_write(m->f, m->bar, m->offset + offset, value, size);
}

static void bar_fill(void *priv, unsigned int offset, u8 value, int size)
{
	struct mapping *m = priv;

	m->f->ops->fill(m->f, m->bar, m->offset + offset, value, size);
}

static void bar_copy_from(void *priv, void *to, unsigned int offset, int size)
{
	struct mapping *m = priv;

	m->f->ops->read(m->f, m->bar, m->offset + offset, to, size);
}

static void bar_copy_to(void *priv, unsigned int offset, const void *from, int size)
{
	struct mapping *m = priv;

	m->f->ops->write(m->f, m->bar, m->offset + offset, from, size);
}

static void bar_unmap(void *priv)
{
	struct mapping *m = priv;

	um_pci_put(m->f);
	kfree(m);
}

static const struct logic_iomem_ops bar_ops = {
	.read = bar_read,
	.write = bar_write,
	.set = bar_fill,
	.copy_from = bar_copy_from,
	.copy_to = bar_copy_to,
	.unmap = bar_unmap,
};

static long map_bar(resource_size_t start, size_t size, const struct logic_iomem_ops **ops,
		    void **priv)
{
	struct mapping *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	m->f = um_pci_find_bar(IORESOURCE_MEM, start, size, &m->bar, &m->offset);
	if (!m->f) {
		kfree(m);
		return -ENXIO;
	}
	*ops = &bar_ops;
	*priv = m;
	return 0;
}

static long map_low(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
		    void **priv)
{
	return map_bar(UM_PCI_LOW + offset, size, ops, priv);
}

static long map_high(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
		     void **priv)
{
	return map_bar(UM_PCI_HIGH + offset, size, ops, priv);
}

/* ------------------------------------------------------------------ ports */

static unsigned long port_read(void *priv, unsigned int port, int size)
{
	int bar;
	u64 offset;
	struct um_pci_function *f = um_pci_find_bar(IORESOURCE_IO, port, size, &bar, &offset);
	unsigned long value;

	if (!f)
		return ~0UL;
	value = um_pci_read(f, bar, offset, size);
	um_pci_put(f);
	return value;
}

static void port_write(void *priv, unsigned int port, int size, unsigned long value)
{
	int bar;
	u64 offset;
	struct um_pci_function *f = um_pci_find_bar(IORESOURCE_IO, port, size, &bar, &offset);

	if (!f)
		return;
	um_pci_write(f, bar, offset, value, size);
	um_pci_put(f);
}

static const struct logic_iomem_ops port_ops = {
	.read = port_read,
	.write = port_write,
};

static long map_ports(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
		      void **priv)
{
	*ops = &port_ops;
	return offset;
}

/* -------------------------------------------------------------- beginning */

static struct resource low = DEFINE_RES_NAMED(
	UM_PCI_LOW, UM_PCI_LOW_END - UM_PCI_LOW + 1, "PCI memory", IORESOURCE_MEM);
static struct resource high = DEFINE_RES_NAMED(
	UM_PCI_HIGH, UM_PCI_HIGH_END - UM_PCI_HIGH + 1, "PCI memory, 64 bits",
	IORESOURCE_MEM | IORESOURCE_PREFETCH | IORESOURCE_MEM_64);
static struct resource ports = DEFINE_RES_NAMED(
	UM_PCI_PORTS, IO_SPACE_LIMIT + 1, "I/O ports", IORESOURCE_MEM);

struct resource *const um_pci_windows[2] = { &low, &high };

static const struct logic_iomem_region_ops low_ops = { map_low };
static const struct logic_iomem_region_ops high_ops = { map_high };
static const struct logic_iomem_region_ops port_region_ops = { map_ports };

static int __init io_memory_init(void)
{
	int err = logic_iomem_add_region(&low, &low_ops);

	if (!err)
		err = logic_iomem_add_region(&high, &high_ops);
	if (!err)
		err = logic_iomem_add_region(&ports, &port_region_ops);
	if (err)
		return err;
	um_io_ports = ioremap(UM_PCI_PORTS, IO_SPACE_LIMIT + 1);
	return um_io_ports ? 0 : -ENOMEM;
}
early_initcall(io_memory_init);
