// SPDX-License-Identifier: GPL-2.0-only
/*
 * umid.c - finds user-mode Linux instances by their names.
 *
 * Theory of operation.  Three signs say that an instance runs, none of them needs its help:
 * somebody listens on its socket; its pid file is locked, as our kernel does; the process that
 * wrote the pid file lives. A number alone says nothing, it may be another process's by now
 * (lib/process.h).
 *
 * Nothing is done by a name that somebody could exchange in between: sockets are opened with
 * O_PATH, their owner is looked at, and what is connected to is that descriptor.
 */
#include <config.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "lib/parse.h"
#include "lib/process.h"
#include "lib/umid.h"

enum { BASES = 3, PID_MAX = 4194304 };

#define SOCKET_NAME	"mconsole"
#define PID_NAME	"pid"

static const char *const state_names[] = {
	[UMID_RUNNING] = "running",
	[UMID_DEAD] = "dead",
	[UMID_FOREIGN] = "foreign",
	[UMID_UNKNOWN] = "unknown",
};

const char *umid_state_name(enum umid_state state)
{
	return state_names[state];
}

/* A path of up to three pieces, false where it is too long. */
static bool join(char path[PATH_MAX], const char *first, const char *second, const char *third)
{
	return snprintf(path, PATH_MAX, "%s%s%s", first, second, third) < PATH_MAX;
}

/* The i-th folder of instances, without a slash at its end; false where there is none. */
static bool base_folder(int i, char path[PATH_MAX])
{
	const char *home = getenv("HOME"), *tmp = getenv("TMPDIR");

	switch (i) {
	case 0:
		return home && home[0] == '/' && join(path, home, "/.uml", "");
	case 1:
		return tmp && tmp[0] == '/' && strcmp(tmp, "/tmp") && join(path, tmp, "/uml", "");
	default:
		return join(path, "/tmp/uml", "", "");
	}
}

/* What belongs to root or to the caller is as good as the caller's own. */
static void note_owner(struct umid *umid, const struct stat *st)
{
	if (umid->foreign)
		return;
	umid->owner = st->st_uid;
	umid->foreign = st->st_uid && st->st_uid != geteuid();
}

static int open_noting(struct umid *umid, const char *path, int flags, struct stat *st)
{
	int fd = open(path, O_PATH | O_CLOEXEC | flags);

	*st = (struct stat){ 0 };
	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0) {
		close(fd);
		return -EIO;
	}
	note_owner(umid, st);
	return fd;
}

/* The folder, and the link to it if it is one, belong to whom? */
static int check_folder(struct umid *umid)
{
	struct stat st;
	int fd = open_noting(umid, umid->folder, O_NOFOLLOW, &st);

	if (fd < 0)
		return fd;
	close(fd);
	if (S_ISDIR(st.st_mode))
		return 0;
	if (!S_ISLNK(st.st_mode))
		return -ENOTDIR;
	fd = open_noting(umid, umid->folder, O_DIRECTORY, &st);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Return: a descriptor of the socket's file; only what a user has named may be a link. */
static int open_socket(struct umid *umid, struct stat *st)
{
	bool named = !strcmp(umid->name, umid->socket);
	int fd = open_noting(umid, umid->socket, named ? 0 : O_NOFOLLOW, st);

	if (fd >= 0 && !S_ISSOCK(st->st_mode)) {
		close(fd);
		return -ENOTSOCK;
	}
	return fd;
}

/* The name of a descriptor keeps out exchanged files and takes paths of any length. */
static int connect_fd(int file, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d", file);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		error = -errno;
	/* Without /proc the path has to do. */
	if (error == -ENOENT && strlen(path) < sizeof(address.sun_path)) {
		strcpy(address.sun_path, path);
		error = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
	}
	if (!error)
		return fd;
	close(fd);
	return error;
}

/* What the pid file says. */
struct claim {
	pid_t pid;
	time_t written_s;
	bool locked;
};

static int open_claim(const struct umid *umid, struct stat *st)
{
	char path[PATH_MAX];
	int fd;

	*st = (struct stat){ 0 };
	if (!umid->folder[0] || !join(path, umid->folder, "/", PID_NAME))
		return -ENOENT;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, st) < 0 || !S_ISREG(st->st_mode) ||
	    (!umid->force && st->st_uid && st->st_uid != geteuid())) {
		close(fd);
		return -EPERM;
	}
	return fd;
}

