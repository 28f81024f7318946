// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block transfers on host files.
 *
 * Theory of operation.  Most reads of a guest are in the host's page cache: host_io_try()
 * copies them in the virtual CPU's thread (RWF_NOWAIT), which is cheaper than waking
 * another one.  What would wait goes to workers, host threads that are started as they
 * are needed.
 *
 * Both queues are lists with one atomic head.  Pushing is a compare-and-swap; taking is
 * an exchange that takes all, so no element can come back under a reader's hands.  The
 * virtual CPU pushes requests and takes results; workers push results, and take requests
 * under a lock that only workers hold.  The virtual CPU never waits for a worker.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/asm/stat.h>
#include <uapi/linux/falloc.h>
#include <uapi/linux/fs.h>
#include <uapi/linux/stat.h>
#include <host/io.h>
#include <host/irq.h>
#include <host/ram.h>
#include <host/string.h>
#include "raw.h"
#include "thread.h"

#define WORKERS		4
#define ZEROES_BYTES	(64 << 10)
#define ZEROES_IOV	16
#define BIT_OF(op)	(1U << (op))

/* From the virtual CPU to the workers: newest first. */
static struct host_io *inbox;
static u32 kicks;		/* counts host_io_kick(): idle workers sleep on it */
static u32 idle;		/* workers that sleep, or are about to */
static u32 workers;		/* written by the virtual CPU only */
static u32 unfinished;		/* submitted and not yet finished */

/* Among workers: requests in order, oldest first. */
static u32 lock;		/* 0 free, 1 held, 2 held and waited for */
static struct host_io *todo;

/* From the workers to the virtual CPU: newest first; then its own, oldest first. */
static struct host_io *outbox;
static struct host_io *finished;

static const u8 zeroes[ZEROES_BYTES] __attribute__((aligned(4096)));

/* ------------------------------------------------------------- the lists */

/* Return: whether the list was empty. */
static bool push(struct host_io **list, struct host_io *io)
{
	struct host_io *old = __atomic_load_n(list, __ATOMIC_RELAXED);

	do {
		io->next = old;
	} while (!__atomic_compare_exchange_n(list, &old, io, true, __ATOMIC_SEQ_CST,
					      __ATOMIC_RELAXED));
	return !old;
}

/* Return: everything that was in the list, oldest first. */
static struct host_io *take_all(struct host_io **list)
{
	struct host_io *io = __atomic_exchange_n(list, NULL, __ATOMIC_SEQ_CST);
	struct host_io *oldest = NULL;

	while (io) {
		struct host_io *next = io->next;

		io->next = oldest;
		oldest = io;
		io = next;
	}
	return oldest;
}

static void lock_todo(void)
{
	u32 state = 0;

	if (__atomic_compare_exchange_n(&lock, &state, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_RELAXED))
		return;
	while (__atomic_exchange_n(&lock, 2, __ATOMIC_ACQUIRE))
		host_futex_wait(&lock, 2);
}

static void unlock_todo(void)
{
	if (__atomic_exchange_n(&lock, 0, __ATOMIC_RELEASE) == 2)
		host_futex_wake(&lock, 1);
}

static struct host_io *take_request(void)
{
	struct host_io *io;

	lock_todo();
	if (!todo)
		todo = take_all(&inbox);
	io = todo;
	if (io)
		todo = io->next;
	unlock_todo();
	return io;
}

/* ---------------------------------------------------------- one transfer */

/* What the host has refused once is not asked for again. */
static void note(u32 *set, enum host_io_op op)
{
	__atomic_or_fetch(set, BIT_OF(op), __ATOMIC_RELAXED);
}

static bool noted(const u32 *set, enum host_io_op op)
{
	return __atomic_load_n(set, __ATOMIC_RELAXED) & BIT_OF(op);
}

/* Step over what is done. */
static void advance(struct host_io *io, size_t done)
{
	io->offset_bytes += done;
	io->len_bytes -= done;
	while (io->count && done >= io->iov->len_bytes) {
		done -= io->iov->len_bytes;
		io->iov++;
		io->count--;
	}
	if (io->count) {
		io->iov->base = (char *)io->iov->base + done;
		io->iov->len_bytes -= done;
	}
}

