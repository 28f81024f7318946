// SPDX-License-Identifier: GPL-2.0-only
/* thr-futex: the futex operations, robust lists, priority inheritance. */
#include "guest.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sys/time.h>

static long futex(void *word, int op, uint32_t val, void *t, void *word2, uint32_t val3)
{
	return syscall(SYS_futex, word, op, val, t, word2, val3);
}

struct futex_waitv_rec {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
};

static uint32_t *w; /* words shared by processes */
static struct timespec soon = { 0, 20000000 };

static void errors(void)
{
	struct timespec bad = { 0, 1000000000 };
	uint32_t *hole = xmap(PAGE, PROT_READ | PROT_WRITE);

	w[0] = 5;
	CHECK(futex(w, FUTEX_WAIT, 4, NULL, NULL, 0) == -1 && errno == EAGAIN, "WAIT, wrong value");
	CHECK(futex(w, FUTEX_WAIT, 5, &soon, NULL, 0) == -1 && errno == ETIMEDOUT,
	      "WAIT, time-out");
	CHECK(futex(w, FUTEX_WAIT, 5, &bad, NULL, 0) == -1 && errno == EINVAL, "WAIT, bad time");
	CHECK(futex((char *)w + 2, FUTEX_WAIT, 5, NULL, NULL, 0) == -1 && errno == EINVAL,
	      "unaligned");
	CHECK(futex(w, FUTEX_WAKE, 1, NULL, NULL, 0) == 0, "WAKE of nobody");
	munmap(hole, PAGE);
	CHECK(futex(hole, FUTEX_WAIT, 0, NULL, NULL, 0) == -1 && errno == EFAULT, "WAIT on a hole");
	CHECK(futex(hole, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0) == 0, "private WAKE on a hole");
	CHECK(futex(w, 99, 0, NULL, NULL, 0) == -1 && errno == ENOSYS, "unknown operation");
	CHECK(futex(w, FUTEX_WAIT_BITSET, 5, NULL, NULL, 0) == -1 && errno == EINVAL,
	      "empty bitset");
}

static int wait_child(void *arg)
{
	uint32_t *word = arg;

	__atomic_add_fetch(&w[100], 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 1)
		if (futex(word, FUTEX_WAIT, 1, NULL, NULL, 0) && errno != EAGAIN && errno != EINTR)
			return 1;
	return 0;
}

/* All children sleep. */
static bool asleep(const pid_t *pid, int n)
{
	for (int i = 0; i < n; i++)
		if (proc_state(pid[i]) != 'S')
			return false;
	return true;
}

static void between_processes(void)
{
	pid_t pid[5];
	long woken = 0, good = 0;

	w[1] = 1;
	w[100] = 0;
	for (int i = 0; i < 5; i++)
		pid[i] = spawn(wait_child, &w[1]);
	QUIET(EVENTUALLY(w[100] == 5 && asleep(pid, 5)), "children sleep");
	msleep(30);
	w[1] = 0;
	woken += futex(&w[1], FUTEX_WAKE, 2, NULL, NULL, 0);
	woken += futex(&w[1], FUTEX_WAKE, 100, NULL, NULL, 0);
	for (int i = 0; i < 5; i++)
		good += exited(reap(pid[i]), 0);
	say("5 waiting processes: %ld woken, %ld good", woken, good);
}

static int bitset_child(void *arg)
{
	uint32_t bits = (uint32_t)(uintptr_t)arg;

	return futex(&w[2], FUTEX_WAIT_BITSET, 0, NULL, NULL, bits) == 0 ? (int)bits : 100;
}

static void bitsets(void)
{
	pid_t a, b;
	pid_t both[2];
	struct timespec abs;

	w[2] = 0;
	a = both[0] = spawn(bitset_child, (void *)1);
	b = both[1] = spawn(bitset_child, (void *)2);
	QUIET(EVENTUALLY(asleep(both, 2)), "children sleep");
	msleep(30);
	CHECK(futex(&w[2], FUTEX_WAKE_BITSET, 10, NULL, NULL, 4) == 0,
	      "WAKE_BITSET 4 wakes nobody");
	CHECK(futex(&w[2], FUTEX_WAKE_BITSET, 10, NULL, NULL, 2) == 1, "WAKE_BITSET 2 wakes one");
	CHECK(exited(reap(b), 2), "the right one");
	CHECK(futex(&w[2], FUTEX_WAKE_BITSET, 10, NULL, NULL, 0xffff) == 1, "then the other");
	CHECK(exited(reap(a), 1), "the other one");
	clock_gettime(CLOCK_MONOTONIC, &abs);
	CHECK(futex(&w[2], FUTEX_WAIT_BITSET, 0, &abs, NULL, ~0u) == -1 && errno == ETIMEDOUT,
	      "absolute monotonic time in the past");
	clock_gettime(CLOCK_REALTIME, &abs);
	CHECK(futex(&w[2], FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME, 0, &abs, NULL, ~0u) == -1 &&
		      errno == ETIMEDOUT,
	      "absolute real time in the past");
}

