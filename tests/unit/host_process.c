// SPDX-License-Identifier: GPL-2.0-only
/*
 * Beginning and end of the kernel's process: whatever ends it, the terminal is as before,
 * no file is left and no process.  Each test runs this program as that process.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <host/guardian.h>
#include <host/option.h>
#include <host/print.h>
#include <host/process.h>
#include <host/tty.h>
#include "host_stubs.h"
#include "unit.h"

/* In the environment: also the restarted kernel finds it there. */
#define AS_KERNEL	"UNIT_AS_KERNEL"

static char program[4096];

/* ------------------------------------------------- as the kernel's process */

static volatile sig_atomic_t guardian_died;

static void child_died(int sig)
{
	(void)sig;
	guardian_died = 1;
}

/* Says what it is on descriptor 3, then does as it is told by a byte on descriptor 4. */
static void as_kernel(int argc, char **argv, char **envp)
{
	char command;

	host_options_parse(argc, argv, envp);
	if (host_guardian_start() < 0)
		host_exit(90);
	host_umid_claim();
	signal(SIGCHLD, child_died);
	dprintf(3, "%d %d %s\n", getpid(), host_guardian_pid(), host_umid_folder());
	for (;;) {
		ssize_t got = read(4, &command, 1);

		if (guardian_died) {
			waitpid(host_guardian_pid(), NULL, 0);
			guardian_died = 0;
			if (host_guardian_start() < 0)
				host_exit(91);
			dprintf(3, "%d\n", host_guardian_pid());
		}
		if (got != 1)
			continue;
		if (command == 't')
			dprintf(3, "%d\n", host_tty_raw(0) ? : host_tty_raw(1));
		if (command == 'x')
			host_exit(7);
		if (command == 'r') {
			sigset_t usr1;

			/* Must not reach the next kernel, which has no handler for it. */
			sigemptyset(&usr1);
			sigaddset(&usr1, SIGUSR1);
			sigprocmask(SIG_BLOCK, &usr1, NULL);
			raise(SIGUSR1);
			host_restart();
		}
		if (command == 'h') {
			pid_t heir = fork();

			if (heir == 0) {
				for (;;)
					pause();
			}
			dprintf(3, "%d\n", heir);
		}
		if (command == 'f') {
			int fd = open("left.sock", O_RDWR | O_CREAT, 0600);

			host_cleanup_path("left.sock");
			dprintf(3, "%d\n", fd);
		}
	}
}

/* ------------------------------------------------------------ as the test */

struct kernel {
	pid_t pid;
	pid_t guardian;
	char folder[256];
	int answers;
	int commands;
};

static void read_line(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len < size - 1 && read(fd, line + len, 1) == 1 && line[len] != '\n')
		len++;
	line[len] = 0;
}

static int ask(struct kernel *kernel, char command)
{
	char line[64];

	CHECK_EQ(write(kernel->commands, &command, 1), 1);
	read_line(kernel->answers, line, sizeof(line));
	return atoi(line);
}

static void read_greeting(struct kernel *kernel)
{
	char line[512];

	kernel->folder[0] = 0;
	kernel->guardian = 0;
	read_line(kernel->answers, line, sizeof(line));
	sscanf(line, "%d %d %255s", &kernel->pid, &kernel->guardian, kernel->folder);
}

/* Start a kernel whose terminal, if @tty is not -1, is that one. */
static struct kernel start(const char *option, int tty, int error_fd)
{
	int answers[2], commands[2];
	struct kernel kernel;

	CHECK_EQ(pipe2(answers, O_CLOEXEC), 0);
	CHECK_EQ(pipe2(commands, O_CLOEXEC), 0);
	kernel.pid = fork();
	if (kernel.pid == 0) {
		char *args[] = { program, (char *)option, NULL };
		int out = dup(answers[1]), in = dup(commands[0]);

		if (tty >= 0) {
			dup2(tty, 0);
			dup2(tty, 1);
		}
		if (error_fd >= 0)
			dup2(error_fd, 2);
		out = fcntl(out, F_DUPFD, 20);
		in = fcntl(in, F_DUPFD, 20);
		dup2(out, 3);
		dup2(in, 4);
		closefrom(5);
		setenv(AS_KERNEL, "1", 1);
		execv(program, args);
		_exit(99);
	}
	close(answers[1]);
	close(commands[0]);
	kernel.answers = answers[0];
	kernel.commands = commands[1];
	read_greeting(&kernel);
	return kernel;
}

