// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs uml_net as a guest kernel does, and tells what it answers.
 *
 * A request for "tuntap" gets a datagram socket as its standard output, any other a stream socket.
 * Printed are the lines `interface NAME`, `text TEXT`, `malformed` and `status N`. Then COMMAND is
 * run by the shell while the interface's descriptor is held: its name is in $TAP, and the
 * descriptor's number, for commands that want to try something with it, in $TAP_FD.
 */
#include <config.h>
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT_S = 60, GROUPS_MAX = 16, NAME_SIZE = 16 };

static const char usage_text[] =
	"usage: ask [-u UID] [-g GID] [-G GID,...] [-r COMMAND] PROGRAM WORD...\n"
	"\n"
	"  -u UID       run PROGRAM as this user\n"
	"  -g GID       and this group, default UID\n"
	"  -G GID,...   and these other groups, default none\n"
	"  -r COMMAND   run this afterwards; its status is that of ask\n";

struct asker {
	bool has_user;
	uid_t user;
	gid_t group;
	gid_t groups[GROUPS_MAX];
	size_t group_count;
	const char *command;
	bool message;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "ask: %s: %s\n", what, strerror(errno));
	exit(70);
}

static void become(const struct asker *asker)
{
	if (asker->has_user && (setgroups(asker->group_count, asker->groups) ||
				setresgid(asker->group, asker->group, asker->group) ||
				setresuid(asker->user, asker->user, asker->user)))
		fail("cannot become the user");
}

static void take_groups(struct asker *asker, char *list)
{
	for (char *word = strtok(list, ","); word; word = strtok(NULL, ","))
		if (asker->group_count < GROUPS_MAX)
			asker->groups[asker->group_count++] = (gid_t)strtoul(word, NULL, 10);
}

static void take_options(struct asker *asker, int argc, char **argv)
{
	int option;
	bool has_group = false;

	while ((option = getopt(argc, argv, "+u:g:G:r:")) >= 0) {
		switch (option) {
		case 'u':
			asker->user = (uid_t)strtoul(optarg, NULL, 10);
			asker->has_user = true;
			if (!has_group)
				asker->group = asker->user;
			break;
		case 'g':
			asker->group = (gid_t)strtoul(optarg, NULL, 10);
			has_group = true;
			break;
		case 'G':
			take_groups(asker, optarg);
			break;
		case 'r':
			asker->command = optarg;
			break;
		default:
			fputs(usage_text, stderr);
			exit(64);
		}
	}
	if (optind == argc) {
		fputs(usage_text, stderr);
		exit(64);
	}
}

static pid_t start(const struct asker *asker, char **argv, int end)
{
	pid_t child = fork();

	if (child < 0)
		fail("fork");
	if (child)
		return child;
	become(asker);
	if (dup2(end, STDOUT_FILENO) < 0)
		fail("dup2");
	close(end);
	execv(argv[0], argv);
	fail(argv[0]);
}

static int wait_for(pid_t child)
{
	int status;

	alarm(LIMIT_S);
	if (waitpid(child, &status, 0) != child)
		fail("waitpid");
	alarm(0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* One message and its descriptor, which is -1 where there is none. */
static size_t receive(int socket, char *data, size_t size, int *fd)
{
	char control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec part = { data, size };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	ssize_t got = recvmsg(socket, &message, MSG_DONTWAIT);
	struct cmsghdr *header = got < 0 ? NULL : CMSG_FIRSTHDR(&message);

	*fd = -1;
	if (header && header->cmsg_len == CMSG_LEN(sizeof(int)) && header->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(header), sizeof(*fd));
	else if (header)
		puts("malformed: other than one descriptor");
	return got < 0 ? 0 : (size_t)got;
}

static size_t read_all(int socket, char *data, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while (used < size && (got = recv(socket, data + used, size - used, 0)) > 0)
		used += (size_t)got;
	return used;
}

/* A text that ends with a zero byte; none at all only where that is allowed. */
static void print_text(const char *text, size_t length, bool may_be_empty)
{
	if (!length && may_be_empty)
		return;
	if (!length || text[length - 1] || strlen(text) != length - 1) {
		puts("malformed: not one text");
		return;
	}
	printf("text %s%s", text, length > 1 && text[length - 2] == '\n' ? "" : "\n");
}

static void print_interface(const char *data, size_t length, int fd)
{
	char number[16];

	if (length < NAME_SIZE || data[NAME_SIZE - 1]) {
		puts("malformed: not a name of 16 bytes");
		return;
	}
	snprintf(number, sizeof(number), "%d", fd);
	setenv("TAP", data, 1);
	setenv("TAP_FD", number, 1);
	printf("interface %s\n", data);
	/* The one of uml-utilities tells here what it ran. */
	print_text(data + NAME_SIZE, length - NAME_SIZE, true);
}

static int converse(const struct asker *asker, char **argv)
{
	static char data[8192];
	const struct timeval limit = { .tv_sec = LIMIT_S };
	int ends[2], status, fd = -1;
	uint32_t count = 0;
	size_t length;
	pid_t child;

	if (socketpair(AF_UNIX, (asker->message ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0,
		       ends) ||
	    setsockopt(ends[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)))
		fail("socketpair");
	child = start(asker, argv, ends[1]);
	close(ends[1]);
	if (asker->message) {
		status = wait_for(child);
		length = receive(ends[0], data, sizeof(data) - 1, &fd);
		if (fd >= 0)
			print_interface(data, length, fd);
		else
			print_text(data, length, false);
	} else {
		length = read_all(ends[0], data, sizeof(data) - 1);
		status = wait_for(child);
		memcpy(&count, data, sizeof(count));
		if (length < sizeof(count) || count != length - sizeof(count))
			puts("malformed: not a length and a text");
		else
			print_text(data + sizeof(count), count, true);
	}
	printf("status %d\n", status);
	fflush(stdout);
	return status;
}

int main(int argc, char **argv)
{
	struct asker asker = { .has_user = false };
	int status;

	take_options(&asker, argc, argv);
	for (int i = optind + 1; i < argc; i++)
		asker.message |= !strcmp(argv[i], "tuntap");
	status = converse(&asker, argv + optind);
	if (!asker.command)
		return status;
	status = system(asker.command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 70;
}
