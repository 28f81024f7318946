/* SPDX-License-Identifier: GPL-2.0-only */
/* trace.h - a traced child, for the guest programs about ptrace. */
#ifndef TRACE_H
#define TRACE_H

#include "guest.h"
#include <sys/ptrace.h>

/*
 * Starts a child that runs fn(arg) and exits with its result, stopped before the call; system
 * calls stop with bit 7 set, @options (PTRACE_O_...) come on top.
 */
static inline pid_t traced(int (*fn)(void *), void *arg, unsigned long options)
{
	pid_t pid = fork();
	int status;

	MUST(pid >= 0);
	if (!pid) {
		MUST(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
		raise(SIGSTOP);
		_exit(fn(arg));
	}
	MUST(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	options |= PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD;
	MUST(ptrace(PTRACE_SETOPTIONS, pid, 0, options) == 0);
	return pid;
}

/* Lets it go on, with a signal or 0, to its next stop or its end: the wait status. */
static inline int next(pid_t pid, enum __ptrace_request how, int sig)
{
	int status;

	MUST(ptrace(how, pid, 0, (unsigned long)sig) == 0);
	MUST(waitpid(pid, &status, __WALL) == pid);
	return status;
}

#endif
