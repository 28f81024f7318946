/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vhost.h - virtio devices that other programs of the host serve, from the command line.
 */
#ifndef __HOST_VHOST_H
#define __HOST_VHOST_H

#include <linux/types.h>

#define HOST_VHOSTS	16

/**
 * struct host_vhost - one device
 * @path: the socket of the program that serves it; NULL: there is no such device
 * @fd: the connection
 * @virtio_id: kind of device, as the virtio standard numbers them
 * @number: number of the platform device
 */
struct host_vhost {
	const char *path;
	int fd;
	u32 virtio_id;
	int number;
};

extern struct host_vhost host_vhosts[HOST_VHOSTS];

#endif