static int end(struct kernel *kernel)
{
	int status;

	CHECK_EQ(waitpid(kernel->pid, &status, 0), kernel->pid);
	close(kernel->answers);
	close(kernel->commands);
	return status;
}

static bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* The guardian's parent may be gone: this process is its reaper then. */
static bool gone(pid_t pid)
{
	waitpid(pid, NULL, WNOHANG);
	return kill(pid, 0) < 0 && errno == ESRCH;
}

/* Dead, but its parent has not asked for its status. */
static bool zombie(pid_t pid)
{
	char name[64], text[256];
	ssize_t len;
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/stat", pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[len > 0 ? len : 0] = 0;
	return strstr(text, ") Z ") != NULL;
}

static int open_terminal(int *slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	*slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(*slave >= 0);
	return master;
}

static bool same_settings(int fd, const struct termios *wanted)
{
	struct termios now;

	return tcgetattr(fd, &now) == 0 && now.c_iflag == wanted->c_iflag &&
	       now.c_oflag == wanted->c_oflag && now.c_lflag == wanted->c_lflag &&
	       now.c_cflag == wanted->c_cflag && !memcmp(now.c_cc, wanted->c_cc, NCCS);
}

static void check_raw(int fd)
{
	struct termios now;

	CHECK_EQ(tcgetattr(fd, &now), 0);
	CHECK(!(now.c_lflag & (ICANON | ECHO | ISIG)));
	CHECK(!(now.c_oflag & OPOST));
}

static void test_exit(void)
{
	struct termios before;
	int slave, master = open_terminal(&slave);
	struct kernel kernel = start("umid=one", slave, -1);
	char name[300];

	CHECK_EQ(tcgetattr(slave, &before), 0);
	CHECK(kernel.guardian > 0 && strstr(kernel.folder, "/.uml/one"));
	snprintf(name, sizeof(name), "%s/pid", kernel.folder);
	CHECK(exists(name));
	CHECK_EQ(ask(&kernel, 't'), 0);
	check_raw(slave);
	CHECK(ask(&kernel, 'f') >= 0);
	CHECK(exists("left.sock"));
	CHECK_EQ(write(kernel.commands, "x", 1), 1);
	CHECK_EQ(end(&kernel), 7 << 8);
	/* Everything is done when the process ends. */
	CHECK(gone(kernel.guardian));
	CHECK(same_settings(slave, &before));
	CHECK(!exists(kernel.folder));
	CHECK(!exists(".uml"));
	CHECK(!exists("left.sock"));
	close(slave);
	close(master);
}

static void test_killed(void)
{
	struct termios before;
	int slave, master = open_terminal(&slave);
	struct kernel kernel = start("umid=two", slave, -1);

	CHECK_EQ(tcgetattr(slave, &before), 0);
	CHECK_EQ(ask(&kernel, 't'), 0);
	CHECK(ask(&kernel, 'f') >= 0);
	check_raw(slave);
	kill(kernel.pid, SIGKILL);
	CHECK_EQ(end(&kernel), SIGKILL);
	CHECK_SOON(gone(kernel.guardian));
	CHECK(same_settings(slave, &before));
	CHECK(!exists(kernel.folder));
	CHECK(!exists(".uml"));
	CHECK(!exists("left.sock"));
	close(slave);
	close(master);
}

