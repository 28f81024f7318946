// SPDX-License-Identifier: GPL-2.0-only
/* lib_umid.c - unit tests of lib/umid and lib/process: which instances there are, who lives. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/process.h"
#include "lib/umid.h"
#include "unit.h"

static char work[64];

static void in_work(char path[PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, "%s/.uml/%s", work, name);
}

static int console_at(const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.uml/%s", work, name);
	CHECK_EQ(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void write_pid(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	in_work(path, name);
	file = fopen(path, "w");
	CHECK(file);
	fputs(text, file);
	fclose(file);
}

static void make(const char *name)
{
	char path[PATH_MAX];

	in_work(path, name);
	CHECK_EQ(mkdir(path, 0700), 0);
}

/* A process id that is free: of a child that has ended. */
static pid_t dead_pid(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	return pid;
}

static void numbers_are_not_processes(void)
{
	CHECK_EQ(process_wrote(getpid(), time(NULL)), 1);
	/* Written long before this process began: another one's number then. */
	CHECK_EQ(process_wrote(getpid(), time(NULL) - 86400 * 365), 0);
	CHECK_EQ(process_wrote(dead_pid(), time(NULL)), 0);
}

static void sockets_tell_who_holds_them(void)
{
	char path[PATH_MAX];
	struct stat st;
	int fd;

	make("held");
	in_work(path, "held/mconsole");
	fd = console_at("held/mconsole");
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(process_holds_socket(getpid(), path, &st), 1);
	CHECK_EQ(process_holds_socket(getppid(), path, &st), 0);
	CHECK_EQ(process_holds_socket(getpid(), "/nowhere", NULL), 0);
	close(fd);
	CHECK_EQ(process_holds_socket(getpid(), path, &st), 0);
}

static void states_come_from_signs_of_life(void)
{
	char text[32], path[PATH_MAX];
	struct umid umid;
	int fd, lock;

	make("a");
	fd = console_at("a/mconsole");
	snprintf(text, sizeof(text), "%d\n", (int)dead_pid());
	write_pid("a/pid", text);
	CHECK_EQ(umid_find("a", false, &umid), 0);
	CHECK_EQ(umid.state, UMID_RUNNING);
	CHECK(umid.listens);
	close(fd);
	CHECK_EQ(umid_find("a", false, &umid), 0);
	CHECK_EQ(umid.state, UMID_DEAD);
	CHECK_EQ(umid_connect(&umid), -ECONNREFUSED);

	in_work(path, "a/pid");
	lock = open(path, O_RDWR | O_CLOEXEC);
	CHECK_EQ(flock(lock, LOCK_EX), 0);
	CHECK_EQ(umid_find("a", false, &umid), 0);
	CHECK_EQ(umid.state, UMID_RUNNING);
	CHECK(!umid.listens);
	CHECK_EQ(umid_remove(&umid), -EBUSY);
	close(lock);

	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	write_pid("a/pid", text);
	CHECK_EQ(umid_find("a", false, &umid), 0);
	CHECK_EQ(umid.state, UMID_RUNNING);
	CHECK_EQ(umid_remove(&umid), -EBUSY);
}

static void pid_files_are_numbers(void)
{
	static const char *const wrong[] = { "", "x", "-1\n", "12 13\n", "99999999999\n",
					     "4194305\n" };
	struct umid umid;

	make("p");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_pid("p/pid", wrong[i]);
		CHECK_EQ(umid_find("p", false, &umid), 0);
		CHECK_EQ(umid.pid, 0);
		CHECK_EQ(umid.state, UMID_DEAD);
		/* Nothing shows which process it was. */
		CHECK_EQ(umid_remove(&umid), -EBUSY);
	}
}

static void names_stay_in_their_folder(void)
{
	static const char *const none[] = { "", ".", "..", "no-such", "../.uml/no-such" };
	struct umid umid;
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		CHECK(umid_find(none[i], false, &umid) < 0);
	in_work(path, "a/pid");
	CHECK_EQ(umid_find(path, false, &umid), -ENOTSOCK);
}

static void a_process_is_signalled_only_with_proof(void)
{
	char text[32];
	struct umid umid;
	bool proven = false;
	int fd, pidfd;

	make("i");
	fd = console_at("i/mconsole");
	snprintf(text, sizeof(text), "%d\n", (int)getpid());
	write_pid("i/pid", text);
	CHECK_EQ(umid_find("i", false, &umid), 0);
	pidfd = umid_pidfd(&umid, &proven);
	CHECK(pidfd >= 0 && proven);
	close(pidfd);
	umid.pid = getppid();
	pidfd = umid_pidfd(&umid, &proven);
	CHECK(pidfd >= 0 && !proven);
	close(pidfd);
	umid.pid = dead_pid();
	CHECK_EQ(umid_pidfd(&umid, &proven), -ESRCH);
	close(fd);
}

static void only_the_surely_dead_are_removed(void)
{
	char text[32], path[PATH_MAX];
	struct umid umid;

	make("d");
	close(console_at("d/mconsole"));
	snprintf(text, sizeof(text), "%d\n", (int)dead_pid());
	write_pid("d/pid", text);
	write_pid("d/notes", "mine");
	CHECK_EQ(umid_find("d", false, &umid), 0);
	CHECK_EQ(umid_remove(&umid), -EBUSY);
	in_work(path, "d/notes");
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(umid_remove(&umid), 0);
	CHECK_EQ(umid_find("d", false, &umid), -ENOENT);
}

static int count(const struct umid *umid, void *context)
{
	(void)umid;
	++*(int *)context;
	return 0;
}

static void all_are_visited(void)
{
	char path[PATH_MAX];
	int number = 0;

	/* An empty folder is no instance. */
	make("empty");
	in_work(path, "file");
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	CHECK_EQ(umid_each(false, count, &number), 0);
	CHECK_EQ(number, 4);
}

int main(void)
{
	char path[PATH_MAX], remove[PATH_MAX + 16];

	strcpy(work, "/tmp/lib_umid.XXXXXX");
	if (!mkdtemp(work))
		return 1;
	setenv("HOME", work, 1);
	setenv("TMPDIR", work, 1);
	in_work(path, "");
	CHECK_EQ(mkdir(path, 0700), 0);
	numbers_are_not_processes();
	sockets_tell_who_holds_them();
	states_come_from_signs_of_life();
	pid_files_are_numbers();
	names_stay_in_their_folder();
	a_process_is_signalled_only_with_proof();
	only_the_surely_dead_are_removed();
	all_are_visited();
	snprintf(remove, sizeof(remove), "rm -rf '%s'", work);
	CHECK_EQ(system(remove), 0);
	return UNIT_RESULT();
}
