// SPDX-License-Identifier: GPL-2.0-only
/*
 * The umid: the name of a running kernel, and a folder under it with the pid file.
 *
 * Theory of operation.  The folder belongs to whoever holds the lock (flock) on the pid
 * file in it.  The lock ends with the process, so a folder whose kernel died without
 * cleaning up is free for the next one; no process id, which may be another process's
 * by now, decides that.  Only a stock kernel does not lock; it counts as alive if its
 * process exists and somebody listens on its control socket.
 *
 * Two that start at once, and the guardian of one that just died, may work on the same
 * folder.  Whoever gets the lock makes sure that the name still leads to the locked file;
 * a folder may vanish as long as no pid file stands in it; then all begins again.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/asm-generic/fcntl.h>
#include <uapi/asm/stat.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/stat.h>
#include <uapi/linux/un.h>
#include <host/guardian.h>
#include <host/option.h>
#include <host/print.h>
#include <host/process.h>
#include <host/string.h>
#include "abi.h"
#include "undo.h"
#include "raw.h"

#define UNIX_FAMILY	1
#define DATAGRAM	2
#define LOCK_EXCLUSIVE	2
#define LOCK_NO_WAIT	4
#define ROUNDS		100
#define ROUND_MS	20
#define STICKY_ALL	01777

static char base[UNDO_PATH_BYTES];		/* ends with a slash */
static char folder[UNDO_PATH_BYTES + HOST_UMID_BYTES];
static char pid_file[UNDO_PATH_BYTES + HOST_UMID_BYTES + 8];
static unsigned int base_mode;

/* Return: the process id written in a pid file, 0 for none. */
static int read_pid(int fd)
{
	char text[16] = "";
	int pid = 0;

	host_call(pread64, fd, text, sizeof(text) - 1, 0);
	for (const char *at = text; *at >= '0' && *at <= '9'; at++)
		pid = pid * 10 + *at - '0';
	return pid;
}

static bool same_file(int fd, const char *path)
{
	struct stat by_fd, by_path;

	return host_call(fstat, fd, &by_fd) == 0 && host_call(stat, path, &by_path) == 0 &&
	       by_fd.st_dev == by_path.st_dev && by_fd.st_ino == by_path.st_ino;
}

/*
 * A process that the kernel had just forked may still hold its lock, and dies now like
 * the kernel did; one that has taken the folder over writes its own number at once.
 */
bool host_umid_left(const char *path, int owner)
{
	struct host_timespec pause = { 0, ROUND_MS * 1000000 };
	int fd = (int)HOST_CALL(openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -ENOENT)
		return true;
	if (fd < 0)
		return false;
	for (int round = 0; round < ROUNDS; round++) {
		int pid = read_pid(fd);

		if (!same_file(fd, path) || (pid && pid != owner))
			return false;
		if (host_call(flock, fd, LOCK_EXCLUSIVE | LOCK_NO_WAIT) == 0) {
			pid = read_pid(fd);
			return same_file(fd, path) && (!pid || pid == owner);
		}
		host_call(nanosleep, &pause, NULL);
	}
	return false;
}

/* Does a kernel that takes no locks still use the folder? */
static bool listens(const char *in_folder)
{
	struct sockaddr_un addr = { .sun_family = UNIX_FAMILY };
	bool alive;
	int fd;

	if (host_format(addr.sun_path, sizeof(addr.sun_path), "%s/mconsole", in_folder) >=
	    sizeof(addr.sun_path))
		return false;
	fd = (int)host_call(socket, UNIX_FAMILY, DATAGRAM | O_CLOEXEC, 0);
	alive = fd >= 0 && host_call(connect, fd, &addr, sizeof(addr)) == 0;
	if (fd >= 0)
		host_call(close, fd);
	return alive;
}

/* Make a folder that did not exist ours to remove. */
static int make_folder(const char *path, unsigned int mode)
{
	struct stat st;
	int ret;

	if (host_call(stat, path, &st) == 0)
		return -EEXIST;
	ret = host_cleanup_path(path);
	if (ret < 0)
		return ret;
	ret = (int)host_call(mkdir, path, mode);
	if (ret < 0)
		host_cleanup_forget(path);
	return ret;
}

static int make_base(void)
{
	unsigned int mode = base_mode;
	static char path[UNDO_PATH_BYTES];
	struct stat st;
	int ret;

	for (size_t i = 0; base[i]; i++) {
		path[i] = base[i];
		if (base[i] != '/' || i == 0)
			continue;
		path[i] = 0;
		ret = make_folder(path, base[i + 1] ? 0777 : mode);
		if (ret < 0 && ret != -EEXIST)
			return ret;
		/* The usual place goes with the last kernel, whoever made it. */
		if (ret == -EEXIST && !base[i + 1] && !host_options.uml_dir)
			host_cleanup_path(path);
		if (ret == 0 && !base[i + 1] && (mode & 01000))
			host_call(chmod, path, mode);
		path[i] = '/';
	}
	if (host_call(stat, base, &st) < 0 || !S_ISDIR(st.st_mode))
		return -ENOTDIR;
	/* The owner of a folder can replace what is in it. */
	if (mode == STICKY_ALL && st.st_uid != 0 && st.st_uid != host_call(getuid))
		return -EPERM;
	return 0;
}

static void withdraw(void)
{
	host_undo->pid_file[0] = 0;
	host_cleanup_forget(pid_file);
	host_cleanup_forget(folder);
}

