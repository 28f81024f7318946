// SPDX-License-Identifier: GPL-2.0-only
/*
 * worker.c - the process that changes the host.
 *
 * Who called uml_net may stop it at any moment, for as long as they like, and go on with it later: a
 * look at the host would be old then, and the change after it wrong. So the changes are made by a
 * process that has no id of the caller's, no terminal, and no place in a control group that the caller
 * was given for their own. They are made under a lock that is lost with the process's life alone
 * (lock.c), for whatever else may stop it.
 *
 * It reads nothing that the caller wrote. What the request and the policy say was understood by the
 * first process, which has no rights, and comes as structures in memory that both see. It is copied
 * before it is looked at, and taken for nothing more than well formed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/report.h"
#include "lib/tap.h"
#include "uml_net/lock.h"
#include "uml_net/worker.h"

enum {
	/* The first process has little to do before its order; one that is stopped is given up. */
	ORDER_WAIT_S = 30,
	/* That, the wait for the lock, and the work. */
	LIFE_MAX_S = ORDER_WAIT_S + LOCK_WAIT_S + 30,
};

/**
 * struct order - what the two processes share
 * @request: written before the order
 * @policy: likewise
 * @error: what came of it, written before the answer: 0 or -errno
 * @name: of the interface where one was made
 * @problem: why not where @error
 */
struct order {
	struct request request;
	struct policy policy;
	int error;
	char name[IFNAMSIZ];
	char problem[HOST_PROBLEM_SIZE];
};

/* ---- the worker ------------------------------------------------------------------------------ */

/* What it opens with all its rights. */
static struct netlink netlink;
static int netlink_error, lock_fd;

static int perform(struct host *host, char name[IFNAMSIZ])
{
	switch (host->request->operation) {
	case OPERATION_UP:
		return host_up(host, name);
	case OPERATION_DOWN:
		return host_down(host);
	case OPERATION_ADD:
		return host_add(host);
	case OPERATION_DELETE:
		return host_delete(host);
	}
	return -EINVAL;
}

/* Whether the first process is still there: what has not begun before its end need not. */
static bool is_awaited(int socket)
{
	char more;

	return recv(socket, &more, sizeof(more), MSG_PEEK | MSG_DONTWAIT) != 0;
}

static int serve(struct host *host, int socket, char name[IFNAMSIZ])
{
	int error;

	if (!request_sound(host->request) || !policy_sound(host->policy))
		return host_fail(host, -EINVAL, "cannot change the host: the order is malformed");
	if (netlink_error)
		return host_fail(host, netlink_error,
				 "cannot open a netlink socket: %s; is a "
				 "limit of the caller, or of the host, too low?",
				 cause(netlink_error));
	if (lock_fd < 0)
		return host_fail(host, lock_fd,
				 "cannot open " LOCK_PATH ": %s; it must be a file that root alone "
				 "may open, or absent in a folder of root's",
				 cause(lock_fd));
	error = lock_take(lock_fd);
	if (error)
		return host_fail(host, error,
				 "cannot get the lock " LOCK_PATH ": %s; another uml_net has it and "
				 "does not end",
				 cause(error));
	return is_awaited(socket) ? perform(host, name) : -EPIPE;
}

/* Waits for the order, and copies it. Returns whether there is one. */
static bool await_order(const struct worker *worker, struct request *request, struct policy *policy)
{
	const struct timeval limit = { .tv_sec = ORDER_WAIT_S };
	char order;

	if (setsockopt(worker->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    read(worker->socket, &order, sizeof(order)) != sizeof(order))
		return false;
	memcpy(request, &worker->order->request, sizeof(*request));
	memcpy(policy, &worker->order->policy, sizeof(*policy));
	return true;
}

/* Who does not wait for it any more gets no answer; an interface goes away then. */
static void answer(const struct worker *worker, const struct host *host, int error,
		   const char name[IFNAMSIZ])
{
	worker->order->error = error;
	memcpy(worker->order->name, name, IFNAMSIZ);
	memcpy(worker->order->problem, host->problem, sizeof(host->problem));
	if (!error && host->request->operation == OPERATION_UP)
		send_fd(worker->socket, host->tun, "", 1);
	else
		send(worker->socket, "", 1, MSG_NOSIGNAL);
}

static void leave_caller(void)
{
	int fd = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);

	/* Who reads what the caller gave waits for its end. */
	if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
	    dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_FAILED);
	close(fd);
	if (setsid() < 0)
		_exit(EXIT_FAILED);
}

