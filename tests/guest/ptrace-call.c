// SPDX-License-Identifier: GPL-2.0-only
/* ptrace-call: stops at system calls, their change and emulation, events of a tracee's life. */
#include "trace.h"
#include <pthread.h>
#include <sys/user.h>

static bool at_call(int status)
{
	return WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80);
}

/* ---- plain call stops */

static int three_calls(void *arg)
{
	long r;

	(void)arg;
	r = syscall(SYS_getppid) == 4242;
	r += syscall(SYS_getuid) == 77;
	r += syscall(1000, 1, 2, 3, 4, 5, 6) == -1 && errno == ENOSYS;
	r += syscall(SYS_getpgid, 0x7fff0000) == 55;
	return (int)r;
}

static void report(pid_t pid)
{
	struct __ptrace_syscall_info i;
	long len;

	memset(&i, 0, sizeof(i));
	len = ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(i), (unsigned long)&i);
	if (i.op == PTRACE_SYSCALL_INFO_ENTRY)
		say("entry: %d bytes, arch %#x, nr %llu, args %llu %llu %llu %llu %llu %llu",
		    len > 0, i.arch, (unsigned long long)i.entry.nr,
		    i.entry.nr == 1000 ? (unsigned long long)i.entry.args[0] : 0,
		    i.entry.nr == 1000 ? (unsigned long long)i.entry.args[1] : 0,
		    i.entry.nr == 1000 ? (unsigned long long)i.entry.args[2] : 0,
		    i.entry.nr == 1000 ? (unsigned long long)i.entry.args[3] : 0,
		    i.entry.nr == 1000 ? (unsigned long long)i.entry.args[4] : 0,
		    i.entry.nr == 1000 ? (unsigned long long)i.entry.args[5] : 0);
	else if (i.op == PTRACE_SYSCALL_INFO_EXIT)
		say("exit: error %d, %s", i.exit.is_error,
		    i.exit.rval < 0 ? "negative" : "not negative");
	else
		say("op %d", i.op);
}

static void calls(void)
{
	pid_t pid = traced(three_calls, NULL, 0);
	struct user_regs_struct r;
	int status, stops = 0;
	bool entry = true;
	long nr = -1;

	while (at_call(status = next(pid, PTRACE_SYSCALL, 0))) {
		MUST(ptrace(PTRACE_GETREGS, pid, 0, (unsigned long)&r) == 0);
		if (entry)
			nr = (long)r.orig_rax;
		if (nr == SYS_exit_group)
			break;
		if (nr == SYS_getppid || nr == SYS_getuid || nr == 1000 || nr == SYS_getpgid) {
			report(pid);
			stops++;
			QUIET(!entry || r.rax == (unsigned long long)-ENOSYS,
			      "rax is -ENOSYS at the entry");
			if (entry && nr == SYS_getpgid)
				r.orig_rax = (unsigned long long)-1; /* skip it */
			else if (!entry && nr == SYS_getpgid)
				r.rax = 55;
			else if (!entry && nr == SYS_getppid)
				r.rax = 4242;
			else if (entry && nr == SYS_getuid)
				r.orig_rax = SYS_getpgid, r.rdi = 0; /* another call instead */
			else if (!entry && nr == SYS_getuid)
				r.rax = 77;
			MUST(ptrace(PTRACE_SETREGS, pid, 0, (unsigned long)&r) == 0);
		}
		entry = !entry;
	}
	say("stops at our calls: %d", stops);
	CHECK(exited(next(pid, PTRACE_CONT, 0), 4),
	      "the child saw the changed numbers and results");
}

/* ---- emulation: no call reaches the kernel */

static int emulated(void *arg)
{
	(void)arg;
	long a = syscall(SYS_getppid), b = syscall(5000, 11),
	     c = syscall(SYS_kill, getppid(), SIGKILL);

	return a == 0 && b == 1 && c == 3 ? 80 : 81;
}

static void sysemu(void)
{
	pid_t pid = traced(emulated, NULL, 0);
	struct user_regs_struct r;
	unsigned long long n = 0;
	int status;

	for (;;) {
		status = next(pid, PTRACE_SYSEMU, 0);
		if (!at_call(status)) {
			CHECK(false, "SYSEMU stop: status %#x", status);
			break;
		}
		MUST(ptrace(PTRACE_GETREGS, pid, 0, (unsigned long)&r) == 0);
		if (r.orig_rax == SYS_exit_group)
			break;
		r.rax = n++;
		MUST(ptrace(PTRACE_SETREGS, pid, 0, (unsigned long)&r) == 0);
	}
	say("emulated calls: %llu, exit code wanted: %llu", n, r.rdi);
	kill(pid, SIGKILL);
	reap(pid);
}

