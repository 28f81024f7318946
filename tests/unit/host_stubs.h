/* SPDX-License-Identifier: GPL-2.0-only */
/* host_stubs.h - see host_stubs.c. */
#ifndef __UNIT_HOST_STUBS_H
#define __UNIT_HOST_STUBS_H

#include <host/irq.h>

#define UNIT_CONFIG	"CONFIG_UNIT=y\\n# CONFIG_OTHER is not set\\n"

/* How often each interrupt was raised. */
extern unsigned int unit_raised[HOST_IRQS];

#endif
