// SPDX-License-Identifier: GPL-2.0-only
/* Block transfers and descriptor events of the host layer, on real files and threads. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <host/io.h>
#include <host/irq.h>
#include <host/poll.h>
#include "host_stubs.h"
#include "unit.h"

#define KIB		1024
#define BLOCK		(64 * KIB)
#define FILE_BYTES	(64 * BLOCK)
#define REQUESTS	64

static int data_fd = -1;
static char *reference;

/* ------------------------------------------------------------------ transfers */

struct request {
	struct host_io io;
	struct host_iovec iov[4];
	bool finished;
};

static void take_finished(void)
{
	struct host_io *io;

	while ((io = host_io_next()))
		((struct request *)((char *)io - offsetof(struct request, io)))->finished = true;
}

static bool done(const struct request *request)
{
	take_finished();
	return request->finished;
}

static int run(struct request *request)
{
	request->finished = false;
	request->io.result = 12345;
	host_io_submit(&request->io);
	host_io_kick();
	CHECK_SOON(done(request));
	return request->io.result;
}

/* A request for a buffer in four pieces of different length. */
static void fill(struct request *request, struct host_io_file *file, enum host_io_op op, char *buf,
		 size_t len, unsigned long offset)
{
	size_t piece = len / 7;

	*request = (struct request){
		.io = { .op = op, .file = file, .offset_bytes = offset, .len_bytes = len },
	};
	request->io.iov = request->iov;
	if (!buf)
		return;
	request->io.count = 4;
	request->iov[0] = (struct host_iovec){ buf, piece };
	request->iov[1] = (struct host_iovec){ buf + piece, 1 };
	request->iov[2] = (struct host_iovec){ buf + piece + 1, 2 * piece };
	request->iov[3] = (struct host_iovec){ buf + 3 * piece + 1, len - 3 * piece - 1 };
}

static bool file_equals(const char *expected, size_t len, off_t offset)
{
	char *got = malloc(len);
	bool same = pread(data_fd, got, len, offset) == (ssize_t)len && !memcmp(got, expected, len);

	free(got);
	return same;
}

static void random_bytes(char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (char)random();
}

static struct host_io_file open_data(void)
{
	struct host_io_file file;

	CHECK_EQ(host_io_file_init(&file, data_fd), 0);
	CHECK(!file.block_device);
	return file;
}

/* Many writes at once in any order, then many reads: every byte where it belongs. */
static void test_many(void)
{
	struct request *requests = calloc(REQUESTS, sizeof(*requests));
	struct host_io_file file = open_data();
	char *copy = calloc(1, FILE_BYTES);

	random_bytes(reference, FILE_BYTES);
	for (int i = 0; i < REQUESTS; i++) {
		unsigned long at = (unsigned long)(i * 37 % REQUESTS) * BLOCK;

		fill(&requests[i], &file, HOST_IO_WRITE, reference + at, BLOCK, at);
		host_io_submit(&requests[i].io);
		if (i % 5 == 4 || i == REQUESTS - 1)
			host_io_kick();
	}
	for (int i = 0; i < REQUESTS; i++) {
		CHECK_SOON(done(&requests[i]));
		CHECK_EQ(requests[i].io.result, 0);
	}
	CHECK(file_equals(reference, FILE_BYTES, 0));
	for (int i = 0; i < REQUESTS; i++) {
		unsigned long at = (unsigned long)(i * 11 % REQUESTS) * BLOCK;

		fill(&requests[i], &file, HOST_IO_READ, copy + at, BLOCK, at);
		host_io_submit(&requests[i].io);
		host_io_kick();
	}
	for (int i = 0; i < REQUESTS; i++)
		CHECK_SOON(done(&requests[i]));
	CHECK(!memcmp(copy, reference, FILE_BYTES));
	CHECK(unit_raised[HOST_IRQ_BLOCK] > 0);
	free(requests);
	free(copy);
}

/* What is in the page cache is read without a thread; what cannot be is left to one. */
static void test_try(void)
{
	struct host_io_file file = open_data();
	unsigned int raised = unit_raised[HOST_IRQ_BLOCK];
	struct request request;
	char *buf = malloc(BLOCK);

	fill(&request, &file, HOST_IO_READ, buf, BLOCK, 3 * BLOCK);
	if (host_io_try(&request.io)) {
		CHECK_EQ(request.io.result, 0);
		CHECK_EQ(unit_raised[HOST_IRQ_BLOCK], raised);
	} else {
		CHECK_EQ(run(&request), 0);
	}
	CHECK(!memcmp(buf, reference + 3 * BLOCK, BLOCK));

	fill(&request, &file, HOST_IO_FLUSH, NULL, 0, 0);
	CHECK(!host_io_try(&request.io));
	fill(&request, &file, HOST_IO_WRITE, reference, BLOCK, 0);
	request.io.sync = true;
	CHECK(!host_io_try(&request.io));
	free(buf);
}

