/* SPDX-License-Identifier: GPL-2.0-only */
/* flight.h - writes to the disk that go on while the program does something else. */
#ifndef MOO_FLIGHT_H
#define MOO_FLIGHT_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FLIGHT_MAX = 16 };

/* Writes that were begun and not yet waited for; all zero at the start. */
struct flight {
	aio_context_t context;
	unsigned int count;
	struct iocb writes[FLIGHT_MAX];
};

/**
 * flight_begin() - begin a write
 * @flight: where it is kept
 * @fd: a descriptor with O_DIRECT; others would be waited for here
 * @bytes: what; it must stay as it is until flight_end()
 * @length: bytes
 * @offset: place in the file
 *
 * Return: whether it was begun; not so on hosts without asynchronous I/O.
 */
bool flight_begin(struct flight *flight, int fd, const uint8_t *bytes, size_t length,
		  uint64_t offset);

/**
 * flight_end() - wait for all writes
 * @flight: they are none afterwards
 * @failed: set to those that did not write all bytes
 *
 * Return: how many did not.
 */
unsigned int flight_end(struct flight *flight, struct iocb failed[FLIGHT_MAX]);

/**
 * flight_drop() - wait for all writes and release what they needed
 */
void flight_drop(struct flight *flight);

#endif
