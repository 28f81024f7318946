/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest.h - checks and helpers of the guest programs.
 *
 * Each program runs once on the host and once in the guest; what it prints must agree byte for
 * byte.  So it prints the names of its checks and values that the Linux ABI fixes, never
 * addresses, process ids or times.  Lines go out by one write(2) each: nothing is buffered that a
 * fork could double.
 */
#ifndef GUEST_H
#define GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE	      4096UL
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static int g_failed; /* checks of this process that failed */

/* Prints one line. */
static inline __attribute__((format(printf, 1, 2))) void say(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line) - 1, fmt, ap);
	va_end(ap);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	for (int off = 0; off < len;) {
		ssize_t n = write(1, line + off, (size_t)(len - off));

		if (n > 0)
			off += (int)n;
		else if (errno != EINTR)
			_exit(99);
	}
}

static inline __attribute__((format(printf, 5, 6))) bool
check_at(bool good, const char *file, int line, const char *expr, const char *fmt, ...)
{
	char name[256];
	va_list ap;
	int err = errno;

	va_start(ap, fmt);
	vsnprintf(name, sizeof(name), fmt, ap);
	va_end(ap);
	if (good) {
		say("ok %s", name);
	} else {
		g_failed++;
		say("FAIL %s (%s:%d: %s; errno %d)", name, file, line, expr, err);
	}
	errno = err;
	return good;
}

/* Prints "ok NAME" or "FAIL NAME (place)", and remembers a failure. */
#define CHECK(cond, ...) check_at((cond), __FILE__, __LINE__, #cond, __VA_ARGS__)

/* Says nothing when the condition holds; a failure is printed and remembered. */
#define QUIET(cond, ...)                            \
	do {                                        \
		if (!(cond))                        \
			CHECK(!#cond, __VA_ARGS__); \
	} while (0)

/* What the rest of the program depends on: a failure ends it. */
#define MUST(cond)                                                                         \
	do {                                                                               \
		if (!(cond)) {                                                             \
			say("FAIL %s:%d: cannot go on: %s: %s", __FILE__, __LINE__, #cond, \
			    strerror(errno));                                              \
			_exit(98);                                                         \
		}                                                                          \
	} while (0)

/* The exit status of main() and of children. */
static inline int finish(void)
{
	if (g_failed)
		say("FAILED %d", g_failed);
	return g_failed ? 1 : 0;
}

static inline void msleep(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&t, &t) && errno == EINTR)
		;
}

static inline uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t xorshift(uint64_t *seed)
{
	uint64_t x = *seed;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *seed = x;
}

static inline void *xmap(size_t len, int prot)
{
	void *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(p != MAP_FAILED);
	return p;
}

/* Zeroed memory that children share. */
static inline void *xshared(size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	MUST(p != MAP_FAILED);
	return p;
}

/* Starts a child that runs fn(arg) and exits with its result; it dies with its parent. */
static inline pid_t spawn(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		g_failed = 0;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(fn(arg));
	}
	return pid;
}

/* Waits for a child; its wait status. */
static inline int reap(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, __WALL);
	while (got < 0 && errno == EINTR);
	MUST(got == pid);
	return status;
}

/* A child's run in one call: its wait status. */
static inline int run(int (*fn)(void *), void *arg)
{
	return reap(spawn(fn, arg));
}

static inline bool exited(int status, int code)
{
	return WIFEXITED(status) && WEXITSTATUS(status) == code;
}

static inline bool killed(int status, int sig)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == sig;
}

static inline void handle(int sig, void (*fn)(int, siginfo_t *, void *), int flags)
{
	struct sigaction sa = { .sa_sigaction = fn, .sa_flags = flags | SA_SIGINFO };

	sigemptyset(&sa.sa_mask);
	MUST(sigaction(sig, &sa, NULL) == 0);
}

/* ---- accesses that may fault; catch_faults() first */

static sigjmp_buf g_back;
static volatile int g_armed;
static siginfo_t g_fault; /* of the last fault caught */

static inline void g_on_fault(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	if (!g_armed) {
		say("FAIL unexpected signal %d, code %d", sig, si->si_code);
		_exit(97);
	}
	g_fault = *si;
	siglongjmp(g_back, sig);
}

static inline void catch_faults(void)
{
	handle(SIGSEGV, g_on_fault, SA_NODEFER);
	handle(SIGBUS, g_on_fault, SA_NODEFER);
}

/* The signal that an access raises, 0 for none. A write leaves the byte as it is. */
static __attribute__((noinline, unused)) int touch(volatile void *at, bool write)
{
	volatile unsigned char *p = at;
	int sig = sigsetjmp(g_back, 1);

	if (!sig) {
		g_armed = 1;
		if (write)
			*p = *p;
		else
			(void)*p;
	}
	g_armed = 0;
	return sig;
}

/* A gate between processes: one waits until the other opens it. */
struct gate {
	int fd[2];
};

static inline void gate_init(struct gate *g)
{
	MUST(pipe2(g->fd, O_CLOEXEC) == 0);
}

static inline void gate_open(struct gate *g)
{
	ssize_t n;

	do
		n = write(g->fd[1], "", 1);
	while (n < 0 && errno == EINTR);
	MUST(n == 1);
}

static inline void gate_wait(struct gate *g)
{
	char c;
	ssize_t n;

	do
		n = read(g->fd[0], &c, 1);
	while (n < 0 && errno == EINTR);
	MUST(n == 1);
}

/* Polls a condition for at most ten seconds. */
#define EVENTUALLY(cond)                                                  \
	__extension__({                                                   \
		bool g_met = false;                                       \
		for (int g_i = 0; g_i < 2000 && !(g_met = (cond)); g_i++) \
			msleep(5);                                        \
		g_met;                                                    \
	})

/* A fresh directory for files, removed by the caller. */
static inline void make_dir(char *path, size_t len)
{
	const char *base = getenv("TMPDIR");

	snprintf(path, len, "%s/guest.XXXXXX", base && *base ? base : "/tmp");
	MUST(mkdtemp(path) != NULL);
}

/* An unlinked file of the given length. */
static inline int make_file(off_t len)
{
	char path[256];
	const char *base = getenv("TMPDIR");
	int fd;

	snprintf(path, sizeof(path), "%s/guest.XXXXXX", base && *base ? base : "/tmp");
	fd = mkostemp(path, O_CLOEXEC);
	MUST(fd >= 0);
	unlink(path);
	MUST(ftruncate(fd, len) == 0);
	return fd;
}

/* The state letter of a process in /proc, or 0. */
static inline char proc_state(pid_t pid)
{
	char path[64], buf[512], *p;
	int fd;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	buf[n] = 0;
	p = strrchr(buf, ')');
	return p ? p[2] : 0;
}

#endif
