// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host files: opening, measuring, locking, reading and writing in the caller's thread.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/asm-generic/fcntl.h>
#include <uapi/asm-generic/ioctls.h>
#include <uapi/asm-generic/termbits.h>
#include <uapi/asm/stat.h>
#include <uapi/linux/fcntl.h>
#include <uapi/linux/fs.h>
#include <uapi/linux/stat.h>
#include <host/file.h>
#include <host/poll.h>
#include <host/print.h>
#include <host/string.h>
#include "abi.h"
#include "raw.h"

#define HOST_MSG_NOW	0x4040	/* MSG_DONTWAIT | MSG_NOSIGNAL */
#define PIPE_ATOMIC	4096	/* a pipe that is ready takes as much at once */

int host_file_open(const char *path, unsigned int flags)
{
	int how = O_CLOEXEC | O_NOCTTY | O_LARGEFILE;

	how |= flags & HOST_OPEN_WRITE ? O_RDWR : O_RDONLY;
	if (flags & HOST_OPEN_SYNC)
		how |= O_SYNC;
	if (flags & HOST_OPEN_CREATE)
		how |= O_CREAT;
	/* O_NONBLOCK: a pipe without a writer is to be an error, not a wait. */
	return (int)HOST_CALL(openat, AT_FDCWD, path, how | O_NONBLOCK, 0644);
}

void host_file_close(int fd)
{
	host_call(close, fd);
}

bool host_file_text(const char *path, char *text, size_t size)
{
	int fd = host_file_open(path, 0);
	long n;

	if (fd < 0)
		return false;
	n = host_call(read, fd, text, size - 1);
	host_file_close(fd);
	if (n < 0)
		return false;
	text[n] = '\0';
	return true;
}

