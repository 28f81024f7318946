// SPDX-License-Identifier: GPL-2.0-only
/* sig-basic: masks, flags, queues, waiting for signals, alternate stacks, signals among threads. */
#include "guest.h"
#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/time.h>

#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

static volatile int count, last, order[256], norder;
static volatile siginfo_t info;

static void on_sig(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	count++;
	last = sig;
	memcpy((void *)&info, si, sizeof(info));
	if (norder < 256)
		order[norder++] = sig;
}

static void masks(void)
{
	sigset_t set, old, pend;

	handle(SIGUSR1, on_sig, 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, &old);
	raise(SIGUSR1);
	raise(SIGUSR1);
	sigpending(&pend);
	CHECK(count == 0 && sigismember(&pend, SIGUSR1), "blocked and pending");
	sigprocmask(SIG_SETMASK, &old, NULL);
	CHECK(count == 1, "delivered once when unblocked");
	sigfillset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
	sigprocmask(SIG_SETMASK, &old, &set);
	CHECK(!sigismember(&set, SIGKILL) && !sigismember(&set, SIGSTOP) &&
		      sigismember(&set, SIGRTMAX),
	      "SIGKILL and SIGSTOP cannot be blocked");
	CHECK(signal(SIGKILL, SIG_IGN) == SIG_ERR && errno == EINVAL, "nor ignored");
	count = 0;
	signal(SIGUSR1, SIG_IGN);
	raise(SIGUSR1);
	CHECK(count == 0, "ignored");
}

static void who_sent(void)
{
	union sigval v = { .sival_int = 0x12345678 };
	pid_t pid;

	handle(SIGUSR1, on_sig, 0);
	raise(SIGUSR1);
	CHECK(info.si_signo == SIGUSR1 && info.si_code == SI_TKILL && info.si_pid == getpid() &&
		      info.si_uid == getuid(),
	      "tgkill");
	kill(getpid(), SIGUSR1);
	CHECK(info.si_code == SI_USER && info.si_pid == getpid(), "kill");
	sigqueue(getpid(), SIGUSR1, v);
	CHECK(info.si_code == SI_QUEUE && info.si_value.sival_int == 0x12345678, "sigqueue");
	count = 0;
	pid = fork();
	if (!pid) {
		sigqueue(getppid(), SIGUSR1, v);
		_exit(0);
	}
	reap(pid);
	CHECK(count == 1 && info.si_pid == pid, "a child's signal names the child");
	CHECK(kill(getpid(), 0) == 0, "signal 0");
	CHECK(kill(getpid(), 65) == -1 && errno == EINVAL, "signal 65");
	CHECK(kill(0x3ffffff, SIGTERM) == -1 && errno == ESRCH, "nobody there");
}

static void real_time_order(void)
{
	sigset_t set, old;
	union sigval v;
	char line[256];
	int len = 0;

	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, &old);
	for (int i = 0; i < 5; i++)
		handle(SIGRTMIN + i, on_sig, 0);
	norder = count = 0;
	for (int i = 0; i < 15; i++) {
		v.sival_int = i;
		sigqueue(getpid(), SIGRTMIN + (i * 7) % 5, v);
	}
	raise(SIGUSR1);
	/* All become deliverable at once: the frames nest, so the last one set up runs first. */
	sigprocmask(SIG_SETMASK, &old, NULL);
	for (int i = 0; i < norder; i++)
		len += snprintf(line + len, sizeof(line) - (size_t)len, " %d", order[i] - SIGRTMIN);
	say("real-time handlers ran:%s", line);
	CHECK(count == 16, "every queued signal came");
	len = 0;
	sigprocmask(SIG_BLOCK, &set, &old);
	for (int i = 0; i < 15; i++) {
		v.sival_int = i;
		sigqueue(getpid(), SIGRTMIN + (i * 7) % 5, v);
	}
	for (int i = 0; i < 15; i++) {
		siginfo_t si;
		int sig = sigwaitinfo(&set, &si);

		len += snprintf(line + len, sizeof(line) - (size_t)len, " %d:%d", sig - SIGRTMIN,
				si.si_value.sival_int);
	}
	say("sigwaitinfo order:%s", line);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static volatile int depth, deepest, entries;

static void nest(int sig, siginfo_t *si, void *uc)
{
	(void)si;
	(void)uc;
	depth++;
	if (depth > deepest)
		deepest = depth;
	if (entries++ < 49)
		raise(sig);
	depth--;
}

static void flags(void)
{
	struct sigaction sa;

	handle(SIGUSR1, nest, SA_NODEFER);
	raise(SIGUSR1);
	say("SA_NODEFER nests to depth %d", deepest);
	depth = deepest = entries = 0;
	handle(SIGUSR1, nest, 0);
	raise(SIGUSR1);
	say("without it to depth %d, %d runs", deepest, entries);
	count = 0;
	handle(SIGUSR2, on_sig, SA_RESETHAND);
	raise(SIGUSR2);
	sigaction(SIGUSR2, NULL, &sa);
	CHECK(sa.sa_handler == SIG_DFL, "SA_RESETHAND");
}

