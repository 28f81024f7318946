// SPDX-License-Identifier: GPL-2.0-only
/* flight.c - asynchronous writes by the kernel's own calls, see io_submit(2). */
#include <config.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "moo/flight.h"

bool flight_add(struct flight *flight, int fd, const uint8_t *bytes, size_t length,
		uint64_t offset)
{
	if (flight->count == FLIGHT_MAX)
		return false;
	if (!flight->context && syscall(SYS_io_setup, FLIGHT_MAX, &flight->context) < 0) {
		flight->context = 0;
		return false;
	}
	flight->writes[flight->count] = (struct iocb){
		.aio_lio_opcode = IOCB_CMD_PWRITE,
		.aio_fildes = (uint32_t)fd,
		.aio_buf = (uintptr_t)bytes,
		.aio_nbytes = length,
		.aio_offset = (int64_t)offset,
		.aio_data = flight->count,
	};
	flight->count++;
	return true;
}

void flight_begin(struct flight *flight)
{
	struct iocb *writes[FLIGHT_MAX];

	for (unsigned int i = flight->begun; i < flight->count; i++)
		writes[i] = &flight->writes[i];
	while (flight->begun < flight->count) {
		long begun = syscall(SYS_io_submit, flight->context,
				     (long)(flight->count - flight->begun), writes + flight->begun);

		if (begun < 0 && errno == EINTR)
			continue;
		if (begun <= 0)
			break;
		flight->begun += (unsigned int)begun;
	}
}

unsigned int flight_end(struct flight *flight, struct iocb failed[FLIGHT_MAX])
{
	bool done[FLIGHT_MAX] = { false };
	unsigned int failures = 0;

	for (unsigned int left = flight->begun; left;) {
		struct io_event events[FLIGHT_MAX];
		long got = syscall(SYS_io_getevents, flight->context, (long)left, (long)left,
				   events, NULL);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		for (long i = 0; i < got; i++) {
			const struct iocb *write = &flight->writes[events[i].data];

			done[events[i].data] = (uint64_t)events[i].res == write->aio_nbytes;
		}
		left -= (unsigned int)got;
	}
	for (unsigned int i = 0; i < flight->count; i++)
		if (!done[i])
			failed[failures++] = flight->writes[i];
	flight->count = flight->begun = 0;
	return failures;
}

void flight_drop(struct flight *flight)
{
	if (flight->context)
		syscall(SYS_io_destroy, flight->context);
	memset(flight, 0, sizeof(*flight));
}
