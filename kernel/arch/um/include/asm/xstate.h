/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Vector and floating point state of guest tasks, in the standard (not compacted) XSAVE
 * format that signal frames, ptrace and core dumps use.
 *
 * While a task runs, or is held in a plain system call, the state is in the host
 * registers of its carrier.  While its registers are full (thread.full_regs) the state
 * is the image in the carrier's signal frame, which this kernel may read and change.
 * Sibling threads of the task can write to that page at any time: copy once, check the
 * copy.
 */
#ifndef __ASM_UM_XSTATE_H
#define __ASM_UM_XSTATE_H

#include <linux/types.h>

struct task_struct;

/* Size of an image with all features that the host enabled by default, and their mask. */
extern unsigned int um_xstate_size;
extern u64 um_xstate_mask;

/**
 * um_xstate() - the image of a stopped task
 * @tsk: a task with full registers, current or stopped under ptrace
 *
 * Return: the image in the carrier's signal stack, um_xstate_size bytes, aligned to 64,
 * or NULL if the task has none (kernel threads, tasks that never ran guest code).
 */
void *um_xstate(struct task_struct *tsk);

/**
 * um_xstate_init() - make an image the initial state of a new program
 * @image: the image
 */
void um_xstate_init(void *image);

#endif