static int resethand(void *arg)
{
	(void)arg;
	count = 10;
	handle(SIGUSR2, on_sig, SA_RESETHAND);
	raise(SIGUSR2);
	raise(SIGUSR2);
	return count;
}

static sigset_t handler_mask;

static void look_at_mask(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
	sigprocmask(SIG_SETMASK, NULL, &handler_mask);
}

static void handler_masks(void)
{
	struct sigaction sa = { .sa_sigaction = look_at_mask, .sa_flags = SA_SIGINFO };
	sigset_t now;

	sigemptyset(&sa.sa_mask);
	sigaddset(&sa.sa_mask, SIGHUP);
	sigaddset(&sa.sa_mask, SIGRTMAX);
	sigaction(SIGUSR1, &sa, NULL);
	raise(SIGUSR1);
	CHECK(sigismember(&handler_mask, SIGUSR1) && sigismember(&handler_mask, SIGHUP) &&
		      sigismember(&handler_mask, SIGRTMAX) && !sigismember(&handler_mask, SIGTERM),
	      "sa_mask and the signal itself are blocked in the handler");
	sigprocmask(SIG_SETMASK, NULL, &now);
	CHECK(!sigismember(&now, SIGUSR1) && !sigismember(&now, SIGHUP), "and unblocked after it");
}

/* ---- alternate stack */

static char alt[262144];
static volatile int on_alt, alt_flags, recursed;

static void alt_handler(int sig, siginfo_t *si, void *uc)
{
	char here;
	stack_t ss;

	(void)si;
	(void)uc;
	on_alt = &here >= alt && &here < alt + sizeof(alt);
	sigaltstack(NULL, &ss);
	alt_flags = ss.ss_flags;
	if (!recursed++)
		raise(sig);
}

static void altstack(void)
{
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) }, old;

	CHECK(sigaltstack(&ss, NULL) == 0, "sigaltstack");
	handle(SIGUSR1, alt_handler, SA_ONSTACK | SA_NODEFER);
	raise(SIGUSR1);
	CHECK(on_alt && alt_flags == SS_ONSTACK && recursed == 2, "handlers run there, nested too");
	sigaltstack(NULL, &old);
	CHECK(old.ss_flags == 0 && old.ss_sp == alt && old.ss_size == sizeof(alt),
	      "unused afterwards");
	handle(SIGUSR1, alt_handler, SA_NODEFER);
	raise(SIGUSR1);
	CHECK(!on_alt && alt_flags == 0, "without SA_ONSTACK on the ordinary stack");
	ss.ss_size = 100;
	CHECK(sigaltstack(&ss, NULL) == -1 && errno == ENOMEM, "too small: ENOMEM");
	ss.ss_size = sizeof(alt);
	ss.ss_flags = 0x1234;
	CHECK(sigaltstack(&ss, NULL) == -1 && errno == EINVAL, "bad flags: EINVAL");
	ss.ss_flags = (int)SS_AUTODISARM;
	CHECK(sigaltstack(&ss, NULL) == 0, "SS_AUTODISARM");
	handle(SIGUSR1, alt_handler, SA_ONSTACK);
	raise(SIGUSR1);
	CHECK(on_alt && alt_flags == SS_DISABLE, "disarmed in the handler");
	sigaltstack(NULL, &old);
	CHECK(old.ss_sp == alt && (unsigned int)old.ss_flags == SS_AUTODISARM,
	      "armed again after it");
	ss.ss_flags = SS_DISABLE;
	sigaltstack(&ss, NULL);
}

/* ---- waiting */

static void waiting(void)
{
	sigset_t set, none, old;
	struct timespec ts = { 0, 10000000 }, zero = { 0, 0 };
	struct itimerval it = { { 0, 0 }, { 0, 10000 } };
	struct signalfd_siginfo fdsi[4];
	siginfo_t si;
	int fd;

	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_BLOCK, &set, &old);
	handle(SIGUSR1, on_sig, 0);
	handle(SIGALRM, on_sig, 0);
	count = 0;
	setitimer(ITIMER_REAL, &it, NULL);
	CHECK(sigsuspend(&none) == -1 && errno == EINTR && count == 1 && last == SIGALRM,
	      "sigsuspend");
	sigprocmask(SIG_BLOCK, NULL, &set);
	CHECK(sigismember(&set, SIGALRM), "and the mask is back");
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK(sigtimedwait(&set, &si, &ts) == -1 && errno == EAGAIN, "sigtimedwait runs out");
	raise(SIGUSR1);
	CHECK(sigtimedwait(&set, &si, &zero) == SIGUSR1 && si.si_pid == getpid(),
	      "sigtimedwait takes");
	CHECK(count == 1, "no handler ran");
	setitimer(ITIMER_REAL, &it, NULL);
	sigaddset(&set, SIGALRM);
	CHECK(sigwaitinfo(&set, &si) == SIGALRM && si.si_code == SI_KERNEL, "sigwaitinfo sleeps");
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	CHECK(fd >= 0 && read(fd, fdsi, sizeof(fdsi)) == -1 && errno == EAGAIN,
	      "signalfd, nothing there");
	raise(SIGUSR1);
	setitimer(ITIMER_REAL, &it, NULL);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	CHECK(poll(&p, 1, 1000) == 1, "signalfd polls");
	CHECK(EVENTUALLY(sigpending(&none) == 0 && sigismember(&none, SIGALRM)), "the alarm comes");
	CHECK(read(fd, fdsi, sizeof(fdsi)) == 2 * sizeof(fdsi[0]) && fdsi[0].ssi_signo == SIGUSR1 &&
		      fdsi[1].ssi_signo == SIGALRM,
	      "signalfd reads two");
	CHECK(fdsi[0].ssi_pid == (uint32_t)getpid() && fdsi[0].ssi_code == SI_TKILL,
	      "with their facts");
	close(fd);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