static bool read_claim(const struct umid *umid, struct claim *claim)
{
	char text[16];
	struct stat st;
	ssize_t length;
	uint64_t pid;
	int fd = open_claim(umid, &st);

	*claim = (struct claim){ 0 };
	if (fd < 0)
		return false;
	length = read(fd, text, sizeof(text) - 1);
	claim->locked = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	text[length < 0 ? 0 : length] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!parse_number(text, PID_MAX, &pid))
		claim->pid = (pid_t)pid;
	claim->written_s = st.st_mtime;
	return true;
}

static enum umid_state judge(const struct umid *umid, int connected, const struct claim *claim)
{
	int wrote;

	if (connected >= 0 || claim->locked)
		return UMID_RUNNING;
	wrote = claim->pid ? process_wrote(umid->pid, claim->written_s) : 0;
	if (wrote > 0)
		return UMID_RUNNING;
	if (wrote < 0 || (connected != -ECONNREFUSED && connected != -ENOENT))
		return UMID_UNKNOWN;
	return UMID_DEAD;
}

/* Fill in all but the names. */
static int look(struct umid *umid)
{
	struct claim claim = { 0 };
	struct stat st;
	int error = 0, file, connected;
	bool claimed;

	umid->foreign = false;
	if (umid->folder[0] && strcmp(umid->name, umid->socket))
		error = check_folder(umid);
	if (error)
		return error;
	file = open_socket(umid, &st);
	if (file == -ENOTSOCK)
		return file;
	if (umid->foreign && !umid->force) {
		umid->state = UMID_FOREIGN;
		if (file >= 0)
			close(file);
		return 0;
	}
	connected = file < 0 ? file : connect_fd(file, umid->socket);
	claimed = read_claim(umid, &claim);
	umid->pid = claim.pid;
	umid->listens = connected >= 0;
	umid->state = judge(umid, connected, &claim);
	if (connected >= 0)
		close(connected);
	if (file >= 0)
		close(file);
	return file < 0 && !claimed ? -ENOENT : 0;
}

static int look_in(const char *base, const char *name, bool force, struct umid *umid)
{
	*umid = (struct umid){ .force = force };
	if (!join(umid->name, name, "", "") || !join(umid->folder, base, "/", name) ||
	    !join(umid->socket, umid->folder, "/", SOCKET_NAME))
		return -ENAMETOOLONG;
	return look(umid);
}

static int look_at(const char *path, bool force, struct umid *umid)
{
	const char *last = strrchr(path, '/');

	*umid = (struct umid){ .force = force };
	if (!join(umid->name, path, "", "") || !join(umid->socket, path, "", ""))
		return -ENAMETOOLONG;
	/* Beside a socket of that name stands the pid file. */
	if (last && !strcmp(last + 1, SOCKET_NAME) && join(umid->folder, path, "", ""))
		umid->folder[last - path] = '\0';
	return look(umid);
}

int umid_each(bool force, int (*visit)(const struct umid *umid, void *context), void *context)
{
	char base[PATH_MAX];
	struct umid umid;
	int result = 0;

	for (int i = 0; i < BASES && !result; i++) {
		struct dirent **names;
		int count = base_folder(i, base) ? scandir(base, &names, NULL, alphasort) : -1;

		for (int j = 0; j < count; j++) {
			const char *name = names[j]->d_name;

			if (!result && strcmp(name, ".") && strcmp(name, "..") &&
			    !look_in(base, name, force, &umid))
				result = visit(&umid, context);
			free(names[j]);
		}
		if (count >= 0)
			free(names);
	}
	return result;
}

