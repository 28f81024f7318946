// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest-cost: what basic operations cost a program, on the host or in a guest.
 *
 * Built static and run unchanged everywhere.  Each test runs several rounds of a fixed time and
 * prints the median: `NAME VALUE UNIT`, one line a test.  Time comes from the cycle counter, tied
 * once to the clock, so that reading the clock in a guest does not count.
 *
 * usage: guest-cost [TEST...]    all tests, or those named; exit 0, 1 when a test failed, 2 usage
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	  4096UL
#define ROUNDS	  7
#define TOUCH_LEN (32UL << 20)
#define FILE_LEN  (16UL << 20)

static double cycles_per_ns;
static char self[256];

static inline uint64_t cycles(void)
{
	uint32_t lo, hi;

	__asm__ volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

static void die(const char *what)
{
	fprintf(stderr, "guest-cost: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void calibrate(void)
{
	struct timespec a, b, pause = { 0, 100000000 };
	uint64_t c0, c1;

	clock_gettime(CLOCK_MONOTONIC, &a);
	c0 = cycles();
	nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	c1 = cycles();
	cycles_per_ns = (double)(c1 - c0) /
			((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec));
}

/* ---- the operations: each does it n times */

static void do_getppid(long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void do_clock(long n)
{
	struct timespec t;

	while (n--)
		clock_gettime(CLOCK_MONOTONIC, &t);
}

static int zero_fd;

static void prepare_read(void)
{
	zero_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (zero_fd < 0)
		die("/dev/zero");
}

static void do_read(long n)
{
	char c;

	while (n--)
		if (read(zero_fd, &c, 1) != 1)
			die("read");
}

static void do_stat(long n)
{
	struct stat st;

	while (n--)
		if (stat("/", &st))
			die("stat");
}

static volatile long signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static void do_signal(long n)
{
	pid_t pid = getpid(), tid = (pid_t)syscall(SYS_gettid);

	signal(SIGUSR1, on_signal);
	while (n--)
		syscall(SYS_tgkill, pid, tid, SIGUSR1);
}

static int ping[2], pong[2];

static void do_pipe(long n)
{
	char c = 0;
	pid_t pid;

	if (pipe(ping) || pipe(pong))
		die("pipe");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		while (n-- && read(ping[0], &c, 1) == 1)
			if (write(pong[1], &c, 1) != 1)
				break;
		_exit(0);
	}
	while (n--)
		if (write(ping[1], &c, 1) != 1 || read(pong[0], &c, 1) != 1)
			die("ping-pong");
	waitpid(pid, NULL, 0);
	close(ping[0]);
	close(ping[1]);
	close(pong[0]);
	close(pong[1]);
}

static void do_fork(long n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			die("fork");
	}
}

static void do_exec(long n)
{
	char *argv[] = { self, (char *)"-exit", NULL }, *envp[] = { NULL };

	while (n--) {
		pid_t pid = fork();
		int status;

		if (!pid) {
			execve(self, argv, envp);
			_exit(1);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
			die("fork and exec");
	}
}

static void *nothing(void *arg)
{
	return arg;
}

static void do_thread(long n)
{
	pthread_t t;

	while (n--) {
		errno = pthread_create(&t, NULL, nothing, NULL);
		if (errno)
			die("pthread_create");
		pthread_join(t, NULL);
	}
}

static uint32_t turn;

static void futex_pass(uint32_t mine, long n)
{
	while (n--) {
		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) != mine)
			syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, 1 - mine, NULL, NULL, 0);
		__atomic_store_n(&turn, 1 - mine, __ATOMIC_RELEASE);
		syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
}

static void *futex_thread(void *arg)
{
	futex_pass(1, *(long *)arg);
	return NULL;
}

static void do_futex(long n)
{
	pthread_t t;

	turn = 0;
	errno = pthread_create(&t, NULL, futex_thread, &n);
	if (errno)
		die("pthread_create");
	futex_pass(0, n);
	pthread_join(t, NULL);
}

/* The time of one round in cycles, where setting up and cleaning must not count. */
static uint64_t touch_round(void)
{
	volatile char *p =
		mmap(NULL, TOUCH_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t t0, t1;

	if (p == MAP_FAILED)
		die("mmap");
	t0 = cycles();
	for (size_t i = 0; i < TOUCH_LEN; i += PAGE)
		p[i] = 1;
	t1 = cycles();
	munmap((void *)p, TOUCH_LEN);
	return t1 - t0;
}

static void do_map(long n)
{
	while (n--) {
		volatile char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (p == MAP_FAILED)
			die("mmap");
		for (size_t i = 0; i < 16; i++)
			p[i * PAGE] = 1;
		munmap((void *)p, 1 << 20);
	}
}

static int data_fd = -1;

static void prepare_file(void)
{
	static char buf[1 << 20];
	char path[] = "/tmp/guest-cost.XXXXXX";

	data_fd = mkstemp(path);
	if (data_fd < 0)
		die(path);
	unlink(path);
	memset(buf, 7, sizeof(buf));
	for (size_t i = 0; i < FILE_LEN; i += sizeof(buf))
		if (write(data_fd, buf, sizeof(buf)) != (ssize_t)sizeof(buf))
			die("/tmp");
}

static uint64_t file_round(void)
{
	volatile char *p = mmap(NULL, FILE_LEN, PROT_READ, MAP_SHARED, data_fd, 0);
	uint64_t t0, t1;

	if (p == MAP_FAILED)
		die("mmap");
	t0 = cycles();
	for (size_t i = 0; i < FILE_LEN; i += PAGE)
		(void)p[i];
	t1 = cycles();
	munmap((void *)p, FILE_LEN);
	return t1 - t0;
}

static uint64_t cow_round(void)
{
	volatile char *p =
		mmap(NULL, TOUCH_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t t0, t = 0;
	int fd[2];
	pid_t pid;

	if (p == MAP_FAILED || pipe(fd))
		die("mmap");
	for (size_t i = 0; i < TOUCH_LEN; i += PAGE)
		p[i] = 1;
	pid = fork();
	if (!pid) {
		t0 = cycles();
		for (size_t i = 0; i < TOUCH_LEN; i += PAGE)
			p[i] = 2;
		t = cycles() - t0;
		_exit(write(fd[1], &t, sizeof(t)) != (ssize_t)sizeof(t));
	}
	if (pid < 0 || read(fd[0], &t, sizeof(t)) != (ssize_t)sizeof(t))
		die("fork");
	waitpid(pid, NULL, 0);
	close(fd[0]);
	close(fd[1]);
	munmap((void *)p, TOUCH_LEN);
	return t;
}

static uint64_t loop_round(void)
{
	uint64_t n = 200000000, t0 = cycles();

	__asm__ volatile("1: dec %0; jnz 1b" : "+r"(n) : : "cc");
	return cycles() - t0;
}

/*
 * One row a test.  op: run n times, n found so that a round takes about round_ms; round: one
 * round of `count` operations that times itself.  unit_ns: nanoseconds of the printed unit.
 */
static const struct test {
	const char *name, *unit;
	double unit_ns;
	void (*op)(long n);
	uint64_t (*round)(void);
	double count;
	void (*prepare)(void);
} tests[] = {
	{ "getppid", "ns", 1, do_getppid, NULL, 0, NULL },
	{ "clock_gettime", "ns", 1, do_clock, NULL, 0, NULL },
	{ "read_zero", "ns", 1, do_read, NULL, 0, prepare_read },
	{ "stat", "ns", 1, do_stat, NULL, 0, NULL },
	{ "signal_self", "ns", 1, do_signal, NULL, 0, NULL },
	{ "pipe_pingpong", "us", 1e3, do_pipe, NULL, 0, NULL },
	{ "fork_exit_wait", "us", 1e3, do_fork, NULL, 0, NULL },
	{ "fork_exec_wait", "us", 1e3, do_exec, NULL, 0, NULL },
	{ "thread_create_join", "us", 1e3, do_thread, NULL, 0, NULL },
	{ "futex_pingpong", "us", 1e3, do_futex, NULL, 0, NULL },
	{ "first_touch_page", "ns", 1, NULL, touch_round, TOUCH_LEN / PAGE, NULL },
	{ "map_touch16_unmap", "us", 1e3, do_map, NULL, 0, NULL },
	{ "file_fault_page", "ns", 1, NULL, file_round, FILE_LEN / PAGE, prepare_file },
	{ "cow_fault_page", "ns", 1, NULL, cow_round, TOUCH_LEN / PAGE, NULL },
	{ "loop_200m", "ms", 1e6, NULL, loop_round, 1, NULL },
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void run_test(const struct test *t)
{
	const double round_ns = 60e6;
	double ns[ROUNDS], count = t->count;

	if (t->prepare)
		t->prepare();
	if (t->op) {
		/* Find how many make a round; this also warms everything up. */
		for (count = 10;; count *= 4) {
			uint64_t t0 = cycles();
			double d;

			t->op((long)count);
			d = (double)(cycles() - t0) / cycles_per_ns;
			if (d > round_ns / 8) {
				count = count * round_ns / d;
				break;
			}
		}
		if (count < 10)
			count = 10;
	} else {
		t->round();
	}
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t c, t0 = cycles();

		if (t->op) {
			t->op((long)count);
			c = cycles() - t0;
		} else {
			c = t->round();
		}
		ns[i] = (double)c / cycles_per_ns / (t->op ? (double)(long)count : count);
	}
	qsort(ns, ROUNDS, sizeof(ns[0]), ascending);
	printf("%s %.*f %s\n", t->name, t->unit_ns > 1 || ns[ROUNDS / 2] < 100 ? 1 : 0,
	       ns[ROUNDS / 2] / t->unit_ns, t->unit);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	ssize_t n;

	if (argc == 2 && !strcmp(argv[1], "-exit"))
		return 0;
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n < 0)
		die("/proc/self/exe");
	for (int i = 1; i < argc; i++) {
		bool known = false;

		for (size_t j = 0; j < sizeof(tests) / sizeof(tests[0]); j++)
			known |= !strcmp(argv[i], tests[j].name);
		if (!known) {
			fprintf(stderr, "guest-cost: %s: no such test; they are:", argv[i]);
			for (size_t j = 0; j < sizeof(tests) / sizeof(tests[0]); j++)
				fprintf(stderr, " %s", tests[j].name);
			fprintf(stderr, "\n");
			return 2;
		}
	}
	calibrate();
	for (size_t j = 0; j < sizeof(tests) / sizeof(tests[0]); j++) {
		bool wanted = argc == 1;

		for (int i = 1; i < argc; i++)
			wanted |= !strcmp(argv[i], tests[j].name);
		if (wanted)
			run_test(&tests[j]);
	}
	return 0;
}