static int requeue_child(void *arg)
{
	(void)arg;
	return futex(&w[3], FUTEX_WAIT, 0, NULL, NULL, 0) == 0 ? 0 : 1;
}

static void requeue(void)
{
	pid_t pid[6];
	long n;

	w[3] = w[4] = 0;
	for (int i = 0; i < 6; i++)
		pid[i] = spawn(requeue_child, NULL);
	QUIET(EVENTUALLY(asleep(pid, 6)), "children sleep");
	msleep(30);
	n = futex(&w[3], FUTEX_CMP_REQUEUE, 1, (void *)3L, &w[4], 9);
	CHECK(n == -1 && errno == EAGAIN, "CMP_REQUEUE with the wrong value");
	n = futex(&w[3], FUTEX_CMP_REQUEUE, 1, (void *)3L, &w[4], 0);
	say("CMP_REQUEUE wake 1, move 3: %ld", n);
	say("WAKE of the second word: %ld", futex(&w[4], FUTEX_WAKE, 10, NULL, NULL, 0));
	say("WAKE of the first word: %ld", futex(&w[3], FUTEX_WAKE, 10, NULL, NULL, 0));
	for (int i = 0; i < 6; i++)
		QUIET(exited(reap(pid[i]), 0), "requeued child");
	w[3] = 7;
	w[4] = 20;
	n = futex(&w[3], FUTEX_WAKE_OP, 1, (void *)1L, &w[4],
		  FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 20));
	say("WAKE_OP add: %ld, word %u", n, w[4]);
	futex(&w[3], FUTEX_WAKE_OP, 1, (void *)1L, &w[4],
	      FUTEX_OP(FUTEX_OP_XOR, 7, FUTEX_OP_CMP_LT, 0));
	say("WAKE_OP xor: word %u", w[4]);
	futex(&w[3], FUTEX_WAKE_OP, 1, (void *)1L, &w[4],
	      FUTEX_OP(FUTEX_OP_ANDN, 6, FUTEX_OP_CMP_GT, 0));
	say("WAKE_OP andn: word %u", w[4]);
	futex(&w[3], FUTEX_WAKE_OP, 1, (void *)1L, &w[4],
	      FUTEX_OP(FUTEX_OP_SET, 99, FUTEX_OP_CMP_NE, 0));
	say("WAKE_OP set: word %u", w[4]);
}

static int waitv_child(void *arg)
{
	struct futex_waitv_rec v[4] = { 0 };

	(void)arg;
	for (int i = 0; i < 4; i++) {
		v[i].val = 0;
		v[i].uaddr = (uintptr_t)&w[8 + i];
		v[i].flags = 2; /* 32-bit words, shared */
	}
	return (int)syscall(449, v, 4, 0, NULL, 0);
}

static void waitv(void)
{
	pid_t pid = spawn(waitv_child, NULL);

	QUIET(EVENTUALLY(asleep(&pid, 1)), "child sleeps");
	msleep(30);
	say("WAKE of the third of four: %ld", futex(&w[10], FUTEX_WAKE, 1, NULL, NULL, 0));
	say("futex_waitv: status %#x", reap(pid));
}

/* ---- robust lists: the owner dies, the next locker learns it */

static pthread_mutex_t *shared_mutex(int robust, int protocol)
{
	pthread_mutex_t *m = xshared(PAGE);
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, robust);
	pthread_mutexattr_setprotocol(&a, protocol);
	MUST(pthread_mutex_init(m, &a) == 0);
	return m;
}

static int lock_and_die(void *arg)
{
	pthread_mutex_lock(arg);
	kill(getpid(), SIGKILL);
	return 0;
}

static void *lock_and_leave(void *arg)
{
	pthread_mutex_lock(arg);
	return NULL;
}

static int lock_and_exec(void *arg)
{
	char *argv[] = { (char *)"x", (char *)"-nothing", NULL };

	pthread_mutex_lock(arg);
	execve("/proc/self/exe", argv, environ);
	return 1;
}

static int lock_while_waiting(void *arg)
{
	int r;

	__atomic_store_n(&w[20], 1, __ATOMIC_SEQ_CST);
	r = pthread_mutex_lock(arg);
	if (r == EOWNERDEAD)
		pthread_mutex_consistent(arg);
	pthread_mutex_unlock(arg);
	return r;
}

static void robust(int protocol, const char *kind)
{
	pthread_mutex_t *m = shared_mutex(PTHREAD_MUTEX_ROBUST, protocol);
	pthread_t t;
	pid_t pid;

	run(lock_and_die, m);
	CHECK(pthread_mutex_lock(m) == EOWNERDEAD, "%s: owner killed", kind);
	CHECK(pthread_mutex_consistent(m) == 0 && pthread_mutex_unlock(m) == 0, "%s: repaired",
	      kind);
	pthread_create(&t, NULL, lock_and_leave, m);
	pthread_join(t, NULL);
	CHECK(pthread_mutex_trylock(m) == EOWNERDEAD, "%s: owning thread ended", kind);
	pthread_mutex_consistent(m);
	pthread_mutex_unlock(m);
	QUIET(exited(run(lock_and_exec, m), 0), "exec");
	CHECK(pthread_mutex_lock(m) == EOWNERDEAD, "%s: owner executed another program", kind);
	pthread_mutex_consistent(m);
	/* Now a child waits for it while the owner, a thread of ours, ends. */
	w[20] = 0;
	pid = spawn(lock_while_waiting, m);
	QUIET(EVENTUALLY(w[20] == 1 && proc_state(pid) == 'S'), "child waits");
	pthread_mutex_unlock(m);
	CHECK(exited(reap(pid), 0), "%s: waiter gets a released lock", kind);
	run(lock_and_die, m);
	CHECK(pthread_mutex_lock(m) == EOWNERDEAD && pthread_mutex_unlock(m) == 0 &&
		      pthread_mutex_lock(m) == ENOTRECOVERABLE,
	      "%s: not repaired, not recoverable", kind);
}

