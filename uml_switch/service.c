// SPDX-License-Identifier: GPL-2.0-only
/* service.c - the switch as a service; the protocols of systemd in a few lines, without its library. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/parse.h"
#include "uml_switch/service.h"

enum { SOCKETS_MAX = 64, NAME_BYTES = 32 };

static bool taken;
static unsigned int socket_count;
static char socket_names[SOCKETS_MAX][NAME_BYTES];

static void take_names(const char *names)
{
	for (unsigned int i = 0; names && i < socket_count; i++) {
		size_t length = strcspn(names, ":");

		snprintf(socket_names[i], NAME_BYTES, "%.*s", (int)length, names);
		names = names[length] ? names + length + 1 : NULL;
	}
}

unsigned int service_socket_count(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	uint64_t number;

	if (taken)
		return socket_count;
	taken = true;
	if (pid && count && !parse_number(pid, INT32_MAX, &number) &&
	    number == (uint64_t)getpid() && !parse_number(count, SOCKETS_MAX, &number)) {
		socket_count = (unsigned int)number;
		take_names(getenv("LISTEN_FDNAMES"));
		for (unsigned int i = 0; i < socket_count; i++)
			fcntl(SERVICE_FIRST_SOCKET + (int)i, F_SETFD, FD_CLOEXEC);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	return socket_count;
}

const char *service_socket_name(unsigned int place)
{
	return place < socket_count ? socket_names[place] : "";
}

void service_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Without a manager that listens there is nobody to tell. */
	sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&address,
	       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length));
	close(fd);
}

int service_background(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (null < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	/* Not by exit(): the sockets are the child's now. */
	if (pid)
		_exit(0);
	if (setsid() < 0 || chdir("/"))
		return -errno;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	close(null);
	return 0;
}

int service_become(const char *user)
{
	const struct passwd *entry = getpwnam(user);
	uint64_t uid;

	if (!entry && !parse_number(user, UINT32_MAX - 1, &uid))
		entry = getpwuid((uid_t)uid);
	if (!entry)
		return -ENOENT;
	if (geteuid() == entry->pw_uid)
		return 0;
	if (initgroups(entry->pw_name, entry->pw_gid) ||
	    setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) ||
	    setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid))
		return -errno;
	return 0;
}
