// SPDX-License-Identifier: GPL-2.0-only
/* proc-group: process groups, sessions, job control stops, a controlling terminal. */
#include "guest.h"
#include <sys/ioctl.h>
#include <termios.h>

static struct gate ready;
static volatile int *shm; /* 0: end now; 2, 3: SIGCONT and SIGTSTP handlers run */

static int sleeper(void *arg)
{
	(void)arg;
	gate_open(&ready);
	for (;;)
		pause();
	return 0;
}

static int session(void *arg)
{
	pid_t pid;

	(void)arg;
	CHECK(setsid() == getpid(), "setsid gives a new session");
	CHECK(getsid(0) == getpid() && getpgrp() == getpid(), "session and group are the process");
	CHECK(setsid() == -1 && errno == EPERM, "a group leader cannot setsid");
	CHECK(open("/dev/tty", O_RDWR | O_CLOEXEC) == -1 && errno == ENXIO,
	      "no controlling terminal");
	CHECK(setpgid(0, 0) == -1 && errno == EPERM, "a session leader keeps its group");
	pid = spawn(sleeper, NULL);
	gate_wait(&ready);
	CHECK(getpgid(pid) == getpid() && getsid(pid) == getpid(), "children inherit both");
	CHECK(setpgid(pid, pid) == 0 && getpgid(pid) == pid, "setpgid of a child");
	CHECK(setpgid(pid, 1) == -1 && errno == EPERM, "no joining of foreign groups");
	kill(-pid, SIGTERM);
	CHECK(killed(reap(pid), SIGTERM), "kill of its group");
	CHECK(kill(-pid, 0) == -1 && errno == ESRCH, "the group is gone");
	return finish();
}

static int group_kill(void *arg)
{
	pid_t pid[6], leader = 0;
	int status, n = 0;

	(void)arg;
	for (int i = 0; i < 6; i++) {
		pid[i] = spawn(sleeper, NULL);
		gate_wait(&ready);
		if (i == 2)
			leader = pid[2];
		if (i >= 2)
			MUST(setpgid(pid[i], leader) == 0);
	}
	kill(-leader, SIGUSR1);
	while (waitpid(-leader, &status, 0) > 0)
		n += killed(status, SIGUSR1);
	CHECK(n == 4 && errno == ECHILD, "four of the group died, waitpid(-group) got them");
	CHECK(waitpid(0, &status, WNOHANG) == 0, "the others live");
	kill(pid[0], SIGKILL);
	CHECK(waitpid(0, &status, 0) == pid[0], "waitpid(0) waits in the own group");
	kill(pid[1], SIGKILL);
	reap(pid[1]);
	return finish();
}

static int own_group(void *arg)
{
	setpgid(0, 0);
	return group_kill(arg);
}

static void on_cont(int sig, siginfo_t *si, void *uc)
{
	(void)si;
	(void)uc;
	if (sig == SIGCONT)
		shm[2]++;
	else
		shm[3]++;
}

static int counts_conts(void *arg)
{
	(void)arg;
	handle(SIGCONT, on_cont, 0);
	handle(SIGTSTP, on_cont, 0);
	gate_open(&ready);
	while (!shm[0])
		msleep(1);
	return 0;
}

static void stops(void)
{
	int status;
	pid_t pid;

	shm[0] = shm[2] = shm[3] = 0;
	pid = spawn(counts_conts, NULL);
	gate_wait(&ready);
	setpgid(pid, pid);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	say("stopped: status %#x, state %c", status, proc_state(pid));
	kill(pid, SIGUSR2);
	msleep(20);
	CHECK(waitpid(pid, &status, WNOHANG) == 0, "a stopped process does not die of SIGUSR2");
	kill(pid, SIGCONT);
	CHECK(killed(reap(pid), SIGUSR2), "it dies of SIGUSR2 once continued");

	pid = spawn(counts_conts, NULL);
	gate_wait(&ready);
	for (int i = 0; i < 3; i++) {
		kill(pid, SIGSTOP);
		waitpid(pid, &status, WUNTRACED);
		kill(pid, SIGCONT);
		waitpid(pid, &status, WCONTINUED);
		/* A stop signal discards a SIGCONT that is still pending. */
		CHECK(EVENTUALLY(shm[2] == i + 1), "SIGCONT handler ran");
	}
	kill(pid, SIGTSTP);
	CHECK(EVENTUALLY(shm[3] == 1), "SIGTSTP handler ran");
	shm[0] = 1;
	CHECK(exited(reap(pid), 0), "it goes on to its end");
}

static int orphan_member(void *arg)
{
	(void)arg;
	pid_t pid = fork();

	int status;

	if (!pid) {
		setpgid(0, 0);
		gate_open(&ready);
		for (;;)
			pause();
	}
	gate_wait(&ready);
	kill(pid, SIGSTOP);
	waitpid(pid, &status, WUNTRACED);
	_exit(WIFSTOPPED(status) ? 5 : 6);
}

static void orphaned_stop(void)
{
	int status;
	pid_t pid;

	prctl(PR_SET_CHILD_SUBREAPER, 1);
	pid = fork();
	if (!pid) {
		setsid();
		_exit(orphan_member(NULL));
	}
	CHECK(exited(reap(pid), 5), "leader exits with a stopped member in its session");
	pid = wait(&status);
	CHECK(pid > 0 && killed(status, SIGHUP), "the newly orphaned stopped group gets SIGHUP");
	prctl(PR_SET_CHILD_SUBREAPER, 0);
}

static int pty_child(void *arg)
{
	const char *name = arg;
	char buf[16];
	int fd;

	setsid();
	fd = open(name, O_RDWR);
	MUST(fd >= 0);
	CHECK(tcgetsid(fd) == getpid(), "opening a terminal makes it controlling");
	CHECK(tcgetpgrp(fd) == getpid(), "own group in the foreground");
	CHECK(open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0, "/dev/tty opens");
	gate_open(&ready);
	ssize_t n = read(fd, buf, sizeof(buf));
	CHECK(n == 3 && !memcmp(buf, "hi\n", 3), "a line from the master");
	gate_open(&ready);
	pause();
	return 9;
}

static void terminal(void)
{
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC), zero = 0, ptn;
	char name[32];
	struct winsize ws = { 33, 99, 0, 0 }, back;
	pid_t pid;

	MUST(master >= 0);
	MUST(ioctl(master, TIOCSPTLCK, &zero) == 0 && ioctl(master, TIOCGPTN, &ptn) == 0);
	snprintf(name, sizeof(name), "/dev/pts/%d", ptn);
	pid = spawn(pty_child, name);
	gate_wait(&ready);
	CHECK(ioctl(master, TIOCSWINSZ, &ws) == 0 && ioctl(master, TIOCGWINSZ, &back) == 0 &&
		      back.ws_row == 33 && back.ws_col == 99,
	      "window size");
	MUST(write(master, "hx\177i\n", 5) == 5);
	gate_wait(&ready);
	MUST(write(master, "\003", 1) == 1);
	CHECK(killed(reap(pid), SIGINT), "Ctrl-C on the master kills the foreground group");
	close(master);
}

int main(void)
{
	shm = xshared(PAGE);
	gate_init(&ready);
	say("session: status %#x", run(session, NULL));
	say("group: status %#x", run(own_group, NULL));
	stops();
	orphaned_stop();
	terminal();
	return finish();
}
