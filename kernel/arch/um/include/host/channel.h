/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * channel.h - what the console lines are connected to on the host.
 */
#ifndef __HOST_CHANNEL_H
#define __HOST_CHANNEL_H

#include <linux/types.h>

#define HOST_CONSOLES	16

enum host_channel_kind {
	HOST_CHANNEL_NONE,	/* the line cannot be opened */
	HOST_CHANNEL_NULL,	/* output vanishes, input never comes */
	HOST_CHANNEL_FD,	/* a descriptor that the kernel was started with */
};

/**
 * struct host_channel - one direction of a line
 * @kind: what it is
 * @fd: HOST_CHANNEL_FD: the descriptor
 */
struct host_channel {
	enum host_channel_kind kind;
	int fd;
};

/**
 * struct host_console - one console line
 * @in: where its input comes from
 * @out: where its output goes
 */
struct host_console {
	struct host_channel in;
	struct host_channel out;
};

extern struct host_console host_consoles[HOST_CONSOLES];

/**
 * host_console_parse() - read the description of a line
 * @text: <channel>[,<channel>]: input and output, or one for both
 * @console: where it is stored
 * @error: where the reason is stored if it fails: cause; remedy
 * @size: of @error in bytes
 *
 * Return: 0 or -errno.
 */
int host_console_parse(const char *text, struct host_console *console, char *error, size_t size);

#endif
