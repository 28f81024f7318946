/* SPDX-License-Identifier: GPL-2.0-only */
/* flight.h - writes to the disk that go on while the program does something else. */
#ifndef MOO_FLIGHT_H
#define MOO_FLIGHT_H

#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every other block of 4096 bytes in a window of 4 MiB. */
enum { FLIGHT_MAX = 512 };

/* Writes that were asked for and not yet waited for; all zero at the start. */
struct flight {
	aio_context_t context;
	unsigned int count;
	unsigned int begun;	/* so many of them */
	struct iocb writes[FLIGHT_MAX];
};

/**
 * flight_add() - ask for a write; flight_begin() begins it with others
 * @flight: where it is kept
 * @fd: a descriptor that has O_DIRECT when the write begins; others would be waited for there
 * @bytes: what; it must stay as it is until flight_end()
 * @length: bytes
 * @offset: place in the file
 *
 * Return: whether it was taken; not so on hosts without asynchronous I/O, or with FLIGHT_MAX.
 */
bool flight_add(struct flight *flight, int fd, const uint8_t *bytes, size_t length,
		uint64_t offset);

/**
 * flight_begin() - begin the writes that were asked for
 * @flight: those that cannot be begun fail in flight_end()
 */
void flight_begin(struct flight *flight);

/**
 * flight_end() - wait for all writes
 * @flight: they are none afterwards
 * @failed: set to those that did not write all bytes, or were not begun
 *
 * Return: how many did not.
 */
unsigned int flight_end(struct flight *flight, struct iocb failed[FLIGHT_MAX]);

/**
 * flight_drop() - wait for all writes and release what they needed
 */
void flight_drop(struct flight *flight);

#endif
