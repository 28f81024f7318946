/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io.h - block transfers on host files, done by a few host threads.
 *
 * host_io_submit() queues and host_io_kick() sends the queue off; a worker does the whole
 * transfer (short reads and writes are continued), stores the result and raises
 * HOST_IRQ_BLOCK.  Requests may finish in any order.  The memory they name stays the
 * caller's and must not move.
 */
#ifndef __HOST_IO_H
#define __HOST_IO_H

#include <linux/types.h>

enum host_io_op {
	HOST_IO_READ,		/* past the end of the file: zeroes */
	HOST_IO_WRITE,
	HOST_IO_FLUSH,		/* fdatasync */
	HOST_IO_DISCARD,	/* nobody needs the range any more: give it back to the host */
	HOST_IO_ZERO,		/* the range reads as zeroes afterwards and stays allocated */
	HOST_IO_ZERO_UNMAP,	/* the range reads as zeroes afterwards and may be given back */
};

struct host_iovec {
	void *base;
	size_t len_bytes;
};

/**
 * struct host_io_file - a file or block device that transfers are made on
 * @fd: host descriptor
 * @block_device: it is a block device
 * @waits: bit of enum host_io_op: the file system cannot say that it would have to wait,
 *	so that host_io_try() need not ask again
 * @lacks: bit of enum host_io_op: the file system cannot do this on the file, so that
 *	another way is taken at once
 */
struct host_io_file {
	int fd;
	bool block_device;
	u32 waits;
	u32 lacks;
};

/**
 * struct host_io - one transfer
 * @op: what to do
 * @sync: a write or zeroing that must be on stable storage when it finishes
 * @file: on what
 * @count: number of elements of @iov
 * @iov: memory, for HOST_IO_READ and HOST_IO_WRITE; changed as the transfer proceeds
 * @offset_bytes: where in the file; changed likewise
 * @len_bytes: how much; changed likewise
 * @result: 0 or -errno, once finished; -EOPNOTSUPP for a discard that the host cannot do
 * @next: the queue's
 */
struct host_io {
	enum host_io_op op;
	bool sync;
	struct host_io_file *file;
	unsigned int count;
	struct host_iovec *iov;
	u64 offset_bytes;
	u64 len_bytes;
	int result;
	struct host_io *next;
};

/**
 * host_io_file_init() - describe a descriptor for transfers
 * @file: filled in
 * @fd: host descriptor of a regular file or a block device
 *
 * Return: 0 or -errno.
 */
int host_io_file_init(struct host_io_file *file, int fd);

/**
 * host_io_try() - do a transfer at once as far as it cannot wait
 * @io: the transfer
 *
 * Return: true if it is finished (@io->result says how); no interrupt follows.  False:
 * host_io_submit() does the rest.  Context: the virtual CPU.
 */
bool host_io_try(struct host_io *io);

/**
 * host_io_submit() - queue a transfer
 * @io: the transfer
 *
 * Context: any of the virtual CPU's; never sleeps.
 */
void host_io_submit(struct host_io *io);

/**
 * host_io_kick() - have the queued transfers begun
 *
 * If the host gives us not even one thread they are done here and now.
 *
 * Context: as host_io_submit().
 */
void host_io_kick(void);

/**
 * host_io_next() - fetch one finished transfer
 *
 * Return: the transfer, or NULL.  Context: the handler of HOST_IRQ_BLOCK.
 */
struct host_io *host_io_next(void);

#endif