u64 host_file_number(const char *path)
{
	char text[32];
	u64 value = 0;
	int i;

	if (!host_file_text(path, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
		return HOST_NO_NUMBER;
	for (i = 0; text[i] >= '0' && text[i] <= '9'; i++)
		value = value * 10 + text[i] - '0';
	return value;
}

int host_file_size(int fd, u64 *size_bytes)
{
	struct stat st;
	long ret = host_call(fstat, fd, &st);

	if (ret < 0)
		return (int)ret;
	if (S_ISREG(st.st_mode)) {
		*size_bytes = (u64)st.st_size;
		return 0;
	}
	if (S_ISBLK(st.st_mode))
		return (int)host_call(ioctl, fd, BLKGETSIZE64, size_bytes);
	return S_ISDIR(st.st_mode) ? -EISDIR : -ESPIPE;
}

/* Locks of the open file: no other descriptor that is closed takes them away. */
int host_file_lock(int fd, bool exclusive)
{
	struct flock lock = {
		.l_type = exclusive ? F_WRLCK : F_RDLCK,
	};
	long ret = host_call(fcntl, fd, F_OFD_SETLK, &lock);

	return ret == -EACCES ? -EAGAIN : (int)ret;
}

/* ------------------------------------------------------- who holds a lock? */

struct dirent64 {
	u64 ino;
	s64 off;
	u16 reclen;
	u8 type;
	char name[];
};

/* Call a function for each numbered entry of a folder, until one answers true. */
static int find_number(const char *path, bool (*found)(int number, const void *arg),
		       const void *arg)
{
	char buf[1024] __attribute__((aligned(8)));
	int fd = (int)HOST_CALL(openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result = 0;
	long len;

	if (fd < 0)
		return 0;
	while (!result && (len = host_call(getdents64, fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < len && !result;) {
			const struct dirent64 *entry = (const struct dirent64 *)(buf + at);
			int number = 0;

			for (const char *c = entry->name; *c >= '0' && *c <= '9'; c++)
				number = number * 10 + *c - '0';
			at += entry->reclen;
			if (entry->name[0] >= '0' && entry->name[0] <= '9' && found(number, arg))
				result = number;
		}
	}
	host_call(close, fd);
	return result;
}

struct open_file {
	const struct stat *file;
	int pid;
};

/* Does this descriptor have the file open and locked? */
static bool descriptor_locks(int number, const void *arg)
{
	const struct open_file *open = arg;
	char name[64], info[1024];
	struct stat st;
	long len;
	int fd;

	host_format(name, sizeof(name), "/proc/%d/fd/%d", open->pid, number);
	if (host_call(stat, name, &st) < 0 || st.st_dev != open->file->st_dev ||
	    st.st_ino != open->file->st_ino)
		return false;
	host_format(name, sizeof(name), "/proc/%d/fdinfo/%d", open->pid, number);
	fd = (int)HOST_CALL(openat, AT_FDCWD, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = host_call(read, fd, info, sizeof(info) - 1);
	host_call(close, fd);
	for (long i = 0; i + 5 <= len; i++) {
		if (memcmp(info + i, "lock:", 5) == 0)
			return true;
	}
	return false;
}

static bool process_locks(int pid, const void *arg)
{
	struct open_file open = { .file = arg, .pid = pid };
	char name[32];

	host_format(name, sizeof(name), "/proc/%d/fd", pid);
	/* Descriptor 0 is a number like any other, but find_number() says 0 for none. */
	return find_number(name, descriptor_locks, &open) > 0 || descriptor_locks(0, &open);
}

int host_file_lock_holder(int fd, bool exclusive)
{
	struct flock lock = {
		.l_type = exclusive ? F_WRLCK : F_RDLCK,
	};
	struct stat st;

	if (host_call(fcntl, fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
		return 0;
	if (lock.l_pid > 0)
		return lock.l_pid;
	/* A lock of an open file, not of a process: look who has the file open. */
	return host_call(fstat, fd, &st) < 0 ? 0 : find_number("/proc", process_locks, &st);
}

/* ------------------------------------------------------------ data transfer */

ssize_t host_file_read(int fd, void *buf, size_t len_bytes, s64 offset_bytes)
{
	char *to = buf;
	size_t done = 0;
	long ret;

	if (offset_bytes < 0)
		return HOST_CALL(read, fd, buf, len_bytes);
	while (done < len_bytes) {
		ret = HOST_CALL(pread64, fd, to + done, len_bytes - done, offset_bytes + (s64)done);
		if (ret < 0)
			return ret;
		if (ret == 0)
			break;
		done += (size_t)ret;
	}
	return (ssize_t)done;
}

ssize_t host_file_write(int fd, const void *buf, size_t len_bytes, s64 offset_bytes)
{
	const char *from = buf;
	size_t done = 0;
	long ret;

	while (done < len_bytes) {
		if (offset_bytes < 0)
			ret = HOST_CALL(write, fd, from + done, len_bytes - done);
		else
			ret = HOST_CALL(pwrite64, fd, from + done, len_bytes - done,
					offset_bytes + (s64)done);
		if (ret < 0)
			return ret;
		if (ret == 0)
			return -EIO;
		done += (size_t)ret;
	}
	return (ssize_t)done;
}

int host_file_ready(int fd, unsigned int events)
{
	return host_file_wait(fd, events, 0);
}

int host_file_wait(int fd, unsigned int events, int timeout_ms)
{
	struct host_pollfd pf = { .fd = fd, .events = (short)events };
	long ret = HOST_CALL(poll, &pf, 1, timeout_ms);

	return ret <= 0 ? (int)ret : pf.revents;
}

ssize_t host_file_write_now(int fd, const void *buf, size_t len_bytes)
{
	struct termios settings;
	long mode = host_call(fcntl, fd, F_GETFL);
	struct stat st;
	int ready;

	if (mode < 0)
		return mode;
	if (!(mode & O_NONBLOCK) && host_call(fstat, fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		ready = host_file_ready(fd, HOST_POLL_OUT);
		if (ready == 0)
			return -EAGAIN;
		/* A terminal that is ready takes one byte, but for more it might wait. */
		if (S_ISSOCK(st.st_mode))
			return HOST_CALL(sendto, fd, buf, len_bytes, HOST_MSG_NOW, NULL, 0);
		if (S_ISFIFO(st.st_mode) && len_bytes > PIPE_ATOMIC)
			len_bytes = PIPE_ATOMIC;
		if (host_call(ioctl, fd, TCGETS, &settings) == 0 && len_bytes > 1)
			len_bytes = 1;
	}
	return HOST_CALL(write, fd, buf, len_bytes);
}