/* The file ends inside of a request, and before one. */
static void test_end_of_file(void)
{
	struct host_io_file file = open_data();
	struct request request;
	char *buf = malloc(BLOCK);

	for (int way = 0; way < 2; way++) {
		memset(buf, 0x55, BLOCK);
		fill(&request, &file, HOST_IO_READ, buf, BLOCK, FILE_BYTES - 1000);
		if (way == 0 || !host_io_try(&request.io))
			CHECK_EQ(run(&request), 0);
		CHECK(!memcmp(buf, reference + FILE_BYTES - 1000, 1000));
		for (int i = 1000; i < BLOCK; i++)
			CHECK(buf[i] == 0);
	}
	memset(buf, 0x55, BLOCK);
	fill(&request, &file, HOST_IO_READ, buf, BLOCK, FILE_BYTES + BLOCK);
	CHECK_EQ(run(&request), 0);
	for (int i = 0; i < BLOCK; i++)
		CHECK(buf[i] == 0);
	free(buf);
}

static void test_sync(void)
{
	struct host_io_file file = open_data();
	struct request request;

	for (int way = 0; way < 2; way++) {
		random_bytes(reference, BLOCK);
		fill(&request, &file, HOST_IO_WRITE, reference, BLOCK, 0);
		request.io.sync = true;
		CHECK_EQ(run(&request), 0);
		CHECK(file_equals(reference, BLOCK, 0));
		/* Second round: as on a file system without RWF_DSYNC. */
		file.lacks |= 1U << HOST_IO_WRITE;
	}
	fill(&request, &file, HOST_IO_FLUSH, NULL, 0, 0);
	CHECK_EQ(run(&request), 0);
}

static unsigned long blocks(void)
{
	struct stat st;

	CHECK_EQ(fstat(data_fd, &st), 0);
	return (unsigned long)st.st_blocks;
}

static void zero_range(struct host_io_file *file, enum host_io_op op, unsigned long at)
{
	struct request request;

	random_bytes(reference + at, BLOCK);
	CHECK_EQ(pwrite(data_fd, reference + at, BLOCK, (off_t)at), BLOCK);
	fill(&request, file, op, NULL, BLOCK - 2000, at + 1000);
	CHECK_EQ(run(&request), 0);
	memset(reference + at + 1000, 0, BLOCK - 2000);
	CHECK(file_equals(reference, FILE_BYTES, 0));
}

/* Zeroing and discarding, also where the file system knows neither. */
static void test_ranges(void)
{
	struct host_io_file file = open_data();
	unsigned long before;
	struct request request;

	zero_range(&file, HOST_IO_ZERO, 2 * BLOCK);
	zero_range(&file, HOST_IO_ZERO_UNMAP, 4 * BLOCK);
	file.lacks |= 1U << HOST_IO_ZERO;
	zero_range(&file, HOST_IO_ZERO, 6 * BLOCK);
	file.lacks |= 1U << HOST_IO_ZERO_UNMAP;
	zero_range(&file, HOST_IO_ZERO, 8 * BLOCK);
	zero_range(&file, HOST_IO_ZERO_UNMAP, 10 * BLOCK);

	CHECK_EQ(fdatasync(data_fd), 0);
	before = blocks();
	fill(&request, &file, HOST_IO_DISCARD, NULL, 8 * BLOCK, 16 * BLOCK);
	if (run(&request) == 0) {
		CHECK(blocks() <= before - 8 * BLOCK / 512);
		memset(reference + 16 * BLOCK, 0, 8 * BLOCK);
		CHECK(file_equals(reference, FILE_BYTES, 0));
	} else {
		CHECK_EQ(request.io.result, -EOPNOTSUPP);
	}
	file.lacks |= 1U << HOST_IO_DISCARD;
	fill(&request, &file, HOST_IO_DISCARD, NULL, BLOCK, 0);
	CHECK_EQ(run(&request), -EOPNOTSUPP);
	CHECK(file_equals(reference, FILE_BYTES, 0));
}