/* The file ends here: what is left reads as zeroes. */
static void read_nothing(struct host_io *io)
{
	for (unsigned int i = 0; i < io->count; i++)
		memset(io->iov[i].base, 0, io->iov[i].len_bytes);
	io->len_bytes = 0;
}

static void populate(const struct host_io *io)
{
	for (unsigned int i = 0; i < io->count && io->op == HOST_IO_READ; i++)
		host_ram_populate(io->iov[i].base, io->iov[i].len_bytes);
}

/* One call.  Return: 0 when something was done, or -errno. */
static int transfer_step(struct host_io *io, int flags)
{
	int fd = io->file->fd;
	long ret;

	/* The last two arguments of the call are the halves of the offset. */
	if (io->op == HOST_IO_READ)
		ret = HOST_CALL(preadv2, fd, io->iov, io->count, io->offset_bytes, 0, flags);
	else
		ret = HOST_CALL(pwritev2, fd, io->iov, io->count, io->offset_bytes, 0, flags);
	if (ret > 0)
		advance(io, (size_t)ret);
	else if (ret == 0 && io->op == HOST_IO_READ)
		read_nothing(io);
	else if (ret == 0)
		return -EIO;
	return ret < 0 ? (int)ret : 0;
}

static int transfer(struct host_io *io)
{
	int ret = 0, flags = 0;

	populate(io);
	if (io->op == HOST_IO_WRITE && io->sync && !noted(&io->file->lacks, HOST_IO_WRITE))
		flags = RWF_DSYNC;
	while (io->len_bytes && ret == 0) {
		ret = transfer_step(io, flags);
		if (ret == -EOPNOTSUPP && flags) {
			note(&io->file->lacks, HOST_IO_WRITE);
			flags = 0;
			ret = 0;
		}
	}
	if (ret == 0 && io->op == HOST_IO_WRITE && io->sync && !flags)
		ret = (int)HOST_CALL(fdatasync, io->file->fd);
	return ret;
}

static int flush(const struct host_io *io)
{
	int ret = (int)HOST_CALL(fdatasync, io->file->fd);

	/* What has nothing to be flushed need not be an error. */
	return ret == -EINVAL || ret == -EROFS ? 0 : ret;
}

static int write_zeroes(struct host_io *io)
{
	struct host_iovec iov[ZEROES_IOV];
	long ret;

	while (io->len_bytes) {
		u64 left = io->len_bytes;
		int count = 0;

		for (; count < ZEROES_IOV && left; count++) {
			iov[count].base = (void *)(unsigned long)zeroes;
			iov[count].len_bytes = left < ZEROES_BYTES ? left : ZEROES_BYTES;
			left -= iov[count].len_bytes;
		}
		ret = HOST_CALL(pwritev2, io->file->fd, iov, count, io->offset_bytes, 0, 0);
		if (ret <= 0)
			return ret ? (int)ret : -EIO;
		io->offset_bytes += (u64)ret;
		io->len_bytes -= (u64)ret;
	}
	return 0;
}

/* One way to free or zero a range. */
static int change_range(const struct host_io *io, enum host_io_op way)
{
	u64 range[2] = { io->offset_bytes, io->len_bytes };
	u32 *lacks = &io->file->lacks;
	int mode, ret;

	if (noted(lacks, way))
		return -EOPNOTSUPP;
	mode = way == HOST_IO_ZERO ? FALLOC_FL_ZERO_RANGE : FALLOC_FL_PUNCH_HOLE;
	if (way == HOST_IO_DISCARD && io->file->block_device)
		ret = (int)HOST_CALL(ioctl, io->file->fd, BLKDISCARD, range);
	else
		ret = (int)HOST_CALL(fallocate, io->file->fd, mode | FALLOC_FL_KEEP_SIZE,
				     io->offset_bytes, io->len_bytes);
	if (ret == -EOPNOTSUPP || ret == -ENOSYS || ret == -ENOTTY || ret == -ENODEV) {
		note(lacks, way);
		return -EOPNOTSUPP;
	}
	return ret;
}