/* ---- signals that must interrupt code which makes no calls */

static volatile int ticks;

static void tick(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
	ticks++;
}

static void busy_loop(void)
{
	struct itimerval it = { { 0, 2000 }, { 0, 2000 } }, none = { { 0, 0 }, { 0, 0 } };
	volatile uint64_t spin = 0;

	handle(SIGALRM, tick, SA_RESTART);
	setitimer(ITIMER_REAL, &it, NULL);
	while (ticks < 50)
		spin++;
	setitimer(ITIMER_REAL, &none, NULL);
	CHECK(ticks >= 50, "50 timer signals into a busy loop");
	struct gate g;

	gate_init(&g);
	pid_t pid = fork();

	if (!pid) {
		gate_open(&g);
		for (;;)
			spin++;
	}
	gate_wait(&g);
	msleep(5);
	kill(pid, SIGTERM);
	CHECK(killed(reap(pid), SIGTERM), "a spinning process is killed");
}

/* ---- among threads */

enum { ROUNDS = 25 };

static __thread volatile int mine;
static volatile int ready, wrong, handled;

static void thread_sig(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	if (si->si_code != SI_TKILL && si->si_code != SI_QUEUE)
		wrong++;
	mine++;
	__atomic_add_fetch(&handled, 1, __ATOMIC_SEQ_CST);
}

static void *spinner(void *arg)
{
	volatile uint64_t n = 0;

	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (mine < ROUNDS)
		n++;
	(void)arg;
	return NULL;
}

static void *blocker(void *arg)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (*(volatile int *)arg == 0)
		msleep(1);
	return (void *)(intptr_t)mine;
}

static void threads(void)
{
	pthread_t t[4];
	volatile int done = 0;
	void *ret;

	handle(SIGUSR1, thread_sig, SA_RESTART);
	handle(SIGUSR2, thread_sig, SA_RESTART);
	for (int i = 0; i < 4; i++)
		MUST(pthread_create(&t[i], NULL, spinner, NULL) == 0);
	while (ready < 4)
		sched_yield();
	for (int i = 0; i < 4 * ROUNDS; i++) {
		uint64_t limit = now_ns() + 5000000000u;

		QUIET(pthread_kill(t[i % 4], SIGUSR1) == 0, "pthread_kill");
		while (handled <= i && now_ns() < limit)
			sched_yield();
		if (handled <= i) {
			CHECK(false, "signal %d reaches its thread", i);
			break;
		}
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	CHECK(wrong == 0, "pthread_kill into spinning threads");
	ready = mine = 0;
	MUST(pthread_create(&t[0], NULL, blocker, (void *)&done) == 0);
	while (!ready)
		sched_yield();
	handle(SIGUSR2, on_sig, 0);
	count = 0;
	for (int i = 0; i < 10; i++)
		kill(getpid(), SIGUSR2);
	CHECK(count >= 1, "a process signal goes to the thread that does not block it");
	done = 1;
	pthread_join(t[0], &ret);
	CHECK(ret == NULL, "not to the one that does");
}

static int stop_all(void *arg)
{
	static pthread_t t[3];

	(void)arg;
	for (int i = 0; i < 3; i++)
		pthread_create(&t[i], NULL, spinner, NULL);
	for (;;)
		pause();
	return 0;
}

static void stop_threads(void)
{
	pid_t pid = spawn(stop_all, NULL);
	int status;

	msleep(20);
	for (int i = 0; i < 20; i++) {
		kill(pid, SIGSTOP);
		QUIET(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "stop %d", i);
		kill(pid, SIGCONT);
		QUIET(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status),
		      "continue %d", i);
	}
	kill(pid, SIGKILL);
	CHECK(killed(reap(pid), SIGKILL), "20 stops of a process with spinning threads");
}

int main(void)
{
	masks();
	who_sent();
	real_time_order();
	flags();
	say("second signal after SA_RESETHAND: status %#x", run(resethand, NULL));
	handler_masks();
	altstack();
	waiting();
	busy_loop();
	threads();
	stop_threads();
	return finish();
}
