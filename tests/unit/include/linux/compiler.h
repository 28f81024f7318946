/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands for the kernel's own linux/compiler.h when the host layer is built for a test. */
#ifndef __UNIT_LINUX_COMPILER_H
#define __UNIT_LINUX_COMPILER_H

#ifndef __always_inline
#define __always_inline	inline __attribute__((always_inline))
#endif
#ifndef fallthrough
#define fallthrough	__attribute__((fallthrough))
#endif

#endif
