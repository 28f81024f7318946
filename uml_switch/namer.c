// SPDX-License-Identifier: GPL-2.0-only
/*
 * namer.c - asks for the umid of a client's process without waiting for it.
 *
 * It stands on the process's command line, in memory of the client's own, behind locks that the client
 * can hold: who reads it may wait for as long as the client likes, and even SIGKILL may not end that.
 * So helpers read it, processes without any rights to the switch's descriptors. There are a few of
 * them, made when they are needed, and each user keeps one busy at most. One that does not answer is
 * killed, its user gets no names until it is really gone, and the clients of others have theirs.
 *
 * A number may be another process's by the time it is read. The kernel gives a descriptor of the process
 * that connected: where that one still lives after the reading, the number was its own. Hosts without
 * it (before Linux 6.5) at least tell whose the process is that was read.
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/io.h"
#include "uml_switch/namer.h"
#include "uml_switch/port.h"
#include "uml_switch/umid.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD	77
#endif

enum {
	HELPERS_MAX = 8,
	IDLE_MS = 10000,
	HELPER_SOCKET = 3,
};

#define NO_USER		((uid_t)-1)
#define SECOND_NS	1000000000ull
#define ANSWER_NS	(3 * SECOND_NS)	/* for a helper to answer in */
#define PATIENCE_NS	(10 * SECOND_NS)	/* for a question, with its time in the queue */

struct helper {
	struct watch watch;
	pid_t pid;		/* 0: there is none in this place */
	bool busy;		/* with a question of that user, which may be forgotten by now */
	bool killed;		/* and not gone yet */
	uid_t uid;		/* whom it works for or is stuck with, else NO_USER */
	uint64_t since_ns;
	struct question *question;
};

/* What goes to a helper, with a descriptor of the process where the host has that. */
struct task {
	pid_t pid;
	uid_t uid;
};

static struct loop *loop;
static struct helper helpers[HELPERS_MAX];
static struct question *waiting;

/* ---- in a helper -------------------------------------------------------------------------- */

/* Takes the next task. Return: false where there is none any more. */
static bool take_task(struct task *task, int *pidfd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = { task, sizeof(*task) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control.space) };
	struct pollfd poll_fd = { .fd = HELPER_SOCKET, .events = POLLIN };
	struct cmsghdr *header;

	*pidfd = -1;
	if (poll(&poll_fd, 1, IDLE_MS) != 1 ||
	    recvmsg(HELPER_SOCKET, &message, MSG_CMSG_CLOEXEC) != sizeof(*task))
		return false;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_type == SCM_RIGHTS)
		memcpy(pidfd, CMSG_DATA(header), sizeof(*pidfd));
	return true;
}

static _Noreturn void run_helper(void)
{
	char umid[PORT_UMID_BYTES];
	struct task task;
	int pidfd;

	while (take_task(&task, &pidfd)) {
		struct pollfd process = { .fd = pidfd, .events = POLLIN };
		uid_t owner = umid_of_process(task.pid, umid, sizeof(umid));

		/* Its descriptor can be read once it has ended. */
		if (pidfd >= 0 ? poll(&process, 1, 0) : owner != task.uid)
			umid[0] = '\0';
		if (send(HELPER_SOCKET, umid, sizeof(umid), MSG_NOSIGNAL) < 0)
			break;
		if (pidfd >= 0)
			close(pidfd);
	}
	_exit(0);
}

static _Noreturn void become_helper(int socket, pid_t parent)
{
	int null = open("/dev/null", O_RDWR);
	sigset_t all;

	/* The end of the switch is its own, nothing else. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "uml_switch:name");
	if (getppid() != parent || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0 ||
	    (socket != HELPER_SOCKET && dup2(socket, HELPER_SOCKET) < 0) ||
	    close_range(HELPER_SOCKET + 1, ~0u, 0))
		_exit(1);
	run_helper();
}

/* ---- in the switch ------------------------------------------------------------------------ */

static void answer(struct question *question, const char *umid)
{
	question->asked = false;
	question->helper = NULL;
	question->known(question, umid);
}

static void put_back(struct question *question)
{
	struct question **place = &waiting;

	while (*place)
		place = &(*place)->next;
	question->next = NULL;
	question->helper = NULL;
	*place = question;
}

static void dispatch(void);

/* A helper has ended, or its socket has. */
static void bury(struct helper *helper)
{
	struct question *question = helper->question;
	bool killed = helper->killed;

	loop_drop(loop, &helper->watch);
	helper->question = NULL;
	helper->busy = false;
	/* It has nothing more to say; where it is not gone at once it is looked after each second. */
	kill(helper->pid, SIGKILL);
	helper->killed = true;
	if (!killed)
		helper->uid = NO_USER;
	if (waitpid(helper->pid, NULL, WNOHANG))
		helper->pid = 0;
	if (question && killed)
		answer(question, "");
	else if (question)
		put_back(question);
}

static void helper_ready(struct watch *watch, uint32_t events)
{
	struct helper *helper = container_of(watch, struct helper, watch);
	struct question *question = helper->question;
	char umid[PORT_UMID_BYTES];
	ssize_t got = recv(watch->fd, umid, sizeof(umid), MSG_DONTWAIT);

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got != sizeof(umid) || !helper->busy) {
		bury(helper);
		dispatch();
		return;
	}
	umid[sizeof(umid) - 1] = '\0';
	helper->busy = false;
	helper->uid = NO_USER;
	helper->question = NULL;
	if (question)
		answer(question, umid);
	dispatch();
}

