/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sleep.h - host calls that sleep unless an interrupt is pending, without a window.
 *
 * A signal handler that finds the interrupted address between host_guard_start and
 * host_guard_end (the test of the pending word, and the call instruction itself) moves
 * it to host_guard_abort, which returns -EINTR.
 */
#ifndef __UM_HOST_SLEEP_H
#define __UM_HOST_SLEEP_H

/**
 * host_guarded_call() - a host call of three arguments, unless *@pending is not 0
 * @a: first argument
 * @b: second argument
 * @c: third argument
 * @pending: word that a signal handler sets
 * @nr: number of the call
 *
 * Return: the call's result, -EINTR if the word is set or a signal came.
 */
long host_guarded_call(long a, long b, long c, const unsigned long *pending, long nr);

extern const char host_guard_start[], host_guard_end[], host_guard_abort[];

/*
 * Not 0: a child died, or an agent's list failed.  Who waits for one carrier or agent clears the
 * word, to sleep again; what happened is not lost by that, because each unit compares the count
 * with what it has seen (host_unit_trouble()).
 */
extern unsigned long host_trouble;
extern unsigned long host_trouble_count;

#endif