/*
 * Leaves the caller's control group for the root of all, where nobody freezes processes or rations their
 * time. A host may have none, or not where this looks for it.
 */
static void leave_group(void)
{
	static const char *const paths[] = { "/sys/fs/cgroup/cgroup.procs",
					     "/sys/fs/cgroup/unified/cgroup.procs" };
	struct statfs status;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		int fd = open(paths[i], O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY);

		if (fd < 0)
			continue;
		/* 0 is the process that writes it. */
		if (!fstatfs(fd, &status) && status.f_type == CGROUP2_SUPER_MAGIC &&
		    write(fd, "0", 1) == 1) {
			close(fd);
			return;
		}
		close(fd);
	}
}

static _Noreturn void work(const struct worker *worker, const struct caller *caller)
{
	static struct request request;
	static struct policy policy;
	struct host host = {
		.netlink = &netlink, .caller = caller, .policy = &policy, .request = &request
	};
	char name[IFNAMSIZ] = "";

	leave_caller();
	privilege_limit_life(LIFE_MAX_S);
	leave_group();
	host.tun = tap_open(TAP_CLONE_DEVICE);
	netlink_error = netlink_open(&netlink);
	lock_fd = lock_open();
	privilege_keep_net_admin(caller);
	if (await_order(worker, &request, &policy)) {
		int error = serve(&host, worker->socket, name);

		answer(worker, &host, error, name);
	}
	_exit(EXIT_DONE);
}

/* ---- the first process ----------------------------------------------------------------------- */

void worker_start(struct worker *worker, const struct caller *caller)
{
	int ends[2];

	worker->pid = -1;
	worker->order = mmap(NULL, sizeof(*worker->order), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (worker->order == MAP_FAILED ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		worker->error = -errno;
		return;
	}
	worker->pid = fork();
	if (worker->pid < 0)
		worker->error = -errno;
	worker->socket = ends[worker->pid == 0];
	close(ends[worker->pid != 0]);
	if (!worker->pid)
		work(worker, caller);
}

static int say(char problem[HOST_PROBLEM_SIZE], int error, const char *what)
{
	snprintf(problem, HOST_PROBLEM_SIZE, "cannot change the host: %s; %s", cause(error), what);
	return error;
}

int worker_perform(struct worker *worker, const struct request *request,
		   const struct policy *policy, char name[IFNAMSIZ], int *tun,
		   char problem[HOST_PROBLEM_SIZE])
{
	struct order *order = worker->order;
	ssize_t got;
	char done;

	*tun = -1;
	if (worker->error)
		return say(problem, worker->error,
			   worker->error == -EPERM ? HOST_RIGHTS
						   : "is a limit of the caller, or of the host, "
						     "too low?");
	order->request = *request;
	order->policy = *policy;
	if (send(worker->socket, "", 1, MSG_NOSIGNAL) != 1)
		return say(problem, -errno, "its process has ended before; try again");
	got = receive_fd(worker->socket, &done, sizeof(done), tun);
	if (got != sizeof(done))
		return say(problem, got < 0 ? (int)got : -EPIPE,
			   "its process was killed; try again");
	waitpid(worker->pid, NULL, 0);
	memcpy(name, order->name, IFNAMSIZ);
	memcpy(problem, order->problem, HOST_PROBLEM_SIZE);
	return order->error;
}
