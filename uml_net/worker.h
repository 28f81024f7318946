/* SPDX-License-Identifier: GPL-2.0-only */
/* worker.h - the process that changes the host, and what it is told and tells. */
#ifndef UML_NET_WORKER_H
#define UML_NET_WORKER_H

#include <sys/types.h>

#include "uml_net/host.h"

struct order;

/**
 * struct worker - the process, as the one sees it that gives the order
 * @pid: its number, below 1 where there is none
 * @socket: the way to it
 * @order: memory that both see
 * @error: why there is none, -errno
 */
struct worker {
	pid_t pid;
	int socket;
	struct order *order;
	int error;
};

/**
 * worker_start() - start the process, which waits for one order
 * @worker: filled in
 * @caller: who called
 *
 * To be used by a process that has root's id, before anything of the caller's was read. Where it fails,
 * worker_perform() tells.
 */
void worker_start(struct worker *worker, const struct caller *caller);

/**
 * worker_perform() - have a request done
 * @worker: from worker_start(); of no use afterwards
 * @request: what is asked for
 * @policy: what is allowed, and to whom: after access_resolve()
 * @name: set to the interface's name where one was made
 * @tun: set to its descriptor, or to -1
 * @problem: set on failure
 *
 * Whatever becomes of this process, what was begun is brought to its end.
 *
 * Return: 0 or -errno.
 */
int worker_perform(struct worker *worker, const struct request *request,
		   const struct policy *policy, char name[IFNAMSIZ], int *tun,
		   char problem[HOST_PROBLEM_SIZE]);

#endif
