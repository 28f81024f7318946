// SPDX-License-Identifier: GPL-2.0-only
/* proc-fork: fork, vfork, clone, clone3, exit codes, the wait family, orphans. */
#include "guest.h"
#include <linux/sched.h>
#include <sys/resource.h>

static int *shm; /* words shared by parent and children */

static int exit_with(void *arg)
{
	return (int)(intptr_t)arg;
}

static int die_by(void *arg)
{
	int sig = (int)(intptr_t)arg;

	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	signal(sig, SIG_DFL);
	raise(sig);
	return 0;
}

static void exit_codes(void)
{
	static const int codes[] = { 0, 1, 2, 127, 128, 255, 256, 257, -1 };
	static const int sigs[] = { SIGHUP,  SIGINT,  SIGKILL, SIGUSR1, SIGSEGV, SIGTERM,
				    SIGALRM, SIGABRT, SIGFPE,  SIGBUS,	SIGXCPU, SIGPIPE };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		say("exit(%d) -> status %#x", codes[i], run(exit_with, (void *)(intptr_t)codes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(sigs); i++)
		say("death by %d -> status %#x", sigs[i], run(die_by, (void *)(intptr_t)sigs[i]));
	for (int sig = SIGRTMIN; sig <= SIGRTMAX; sig += 5)
		QUIET(killed(run(die_by, (void *)(intptr_t)sig), sig), "death by %d", sig);
}

static void memory_is_copied(void)
{
	static volatile int data = 1;
	volatile int *heap = malloc(sizeof(*heap)), stack = 3;
	pid_t pid;

	*heap = 2;
	pid = fork();
	if (!pid) {
		bool same = data == 1 && *heap == 2 && stack == 3;

		data = 11;
		*heap = 12;
		stack = 13;
		_exit(same && data == 11 && *heap == 12 && stack == 13 ? 7 : 8);
	}
	CHECK(exited(reap(pid), 7), "child sees and changes its own copy");
	CHECK(data == 1 && *heap == 2 && stack == 3, "parent's copy unchanged");
	free((void *)heap);
}

static void ids(void)
{
	pid_t me = getpid(), pid = fork();

	if (!pid)
		_exit(getppid() == me && getpid() != me && getpid() == syscall(SYS_gettid) ? 0 : 1);
	CHECK(pid > 0 && exited(reap(pid), 0), "getpid, getppid, gettid in a child");
	CHECK(getpid() == me, "parent's pid unchanged");
}

static void test_vfork(void)
{
	volatile int word = 0;
	pid_t pid = vfork();

	if (!pid) {
		word = 42;
		_exit(3);
	}
	CHECK(word == 42, "vfork shares memory and holds the parent");
	CHECK(exited(reap(pid), 3), "vfork child's exit code");
}

static int clone_fn(void *arg)
{
	*(volatile int *)arg += 5;
	return 9;
}

static void test_clone(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	volatile int word = 1;
	int pidfd = -1, status;
	pid_t pid;

	pid = clone(clone_fn, stack + sizeof(stack), CLONE_VM | SIGCHLD, (void *)&word);
	CHECK(pid > 0 && exited(reap(pid), 9) && word == 6, "clone(CLONE_VM) with its own stack");
	pid = clone(clone_fn, stack + sizeof(stack), SIGCHLD, (void *)&word);
	CHECK(pid > 0 && exited(reap(pid), 9) && word == 6, "clone without CLONE_VM");
	pid = clone(clone_fn, stack + sizeof(stack), CLONE_VM, (void *)&word);
	CHECK(waitpid(pid, &status, 0) == -1 && errno == ECHILD,
	      "no exit signal: plain wait refuses");
	CHECK(waitpid(pid, &status, __WCLONE) == pid && exited(status, 9), "__WCLONE waits for it");
	pid = clone(clone_fn, stack + sizeof(stack), CLONE_VM | CLONE_PIDFD | SIGCHLD,
		    (void *)&word, &pidfd);
	CHECK(pid > 0 && pidfd >= 0, "CLONE_PIDFD");
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	CHECK(poll(&p, 1, 5000) == 1 && p.revents == POLLIN, "pidfd becomes readable at exit");
	siginfo_t si;
	CHECK(waitid(P_PIDFD, (id_t)pidfd, &si, WEXITED) == 0 && si.si_status == 9,
	      "waitid(P_PIDFD)");
	close(pidfd);
	CHECK(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL,
	      "CLONE_THREAD without CLONE_SIGHAND is refused");
	CHECK(syscall(SYS_clone, CLONE_SIGHAND | SIGCHLD, 0, 0, 0, 0) == -1 && errno == EINVAL,
	      "CLONE_SIGHAND without CLONE_VM is refused");
}

static void never(int sig, siginfo_t *si, void *uc)
{
	(void)si;
	(void)uc;
	_exit(sig);
}

static void clone_tids(void)
{
	struct clone_args ca = { .flags = CLONE_PARENT_SETTID | CLONE_CHILD_SETTID |
					  CLONE_CHILD_CLEARTID,
				 .exit_signal = SIGCHLD };
	pid_t pid;

	shm[0] = shm[1] = 0;
	ca.parent_tid = (uintptr_t)&shm[0];
	ca.child_tid = (uintptr_t)&shm[1];
	pid = (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
	MUST(pid >= 0);
	if (!pid)
		_exit(shm[1] == syscall(SYS_gettid) && shm[0] == shm[1] ? 0 : 1);
	CHECK(exited(reap(pid), 0) && shm[0] == pid, "clone3 sets parent's and child's tid");
	CHECK(shm[1] == pid, "no clear of the tid when no other thread shares the memory");
	memset(&ca, 0, sizeof(ca));
	ca.flags = CLONE_CLEAR_SIGHAND;
	ca.exit_signal = SIGCHLD;
	signal(SIGUSR1, SIG_IGN);
	handle(SIGUSR2, never, 0);
	pid = (pid_t)syscall(SYS_clone3, &ca, sizeof(ca));
	if (!pid) {
		struct sigaction a, b;

		sigaction(SIGUSR1, NULL, &a);
		sigaction(SIGUSR2, NULL, &b);
		_exit(a.sa_handler == SIG_IGN && b.sa_handler == SIG_DFL ? 0 : 1);
	}
	CHECK(exited(reap(pid), 0), "CLONE_CLEAR_SIGHAND resets handlers, keeps ignored");
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
	memset(&ca, 0, sizeof(ca));
	ca.exit_signal = 100;
	CHECK(syscall(SYS_clone3, &ca, sizeof(ca)) == -1 && errno == EINVAL,
	      "bad exit signal refused");
	CHECK(syscall(SYS_clone3, &ca, 8) == -1 && errno == EINVAL, "short clone_args refused");
}

static volatile int got_sig, got_status, got_code;
static volatile pid_t got_pid;

static void on_child(int sig, siginfo_t *si, void *uc)
{
	(void)uc;
	got_sig = sig;
	got_code = si->si_code;
	got_status = si->si_status;
	got_pid = si->si_pid;
}

static void child_signal(void)
{
	sigset_t set, old;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &old);
	handle(SIGCHLD, on_child, 0);
	pid = spawn(exit_with, (void *)44);
	while (!got_sig)
		sigsuspend(&old);
	CHECK(got_pid == pid && got_code == CLD_EXITED && got_status == 44,
	      "SIGCHLD says exited, 44");
	reap(pid);
	got_sig = 0;
	pid = spawn(die_by, (void *)SIGTERM);
	while (!got_sig)
		sigsuspend(&old);
	CHECK(got_pid == pid && got_code == CLD_KILLED && got_status == SIGTERM,
	      "SIGCHLD says killed, SIGTERM");
	reap(pid);
	sigprocmask(SIG_SETMASK, &old, NULL);
	signal(SIGCHLD, SIG_IGN);
	pid = spawn(exit_with, 0);
	CHECK(waitpid(pid, NULL, 0) == -1 && errno == ECHILD, "ignored SIGCHLD: no zombie, ECHILD");
	signal(SIGCHLD, SIG_DFL);
}

static int pause_forever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static void wait_variants(void)
{
	int status;
	siginfo_t si;
	struct rusage ru;
	pid_t pid = spawn(pause_forever, NULL);

	CHECK(waitpid(pid, &status, WNOHANG) == 0, "WNOHANG on a running child");
	memset(&si, 0xff, sizeof(si));
	CHECK(waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG) == 0 && si.si_pid == 0,
	      "waitid WNOHANG clears si_pid");
	kill(pid, SIGSTOP);
	CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status), "WUNTRACED");
	say("stop status %#x", status);
	kill(pid, SIGCONT);
	CHECK(waitpid(pid, &status, WCONTINUED) == pid && WIFCONTINUED(status), "WCONTINUED");
	say("continue status %#x", status);
	kill(pid, SIGSTOP);
	CHECK(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT) == 0 && si.si_code == CLD_STOPPED &&
		      si.si_status == SIGSTOP,
	      "waitid WSTOPPED with WNOWAIT");
	CHECK(waitid(P_PID, (id_t)pid, &si, WSTOPPED) == 0 && si.si_pid == pid, "and once more");
	kill(pid, SIGCONT);
	CHECK(waitid(P_PID, (id_t)pid, &si, WCONTINUED) == 0 && si.si_code == CLD_CONTINUED,
	      "waitid WCONTINUED");
	kill(pid, SIGKILL);
	CHECK(waitid(P_ALL, 0, &si, WEXITED | WNOWAIT) == 0 && si.si_code == CLD_KILLED, "WNOWAIT");
	CHECK(proc_state(pid) == 'Z', "the child is a zombie");
	CHECK(wait4(-1, &status, 0, &ru) == pid && killed(status, SIGKILL), "wait4");
	CHECK(wait(&status) == -1 && errno == ECHILD, "no more children");
	CHECK(waitpid(pid, &status, 0) == -1 && errno == ECHILD, "not a child any more");
	CHECK(waitid(P_PID, 1, &si, WEXITED) == -1 && errno == ECHILD, "waitid for init");
	CHECK(waitid(P_PID, 1, &si, 0) == -1 && errno == EINVAL, "waitid without options");
}

