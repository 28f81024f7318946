/* SPDX-License-Identifier: GPL-2.0-only */
/* KASAN's shadow: see memory_layout.h.  The host maps all of it when the kernel starts. */
#ifndef __ASM_UM_KASAN_H
#define __ASM_UM_KASAN_H

#include <linux/const.h>
#include <asm/memory_layout.h>

#ifdef CONFIG_KASAN

#define KASAN_SHADOW_SCALE_SHIFT	3
#define KASAN_SHADOW_OFFSET		_AC(CONFIG_KASAN_SHADOW_OFFSET, UL)
#define KASAN_SHADOW_START		_AC(UM_SHADOW_BASE, UL)
#define KASAN_SHADOW_END		_AC(UM_SHADOW_END, UL)

/** kasan_init() - from here on what KASAN finds is reported. */
void kasan_init(void);

#else

static inline void kasan_init(void)
{
}

#endif
#endif
