/* SPDX-License-Identifier: GPL-2.0-only */
/* The text that --showconfig prints: the configuration that the kernel was built with. */
	.section .rodata, "a"
	.globl host_config, host_config_end
host_config:
	.incbin "arch/um/host/config"
host_config_end:
	.byte 0
	.section .note.GNU-stack, "", @progbits
