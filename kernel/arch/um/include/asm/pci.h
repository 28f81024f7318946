/* SPDX-License-Identifier: GPL-2.0-only */
/* pci.h - as usual, but for BARs mapped into guest programs: they are no memory. */
#ifndef __ASM_UM_PCI_H
#define __ASM_UM_PCI_H

#include <asm-generic/pci.h>

#undef ARCH_GENERIC_PCI_MMAP_RESOURCE

#endif
