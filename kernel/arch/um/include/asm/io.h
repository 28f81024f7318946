/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io.h - I/O memory and I/O ports: there is none but what drivers/pci registers, so every
 * access is a call (lib/logic_iomem.c).  Ports are a piece of I/O memory.
 */
#ifndef __ASM_UM_IO_H
#define __ASM_UM_IO_H

#include <linux/types.h>

#ifdef CONFIG_UM_PCI
extern void __iomem *um_io_ports;
#define PCI_IOBASE	um_io_ports
#endif

#include <asm-generic/logic_io.h>
#include <asm-generic/io.h>

#endif
