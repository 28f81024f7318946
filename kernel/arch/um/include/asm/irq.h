/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_IRQ_H
#define __ASM_UM_IRQ_H

#include <host/irq.h>

#define NR_IRQS		64

void um_irq_entry(void);

#endif
