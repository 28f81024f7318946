// SPDX-License-Identifier: GPL-2.0-only
/* sig-restart: which calls a signal interrupts, which go on, and with what registers. */
#include "guest.h"
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/file.h>
#include <semaphore.h>

static volatile int ticks;
static int pipefd[2];

static void on_tick(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
	/* The third tick lets a restarted read or wait come to its end. */
	if (++ticks == 3)
		QUIET(write(pipefd[1], "x", 1) == 1, "write");
}

static void arm(int flags)
{
	struct itimerval it = { { 0, 15000 }, { 0, 15000 } };

	ticks = 0;
	handle(SIGALRM, on_tick, flags);
	setitimer(ITIMER_REAL, &it, NULL);
}

static void disarm(void)
{
	struct itimerval none = { { 0, 0 }, { 0, 0 } };
	char buf[64];

	setitimer(ITIMER_REAL, &none, NULL);
	if (ticks < 3)
		QUIET(write(pipefd[1], "x", 1) == 1, "write");
	QUIET(read(pipefd[0], buf, sizeof(buf)) >= 0, "drain");
}

static int do_read(void)
{
	char c;

	return read(pipefd[0], &c, 1) == 1 && write(pipefd[1], &c, 1) == 1 ? 1 : -1;
}

static int do_poll(void)
{
	struct pollfd p = { .fd = pipefd[0], .events = POLLIN };

	return poll(&p, 1, 5000);
}

static int do_select(void)
{
	struct timeval tv = { 5, 0 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(pipefd[0], &set);
	return select(pipefd[0] + 1, &set, NULL, NULL, &tv);
}

static int do_epoll(void)
{
	struct epoll_event ev = { .events = EPOLLIN }, out;
	int fd = epoll_create1(0), r, err;

	epoll_ctl(fd, EPOLL_CTL_ADD, pipefd[0], &ev);
	r = epoll_wait(fd, &out, 1, 5000);
	err = errno;
	close(fd);
	errno = err;
	return r;
}

static int do_nanosleep(void)
{
	struct timespec t = { 0, 80000000 }, left = { -1, -1 };
	int r = nanosleep(&t, &left);

	if (r == -1 && (left.tv_sec != 0 || left.tv_nsec <= 0 || left.tv_nsec >= 80000000))
		errno = 999;
	return r;
}

static int do_pause(void)
{
	return pause();
}

static int do_wait(void)
{
	pid_t pid = fork();
	int status, r, err;

	if (!pid) {
		msleep(100);
		_exit(0);
	}
	r = waitpid(pid, &status, 0);
	err = errno;
	if (r < 0)
		reap(pid);
	errno = err;
	return r > 0 ? 1 : r;
}

static int do_flock(void)
{
	static char path[64];
	int a, b, r, err;

	snprintf(path, sizeof(path), "/tmp/guest-flock.%d", getpid());
	a = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	b = open(path, O_RDWR | O_CLOEXEC);
	flock(a, LOCK_EX);
	pid_t pid = fork();

	if (!pid) {
		close(b);
		msleep(100);
		flock(a, LOCK_UN);
		_exit(0);
	}
	close(a);
	r = flock(b, LOCK_EX);
	err = errno;
	reap(pid);
	close(b);
	unlink(path);
	errno = err;
	return r;
}

static int do_recv(void)
{
	int sv[2], r, err;
	char c;

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	pid_t pid = fork();

	if (!pid) {
		msleep(100);
		_exit(write(sv[1], "y", 1) != 1);
	}
	r = (int)recv(sv[0], &c, 1, 0);
	err = errno;
	reap(pid);
	close(sv[0]);
	close(sv[1]);
	errno = err;
	return r;
}

static int do_sem(void)
{
	static sem_t s;
	struct timespec t;

	sem_init(&s, 0, 0);
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 80000000;
	if (t.tv_nsec >= 1000000000)
		t.tv_sec++, t.tv_nsec -= 1000000000;
	return sem_timedwait(&s, &t);
}

static const struct {
	const char *name;
	int (*fn)(void);
} calls[] = {
	{ "read", do_read },	     { "poll", do_poll },	    { "select", do_select },
	{ "epoll_wait", do_epoll },  { "nanosleep", do_nanosleep }, { "pause", do_pause },
	{ "waitpid", do_wait },	     { "flock", do_flock },	    { "recv", do_recv },
	{ "sem_timedwait", do_sem },
};

static void table(void)
{
	for (int flag = 0; flag < 2; flag++) {
		for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
			int r, err;

			arm(flag ? SA_RESTART : 0);
			errno = 0;
			r = calls[i].fn();
			err = errno;
			disarm();
			say("%s, %s: %d errno %d", calls[i].name, flag ? "SA_RESTART" : "plain", r,
			    r < 0 ? err : 0);
		}
	}
}

