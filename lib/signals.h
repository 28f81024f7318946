/* SPDX-License-Identifier: GPL-2.0-only */
/* signals.h - what signals mean to the tools: which end them, which are errors of a call instead. */
#ifndef LIB_SIGNALS_H
#define LIB_SIGNALS_H

#include <signal.h>

/**
 * signals_begin() - to be called first by each tool
 *
 * A limit on file sizes is an error of the write that meets it from then on, not the end of all.
 */
void signals_begin(void);

/**
 * signals_ending() - the signals that would end this process without a trace of what it leaves
 * @set: set to them
 *
 * All those whose default is the end and that say nothing of a fault in the program: also the ones
 * for users and timers, and those of real time. What the caller ignores (nohup, commands in the
 * background of a shell) is not in there: it stays ignored.
 */
void signals_ending(sigset_t *set);

/**
 * signals_die() - end by a signal, as if it had not been caught
 * @number: the signal
 *
 * Who waits for this process sees what ended it. Returns where the signal does not end a process.
 */
void signals_die(int number);

#endif
