/* SPDX-License-Identifier: GPL-2.0-only */
/* answer.h - one command sent to a kernel's management console, and what it answers. */
#ifndef MCONSOLE_ANSWER_H
#define MCONSOLE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/umid.h"

enum {
	/* A reply that is longer, or has more parts, is taken for one that never ends. */
	ANSWER_MAX_BYTES = 16 << 20,
	ANSWER_MAX_PARTS = 1 << 20,
};

/**
 * struct answer - a reply, its parts put together
 * @text: the text, with a NUL behind it that @length does not count; NULL until something came
 * @length: bytes of text
 * @room: bytes allocated
 * @parts: how many parts it came in
 * @error: what the last part says, 0 for done
 * @sender: process id of who sent the last part, 0 where it has none here
 */
struct answer {
	char *text;
	size_t length;
	size_t room;
	unsigned int parts;
	uint32_t error;
	pid_t sender;
};

/**
 * answer_ask() - send a command and wait for the whole answer
 * @umid: the instance
 * @command: the command, at most MCONSOLE_COMMAND_MAX bytes
 * @timeout_s: how long the answer may take in all, 0 for no limit
 * @answer: what came, also on failure; for answer_free()
 *
 * Return: 0; -EPERM another user's console; -ECONNREFUSED nobody listens; -ECONNRESET the kernel
 * ended without an answer; -ETIMEDOUT; -EMSGSIZE the command is too long; -EPROTO what came is no
 * reply; -EFBIG the reply does not end; or another -errno.
 */
int answer_ask(const struct umid *umid, const char *command, unsigned int timeout_s,
	       struct answer *answer);

/**
 * answer_receive() - receive a reply's parts from a connected socket
 * @fd: the socket, non-blocking
 * @timeout_ms: how long to wait for parts that are not there yet, negative for no limit
 * @umid: who is asked now and then whether it still lives, or NULL
 * @answer: what came
 *
 * Return: as answer_ask().
 */
int answer_receive(int fd, int64_t timeout_ms, const struct umid *umid, struct answer *answer);

void answer_free(struct answer *answer);

#endif
