/* SPDX-License-Identifier: GPL-2.0-only */
/* um_setup.h - parts of the port that setup_arch() starts, in their order. */
#ifndef __ASM_UM_UM_SETUP_H
#define __ASM_UM_UM_SETUP_H

/** um_early_console_init() - a boot console for the messages before the terminal's driver */
void um_early_console_init(void);

/** um_panic_init() - from here on a panic ends the process */
void um_panic_init(void);

/** um_vdso_early_init() - allocate the pages that the vDSO shares with guest programs */
void um_vdso_early_init(void);

/** um_clock_early_init() - note when the guest began */
void um_clock_early_init(void);

/** um_hwcap_init() - find out what the processor offers to guest programs */
void um_hwcap_init(void);

/** um_kernel_map_init() - find out how many host mappings vmalloc may take */
void um_kernel_map_init(void);

#endif
