// SPDX-License-Identifier: GPL-2.0-only
/* What the host layer needs from the rest of the kernel, for its unit tests. */
#include <host/irq.h>
#include <host/ram.h>
#include <host/unit.h>
#include "kernel/arch/um/host/option_table.h"
#include "host_stubs.h"

const char host_release[] = "6.12.0-unit";
asm(".pushsection .rodata\n"
    ".globl host_config, host_config_end\n"
    "host_config: .ascii \"" UNIT_CONFIG "\"\n"
    "host_config_end: .byte 0\n"
    ".popsection");

unsigned int unit_raised[HOST_IRQS];

void host_irq_raise(enum host_irq irq)
{
	__atomic_add_fetch(&unit_raised[irq], 1, __ATOMIC_SEQ_CST);
}

/* Buffers of the tests are not guest RAM. */
void host_ram_populate(const void *start, size_t len_bytes)
{
	(void)start;
	(void)len_bytes;
}

void host_units_kill(void)
{
}
