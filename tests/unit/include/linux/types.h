/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands for the kernel's own linux/types.h when the host layer is built for a test. */
#ifndef __UNIT_LINUX_TYPES_H
#define __UNIT_LINUX_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s8 s8;
typedef __s16 s16;
typedef __s32 s32;
typedef __s64 s64;
typedef __kernel_ssize_t ssize_t;

#endif
