/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel process's own address space, for C, assembly and the linker script.
 *
 *   0x0000_2000_0000  modules            within 2 GiB of the image
 *   0x0000_6000_0000  image, then RAM    PAGE_OFFSET, the linear map
 *   0x1000_0000_0000  vmalloc            } where the host gives 47 bits: <host/space.h>;
 *                                        } with KASAN it is among the modules
 *   0x2000_0000_0000  units' memory      }
 *   0x3000_0000_0000  shadow of KASAN         one byte for eight, of all addresses
 *   0x7.......        what the host placed: stack, vDSO, our host-side mappings
 */
#ifndef __ASM_UM_MEMORY_LAYOUT_H
#define __ASM_UM_MEMORY_LAYOUT_H

#define UM_MODULES_BASE		0x20000000
#define UM_MODULES_END		0x60000000
#define UM_IMAGE_BASE		0x60000000
#define UM_SHADOW_BASE		0x300000000000
#define UM_SHADOW_END		0x400000000000

#endif