static void sysemu_step(void)
{
	pid_t pid = traced(emulated, NULL, 0);
	struct user_regs_struct r;
	int status, steps = 0, found = 0;

	while (steps++ < 200000 && found < 2) {
		MUST(ptrace(PTRACE_SYSEMU_SINGLESTEP, pid, 0, 0) == 0);
		MUST(waitpid(pid, &status, 0) == pid);
		if (at_call(status)) {
			MUST(ptrace(PTRACE_GETREGS, pid, 0, (unsigned long)&r) == 0);
			say("step to call %llu", r.orig_rax);
			r.rax = (unsigned long long)found++;
			MUST(ptrace(PTRACE_SETREGS, pid, 0, (unsigned long)&r) == 0);
		} else if (!WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP) {
			CHECK(false, "SYSEMU_SINGLESTEP: status %#x", status);
			return;
		}
	}
	CHECK(found == 2, "SYSEMU_SINGLESTEP finds the calls");
	kill(pid, SIGKILL);
	reap(pid);
}

/* ---- events */

static void *thread_fn(void *arg)
{
	return arg;
}

static int family(void *arg)
{
	char *argv[] = { (char *)"x", (char *)"-exit", NULL }, *envp[] = { NULL };
	pthread_t t;
	pid_t pid;

	(void)arg;
	pid = fork();
	if (!pid)
		_exit(3);
	waitpid(pid, NULL, 0);
	pid = vfork();
	if (!pid)
		_exit(4);
	waitpid(pid, NULL, 0);
	pthread_create(&t, NULL, thread_fn, NULL);
	pthread_join(t, NULL);
	execve("/proc/self/exe", argv, envp);
	return 99;
}

static const char *event_name(int e)
{
	static const char *const names[] = { "none", "fork",	   "vfork", "clone",
					     "exec", "vfork done", "exit" };

	return e >= 0 && e < (int)ARRAY_SIZE(names) ? names[e]
	       : e == PTRACE_EVENT_STOP		    ? "stop"
						    : "other";
}

static void events(void)
{
	pid_t pid = traced(family, NULL,
			   PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
				   PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORKDONE |
				   PTRACE_O_TRACEEXIT),
	      got;
	int status, leader_events = 0, child_starts = 0, child_ends = 0;
	unsigned long msg;

	MUST(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
	while ((got = waitpid(-1, &status, __WALL)) > 0) {
		int e = status >> 16, sig = 0;

		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (got == pid) {
				say("the tracee ends: %#x", status);
				break;
			}
			child_ends++;
			continue;
		}
		if (e && got == pid) {
			MUST(ptrace(PTRACE_GETEVENTMSG, pid, 0, (unsigned long)&msg) == 0);
			leader_events++;
			say("event %s, message %s", event_name(e),
			    e == PTRACE_EVENT_EXIT ? (msg == 0x2100 ? "exit status 33" : "WRONG")
			    : msg > 1		   ? "a pid"
						   : "WRONG");
		} else if (!e && got != pid && WSTOPSIG(status) == SIGSTOP) {
			child_starts++; /* a new tracee begins */
		} else if (!e && WSTOPSIG(status) != SIGTRAP) {
			sig = WSTOPSIG(status);
		}
		MUST(ptrace(PTRACE_CONT, got, 0, (unsigned long)sig) == 0 || errno == ESRCH);
	}
	say("events %d, new tracees %d, their ends %d", leader_events, child_starts, child_ends);
}

/* ---- seize, interrupt, listen, attach */

static volatile uint64_t *beat;
static struct gate ready;

static int spin(void *arg)
{
	(void)arg;
	gate_open(&ready);
	for (;;)
		(*beat)++;
	return 0;
}

static int sleeper(void *arg)
{
	(void)arg;
	gate_open(&ready);
	for (;;)
		pause();
	return 0;
}

