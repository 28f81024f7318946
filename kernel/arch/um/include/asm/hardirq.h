/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_HARDIRQ_H
#define __ASM_UM_HARDIRQ_H

#include <asm-generic/hardirq.h>

#endif
