/* SPDX-License-Identifier: GPL-2.0-only */
/* buffer.h - a queue of bytes of a fixed size. */
#ifndef PORT_HELPER_BUFFER_H
#define PORT_HELPER_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BUFFER_SIZE = 16384 };

struct buffer {
	size_t start;
	size_t end;
	uint8_t bytes[BUFFER_SIZE];
};

/**
 * buffer_used() - bytes that wait in it
 * @buffer: the queue
 */
static inline size_t buffer_used(const struct buffer *buffer)
{
	return buffer->end - buffer->start;
}

/**
 * buffer_room() - bytes that still fit
 * @buffer: the queue
 */
static inline size_t buffer_room(const struct buffer *buffer)
{
	return BUFFER_SIZE - buffer_used(buffer);
}

/**
 * buffer_put() - append bytes
 * @buffer: the queue
 * @bytes: what
 * @length: count; the caller has seen to it that buffer_room() is not less
 */
static inline void buffer_put(struct buffer *buffer, const void *bytes, size_t length)
{
	if (length > BUFFER_SIZE - buffer->end) {
		memmove(buffer->bytes, buffer->bytes + buffer->start, buffer_used(buffer));
		buffer->end -= buffer->start;
		buffer->start = 0;
	}
	memcpy(buffer->bytes + buffer->end, bytes, length);
	buffer->end += length;
}

/**
 * buffer_put_byte() - append one byte
 * @buffer: the queue, with room for it
 * @byte: the byte
 */
static inline void buffer_put_byte(struct buffer *buffer, uint8_t byte)
{
	buffer_put(buffer, &byte, 1);
}

/**
 * buffer_take() - remove bytes from the front
 * @buffer: the queue
 * @length: count, at most buffer_used()
 */
static inline void buffer_take(struct buffer *buffer, size_t length)
{
	buffer->start += length;
	if (buffer->start == buffer->end)
		buffer->start = buffer->end = 0;
}

#endif
