// SPDX-License-Identifier: GPL-2.0-only
/*
 * lock.c - one uml_net at a time changes the host.
 *
 * The lock is a record lock, of which the kernel tells who has it. It ends with its process and in no
 * other way, so a process that was stopped with it never wakes up without it: either it still has the
 * lock, or it is dead.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "uml_net/lock.h"

enum {
	/* Some milliseconds of work: who has it for so long is not at work. */
	HELD_MAX_S = 10,
	LOOK_AGAIN_S = 1,
};

/* Who had the lock when it was looked at, and since when. */
struct holder {
	pid_t pid;
	int fd;
	time_t since_s;
};

int lock_open(void)
{
	struct stat status;
	int fd = open(LOCK_PATH, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
		      S_IRUSR | S_IWUSR);

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &status) && S_ISREG(status.st_mode) && status.st_uid == 0 &&
	    !(status.st_mode & (S_IRWXG | S_IRWXO)))
		return fd;
	close(fd);
	return -EPERM;
}

static time_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

static struct flock whole_file(short type)
{
	return (struct flock){ .l_type = type, .l_whence = SEEK_SET };
}

static pid_t pid_of_holder(int fd)
{
	struct flock lock = whole_file(F_WRLCK);

	return fcntl(fd, F_GETLK, &lock) || lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

static void forget(struct holder *holder)
{
	if (holder->pid > 0)
		close(holder->fd);
	holder->pid = 0;
}

static bool has_ended(const struct holder *holder)
{
	struct pollfd process = { .fd = holder->fd, .events = POLLIN };

	return poll(&process, 1, 0) != 0;
}

/*
 * Looks at who has the lock, and kills who has it for too long. No process takes it twice, so one that
 * had it at two looks had it all the time between. A number that another process got meanwhile is no
 * danger: the descriptor stays that of the process which had it at its opening, and what is killed by
 * it is either the holder or nobody, as the number is that of the holder before and after.
 */
static void look_at_holder(int fd, struct holder *holder)
{
	pid_t pid = pid_of_holder(fd);

	if (pid <= 0 || pid != holder->pid || has_ended(holder)) {
		forget(holder);
		if (pid <= 0)
			return;
		holder->fd = (int)syscall(SYS_pidfd_open, pid, 0);
		if (holder->fd < 0)
			return;
		holder->pid = pid;
		holder->since_s = now_s();
	} else if (now_s() - holder->since_s >= HELD_MAX_S) {
		syscall(SYS_pidfd_send_signal, holder->fd, SIGKILL, NULL, 0);
	}
}

static void wake_up(int number)
{
	(void)number;
}

int lock_take(int fd)
{
	const struct sigaction action = { .sa_handler = wake_up };
	const struct itimerval every = { { LOOK_AGAIN_S, 0 }, { LOOK_AGAIN_S, 0 } }, never = { 0 };
	struct holder holder = { .pid = 0 };
	time_t begun_s = now_s();
	struct flock lock;
	int error = 0;

	/* No restart: the wait ends by it. */
	if (sigaction(SIGALRM, &action, NULL) || setitimer(ITIMER_REAL, &every, NULL))
		return -errno;
	for (;;) {
		lock = whole_file(F_WRLCK);
		if (!fcntl(fd, F_SETLKW, &lock))
			break;
		error = -errno;
		if (error != -EINTR)
			break;
		error = -EBUSY;
		if (now_s() - begun_s >= LOCK_WAIT_S)
			break;
		look_at_holder(fd, &holder);
		error = 0;
	}
	forget(&holder);
	setitimer(ITIMER_REAL, &never, NULL);
	return error;
}
