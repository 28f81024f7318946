// SPDX-License-Identifier: GPL-2.0-only
/* time-timer: interval timers, POSIX timers, timerfd, alarm. */
#include "guest.h"
#include <pthread.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static volatile int ticks;
static volatile int code, overrun, value;
static volatile pid_t ran_in;

static void on_tick(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	code = si->si_code;
	if (si->si_overrun > overrun)
		overrun = si->si_overrun;
	value = si->si_value.sival_int;
	ran_in = (pid_t)syscall(SYS_gettid);
	ticks++;
}

static void itimer(int which, int sig, const char *name)
{
	struct itimerval it = { { 0, 10000 }, { 0, 10000 } }, old, none = { { 0, 0 }, { 0, 0 } };
	uint64_t t0 = now_ns(), c0 = cpu_ns();
	volatile uint64_t n = 0;

	ticks = 0;
	handle(sig, on_tick, SA_RESTART);
	MUST(setitimer(which, &it, NULL) == 0);
	while (ticks < 10)
		n++;
	MUST(setitimer(which, &none, &old) == 0);
	/* CPU time of these timers may be counted by whole ticks: early on a busy machine. */
	CHECK(which == ITIMER_REAL ? now_ns() - t0 >= 80000000 : cpu_ns() - c0 >= 30000000,
	      "%s: not too early", name);
	CHECK(now_ns() - t0 < 10000000000u, "%s: not too late", name);
	CHECK(old.it_interval.tv_usec == 10000 && old.it_value.tv_sec == 0 &&
		      old.it_value.tv_usec <= 14000,
	      "%s: old value", name);
	MUST(getitimer(which, &old) == 0);
	CHECK(old.it_value.tv_usec == 0 && old.it_interval.tv_usec == 0, "%s: off", name);
	say("%s: si_code %d", name, code);
}

static void virtual_sleeps(void)
{
	struct itimerval it = { { 0, 0 }, { 0, 50000 } }, none = { { 0, 0 }, { 0, 0 } };

	ticks = 0;
	handle(SIGVTALRM, on_tick, 0);
	setitimer(ITIMER_VIRTUAL, &it, NULL);
	msleep(150);
	CHECK(ticks == 0, "ITIMER_VIRTUAL stands still while we sleep");
	setitimer(ITIMER_VIRTUAL, &none, NULL);
}

static void alarms(void)
{
	ticks = 0;
	handle(SIGALRM, on_tick, 0);
	alarm(100);
	unsigned int left = alarm(1);

	CHECK(left == 100 || left == 99, "alarm returns what was left");
	uint64_t t0 = now_ns();

	pause();
	CHECK(ticks == 1 && now_ns() - t0 >= 900000000, "alarm after one second");
	CHECK(alarm(0) == 0, "none left");
}

static void posix_signal(clockid_t clock, const char *name)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec it = { { 0, 5000000 }, { 0, 5000000 } }, old;
	timer_t t;

	ev.sigev_value.sival_int = 4711;
	ticks = 0;
	handle(SIGRTMIN, on_tick, SA_RESTART);
	CHECK(timer_create(clock, &ev, &t) == 0, "%s: timer_create", name);
	CHECK(timer_settime(t, 0, &it, NULL) == 0, "%s: timer_settime", name);
	volatile uint64_t n = 0;

	while (ticks < 5)
		n++;
	CHECK(timer_gettime(t, &old) == 0 && old.it_interval.tv_nsec == 5000000,
	      "%s: timer_gettime", name);
	CHECK(code == SI_TIMER && value == 4711, "%s: SI_TIMER and the value", name);
	CHECK(timer_delete(t) == 0, "%s: timer_delete", name);
	CHECK(timer_delete(t) == -1 && errno == EINVAL, "%s: only once", name);
}

static void overruns(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN };
	struct itimerspec it = { { 0, 1000000 }, { 0, 1000000 } };
	sigset_t set, old;
	timer_t t;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, &old);
	ticks = 0;
	MUST(timer_create(CLOCK_MONOTONIC, &ev, &t) == 0 && timer_settime(t, 0, &it, NULL) == 0);
	msleep(60);
	sigprocmask(SIG_SETMASK, &old, NULL);
	CHECK(ticks >= 1 && overrun >= 40, "missed expiries are counted, one signal is sent");
	timer_delete(t);
}

static volatile int thread_ran, thread_value;

static void in_thread(union sigval v)
{
	thread_value = v.sival_int;
	thread_ran++;
}

static void posix_thread(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD, .sigev_notify_function = in_thread };
	struct itimerspec it = { { 0, 5000000 }, { 0, 5000000 } };
	timer_t t;

	ev.sigev_value.sival_int = 99;
	MUST(timer_create(CLOCK_REALTIME, &ev, &t) == 0 && timer_settime(t, 0, &it, NULL) == 0);
	CHECK(EVENTUALLY(thread_ran >= 3) && thread_value == 99, "SIGEV_THREAD");
	timer_delete(t);
}

static volatile pid_t target;

static void *sleeper(void *arg)
{
	target = (pid_t)syscall(SYS_gettid);
	while (!*(volatile int *)arg)
		msleep(1);
	return NULL;
}