/* The guardian is killed, another one takes over, then the kernel is killed. */
static void test_guardian_killed(void)
{
	struct termios before;
	int slave, master = open_terminal(&slave);
	struct kernel kernel = start("umid=three", slave, -1);
	char line[64];
	pid_t second;

	CHECK_EQ(tcgetattr(slave, &before), 0);
	CHECK_EQ(ask(&kernel, 't'), 0);
	kill(kernel.guardian, SIGKILL);
	CHECK_SOON(zombie(kernel.guardian));
	CHECK_EQ(write(kernel.commands, ".", 1), 1);
	read_line(kernel.answers, line, sizeof(line));
	second = atoi(line);
	CHECK(second > 0 && second != kernel.guardian);
	kill(kernel.pid, SIGKILL);
	CHECK_EQ(end(&kernel), SIGKILL);
	CHECK_SOON(gone(second));
	CHECK(same_settings(slave, &before));
	CHECK(!exists(".uml"));
	close(slave);
	close(master);
}

/* Signals from the terminal and from kill do not move the guardian. */
static void test_guardian_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU, SIGUSR1, SIGCHLD };
	struct kernel kernel = start("umid=four", -1, -1);

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		CHECK_EQ(kill(kernel.guardian, signals[i]), 0);
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	CHECK_EQ(kill(kernel.guardian, 0), 0);
	CHECK(getsid(kernel.guardian) == kernel.guardian);
	CHECK_EQ(write(kernel.commands, "x", 1), 1);
	CHECK_EQ(end(&kernel), 7 << 8);
	CHECK(gone(kernel.guardian));
}

/* Begins again as the same process, with everything made anew. */
static void test_restart(void)
{
	struct kernel kernel = start("umid=five", -1, -1), again = kernel;

	for (int i = 0; i < 3; i++) {
		CHECK_EQ(write(kernel.commands, "r", 1), 1);
		read_greeting(&again);
		CHECK_EQ(again.pid, kernel.pid);
		CHECK(again.guardian > 0 && again.guardian != kernel.guardian);
		CHECK(gone(kernel.guardian));
		CHECK(!strcmp(again.folder, kernel.folder));
		kernel = again;
	}
	CHECK_EQ(write(kernel.commands, "x", 1), 1);
	CHECK_EQ(end(&kernel), 7 << 8);
	CHECK(!exists(".uml"));
}

static bool stderr_has(int fd, const char *text)
{
	char buf[1024];
	ssize_t len = pread(fd, buf, sizeof(buf) - 1, 0);

	buf[len > 0 ? len : 0] = 0;
	return strstr(buf, text) != NULL;
}

static int scratch(void)
{
	char name[] = "err.XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC);

	unlink(name);
	return fd;
}

static void test_umid_in_use(void)
{
	struct kernel first = start("umid=six", -1, -1), second;
	int err = scratch();
	char text[64];

	second = start("umid=six", -1, err);
	CHECK_EQ(end(&second), 1 << 8);
	snprintf(text, sizeof(text), "linux: umid=six: in use by process %d;", first.pid);
	CHECK(stderr_has(err, text));
	CHECK(exists(first.folder));
	CHECK_EQ(write(first.commands, "x", 1), 1);
	CHECK_EQ(end(&first), 7 << 8);
	close(err);
}

/* What a crash of the host leaves is taken over, what is somebody's is not. */
static void test_umid_left(void)
{
	struct kernel kernel = start("umid=seven", -1, -1);
	char folder[256];
	int err = scratch();

	kill(kernel.guardian, SIGSTOP);
	kill(kernel.pid, SIGKILL);
	CHECK_EQ(end(&kernel), SIGKILL);
	kill(kernel.guardian, SIGKILL);
	CHECK_SOON(gone(kernel.guardian));
	CHECK(exists(kernel.folder));
	strcpy(folder, kernel.folder);
	kernel = start("umid=seven", -1, -1);
	CHECK(!strcmp(kernel.folder, folder));
	CHECK_EQ(write(kernel.commands, "x", 1), 1);
	CHECK_EQ(end(&kernel), 7 << 8);
	CHECK(!exists(folder));

	CHECK_EQ(mkdir(".uml", 0700), 0);
	CHECK_EQ(mkdir(".uml/eight", 0700), 0);
	close(open(".uml/eight/mine", O_CREAT | O_RDWR, 0600));
	kernel = start("umid=eight", -1, err);
	CHECK_EQ(end(&kernel), 1 << 8);
	CHECK(stderr_has(err, "exists and is no umid folder"));
	CHECK(exists(".uml/eight/mine"));
	CHECK(!exists(".uml/eight/pid"));
	unlink(".uml/eight/mine");
	CHECK_EQ(rmdir(".uml/eight"), 0);
	rmdir(".uml");
	close(err);
}

