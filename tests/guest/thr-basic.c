// SPDX-License-Identifier: GPL-2.0-only
/* thr-basic: threads, their stacks, thread-local storage, mutexes, conditions, cancellation. */
#include "guest.h"
#include <pthread.h>
#include <semaphore.h>

static __thread uint64_t tls_data = 0x1122334455667788;
static __thread uint64_t tls_zero[64];

static void *add_one(void *arg)
{
	return (void *)((intptr_t)arg + 1);
}

static void thousands(void)
{
	enum { N = 3000, BATCH = 50 };
	pthread_t t[BATCH];
	long sum = 0;
	void *ret;

	for (long i = 0; i < N; i++) {
		MUST(pthread_create(&t[0], NULL, add_one, (void *)i) == 0);
		MUST(pthread_join(t[0], &ret) == 0);
		sum += (intptr_t)ret;
	}
	say("%d threads one after the other: sum %ld", N, sum);
	sum = 0;
	for (long i = 0; i < N; i += BATCH) {
		for (long j = 0; j < BATCH; j++)
			MUST(pthread_create(&t[j], NULL, add_one, (void *)(i + j)) == 0);
		for (long j = BATCH; j-- > 0;) {
			MUST(pthread_join(t[j], &ret) == 0);
			sum += (intptr_t)ret;
		}
	}
	say("%d threads, %d at a time: sum %ld", N, BATCH, sum);
}

static pthread_barrier_t barrier;
static uint64_t *tls_addr[16];

static void *tls_thread(void *arg)
{
	long n = (intptr_t)arg, bad = 0;
	uint64_t fs;

	bad += tls_data != 0x1122334455667788 || tls_zero[63] != 0;
	tls_addr[n] = &tls_data;
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 20000; i++) {
		tls_data = (uint64_t)n << 32 | (uint64_t)i;
		tls_zero[i & 63] = tls_data;
		if (i % 500 == 0)
			sched_yield();
		bad += tls_data != ((uint64_t)n << 32 | (uint64_t)i) ||
		       tls_zero[i & 63] != tls_data;
	}
	__asm__("mov %%fs:0, %0" : "=r"(fs));
	bad += fs != (uint64_t)pthread_self();
	return (void *)bad;
}