/* A restarted call finds the registers it was made with; only rcx, r11 and rax may change. */
static void restart_registers(void)
{
	char c = 0;
	long ret;
	uint64_t bad;

	arm(SA_RESTART);
	__asm__ volatile(
		"mov $0x5b5b5b5b, %%ebx\n mov $0x12121212, %%r12d\n mov $0x13131313, %%r13d\n"
		"mov $0x14141414, %%r14d\n mov $0x15151515, %%r15d\n"
		"mov $0x10101010, %%r10d\n mov $0x08080808, %%r8d\n mov $0x09090909, %%r9d\n"
		"xor %%eax, %%eax\n"
		"syscall\n"
		"xor %%ecx, %%ecx\n"
		"cmp $0x5b5b5b5b, %%ebx\n setne %%cl\n"
		"cmp $0x12121212, %%r12d\n mov $0, %%ebx\n setne %%bl\n add %%ebx, %%ecx\n"
		"cmp $0x13131313, %%r13d\n mov $0, %%ebx\n setne %%bl\n add %%ebx, %%ecx\n"
		"cmp $0x14141414, %%r14d\n mov $0, %%ebx\n setne %%bl\n add %%ebx, %%ecx\n"
		"cmp $0x15151515, %%r15d\n mov $0, %%ebx\n setne %%bl\n add %%ebx, %%ecx\n"
		"cmp $0x10101010, %%r10d\n mov $0, %%ebx\n setne %%bl\n add %%ebx, %%ecx\n"
		"cmp $0x08080808, %%r8d\n mov $0, %%ebx\n setne %%bl\n add %%ebx, %%ecx\n"
		"cmp $0x09090909, %%r9d\n mov $0, %%ebx\n setne %%bl\n add %%ebx, %%ecx\n"
		: "=a"(ret), "=&c"(bad)
		: "D"((long)pipefd[0]), "S"(&c), "d"(1L)
		: "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
	int seen = ticks;

	MUST(write(pipefd[1], "x", 1) == 1);
	disarm();
	CHECK(ret == 1 && c == 'x' && bad == 0, "a read restarted by signals keeps its registers");
	CHECK(seen >= 3, "the signals came during it");
}

/* Signals without handlers never show: stops and ignored ones. */
static void invisible(void)
{
	struct gate g;
	int status;
	pid_t pid;

	gate_init(&g);
	pid = fork();
	if (!pid) {
		struct timespec t = { 0, 150000000 };
		struct pollfd none = { .fd = -1 };
		int r;

		gate_open(&g);
		r = nanosleep(&t, NULL);
		r |= poll(&none, 1, 100);
		_exit(r == 0 ? 0 : 1);
	}
	gate_wait(&g);
	for (int i = 0; i < 4; i++) {
		msleep(10);
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGCONT);
		kill(pid, SIGCHLD);
	}
	CHECK(exited(reap(pid), 0), "stop and continue do not end a sleep or a poll");
}

/* nanosleep restarted after a stop still ends at its time, not later. */
static void sleep_length(void)
{
	struct itimerval it = { { 0, 3000 }, { 0, 3000 } }, none = { { 0, 0 }, { 0, 0 } };
	struct timespec t = { 0, 100000000 };
	uint64_t t0 = now_ns(), ms;
	int rounds = 0;

	ticks = 10;
	handle(SIGALRM, on_tick, 0);
	setitimer(ITIMER_REAL, &it, NULL);
	while (nanosleep(&t, &t) && errno == EINTR)
		rounds++;
	setitimer(ITIMER_REAL, &none, NULL);
	ms = (now_ns() - t0) / 1000000;
	CHECK(rounds >= 5, "a sleep in pieces");
	CHECK(ms >= 100 && ms < 1000, "is as long as asked for");
}

int main(void)
{
	MUST(pipe2(pipefd, O_CLOEXEC) == 0);
	table();
	restart_registers();
	invisible();
	sleep_length();
	return finish();
}
