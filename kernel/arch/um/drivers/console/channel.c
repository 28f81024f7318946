// SPDX-License-Identifier: GPL-2.0-only
/*
 * channel.c - the kinds of things on the host that a console line can be connected to.
 *
 * The host layer has read the options; this is the kernel's side of its table: one row a
 * kind.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <host/channel.h>
#include <host/tty.h>
#include "line.h"

static int open_none(const struct host_channel *channel, bool output, int *fd)
{
	return -ENODEV;
}

static int open_null(const struct host_channel *channel, bool output, int *fd)
{
	*fd = -1;
	return 0;
}

static int open_fd(const struct host_channel *channel, bool output, int *fd)
{
	int ret = host_tty_reopen(channel->fd, output);

	if (ret < 0)
		return ret;
	*fd = ret;
	return 0;
}

static const struct channel_ops {
	int (*open)(const struct host_channel *channel, bool output, int *fd);
} channels[] = {
	[HOST_CHANNEL_NONE] = { .open = open_none },
	[HOST_CHANNEL_NULL] = { .open = open_null },
	[HOST_CHANNEL_FD] = { .open = open_fd },
};

int um_channel_open(const struct host_channel *channel, bool output, int *fd)
{
	if (channel->kind >= ARRAY_SIZE(channels))
		return -ENODEV;
	return channels[channel->kind].open(channel, output, fd);
}