static void posix_thread_id(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN + 1 };
	struct itimerspec it = { { 0, 2000000 }, { 0, 2000000 } };
	volatile int done = 0;
	pthread_t th;
	timer_t t;

	ticks = 0;
	handle(SIGRTMIN + 1, on_tick, SA_RESTART);
	MUST(pthread_create(&th, NULL, sleeper, (void *)&done) == 0);
	while (!target)
		sched_yield();
	ev.sigev_notify_thread_id = target;
	MUST(timer_create(CLOCK_MONOTONIC, &ev, &t) == 0 && timer_settime(t, 0, &it, NULL) == 0);
	CHECK(EVENTUALLY(ticks >= 5) && ran_in == target, "SIGEV_THREAD_ID");
	timer_delete(t);
	done = 1;
	pthread_join(th, NULL);
}

static void timer_errors(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_NONE };
	struct itimerspec it = { { 0, 0 }, { 100, 0 } }, now;
	timer_t t;

	CHECK(timer_create(4242, NULL, &t) == -1 && errno == EINVAL, "unknown clock");
	MUST(timer_create(CLOCK_MONOTONIC, &ev, &t) == 0);
	CHECK(timer_settime(t, 0, &it, NULL) == 0 && timer_gettime(t, &now) == 0 &&
		      now.it_value.tv_sec >= 98 && now.it_value.tv_sec <= 100,
	      "SIGEV_NONE counts down");
	it.it_value.tv_nsec = -1;
	CHECK(timer_settime(t, 0, &it, NULL) == -1 && errno == EINVAL, "bad time");
	pid_t pid = fork();

	if (!pid)
		_exit(timer_gettime(t, &now) == -1 && errno == EINVAL ? 0 : 1);
	CHECK(exited(reap(pid), 0), "timers are not inherited");
	timer_delete(t);
}

static void fds(void)
{
	struct itimerspec it = { { 0, 4000000 }, { 0, 4000000 } }, now;
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t n = 0, t0;

	MUST(fd >= 0);
	CHECK(read(fd, &n, 8) == -1 && errno == EAGAIN, "timerfd: nothing yet");
	MUST(timerfd_settime(fd, 0, &it, NULL) == 0);
	CHECK(poll(&p, 1, 5000) == 1 && read(fd, &n, 8) == 8 && n >= 1, "timerfd: poll and read");
	msleep(50);
	CHECK(read(fd, &n, 8) == 8 && n >= 10, "timerfd: counts expiries");
	CHECK(timerfd_gettime(fd, &now) == 0 && now.it_interval.tv_nsec == 4000000,
	      "timerfd_gettime");
	t0 = now_ns() + 30000000;
	it = (struct itimerspec){ { 0, 0 },
				  { (time_t)(t0 / 1000000000), (long)(t0 % 1000000000) } };
	MUST(timerfd_settime(fd, TFD_TIMER_ABSTIME, &it, NULL) == 0);
	CHECK(poll(&p, 1, 5000) == 1 && now_ns() >= t0, "timerfd: absolute time");
	CHECK(read(fd, &n, 8) == 8 && n == 1, "timerfd: once");
	close(fd);
	fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
	it = (struct itimerspec){ { 0, 0 }, { 0, 10000000 } };
	MUST(fd >= 0 && timerfd_settime(fd, 0, &it, NULL) == 0);
	CHECK(read(fd, &n, 8) == 8 && n == 1, "timerfd: blocking read");
	close(fd);
}

/* Many timers at once, each to its time. */
static void many(void)
{
	enum { N = 200 };
	struct pollfd p[N];
	uint64_t n, due[N], start = now_ns();
	int early = 0, open_fds = 0;

	for (int i = 0; i < N; i++) {
		due[i] = start + 20000000 + (uint64_t)(i * 7919 % N) * 500000;
		struct itimerspec it = {
			{ 0, 0 }, { (time_t)(due[i] / 1000000000), (long)(due[i] % 1000000000) }
		};

		p[i].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		p[i].events = POLLIN;
		MUST(p[i].fd >= 0 && timerfd_settime(p[i].fd, TFD_TIMER_ABSTIME, &it, NULL) == 0);
		open_fds++;
	}
	while (open_fds) {
		if (poll(p, N, 5000) <= 0)
			break;
		for (int i = 0; i < N; i++) {
			if (p[i].fd < 0 || !(p[i].revents & POLLIN))
				continue;
			QUIET(read(p[i].fd, &n, 8) == 8, "read");
			early += now_ns() < due[i];
			close(p[i].fd);
			p[i].fd = -1;
			open_fds--;
		}
	}
	CHECK(open_fds == 0 && early == 0, "%d timers at once, none early, none lost", N);
}

int main(void)
{
	itimer(ITIMER_REAL, SIGALRM, "ITIMER_REAL");
	itimer(ITIMER_VIRTUAL, SIGVTALRM, "ITIMER_VIRTUAL");
	itimer(ITIMER_PROF, SIGPROF, "ITIMER_PROF");
	virtual_sleeps();
	alarms();
	posix_signal(CLOCK_MONOTONIC, "MONOTONIC");
	posix_signal(CLOCK_REALTIME, "REALTIME");
	posix_signal(CLOCK_BOOTTIME, "BOOTTIME");
	posix_signal(CLOCK_PROCESS_CPUTIME_ID, "PROCESS_CPUTIME");
	posix_signal(CLOCK_THREAD_CPUTIME_ID, "THREAD_CPUTIME");
	overruns();
	posix_thread();
	posix_thread_id();
	timer_errors();
	fds();
	many();
	return finish();
}