static int hold_a_while(void *arg)
{
	pthread_mutex_lock(arg);
	__atomic_store_n(&w[21], 1, __ATOMIC_SEQ_CST);
	msleep(60);
	kill(getpid(), SIGKILL);
	return 0;
}

static void robust_waiter(int protocol, const char *kind)
{
	pthread_mutex_t *m = shared_mutex(PTHREAD_MUTEX_ROBUST, protocol);
	pid_t pid;

	w[21] = 0;
	pid = spawn(hold_a_while, m);
	QUIET(EVENTUALLY(w[21] == 1), "child holds");
	CHECK(pthread_mutex_lock(m) == EOWNERDEAD, "%s: owner killed while we wait", kind);
	reap(pid);
}

/* ---- priority inheritance */

static long pi_count;

static void *pi_thread(void *arg)
{
	for (int i = 0; i < 2000; i++) {
		pthread_mutex_lock(arg);
		pi_count++;
		if (i % 100 == 0)
			sched_yield();
		pthread_mutex_unlock(arg);
	}
	return NULL;
}

static void pi(void)
{
	pthread_mutex_t *m = shared_mutex(PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_INHERIT);
	pthread_t t[6];
	uint32_t word = 0;

	for (int i = 0; i < 6; i++)
		MUST(pthread_create(&t[i], NULL, pi_thread, m) == 0);
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	say("6 threads count under a PI mutex: %ld", pi_count);
	CHECK(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == 0 &&
		      (word & FUTEX_TID_MASK) == (uint32_t)syscall(SYS_gettid),
	      "LOCK_PI stores our tid");
	CHECK(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EDEADLK, "EDEADLK");
	CHECK(futex(&word, FUTEX_TRYLOCK_PI, 0, NULL, NULL, 0) == -1, "TRYLOCK_PI of a held lock");
	CHECK(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == 0 && word == 0, "UNLOCK_PI");
	CHECK(futex(&word, FUTEX_UNLOCK_PI, 0, NULL, NULL, 0) == -1 && errno == EPERM,
	      "not ours: EPERM");
	word = 0x3ffffff0;
	CHECK(futex(&word, FUTEX_LOCK_PI, 0, NULL, NULL, 0) == -1 && errno == ESRCH,
	      "dead owner: ESRCH");
}

static volatile int alarms;

static void on_alarm(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
	alarms++;
}

static void interrupted(void)
{
	struct itimerval it = { { 0, 0 }, { 0, 20000 } };
	struct timespec ts = { 0, 60000000 };

	w[30] = 0;
	handle(SIGALRM, on_alarm, 0);
	setitimer(ITIMER_REAL, &it, NULL);
	CHECK(futex(&w[30], FUTEX_WAIT, 0, NULL, NULL, 0) == -1 && errno == EINTR && alarms == 1,
	      "WAIT without SA_RESTART: EINTR");
	handle(SIGALRM, on_alarm, SA_RESTART);
	setitimer(ITIMER_REAL, &it, NULL);
	CHECK(futex(&w[30], FUTEX_WAIT, 0, &ts, NULL, 0) == -1 && errno == EINTR && alarms == 2,
	      "WAIT with time-out: EINTR");
	ts = (struct timespec){ 0, 60000000 };
	uint64_t t0 = now_ns();
	struct timespec abs = { (time_t)(t0 / 1000000000), (long)(t0 % 1000000000) + 60000000 };

	if (abs.tv_nsec >= 1000000000)
		abs.tv_sec++, abs.tv_nsec -= 1000000000;
	setitimer(ITIMER_REAL, &it, NULL);
	CHECK(futex(&w[30], FUTEX_WAIT_BITSET, 0, &abs, NULL, ~0u) == -1 && alarms == 3,
	      "WAIT_BITSET with absolute time ends");
	signal(SIGALRM, SIG_DFL);
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 0;
	w = xshared(PAGE);
	errors();
	between_processes();
	bitsets();
	requeue();
	waitv();
	robust(PTHREAD_PRIO_NONE, "robust");
	robust(PTHREAD_PRIO_INHERIT, "robust PI");
	robust_waiter(PTHREAD_PRIO_NONE, "robust");
	robust_waiter(PTHREAD_PRIO_INHERIT, "robust PI");
	pi();
	interrupted();
	return finish();
}
