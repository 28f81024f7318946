/* SPDX-License-Identifier: GPL-2.0-only */
/* err.h - errors in pointers, the same encoding as Linux's ERR_PTR(). */
#ifndef __HOST_ERR_H
#define __HOST_ERR_H

#define HOST_ERR_PTR(err)	((void *)(long)(err))
#define HOST_PTR_ERR(ptr)	((long)(ptr))
#define IS_HOST_ERR(ptr)	((unsigned long)(ptr) >= (unsigned long)-4095L)

#define ARRAY_LEN(a)		(sizeof(a) / sizeof((a)[0]))

#endif
