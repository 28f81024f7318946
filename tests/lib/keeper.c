// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command and tells whether any of its descendants outlived it.
 *
 * The keeper makes itself the subreaper of all that the command starts: whatever daemonizes,
 * changes its session or loses its parent becomes the keeper's child and cannot hide. When the
 * command has ended, its descendants get a short time to end too; those that do not are listed,
 * killed, and turn the exit status into 125. A command that exceeds its time limit is killed
 * with all its descendants: 124; so is one whose terminal hangs up. Otherwise the status is the command's own, or 128 + the number
 * of the signal that ended it.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { EXIT_OVERTIME = 124, EXIT_LEFTOVER = 125, EXIT_NOEXEC = 127, EXIT_SIGNALLED = 128 };

static const char usage_text[] =
	"usage: keeper [-t SECONDS] [-g GRACE_MS] [-p PIDFILE] COMMAND [ARGUMENT]...\n"
	"\n"
	"  -t SECONDS   time limit of COMMAND, default 120\n"
	"  -g GRACE_MS  time that its descendants have to end after it, default 3000\n"
	"  -p PIDFILE   gets the process id of COMMAND\n";

struct keeper {
	long limit_ms;
	long grace_ms;
	const char *pidfile;
	pid_t command;
	int status;		/* of waitpid(), valid once ended is set */
	bool ended;
	bool hung_up;
};

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void fail(const char *what)
{
	fprintf(stderr, "keeper: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long number(const char *text, const char *option)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 0 || value > 1000000) {
		fprintf(stderr, "keeper: %s %s: not a number from 0 to 1000000\n", option, text);
		exit(2);
	}
	return value;
}

/* Reaps all children that ended; returns false when there are no children at all. */
static bool reap(struct keeper *keeper)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (pid == keeper->command) {
			keeper->status = status;
			keeper->ended = true;
		}
	}
	return pid == 0;
}

/* Sleeps until a signal comes or the deadline passes; passes SIGTERM and SIGINT on. */
static void wait_signal(struct keeper *keeper, const sigset_t *signals, long deadline_ms)
{
	long left_ms = deadline_ms - now_ms();
	struct timespec timeout = { 0 };
	int sig;

	if (left_ms <= 0)
		return;
	timeout.tv_sec = left_ms / 1000;
	timeout.tv_nsec = left_ms % 1000 * 1000000;
	sig = sigtimedwait(signals, NULL, &timeout);
	if (sig == SIGHUP)
		keeper->hung_up = true;
	else if (sig > 0 && sig != SIGCHLD && !keeper->ended)
		kill(keeper->command, sig);
}

/* Calls visit() for each live child; returns their number. */
static int each_child(void (*visit)(pid_t pid, const char *name))
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	int count = 0;

	if (!proc)
		fail("/proc");
	while ((entry = readdir(proc))) {
		char path[300], line[512], *name, *end;
		int parent;
		FILE *file;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		name = fgets(line, sizeof(line), file) ? strchr(line, '(') : NULL;
		end = name ? strrchr(name, ')') : NULL;
		fclose(file);
		if (!end || sscanf(end, ") %*c %d", &parent) != 1 || parent != getpid())
			continue;
		end[1] = '\0';
		visit(atoi(entry->d_name), name);
		count++;
	}
	closedir(proc);
	return count;
}

static void report(pid_t pid, const char *name)
{
	fprintf(stderr, "keeper: left behind: process %d %s\n", (int)pid, name);
}

static void end(pid_t pid, const char *name)
{
	(void)name;
	kill(pid, SIGKILL);
}

static void start(struct keeper *keeper, char **argv, const sigset_t *old)
{
	FILE *file;

	keeper->command = fork();
	if (keeper->command < 0)
		fail("fork");
	if (keeper->command == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		sigprocmask(SIG_SETMASK, old, NULL);
		execvp(argv[0], argv);
		fprintf(stderr, "keeper: %s: %s\n", argv[0], strerror(errno));
		_exit(EXIT_NOEXEC);
	}
	if (!keeper->pidfile)
		return;
	file = fopen(keeper->pidfile, "w");
	if (!file || fprintf(file, "%d\n", (int)keeper->command) < 0 || fclose(file) != 0)
		fail(keeper->pidfile);
}

/* Kills what is left, generation after generation, for at most ten seconds. */
static void sweep(struct keeper *keeper, const sigset_t *signals)
{
	long deadline_ms = now_ms() + 10000;

	while (reap(keeper) && now_ms() < deadline_ms) {
		each_child(end);
		wait_signal(keeper, signals, now_ms() + 100);
	}
}

static int keep(struct keeper *keeper, const sigset_t *signals)
{
	long deadline_ms = now_ms() + keeper->limit_ms;

	while (reap(keeper), !keeper->ended && !keeper->hung_up && now_ms() < deadline_ms)
		wait_signal(keeper, signals, deadline_ms);
	if (!keeper->ended) {
		if (keeper->hung_up)
			fprintf(stderr, "keeper: hung up, command killed\n");
		else
			fprintf(stderr, "keeper: not ended after %ld s, killed\n",
				keeper->limit_ms / 1000);
		kill(keeper->command, SIGKILL);
		sweep(keeper, signals);
		return EXIT_OVERTIME;
	}

	deadline_ms = now_ms() + keeper->grace_ms;
	while (reap(keeper) && now_ms() < deadline_ms)
		wait_signal(keeper, signals, deadline_ms);
	if (reap(keeper) && each_child(report) > 0) {
		sweep(keeper, signals);
		return EXIT_LEFTOVER;
	}
	return WIFSIGNALED(keeper->status) ? EXIT_SIGNALLED + WTERMSIG(keeper->status) :
					     WEXITSTATUS(keeper->status);
}

int main(int argc, char **argv)
{
	struct keeper keeper = { .limit_ms = 120000, .grace_ms = 3000 };
	sigset_t signals, old;
	int option;

	while ((option = getopt(argc, argv, "+t:g:p:h")) != -1) {
		switch (option) {
		case 't':
			keeper.limit_ms = number(optarg, "-t") * 1000;
			break;
		case 'g':
			keeper.grace_ms = number(optarg, "-g");
			break;
		case 'p':
			keeper.pidfile = optarg;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return 0;
		default:
			fputs(usage_text, stderr);
			return 2;
		}
	}
	if (optind == argc) {
		fputs(usage_text, stderr);
		return 2;
	}
	if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		fail("prctl(PR_SET_CHILD_SUBREAPER)");
	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, &old);
	start(&keeper, argv + optind, &old);
	return keep(&keeper, &signals);
}
