/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io.h - block transfers on host files, done by a few host threads.
 *
 * host_io_submit() queues; a worker does the whole transfer (short reads and writes are
 * continued), stores the result and raises HOST_IRQ_BLOCK.  Requests may finish in any
 * order.  The memory they name stays the caller's and must not move.
 */
#ifndef __HOST_IO_H
#define __HOST_IO_H

#include <linux/types.h>

enum host_io_op {
	HOST_IO_READ,		/* past the end of the file: zeroes */
	HOST_IO_WRITE,
	HOST_IO_FLUSH,		/* fdatasync */
	HOST_IO_DISCARD,	/* give the range back; it reads as zeroes afterwards */
	HOST_IO_ZERO,		/* the range reads as zeroes afterwards */
};

struct host_iovec {
	void *base;
	size_t len_bytes;
};

/**
 * struct host_io - one transfer
 * @op: what to do
 * @fd: host descriptor
 * @sync: a write that must be on stable storage when it finishes
 * @count: number of elements of @iov
 * @iov: memory, for HOST_IO_READ and HOST_IO_WRITE; may be changed by the worker
 * @offset_bytes: where in the file
 * @len_bytes: how much
 * @result: 0 or -errno, once finished
 * @next: the queue's
 */
struct host_io {
	enum host_io_op op;
	int fd;
	bool sync;
	unsigned int count;
	struct host_iovec *iov;
	u64 offset_bytes;
	u64 len_bytes;
	int result;
	struct host_io *next;
};

/**
 * host_io_try() - do a transfer at once if it cannot block
 * @io: the transfer
 *
 * Return: true if it is finished (@io->result says how); no interrupt follows.
 */
bool host_io_try(struct host_io *io);

/**
 * host_io_submit() - queue a transfer
 * @io: the transfer
 *
 * Context: any; never sleeps.
 */
void host_io_submit(struct host_io *io);

/**
 * host_io_next() - fetch one finished transfer
 *
 * Return: the transfer, or NULL.  Context: the handler of HOST_IRQ_BLOCK.
 */
struct host_io *host_io_next(void);

#endif