static int orphan_parent(void *arg)
{
	struct gate *g = arg;
	pid_t pid = fork();

	if (!pid) {
		pid_t first = shm[2];

		gate_wait(g);
		shm[3] = EVENTUALLY(getppid() != first) ? 1 : 2;
		shm[4] = getppid() == shm[5];
		_exit(21);
	}
	return 0;
}

static void orphans(void)
{
	struct gate g;
	int status;
	pid_t pid;

	gate_init(&g);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	shm[5] = getpid();
	pid = spawn(orphan_parent, &g);
	shm[2] = pid;
	CHECK(exited(reap(pid), 0), "parent of the orphan exits");
	gate_open(&g);
	pid = wait(&status);
	CHECK(pid > 0 && exited(status, 21), "subreaper collects the orphan");
	CHECK(shm[3] == 1 && shm[4] == 1, "the orphan's parent is the subreaper");
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static int pdeath_parent(void *arg)
{
	struct gate *g = arg;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		gate_open(g);
		pause_forever(NULL);
	}
	gate_wait(g);
	return 0;
}

static void pdeathsig(void)
{
	struct gate g;
	int status;

	gate_init(&g);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	run(pdeath_parent, &g);
	CHECK(wait(&status) > 0 && killed(status, SIGKILL), "PDEATHSIG kills the orphan");
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static void many(void)
{
	enum { N = 300, DEPTH = 40 };
	pid_t pids[N];
	int sum = 0, status, depth;
	pid_t pid;

	for (int i = 0; i < N; i++)
		pids[i] = spawn(exit_with, (void *)(intptr_t)(i & 127));
	for (int i = N; i-- > 0;) {
		status = reap(pids[i]);
		QUIET(exited(status, i & 127), "exit code of child %d", i);
		sum += WEXITSTATUS(status);
	}
	say("sum of %d exit codes: %d", N, sum);
	for (depth = 0; depth < DEPTH; depth++) {
		pid = fork();
		MUST(pid >= 0);
		if (pid) {
			status = reap(pid);
			if (depth)
				_exit(WIFEXITED(status) ? WEXITSTATUS(status) + 1 : 200);
			CHECK(exited(status, DEPTH - 1), "a chain of %d nested forks", DEPTH);
			return;
		}
	}
	_exit(0);
}

static void descriptors(void)
{
	int fd = make_file(0), fl;
	pid_t pid;

	pid = fork();
	if (!pid)
		_exit(write(fd, "child", 5) == 5 ? 0 : 1);
	CHECK(exited(reap(pid), 0) && lseek(fd, 0, SEEK_CUR) == 5, "file offset is shared by fork");
	pid = fork();
	if (!pid) {
		close(fd);
		_exit(0);
	}
	reap(pid);
	fl = fcntl(fd, F_GETFD);
	CHECK(fl == FD_CLOEXEC, "the child's close is its own");
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0);
	if (!pid) {
		close(fd);
		_exit(0);
	}
	reap(pid);
	CHECK(fcntl(fd, F_GETFD) == -1 && errno == EBADF, "CLONE_FILES shares the table");
}

int main(void)
{
	shm = xshared(PAGE);
	ids();
	exit_codes();
	memory_is_copied();
	test_vfork();
	test_clone();
	clone_tids();
	child_signal();
	wait_variants();
	orphans();
	pdeathsig();
	many();
	descriptors();
	return finish();
}