static struct helper *start_helper(struct helper *helper)
{
	pid_t parent = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return NULL;
	helper->pid = fork();
	if (!helper->pid)
		become_helper(ends[1], parent);
	close(ends[1]);
	helper->watch = (struct watch){ .ready = helper_ready };
	if (helper->pid > 0 && !loop_add(loop, &helper->watch, ends[0], EPOLLIN)) {
		helper->busy = helper->killed = false;
		helper->uid = NO_USER;
		return helper;
	}
	close(ends[0]);
	/* Without its socket it ends by itself. */
	if (helper->pid > 0)
		helper->killed = true;
	else
		helper->pid = 0;
	helper->uid = NO_USER;
	return NULL;
}

/* The helper that works for a user, or is stuck with one. */
static struct helper *helper_of(uid_t uid)
{
	for (int i = 0; i < HELPERS_MAX; i++)
		if (helpers[i].pid && helpers[i].uid == uid)
			return &helpers[i];
	return NULL;
}

static struct helper *free_helper(void)
{
	struct helper *place = NULL;

	for (int i = 0; i < HELPERS_MAX; i++) {
		struct helper *helper = &helpers[i];

		if (helper->pid && helper->killed && waitpid(helper->pid, NULL, WNOHANG))
			helper->pid = 0;
		if (helper->pid && !helper->busy && !helper->killed)
			return helper;
		if (!helper->pid && !place)
			place = helper;
	}
	return place ? start_helper(place) : NULL;
}

/* Return: 0; -ESRCH where the process has ended; another -errno where the helper takes no task. */
static int give_task(struct helper *helper, struct question *question)
{
	struct task task = { question->credentials.pid, question->credentials.uid };
	int pidfd = -1, error = 0;
	socklen_t length = sizeof(pidfd);

	if (getsockopt(question->connection, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &length)) {
		if (errno != ENOPROTOOPT)
			return -ESRCH;
		error = send(helper->watch.fd, &task, sizeof(task), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ?
			-errno : 0;
	} else {
		error = send_fd(helper->watch.fd, pidfd, &task, sizeof(task));
		close(pidfd);
	}
	if (error)
		return error;
	helper->busy = true;
	helper->uid = question->credentials.uid;
	helper->since_ns = loop->now_ns;
	helper->question = question;
	question->helper = helper;
	return 0;
}

/* Gives the questions that wait to helpers that are free, in their order. */
static void dispatch(void)
{
	struct question **place = &waiting;

	while (*place) {
		struct question *question = *place;
		struct helper *helper = helper_of(question->credentials.uid);
		int error = 0;

		if (helper && !helper->killed) {
			place = &question->next;
			continue;
		}
		if (!helper) {
			helper = free_helper();
			if (!helper)
				return;
			error = give_task(helper, question);
		} else {
			error = -ESRCH;
		}
		if (error && error != -ESRCH) {
			bury(helper);
			return;
		}
		*place = question->next;
		if (!error)
			continue;
		answer(question, "");
		/* The answer may have changed the list. */
		place = &waiting;
	}
}

void namer_open(struct loop *the_loop)
{
	loop = the_loop;
}

void namer_ask(struct question *question)
{
	question->asked = true;
	if (!loop || question->credentials.pid <= 0) {
		answer(question, "");
		return;
	}
	question->begin_ns = loop->now_ns;
	put_back(question);
	dispatch();
}

void namer_forget(struct question *question)
{
	struct question **place = &waiting;

	if (!question->asked)
		return;
	question->asked = false;
	if (question->helper) {
		question->helper->question = NULL;
		question->helper = NULL;
		return;
	}
	while (*place && *place != question)
		place = &(*place)->next;
	if (*place)
		*place = question->next;
}

void namer_second(void)
{
	struct question *question;

	if (!loop)
		return;
	for (int i = 0; i < HELPERS_MAX; i++) {
		struct helper *helper = &helpers[i];

		if (helper->pid && helper->killed && waitpid(helper->pid, NULL, WNOHANG))
			helper->pid = 0;
		if (helper->pid && helper->busy && loop->now_ns - helper->since_ns > ANSWER_NS) {
			helper->killed = true;
			bury(helper);
		}
	}
	dispatch();
	/* From the beginning after each: the answer may change the list. */
	do {
		question = waiting;
		while (question && loop->now_ns - question->begin_ns <= PATIENCE_NS)
			question = question->next;
		if (question) {
			namer_forget(question);
			answer(question, "");
		}
	} while (question);
}

void namer_close(void)
{
	for (int i = 0; i < HELPERS_MAX; i++) {
		if (!helpers[i].pid)
			continue;
		loop_drop(loop, &helpers[i].watch);
		kill(helpers[i].pid, SIGKILL);
		waitpid(helpers[i].pid, NULL, WNOHANG);
		helpers[i] = (struct helper){ 0 };
	}
	waiting = NULL;
	loop = NULL;
}