/* Return: the locked pid file, -EAGAIN to begin again, -EBUSY if it is in use, or -errno. */
static int lock_pid_file(int *holder)
{
	int fd, ret;

	fd = (int)HOST_CALL(openat, AT_FDCWD, pid_file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			    0644);
	if (fd < 0)
		return fd == -ENOENT ? -EAGAIN : fd;
	*holder = read_pid(fd);
	ret = (int)host_call(flock, fd, LOCK_EXCLUSIVE | LOCK_NO_WAIT);
	if (ret == -EAGAIN) {
		/* The guardian of a dead kernel is about to remove it. */
		ret = *holder && host_call(kill, *holder, 0) == -ESRCH ? -EAGAIN : -EBUSY;
	} else if (!same_file(fd, pid_file)) {
		ret = -EAGAIN;
	} else if (*holder && *holder != host_undo->owner &&
		   host_call(kill, *holder, 0) != -ESRCH && listens(folder)) {
		ret = -EBUSY;
	} else {
		return fd;
	}
	host_call(close, fd);
	return ret;
}

/* What stands in the way if the folder exists?  Return: 0 for a umid folder, -EAGAIN if it
 * was empty and is gone now, or -errno. */
static int look_at_existing(void)
{
	struct stat st;
	int ret;

	if (host_call(stat, pid_file, &st) == 0)
		return 0;
	ret = (int)host_call(rmdir, folder);
	return ret == 0 || ret == -ENOENT ? -EAGAIN : ret;
}

static int try_claim(int *holder)
{
	static char socket[sizeof(pid_file) + 8];
	char text[16];
	bool made;
	size_t len;
	int fd, ret;

	memcpy(host_undo->pid_file, pid_file, strlen(pid_file) + 1);
	ret = host_cleanup_path(pid_file);
	if (ret == 0)
		ret = host_cleanup_path(folder);
	if (ret == 0)
		ret = (int)host_call(mkdir, folder, 0700);
	made = ret == 0;
	if (ret == -EEXIST)
		ret = host_options.umid_given ? look_at_existing() : -EAGAIN;
	if (ret < 0)
		return ret;
	fd = lock_pid_file(holder);
	if (fd < 0) {
		if (made)
			host_call(rmdir, folder);
		return fd;
	}
	host_call(ftruncate, fd, 0);
	len = host_format(text, sizeof(text), "%d\n", host_undo->owner);
	ret = (int)host_call(pwrite64, fd, text, len, 0);
	if (ret < 0) {
		host_call(unlink, pid_file);
		host_call(rmdir, folder);
		host_call(close, fd);
		return ret;
	}
	/* What a stock kernel or a killed one left; ours is made anew. */
	host_format(socket, sizeof(socket), "%s/mconsole", folder);
	host_call(unlink, socket);
	return 0;
}

static void random_umid(void)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	unsigned char bytes[8];

	host_call(getrandom, bytes, sizeof(bytes), 0);
	for (size_t i = 0; i < sizeof(bytes); i++)
		host_options.umid[i] = letters[bytes[i] % 36];
	host_options.umid[sizeof(bytes)] = 0;
}

/* Return: 0; -EBUSY or -ENOTEMPTY if the umid is taken; another -errno if the place is no good. */
static int claim_in(const char *first, const char *second, unsigned int mode, int *holder)
{
	struct host_timespec pause = { 0, ROUND_MS * 1000000 };
	size_t len = host_format(base, sizeof(base), "%s%s", first, second);
	int ret = -ENAMETOOLONG;

	if (len + HOST_UMID_BYTES + 16 >= UNDO_PATH_BYTES)
		return ret;
	if (base[len - 1] != '/')
		memcpy(base + len, "/", 2);
	base_mode = mode;
	for (int round = 0; round < ROUNDS; round++) {
		if (!host_options.umid_given)
			random_umid();
		host_format(folder, sizeof(folder), "%s%s", base, host_options.umid);
		host_format(pid_file, sizeof(pid_file), "%s/pid", folder);
		ret = make_base();
		if (ret == 0)
			ret = try_claim(holder);
		if (ret == 0)
			return 0;
		withdraw();
		if (ret != -EAGAIN)
			return ret;
		host_call(nanosleep, &pause, NULL);
	}
	return -EBUSY;
}

static void give_up(int error, int holder)
{
	if (error == -EBUSY)
		host_die("umid=%s: in use by process %d; choose another umid or end that kernel",
			 host_options.umid, holder);
	if (error == -ENOTEMPTY || error == -ENOTDIR)
		host_die("umid=%s: %s exists and is no umid folder; remove it or choose another umid",
			 host_options.umid, folder);
	if (host_options.uml_dir || host_options.umid_given)
		host_die("umid=%s: cannot make %s: %s; choose another place by uml_dir=",
			 host_options.umid, folder, host_strerror(error));
	host_error("no umid folder: cannot make %s: %s; choose another place by uml_dir=", folder,
		   host_strerror(error));
	folder[0] = 0;
}

void host_umid_claim(void)
{
	const char *home = host_getenv("HOME"), *tmp = host_getenv("TMPDIR");
	int ret = -ENOENT, holder = 0;

	if (host_options.uml_dir) {
		ret = claim_in(host_options.uml_dir, "", 0777, &holder);
	} else {
		if (home)
			ret = claim_in(home, "/.uml", 0700, &holder);
		if (ret < 0 && ret != -EBUSY && ret != -ENOTEMPTY)
			ret = claim_in(tmp ? tmp : "/tmp", "/uml", STICKY_ALL, &holder);
	}
	if (ret < 0)
		give_up(ret, holder);
}

const char *host_umid_folder(void)
{
	return folder;
}