static void tls(void)
{
	enum { N = 16 };
	pthread_t t[N];
	long bad = 0, same = 0;
	void *ret;

	pthread_barrier_init(&barrier, NULL, N);
	for (long i = 0; i < N; i++)
		MUST(pthread_create(&t[i], NULL, tls_thread, (void *)i) == 0);
	for (int i = 0; i < N; i++) {
		pthread_join(t[i], &ret);
		bad += (intptr_t)ret;
		for (int j = 0; j < i; j++)
			same += tls_addr[i] == tls_addr[j];
	}
	CHECK(bad == 0, "thread-local storage keeps its values");
	CHECK(same == 0, "and each thread has its own");
	CHECK(tls_data == 0x1122334455667788, "the main thread's is unchanged");
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static long counter, turn;

static void *count_thread(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void *turn_thread(void *arg)
{
	long me = (intptr_t)arg;

	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		while (turn % 4 != me)
			pthread_cond_wait(&cond, &mutex);
		turn++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return NULL;
}

static void locks(void)
{
	pthread_t t[8];
	struct timespec ts;

	for (int i = 0; i < 8; i++)
		MUST(pthread_create(&t[i], NULL, count_thread, NULL) == 0);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	say("8 threads count under a mutex: %ld", counter);
	for (long i = 0; i < 4; i++)
		MUST(pthread_create(&t[i], NULL, turn_thread, (void *)i) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	say("4 threads take turns by a condition: %ld", turn);
	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_nsec += 20000000;
	if (ts.tv_nsec >= 1000000000)
		ts.tv_sec++, ts.tv_nsec -= 1000000000;
	pthread_mutex_lock(&mutex);
	CHECK(pthread_cond_timedwait(&cond, &mutex, &ts) == ETIMEDOUT, "timed wait on a condition");
	pthread_mutex_unlock(&mutex);
}

static sem_t sem_a, sem_b;

static void *sem_thread(void *arg)
{
	for (int i = 0; i < 5000; i++) {
		while (sem_wait(&sem_a))
			;
		sem_post(&sem_b);
	}
	return arg;
}

static void semaphores(void)
{
	pthread_t t;
	int rounds = 0;

	sem_init(&sem_a, 0, 0);
	sem_init(&sem_b, 0, 0);
	MUST(pthread_create(&t, NULL, sem_thread, NULL) == 0);
	for (; rounds < 5000; rounds++) {
		sem_post(&sem_a);
		while (sem_wait(&sem_b))
			;
	}
	pthread_join(t, NULL);
	say("semaphore ping-pong: %d rounds", rounds);
}

static void *rw_thread(void *arg)
{
	static long a, b;
	pthread_rwlock_t *l = arg;
	long bad = 0;

	for (int i = 0; i < 3000; i++) {
		if (i % 10 == 0) {
			pthread_rwlock_wrlock(l);
			a++;
			sched_yield();
			b++;
		} else {
			pthread_rwlock_rdlock(l);
			bad += a != b;
		}
		pthread_rwlock_unlock(l);
	}
	return (void *)bad;
}

static void rwlocks(void)
{
	pthread_rwlock_t l = PTHREAD_RWLOCK_INITIALIZER;
	pthread_t t[6];
	long bad = 0;
	void *ret;

	for (int i = 0; i < 6; i++)
		MUST(pthread_create(&t[i], NULL, rw_thread, &l) == 0);
	for (int i = 0; i < 6; i++) {
		pthread_join(t[i], &ret);
		bad += (intptr_t)ret;
	}
	CHECK(bad == 0, "readers never see a writer's half work");
}

static void *sleeps(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void *spins(void *arg)
{
	volatile long *p = arg;

	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		++*p;
	return NULL;
}

static int exit_in_thread(void *arg);

static void *exits(void *arg)
{
	(void)arg;
	_exit(17);
}

static int exit_in_thread(void *arg)
{
	pthread_t t;

	(void)arg;
	pthread_create(&t, NULL, sleeps, NULL);
	pthread_create(&t, NULL, exits, NULL);
	for (;;)
		pause();
	return 0;
}

static void *last_thread(void *arg)
{
	(void)arg;
	msleep(30);
	exit(18);
}

static int leader_leaves(void *arg)
{
	pthread_t t;

	(void)arg;
	pthread_create(&t, NULL, last_thread, NULL);
	pthread_exit(NULL);
	return 0;
}

static void endings(void)
{
	volatile long spin = 0;
	pthread_t t;
	void *ret;

	pthread_create(&t, NULL, sleeps, NULL);
	pthread_cancel(t);
	pthread_join(t, &ret);
	CHECK(ret == PTHREAD_CANCELED, "cancel of a sleeping thread");
	pthread_create(&t, NULL, spins, (void *)&spin);
	while (!spin)
		sched_yield();
	pthread_cancel(t);
	pthread_join(t, &ret);
	CHECK(ret == PTHREAD_CANCELED, "cancel of a spinning thread");
	CHECK(exited(run(exit_in_thread, NULL), 17), "exit_group from a thread ends all");
	CHECK(exited(run(leader_leaves, NULL), 18), "the process outlives its leader");
}

static void *deep(void *arg)
{
	volatile char page[PAGE];
	long n = (intptr_t)arg;

	memset((char *)page, (int)n, PAGE);
	if (n > 0 && deep((void *)(n - 1)) != (void *)(n - 1))
		return (void *)-1;
	for (size_t i = 0; i < PAGE; i += 64)
		if (page[i] != (char)n)
			return (void *)-1;
	return (void *)n;
}

static void stacks(void)
{
	pthread_attr_t a;
	pthread_t t;
	void *ret;

	pthread_attr_init(&a);
	MUST(pthread_attr_setstacksize(&a, 4 << 20) == 0);
	MUST(pthread_create(&t, &a, deep, (void *)700) == 0);
	pthread_join(t, &ret);
	CHECK(ret == (void *)700, "a deep recursion in a thread's stack");
	MUST(pthread_attr_setstacksize(&a, 65536) == 0);
	MUST(pthread_create(&t, &a, deep, (void *)5) == 0);
	pthread_join(t, &ret);
	CHECK(ret == (void *)5, "a small stack");
}

static void *fork_thread(void *arg)
{
	pid_t pid = fork();

	if (!pid)
		_exit(tls_data == 0x1122334455667788 ? 66 : 67);
	*(int *)arg = reap(pid);
	return NULL;
}

int main(void)
{
	pthread_t t[8];
	int st[8], good = 0;

	thousands();
	tls();
	locks();
	semaphores();
	rwlocks();
	endings();
	stacks();
	for (int i = 0; i < 8; i++)
		MUST(pthread_create(&t[i], NULL, fork_thread, &st[i]) == 0);
	for (int i = 0; i < 8; i++) {
		pthread_join(t[i], NULL);
		good += exited(st[i], 66);
	}
	CHECK(good == 8, "fork from eight threads");
	return finish();
}
