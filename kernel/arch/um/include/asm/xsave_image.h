/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Moving vector and floating point state between a task's image (asm/xstate.h) and the
 * formats that programs see: signal frames, ptrace regsets, core dumps.
 *
 * All of them are the XSAVE image in standard format: 512 bytes as FXSAVE writes them, a
 * header of 64 bytes, then the components at offsets that the processor tells.  Bytes
 * 464 to 511 are free for software; in signal frames they hold struct _fpx_sw_bytes.
 *
 * What comes from a program is checked before it reaches the image, because the stub's
 * xrstor faults on what the processor does not know.
 */
#ifndef __ASM_UM_XSAVE_IMAGE_H
#define __ASM_UM_XSAVE_IMAGE_H

#include <linux/types.h>
#include <uapi/asm/sigcontext.h>
#include <asm/xstate.h>
#include <host/layout.h>

#define UM_XFEATURE_FP		(1UL << 0)
#define UM_XFEATURE_SSE		(1UL << 1)
#define UM_XFEATURE_YMM		(1UL << 2)
#define UM_XFEATURE_PKRU	(1UL << 9)
#define UM_XFEATURE_XTILE	((u64)F_XTILE)	/* usable by permission only */
#define UM_XFEATURE_FPSSE	(UM_XFEATURE_FP | UM_XFEATURE_SSE)
#define UM_XFEATURES_MXCSR	(UM_XFEATURE_FPSSE | UM_XFEATURE_YMM)	/* that carry MXCSR */

#define UM_FCW_INIT		0x37f
#define UM_MXCSR_INIT		0x1f80
#define UM_PKRU_INIT		0x55555554	/* only key 0 may be used */

/* The fixed part of an image; struct _xstate of the signal frame, without components. */
struct um_xsave {
	struct _fpstate_64 legacy;
	struct _header header;
};

/* The bits of MXCSR that the processor knows. */
extern u32 um_mxcsr_mask;

/**
 * um_xstate_to_sigframe() - write a signal frame's state
 * @to: 64-byte aligned place in the guest; um_xstate_size + FP_XSTATE_MAGIC2_SIZE bytes
 * @image: the task's image, or NULL for the initial state
 *
 * Context: may sleep.  Return: 0 or -EFAULT.
 */
int um_xstate_to_sigframe(void __user *to, const void *image);

/**
 * um_xstate_from_sigframe() - take the state from a signal frame
 * @image: the task's image; the initial state if the frame is bad
 * @from: the frame's state in the guest, or NULL for the initial state
 *
 * Context: may sleep.  Return: 0, -EFAULT or -EINVAL.
 */
int um_xstate_from_sigframe(void *image, const void __user *from);

/**
 * um_xstate_export() - a copy for a debugger
 * @to: um_xstate_size bytes
 * @image: a task's image, or NULL for the initial state
 *
 * Components that are in their initial state are written out, unlike in the image.
 */
void um_xstate_export(void *to, const void *image);

/**
 * um_xstate_import() - take the state from a debugger
 * @image: a task's image
 * @from: um_xstate_size bytes, not changed by anybody else
 *
 * Return: 0, or -EINVAL if the processor would not take it; @image is as before then.
 */
int um_xstate_import(void *image, const void *from);

/**
 * um_fxregs_import() - take the first 512 bytes from a debugger
 * @image: a task's image
 * @from: the FXSAVE part, not changed by anybody else
 *
 * Return: 0, or -EINVAL if the processor would not take it; @image is as before then.
 */
int um_fxregs_import(void *image, const struct _fpstate_64 *from);

#endif