static int zero(struct host_io *io)
{
	enum host_io_op first = io->op;
	enum host_io_op second = first == HOST_IO_ZERO ? HOST_IO_ZERO_UNMAP : HOST_IO_ZERO;
	int ret;

	ret = change_range(io, first);
	if (ret == -EOPNOTSUPP)
		ret = change_range(io, second);
	/* A block device answers EINVAL for a range that does not fit its own blocks. */
	if (ret == -EOPNOTSUPP || ret == -EINVAL)
		ret = write_zeroes(io);
	if (ret == 0 && io->sync)
		ret = (int)HOST_CALL(fdatasync, io->file->fd);
	return ret;
}

static void perform(struct host_io *io)
{
	switch (io->op) {
	case HOST_IO_READ:
	case HOST_IO_WRITE:
		io->result = transfer(io);
		break;
	case HOST_IO_FLUSH:
		io->result = flush(io);
		break;
	case HOST_IO_DISCARD:
		io->result = change_range(io, HOST_IO_DISCARD);
		break;
	case HOST_IO_ZERO:
	case HOST_IO_ZERO_UNMAP:
		io->result = zero(io);
		break;
	}
	__atomic_sub_fetch(&unfinished, 1, __ATOMIC_RELAXED);
	if (push(&outbox, io))
		host_irq_raise(HOST_IRQ_BLOCK);
}

/* ------------------------------------------------------------ the workers */

static void worker_main(void *arg)
{
	(void)arg;
	for (;;) {
		u32 seen = __atomic_load_n(&kicks, __ATOMIC_SEQ_CST);
		struct host_io *io = take_request();

		if (io) {
			perform(io);
			continue;
		}
		__atomic_add_fetch(&idle, 1, __ATOMIC_SEQ_CST);
		host_futex_wait(&kicks, seen);
		__atomic_sub_fetch(&idle, 1, __ATOMIC_SEQ_CST);
	}
}

/* ------------------------------------------------------ the virtual CPU's side */

int host_io_file_init(struct host_io_file *file, int fd)
{
	struct stat st;
	long ret = host_call(fstat, fd, &st);

	if (ret < 0)
		return (int)ret;
	*file = (struct host_io_file){
		.fd = fd,
		.block_device = S_ISBLK(st.st_mode),
	};
	return 0;
}

bool host_io_try(struct host_io *io)
{
	int ret = 0;

	if (io->op > HOST_IO_WRITE || io->sync || noted(&io->file->waits, io->op))
		return false;
	populate(io);
	while (io->len_bytes && ret == 0)
		ret = transfer_step(io, RWF_NOWAIT);
	if (ret == -EOPNOTSUPP || ret == -EINVAL || ret == -ENOSYS)
		note(&io->file->waits, io->op);
	/* Every error is left to a worker, whose call says whether it is one. */
	io->result = 0;
	return ret == 0;
}

void host_io_submit(struct host_io *io)
{
	__atomic_add_fetch(&unfinished, 1, __ATOMIC_RELAXED);
	push(&inbox, io);
}

void host_io_kick(void)
{
	struct host_io *io;

	__atomic_add_fetch(&kicks, 1, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&idle, __ATOMIC_SEQ_CST)) {
		/* Each wakes up for one request or more; more than there are requests is waste. */
		host_futex_wake(&kicks, (int)__atomic_load_n(&unfinished, __ATOMIC_RELAXED));
		return;
	}
	if (workers < WORKERS && workers < __atomic_load_n(&unfinished, __ATOMIC_RELAXED) &&
	    host_thread_start("uml-block", worker_main, NULL) >= 0)
		workers++;
	if (workers)
		return;
	while ((io = take_request()))
		perform(io);
}

struct host_io *host_io_next(void)
{
	struct host_io *io;

	if (!finished)
		finished = take_all(&outbox);
	io = finished;
	if (io)
		finished = io->next;
	return io;
}
