/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * thread.h - host threads beside the virtual CPU: I/O workers, the poller.
 *
 * They share memory and descriptors with the kernel, run with all signals blocked, are
 * not bound to the virtual CPU's host CPU, must never call into the guest kernel, and
 * reach it by host_irq_raise() only.
 */
#ifndef __UM_HOST_THREAD_H
#define __UM_HOST_THREAD_H

#include <linux/types.h>

/**
 * host_thread_start() - start a host thread
 * @name: its name in the host's process list, at most 15 characters
 * @run: what it does; must not return
 * @arg: its argument
 *
 * Return: thread id or -errno.
 */
int host_thread_start(const char *name, void (*run)(void *arg), void *arg);

/**
 * host_thread_init() - note the host CPUs that the process may use
 *
 * Called by host_process_init(), before the virtual CPU is bound to one of them.
 */
void host_thread_init(void);

/** host_thread_unbind() - let the calling thread run on all of those CPUs. */
void host_thread_unbind(void);

/** host_thread_movable() - is there more than one of them? */
bool host_thread_movable(void);

/** host_futex_wait() - sleep while *@word is @value.  Return: 0 or -errno. */
int host_futex_wait(const u32 *word, u32 value);

/** host_futex_wake() - wake up to @count sleepers on @word. */
void host_futex_wake(const u32 *word, int count);

#endif
