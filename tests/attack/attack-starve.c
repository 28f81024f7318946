// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-starve: one user's threads against what the host permits a guest.
 *
 * Each thread costs the host a process, a descriptor and memory.  KIND "ended": some processes have
 * as many threads as they can, once; each then touches all that it sees of the host layer, its
 * threads end, and it stays.  Root then forks as if nobody had ever had those threads.  What
 * stays with the process is seen from outside only: the program says "looked at" and waits.  KIND
 * "running": an attacker makes one thread after the other.  Root starts programs meanwhile, as the
 * host comes to its limit: each of them runs, or whoever starts it is told an error.  None is
 * killed.
 *
 * usage: attack-starve --inside KIND [PROCESSES [THREADS [SECONDS]]]
 */
#include <pthread.h>
#include <spawn.h>
#include "attack.h"

enum {
	LIMIT_MS = 300000,
	STACK_BYTES = 16384,
	RAN = 66,     /* the exit status of a program that root has started */
	REFUSED = 67, /* of a child that could not start one */
	FORKS = 200,
	AT_ONCE = 10,
	ENOUGH = 20, /* refusals, until an attacker has seen the limit */
};

static struct shared {
	int turn;    /* the attacker's threads so far, as it asks root to look */
	int seen;    /* root has looked at that turn */
	int refused; /* threads that the attacker was not given */
	int ended;   /* processes whose threads have ended */
	int threads; /* that they have had */
} * shared;

static long processes, threads;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;

static void *thread_main(void *arg)
{
	pthread_mutex_lock(&door);
	pthread_mutex_unlock(&door);
	return arg;
}

static int thread_make(pthread_t *thread)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	return pthread_create(thread, &attr, thread_main, NULL);
}

/* ---- threads that have ended */

static void touch_all(void)
{
	catch_faults();
	for (int i = 0; i < nareas; i++)
		for (uint64_t at = areas[i].start; at < areas[i].end; at += PAGE)
			touch((void *)at, areas[i].writable);
	/* The signal stacks of all these threads come last. */
	for (uint64_t at = areas[nareas - 1].end; !touch((void *)at, true);)
		at += PAGE;
}

static __attribute__((noreturn)) void have_threads(void)
{
	pthread_t *thread = xmap(sizeof(*thread) * (size_t)threads, PROT_READ | PROT_WRITE);
	long n = 0;

	pthread_mutex_lock(&door);
	while (n < threads && !thread_make(&thread[n]))
		n++;
	touch_all();
	pthread_mutex_unlock(&door);
	for (long i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
	tried((uint64_t)n);
	__atomic_add_fetch(&shared->threads, (int)n, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&shared->ended, 1, __ATOMIC_SEQ_CST);
	for (;;)
		pause();
}

/* One after the other, so that it has no more than @threads at any time. */
static int one_after_other(void *arg)
{
	(void)arg;
	for (long i = 0; i < processes; i++) {
		int before = shared->ended;
		pid_t pid = fork();

		if (!pid)
			have_threads();
		while (pid > 0 && shared->ended == before)
			msleep(1);
	}
	return 0;
}

static void ended(long seconds)
{
	int made = 0, refused = 0;

	CHECK(exited(attack(one_after_other, NULL, LIMIT_MS), 0), "threads are made and end");
	say("ended %d threads of %d processes", shared->threads, shared->ended);
	CHECK(shared->threads > threads, "many threads have ended");
	for (int i = 0; i < FORKS / AT_ONCE; i++) {
		pid_t pid[AT_ONCE];

		for (int k = 0; k < AT_ONCE; k++) {
			pid[k] = fork();
			if (!pid[k])
				for (;;)
					pause();
			made += pid[k] > 0;
			refused += pid[k] < 0;
		}
		for (int k = 0; k < AT_ONCE; k++)
			if (pid[k] > 0) {
				kill(pid[k], SIGKILL);
				reap(pid[k]);
			}
	}
	CHECK(!refused && made == FORKS, "%d forks of root's, %d refused", made, refused);
	say("looked at");
	msleep(seconds * 1000);
}

/* ---- threads that run */

static int take_all(void *arg)
{
	(void)arg;
	pthread_mutex_lock(&door);
	for (long i = 0; i < threads && shared->refused < ENOUGH; i++) {
		pthread_t thread;

		shared->refused += thread_make(&thread) != 0;
		tried(1);
		shared->turn++;
		while (shared->seen != shared->turn)
			sched_yield();
	}
	return 0;
}

static char *const again[] = { (char *)"/proc/self/exe", (char *)"--started", NULL };
static char *const no_environment[] = { NULL };

/* Their status, or an errno if they could not even be made. */
static int by_spawn(int *err)
{
	int status = 0;
	pid_t pid;

	*err = posix_spawn(&pid, again[0], NULL, NULL, again, no_environment);
	if (!*err)
		status = reap(pid);
	return status;
}

static int by_fork(int *err)
{
	pid_t pid = fork();

	*err = pid < 0 ? errno : 0;
	if (!pid) {
		execve(again[0], again, no_environment);
		_exit(errno == EAGAIN || errno == ENOMEM ? REFUSED : 1);
	}
	return pid > 0 ? reap(pid) : 0;
}

static struct {
	const char *name;
	int (*start)(int *err);
	int ran, refused, odd, odd_status;
} ways[] = {
	{ .name = "posix_spawn()", .start = by_spawn },
	{ .name = "fork() and execve()", .start = by_fork },
};

static void look(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		int err, status = ways[i].start(&err);

		if (err == EAGAIN || err == ENOMEM || (!err && exited(status, REFUSED))) {
			ways[i].refused++;
		} else if (!err && exited(status, RAN)) {
			ways[i].ran++;
		} else {
			ways[i].odd++;
			ways[i].odd_status = status ? status : err;
		}
	}
}

static void running(void)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		become_attacker();
		_exit(take_all(NULL));
	}
	for (int turn = 1; shared->refused < ENOUGH && turn <= threads; turn++) {
		if (!EVENTUALLY(shared->turn >= turn))
			break;
		look();
		shared->seen = turn;
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		say("%s: %d ran, %d refused", ways[i].name, ways[i].ran, ways[i].refused);
		CHECK(ways[i].odd == 0, "%s: %d ended otherwise, the last with %#x", ways[i].name,
		      ways[i].odd, (unsigned)ways[i].odd_status);
	}
	CHECK(shared->refused > 0, "the attacker has met the host's limit after %d threads",
	      shared->turn - shared->refused);
	kill(pid, SIGKILL);
	reap(pid);
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "--started"))
		return RAN;
	processes = argc > 3 ? atol(argv[3]) : 4;
	threads = argc > 4 ? atol(argv[4]) : 200;
	attack_begin(argc, argv);
	attacker_limit.tasks = (rlim_t)(threads + processes + 10);
	shared = xshared(PAGE);
	if (argc > 2 && !strcmp(argv[2], "running"))
		running();
	else
		ended(argc > 5 ? atol(argv[5]) : 0);
	end_attackers();
	return attack_end();
}