int umid_find(const char *word, bool force, struct umid *umid)
{
	char base[PATH_MAX];
	struct umid other;
	bool found = false;
	int error;

	if (!word[0])
		return -ENOENT;
	for (int i = 0; i < BASES && !strchr(word, '/') && strcmp(word, ".") && strcmp(word, "..");
	     i++) {
		if (!base_folder(i, base) || look_in(base, word, force, &other))
			continue;
		if (!found || other.state == UMID_RUNNING)
			*umid = other;
		if (other.state == UMID_RUNNING)
			return 0;
		found = true;
	}
	if (found)
		return 0;
	error = look_at(word, force, umid);
	return error == -ENOTSOCK && !strchr(word, '/') ? -ENOENT : error;
}

int umid_connect(const struct umid *umid)
{
	struct umid now = *umid;
	struct stat st;
	int file, fd, on = 1;

	file = open_socket(&now, &st);
	if (file < 0)
		return file;
	if ((umid->foreign || now.foreign) && !umid->force) {
		close(file);
		return -EPERM;
	}
	fd = connect_fd(file, umid->socket);
	close(file);
	if (fd < 0)
		return fd;
	/* An address only now: nobody else could have sent anything before the connection. */
	if (bind(fd, &(struct sockaddr){ .sa_family = AF_UNIX }, sizeof(sa_family_t)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

int umid_pidfd(const struct umid *umid, bool *proven)
{
	struct stat st;
	int pidfd;

	if (!umid->pid)
		return -ESRCH;
	/* First the descriptor, then the proof: the number cannot pass on to another in between. */
	pidfd = (int)syscall(SYS_pidfd_open, umid->pid, 0);
	if (pidfd < 0)
		return -errno;
	*proven = process_holds_socket(umid->pid, umid->socket,
				       stat(umid->socket, &st) < 0 ? NULL : &st) > 0;
	return pidfd;
}

/* File systems that no other host shares: what is seen dead from here might live over there. */
static bool is_local(int fd)
{
	static const unsigned long local[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, TMPFS_MAGIC,
					       BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC };
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if ((unsigned long)fs.f_type == local[i])
			return true;
	return false;
}

/* The two files of a kernel stand in a folder and nothing else does. */
static bool has_only_ours(const char *path)
{
	struct dirent *entry;
	DIR *folder = opendir(path);
	bool only = folder;

	while (only && (entry = readdir(folder)))
		only = !strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		       !strcmp(entry->d_name, SOCKET_NAME) || !strcmp(entry->d_name, PID_NAME);
	if (folder)
		closedir(folder);
	return only;
}

/*
 * A number that is free here may be in use in another container, but whoever listens would be seen:
 * a socket without a listener is what shows that a kernel was here and is gone.
 */
static bool is_surely_dead(struct umid *umid)
{
	struct stat st;
	int file, connected = 0;

	if (!umid->folder[0] || look(umid) || umid->state != UMID_DEAD || umid->foreign ||
	    !umid->pid || kill(umid->pid, 0) == 0 || errno != ESRCH)
		return false;
	file = open_socket(umid, &st);
	if (file < 0)
		return false;
	if (st.st_uid == geteuid())
		connected = connect_fd(file, umid->socket);
	close(file);
	if (connected > 0)
		close(connected);
	return connected == -ECONNREFUSED;
}

int umid_remove(const struct umid *umid)
{
	struct umid now = *umid;
	struct stat st;
	int folder, claim, error = 0;

	if (!is_surely_dead(&now))
		return -EBUSY;
	folder = open(now.folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	claim = open_claim(&now, &st);
	/* Whoever starts under this name needs the lock before it may use the folder. */
	if (claim < 0 || !is_local(folder) || !has_only_ours(now.folder) ||
	    flock(claim, LOCK_EX | LOCK_NB) < 0)
		error = -EBUSY;
	else if ((unlinkat(folder, SOCKET_NAME, 0) < 0 && errno != ENOENT) ||
		 unlinkat(folder, PID_NAME, 0) < 0 || rmdir(now.folder) < 0)
		error = -errno;
	if (claim >= 0)
		close(claim);
	close(folder);
	return error;
}
