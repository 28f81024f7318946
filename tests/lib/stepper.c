// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a set-user-ID program as an attacker who stops it does: at its STEPth system call all of its
 * processes that the attacker may signal are held, the others go on. COMMAND is run meanwhile; then
 * those that are held go on for some system calls, and are killed.
 *
 * To be run by root, who traces. System calls are counted over all processes of the program, from its
 * first umask() on: up to there uml_net has thrown away what it inherited. A datagram socket that nobody
 * reads is its standard output; what it had said is told at the end.
 *
 * Exit status: 0, COMMAND's where that fails, 3 where the program made fewer system calls.
 */
#include <config.h>
#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES_MAX = 8, LIMIT_S = 100, ENDED_EARLY = 3, QUIET_LOOKS = 4, LOOK_MS = 2 };

static const char usage_text[] =
	"usage: stepper [-a] -u UID -s STEP [-k CALLS] [-r COMMAND] PROGRAM WORD...\n"
	"\n"
	"  -u UID       the attacker, whose PROGRAM it is\n"
	"  -s STEP      the system call, from 1, that is not begun\n"
	"  -a           hold all processes, as who may freeze a group of them can\n"
	"  -k CALLS     so many are made after COMMAND by each process that was held, default none\n"
	"  -r COMMAND   what others do meanwhile\n";

/* One process of the program. */
struct process {
	pid_t pid;
	bool ended;
	bool stopped; /* for the tracer */
	bool held;
	unsigned int made; /* system calls after it was held */
};

static struct process processes[PROCESSES_MAX];
static unsigned int count, calls;
static bool all;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "stepper: %s: %s\n", what, strerror(errno));
	exit(70);
}

static struct process *find(pid_t pid)
{
	for (unsigned int i = 0; i < count; i++)
		if (processes[i].pid == pid)
			return &processes[i];
	if (count == PROCESSES_MAX)
		fail("too many processes");
	processes[count] = (struct process){ .pid = pid };
	return &processes[count++];
}

/* Our end of its standard output. */
static int output;

static pid_t start(uid_t user, char **argv)
{
	int ends[2], go[2];
	pid_t child;
	char byte;

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) || pipe(go))
		fail("socketpair");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child) {
		output = ends[0];
		close(ends[1]);
		close(go[0]);
		if (ptrace(PTRACE_SEIZE, child, NULL,
			   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
				   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL))
			fail("PTRACE_SEIZE");
		if (write(go[1], "", 1) != 1)
			fail("write");
		close(go[1]);
		return child;
	}
	if (read(go[0], &byte, 1) != 1 || setgroups(0, NULL) || setresgid(user, user, user) ||
	    setresuid(user, user, user) || dup2(ends[1], STDOUT_FILENO) < 0)
		_exit(70);
	execv(argv[0], argv);
	_exit(70);
}

/* Whether the attacker may stop it. */
static bool may_signal(uid_t user, pid_t pid)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (!child)
		_exit(setresuid(user, user, user) || kill(pid, 0) ? 1 : 0);
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static void go_on(struct process *process, int request, int number)
{
	process->stopped = false;
	if (ptrace(request, process->pid, NULL, (void *)(intptr_t)number) && errno != ESRCH)
		fail("ptrace");
}

/* Whether it stopped because a system call begins; otherwise one has ended. */
static bool begins_call(pid_t pid)
{
	static bool counts;
	struct __ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) < 0)
		fail("PTRACE_GET_SYSCALL_INFO");
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr == SYS_umask)
		counts = true;
	return counts && info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* Takes one report; returns the process if it has just come to a system call. */
static struct process *take(pid_t pid, int status)
{
	struct process *process = find(pid);
	int number;

	if (!WIFSTOPPED(status)) {
		process->ended = true;
		return NULL;
	}
	process->stopped = true;
	number = WSTOPSIG(status);
	if (number == (SIGTRAP | 0x80)) {
		if (begins_call(pid))
			return process;
		go_on(process, PTRACE_SYSCALL, 0);
	} else {
		/* Events, and the stop of a new process, have no signal to deliver. */
		go_on(process, PTRACE_SYSCALL, status >> 16 ? 0 : number);
	}
	return NULL;
}

static bool any_left(void)
{
	for (unsigned int i = 0; i < count; i++)
		if (!processes[i].ended)
			return true;
	return false;
}