static void seize(void)
{
	pid_t pid = spawn(spin, NULL);
	uint64_t b;
	int status = 0;

	gate_wait(&ready);
	CHECK(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) == 0, "SEIZE of a busy loop");
	b = *beat;
	CHECK(EVENTUALLY(*beat > b), "it runs on");
	CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid,
	      "INTERRUPT");
	say("status %#x", status);
	b = *beat;
	msleep(20);
	CHECK(*beat == b, "it stands still");
	MUST(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
	CHECK(EVENTUALLY(*beat > b), "and runs again");
	kill(pid, SIGSTOP);
	waitpid(pid, &status, 0);
	say("SIGSTOP: status %#x", status);
	MUST(ptrace(PTRACE_CONT, pid, 0, SIGSTOP) == 0 && waitpid(pid, &status, 0) == pid);
	say("group stop: status %#x", status);
	CHECK(ptrace(PTRACE_LISTEN, pid, 0, 0) == 0, "LISTEN");
	b = *beat;
	msleep(20);
	CHECK(*beat == b && waitpid(pid, &status, WNOHANG) == 0, "stays stopped");
	kill(pid, SIGCONT);
	waitpid(pid, &status, 0);
	say("SIGCONT: status %#x", status);
	MUST(ptrace(PTRACE_DETACH, pid, 0, 0) == 0 || errno == ESRCH);
	kill(pid, SIGKILL);
	reap(pid);
}

static void attach(int (*fn)(void *), const char *kind)
{
	pid_t pid = spawn(fn, NULL);
	struct user_regs_struct r;
	int status = 0;

	gate_wait(&ready);
	msleep(10);
	CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid,
	      "%s: ATTACH", kind);
	say("%s: status %#x", kind, status);
	CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == -1 && errno == EPERM, "%s: a second time: EPERM",
	      kind);
	CHECK(ptrace(PTRACE_GETREGS, pid, 0, (unsigned long)&r) == 0 && r.cs == 0x33, "%s: GETREGS",
	      kind);
	for (int i = 0; i < 20; i++) {
		MUST(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
		kill(pid, SIGUSR1);
		QUIET(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status) &&
			      WSTOPSIG(status) == SIGUSR1,
		      "%s: stop %d by a signal", kind, i);
	}
	CHECK(ptrace(PTRACE_DETACH, pid, 0, 0) == 0, "%s: DETACH", kind);
	msleep(10);
	CHECK(waitpid(pid, &status, WNOHANG) == 0, "%s: lives on", kind);
	kill(pid, SIGKILL);
	reap(pid);
}

/* ---- the tracer dies: EXITKILL takes the tracee along */

static volatile pid_t *victim;

static int tracer(void *arg)
{
	int status;

	MUST(ptrace(PTRACE_SEIZE, *victim, 0, (uintptr_t)arg) == 0);
	(void)status;
	return 0;
}

static void exitkill(void)
{
	int status;

	*victim = spawn(sleeper, NULL);
	gate_wait(&ready);
	CHECK(exited(run(tracer, (void *)0), 0), "a tracer leaves without EXITKILL");
	msleep(10);
	CHECK(waitpid(*victim, &status, WNOHANG) == 0, "the tracee lives");
	CHECK(exited(run(tracer, (void *)PTRACE_O_EXITKILL), 0), "a tracer leaves with EXITKILL");
	CHECK(killed(reap(*victim), SIGKILL), "the tracee is killed");
}

/* ---- a call that is interrupted and restarted under trace */

static int restarted(void *arg)
{
	struct timespec t = { 0, 60000000 };

	(void)arg;
	return nanosleep(&t, NULL) == 0 ? 90 : 91;
}

static void restart(void)
{
	pid_t pid = traced(restarted, NULL, 0);
	int status;

	MUST(ptrace(PTRACE_CONT, pid, 0, 0) == 0);
	msleep(15);
	kill(pid, SIGUSR1);
	waitpid(pid, &status, 0);
	CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGUSR1,
	      "a signal stops a sleeping tracee");
	CHECK(exited(next(pid, PTRACE_CONT, 0), 90), "suppressed, the sleep goes on to its end");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return 33;
	beat = xshared(PAGE);
	victim = xshared(PAGE);
	gate_init(&ready);
	calls();
	sysemu();
	sysemu_step();
	events();
	seize();
	attach(spin, "busy loop");
	attach(sleeper, "sleeper");
	exitkill();
	restart();
	return finish();
}