/* An error of the host is the result of that transfer. */
static void test_errors(void)
{
	struct host_io_file full, closed = { .fd = 987 };
	int fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	struct request request;

	CHECK_EQ(host_io_file_init(&full, fd), 0);
	fill(&request, &full, HOST_IO_WRITE, reference, BLOCK, 0);
	CHECK(!host_io_try(&request.io));
	CHECK_EQ(run(&request), -ENOSPC);
	close(fd);
	CHECK_EQ(host_io_file_init(&full, fd), -EBADF);
	fill(&request, &closed, HOST_IO_READ, reference, BLOCK, 0);
	CHECK_EQ(run(&request), -EBADF);
	fill(&request, &closed, HOST_IO_FLUSH, NULL, 0, 0);
	CHECK_EQ(run(&request), -EBADF);
	fill(&request, &closed, HOST_IO_ZERO, NULL, BLOCK, 0);
	CHECK_EQ(run(&request), -EBADF);
}

/* Without room for the stack of even one thread, transfers are made all the same. */
static void test_no_thread(void)
{
	struct rlimit none = { 1 << 20, 1 << 20 };
	struct host_io_file file = open_data();
	struct request request;
	char buf[512], expected[512];
	int status;
	pid_t child = fork();

	if (child == 0) {
		fill(&request, &file, HOST_IO_READ, buf, sizeof(buf), 0);
		CHECK_EQ(pread(data_fd, expected, sizeof(expected), 0), sizeof(expected));
		setrlimit(RLIMIT_AS, &none);
		host_io_submit(&request.io);
		host_io_kick();
		CHECK(host_io_next() == &request.io);
		CHECK(!memcmp(buf, expected, sizeof(buf)));
		_exit(UNIT_RESULT());
	}
	waitpid(child, &status, 0);
	CHECK_EQ(status, 0);
}

/* ---------------------------------------------------------------------- events */

static bool next_event(unsigned long long *cookie, unsigned int *events)
{
	u64 got;
	bool any = host_poll_next(&got, events);

	*cookie = got;
	return any;
}

/* One event for each time that a watch is armed. */
static void test_one_shot(void)
{
	unsigned long long cookie;
	unsigned int events;
	int ends[2];

	CHECK_EQ(pipe(ends), 0);
	CHECK_EQ(write(ends[1], "a", 1), 1);
	CHECK_EQ(host_poll_add(ends[0], 0, 77), 0);
	CHECK_EQ(host_poll_add(ends[0], 0, 77), -EEXIST);
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	CHECK(!next_event(&cookie, &events));
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(host_poll_arm(ends[0], HOST_POLL_IN, 77), 0);
		CHECK_SOON(next_event(&cookie, &events));
		CHECK_EQ(cookie, 77);
		CHECK_EQ(events, HOST_POLL_IN);
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
		CHECK(!next_event(&cookie, &events));
	}
	close(ends[1]);
	CHECK_EQ(host_poll_arm(ends[0], HOST_POLL_IN, 78), 0);
	CHECK_SOON(next_event(&cookie, &events));
	CHECK_EQ(cookie, 78);
	CHECK_EQ(events, HOST_POLL_IN | HOST_POLL_HUP);
	host_poll_del(ends[0]);
	close(ends[0]);
	CHECK_EQ(host_poll_add(data_fd, HOST_POLL_IN, 1), -EPERM);
	CHECK(unit_raised[HOST_IRQ_POLL] >= 4);
}

/* More events at once than the ring holds: none is lost, none comes twice. */
static void test_overflow(void)
{
	enum { WATCHES = 700 };
	static int fds[WATCHES];
	static bool seen[WATCHES];
	unsigned long long cookie;
	unsigned int events;
	int count = 0;

	for (int i = 0; i < WATCHES; i++) {
		fds[i] = eventfd(1, EFD_CLOEXEC);
		CHECK(fds[i] >= 0);
		CHECK_EQ(host_poll_add(fds[i], HOST_POLL_IN, (u64)i), 0);
	}
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	for (int rounds = 0; count < WATCHES && rounds < 20000; rounds++) {
		while (next_event(&cookie, &events)) {
			CHECK(cookie < WATCHES && !seen[cookie]);
			seen[cookie] = true;
			count++;
		}
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	}
	CHECK_EQ(count, WATCHES);
	for (int i = 0; i < WATCHES; i++)
		close(fds[i]);
}

int main(void)
{
	char name[] = "host_io.XXXXXX";

	data_fd = mkstemp(name);
	unlink(name);
	reference = malloc(FILE_BYTES);
	random_bytes(reference, FILE_BYTES);
	if (data_fd < 0 || write(data_fd, reference, FILE_BYTES) != FILE_BYTES)
		return 1;
	test_no_thread();
	test_many();
	test_try();
	test_end_of_file();
	test_sync();
	test_ranges();
	test_errors();
	test_one_shot();
	test_overflow();
	return UNIT_RESULT();
}
