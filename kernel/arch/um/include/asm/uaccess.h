/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Access to guest memory: by walking the guest's page tables and copying through the
 * linear map (mm/uaccess.c).  Guest and kernel addresses are different spaces that
 * overlap in number.
 */
#ifndef __ASM_UM_UACCESS_H
#define __ASM_UM_UACCESS_H

#include <linux/types.h>
#include <asm/processor.h>

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long len);
unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long len);

#define INLINE_COPY_FROM_USER
#define INLINE_COPY_TO_USER

#define __clear_user __clear_user
unsigned long __clear_user(void __user *to, unsigned long len);

/* Kernel memory that may not be there: the copy ends at the first fault. */
unsigned long um_copy_nofault(void *to, const void *from, unsigned long len);

#define __get_kernel_nofault(dst, src, type, label)				\
do {										\
	if (um_copy_nofault(dst, src, sizeof(type)))				\
		goto label;							\
} while (0)

#define __put_kernel_nofault(dst, src, type, label)				\
do {										\
	if (um_copy_nofault(dst, src, sizeof(type)))				\
		goto label;							\
} while (0)

#include <asm-generic/access_ok.h>
#include <asm-generic/uaccess.h>

#endif
