// SPDX-License-Identifier: GPL-2.0-only
/* signals.c - what signals mean to the tools. */
#include <config.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/signals.h"

void signals_begin(void)
{
	signal(SIGXFSZ, SIG_IGN);
}

/* By default. What cannot be caught, and what tells of a fault in the program, is not meant. */
static bool would_end(int number)
{
	switch (number) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGUSR1:
	case SIGUSR2:
	case SIGALRM:
	case SIGTERM:
	case SIGSTKFLT:
	case SIGXCPU:
	case SIGVTALRM:
	case SIGPROF:
	case SIGIO:
	case SIGPWR:
		return true;
	default:
		return number >= SIGRTMIN && number <= SIGRTMAX;
	}
}

void signals_ending(sigset_t *set)
{
	struct sigaction action;

	sigemptyset(set);
	for (int number = 1; number <= SIGRTMAX; number++)
		if (would_end(number) && !sigaction(number, NULL, &action) &&
		    action.sa_handler != SIG_IGN)
			sigaddset(set, number);
}

void signals_die(int number)
{
	sigset_t set;

	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}
