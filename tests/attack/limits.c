// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits: how many processes and threads there can be, and what is the answer beyond.
 *
 * Makes processes, then threads, until there are MAX or one cannot be made; does it twice, so that
 * what has ended is seen to be free again.  Exits 0 if the answer was none or EAGAIN or ENOMEM, the
 * program went on, and the second time gave about as many as the first.
 *
 * With a USER it is that one who makes and keeps processes, as many as he gets and at most MAX; then
 * root and another user must still be able to make some.
 *
 * usage: limits MAX [USER]
 */
#include <pthread.h>
#include "../guest/guest.h"

static int failed_errno;

static bool limit_error(int err)
{
	failed_errno = err;
	return err == EAGAIN || err == ENOMEM;
}

static int processes(int most)
{
	pid_t *pid = xmap(sizeof(*pid) * (size_t)most, PROT_READ | PROT_WRITE);
	int n = 0, made;

	failed_errno = 0;
	for (; n < most; n++) {
		pid[n] = fork();
		if (!pid[n])
			for (;;)
				pause();
		if (pid[n] < 0)
			break;
	}
	if (n < most && !limit_error(errno))
		n = -1;
	made = n < 0 ? 0 : n;
	for (int i = 0; i < made; i++)
		kill(pid[i], SIGKILL);
	for (int i = 0; i < made; i++)
		reap(pid[i]);
	return n;
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *thread_main(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

static int threads(int most)
{
	pthread_t *thread = xmap(sizeof(*thread) * (size_t)most, PROT_READ | PROT_WRITE);
	pthread_attr_t attr;
	int n = 0, err = 0;

	failed_errno = 0;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_mutex_lock(&gate);
	while (n < most && !(err = pthread_create(&thread[n], &attr, thread_main, NULL)))
		n++;
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	return err && !limit_error(err) ? -1 : n;
}

static void twice(const char *name, int (*fn)(int), int most)
{
	int first = fn(most), err = failed_errno, second = fn(most);

	say("%d %s, then %s; again %d", first, name, err ? strerror(err) : "enough", second);
	CHECK(first >= 0 && second >= 0, "%s: the limit is EAGAIN or ENOMEM", name);
	CHECK(second >= first - first / 4 - 2, "%s: what has ended is free again", name);
}

enum { OTHERS = 15 };

/* As a user who has more than he needs of everything else. */
static int hold(int most, uid_t user, int report)
{
	int n = 0;

	MUST(setgid(user) == 0 && setuid(user) == 0);
	while (n < most) {
		pid_t pid = fork();

		if (!pid)
			for (;;)
				pause();
		if (pid < 0)
			break;
		n++;
	}
	MUST(n == most || limit_error(errno));
	MUST(write(report, &n, sizeof(n)) == sizeof(n));
	for (;;)
		pause();
}

static int others(uid_t user)
{
	int status;
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		MUST(setgid(user) == 0 && setuid(user) == 0);
		_exit(processes(OTHERS) == OTHERS ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status;
}

static int one_user_takes_all(int most, uid_t user)
{
	int report[2], n = 0;
	pid_t pid;

	MUST(pipe(report) == 0);
	pid = fork();
	MUST(pid >= 0);
	if (!pid)
		hold(most, user, report[1]);
	MUST(read(report[0], &n, sizeof(n)) == sizeof(n));
	say("user %u has %d processes", (unsigned int)user, n);
	CHECK(n < most, "one user does not get all");
	CHECK(processes(OTHERS) == OTHERS, "root can make processes");
	CHECK(others(user + 1) == 0, "another user can make processes");
	return finish();
}

int main(int argc, char **argv)
{
	int most = argc > 1 ? atoi(argv[1]) : 100;

	if (argc > 2)
		return one_user_takes_all(most, (uid_t)atoi(argv[2]));
	twice("processes", processes, most);
	twice("threads", threads, most);
	return finish();
}