/* The guardian of a dead kernel leaves alone what the next one has taken over. */
static void test_guardian_late(void)
{
	struct kernel first = start("umid=nine", -1, -1), second;
	pid_t late = first.guardian;

	kill(late, SIGSTOP);
	kill(first.pid, SIGKILL);
	CHECK_EQ(end(&first), SIGKILL);
	second = start("umid=nine", -1, -1);
	CHECK(!strcmp(first.folder, second.folder));
	kill(late, SIGCONT);
	CHECK_SOON(gone(late));
	CHECK(exists(second.folder));
	CHECK_EQ(write(second.commands, "x", 1), 1);
	CHECK_EQ(end(&second), 7 << 8);
	CHECK(!exists(".uml"));
}

/* A process that the kernel had forked outlives it for a moment, with the lock. */
static void test_lock_inherited(void)
{
	struct kernel kernel = start("umid=ten", -1, -1);
	pid_t heir = ask(&kernel, 'h');

	CHECK(heir > 0);
	kill(kernel.pid, SIGKILL);
	CHECK_EQ(end(&kernel), SIGKILL);
	nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	CHECK(exists(kernel.folder));
	kill(heir, SIGKILL);
	CHECK_SOON(gone(heir));
	CHECK_SOON(gone(kernel.guardian));
	CHECK(!exists(".uml"));
}

static void test_uml_dir(void)
{
	struct kernel kernel;
	int err = scratch();

	kernel = start("uml_dir=a/b", -1, -1);
	CHECK(!strncmp(kernel.folder, "a/b/", 4));
	CHECK_EQ(write(kernel.commands, "x", 1), 1);
	CHECK_EQ(end(&kernel), 7 << 8);
	CHECK(!exists("a"));

	close(open("file", O_CREAT | O_RDWR, 0600));
	kernel = start("uml_dir=file/x", -1, err);
	CHECK_EQ(end(&kernel), 1 << 8);
	CHECK(stderr_has(err, "linux: umid="));
	unlink("file");
	close(err);

	/* Nobody asked for the folder: the kernel runs without. */
	setenv("HOME", "/proc/nowhere", 1);
	setenv("TMPDIR", "/proc/nowhere", 1);
	err = scratch();
	kernel = start("quiet", -1, err);
	CHECK_EQ(write(kernel.commands, "x", 1), 1);
	CHECK_EQ(end(&kernel), 7 << 8);
	CHECK(stderr_has(err, "linux: no umid folder"));
	close(err);
}

int main(int argc, char **argv, char **envp)
{
	char folder[] = "/tmp/host_process.XXXXXX";
	ssize_t len;

	if (getenv(AS_KERNEL))
		as_kernel(argc, argv, envp);
	len = readlink("/proc/self/exe", program, sizeof(program) - 1);
	program[len > 0 ? len : 0] = 0;
	if (!mkdtemp(folder) || chdir(folder) < 0)
		return 1;
	setenv("HOME", folder, 1);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	alarm(100);
	test_exit();
	test_killed();
	test_guardian_killed();
	test_guardian_signals();
	test_restart();
	test_umid_in_use();
	test_umid_left();
	test_guardian_late();
	test_lock_inherited();
	test_uml_dir();
	CHECK_EQ(chdir("/"), 0);
	CHECK_EQ(rmdir(folder), 0);
	return UNIT_RESULT();
}
