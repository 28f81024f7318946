/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guard.h - host calls that sleep, and that an interrupt which comes at the last moment
 * before must keep from sleeping.
 *
 * The call is made only if *@pending is 0.  A signal handler that finds the instruction
 * pointer between host_guard_start and host_guard_end moves it to host_guard_abort.
 */
#ifndef __UM_HOST_GUARD_H
#define __UM_HOST_GUARD_H

/**
 * host_guarded_call() - a host call of three arguments, unless something is pending
 * @a: first argument
 * @b: second argument
 * @c: third argument
 * @pending: the word that must be 0
 * @nr: number of the call
 *
 * Return: what the host returns, or -EINTR.
 */
long host_guarded_call(long a, long b, long c, const unsigned long *pending, long nr);

extern const char host_guard_start[], host_guard_end[], host_guard_abort[];

#endif