/* Runs it up to the step. Returns whether it came there. */
static bool run_to(unsigned int step)
{
	while (any_left()) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct process *process;

		if (pid < 0)
			return false;
		process = take(pid, status);
		if (!process)
			continue;
		if (++calls == step)
			return true;
		go_on(process, PTRACE_SYSCALL, 0);
	}
	return false;
}

/* Stops those that the attacker may stop, and lets the others go. */
static unsigned int divide(uid_t user)
{
	unsigned int held = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct process *process = &processes[i];
		int status;

		if (process->ended)
			continue;
		process->held = all || may_signal(user, process->pid);
		if (!process->stopped) {
			ptrace(PTRACE_INTERRUPT, process->pid, NULL, NULL);
			if (waitpid(process->pid, &status, __WALL) != process->pid ||
			    !WIFSTOPPED(status)) {
				process->ended = true;
				continue;
			}
			process->stopped = true;
		}
		if (process->held)
			held++;
		else if (ptrace(PTRACE_DETACH, process->pid, NULL, NULL) && errno != ESRCH)
			fail("PTRACE_DETACH");
	}
	return held;
}

static char state_of(pid_t pid)
{
	char path[64], line[512], *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 'X';
	at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return at ? at[2] : 'X';
}

/* Until those that go on have ended, or sleep, which is for those that are held. */
static void let_work(void)
{
	const struct timespec pause = { 0, LOOK_MS * 1000000L };

	for (int quiet = 0; quiet < QUIET_LOOKS; nanosleep(&pause, NULL)) {
		quiet++;
		for (unsigned int i = 0; i < count; i++)
			if (!processes[i].ended && !processes[i].held &&
			    !strchr("SXZT", state_of(processes[i].pid)))
				quiet = 0;
	}
}

/* One report of a process that was held and goes on; kills it after its last system call. */
static void follow(struct process *process, int status, unsigned int more)
{
	int number = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;

	if (!number)
		process->ended = true;
	else if (number == (SIGTRAP | 0x80) && !begins_call(process->pid) && ++process->made >= more)
		kill(process->pid, SIGKILL);
	else
		go_on(process, PTRACE_SYSCALL,
		      number == (SIGTRAP | 0x80) || status >> 16 ? 0 : number);
}

/* So many system calls more of each that is held, and its end. */
static void release(unsigned int more)
{
	unsigned int left = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct process *process = &processes[i];

		if (!process->held || process->ended)
			continue;
		left++;
		/* Processes that it starts now are not ours. */
		ptrace(PTRACE_SETOPTIONS, process->pid, NULL,
		       PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
		if (more)
			go_on(process, PTRACE_SYSCALL, 0);
		else
			kill(process->pid, SIGKILL);
	}
	while (left) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);
		struct process *process;

		if (pid < 0)
			return;
		process = find(pid);
		if (process->held) {
			follow(process, status, more);
			left -= process->ended;
		} else {
			/* One that had just been started. */
			ptrace(PTRACE_DETACH, pid, NULL, NULL);
		}
	}
}

/* What it said, if anything. */
static void print_answer(void)
{
	char text[1024];
	ssize_t got = recv(output, text, sizeof(text) - 1, MSG_DONTWAIT);

	if (got > 0)
		printf("answer %.*s\n", (int)strnlen(text, (size_t)got), text);
}

int main(int argc, char **argv)
{
	unsigned int step = 0, more = 0, held;
	const char *command = NULL;
	uid_t user = 0;
	int option, status = 0;

	while ((option = getopt(argc, argv, "+au:s:k:r:")) >= 0) {
		if (option == 'a')
			all = true;
		else if (option == 'u')
			user = (uid_t)strtoul(optarg, NULL, 10);
		else if (option == 's')
			step = (unsigned int)strtoul(optarg, NULL, 10);
		else if (option == 'k')
			more = (unsigned int)strtoul(optarg, NULL, 10);
		else if (option == 'r')
			command = optarg;
	}
	if (!user || !step || optind == argc) {
		fputs(usage_text, stderr);
		return 64;
	}
	alarm(LIMIT_S);
	find(start(user, argv + optind));
	if (!run_to(step)) {
		print_answer();
		return ENDED_EARLY;
	}
	held = divide(user);
	let_work();
	printf("step %u: held %u of %u\n", step, held, count);
	fflush(stdout);
	if (command) {
		status = system(command);
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 70;
	}
	release(more);
	/* What waits for one that has ended now, ends too. */
	let_work();
	print_answer();
	return status;
}
