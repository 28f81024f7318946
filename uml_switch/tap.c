// SPDX-License-Identifier: GPL-2.0-only
/* tap.c - ports that are tap devices of the host. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "uml_switch/transport.h"

int tap_open(const char *device, char name[IF_NAMESIZE])
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };
	int fd, error;

	if (!device[0] || strlen(device) >= sizeof(request.ifr_name))
		return -EINVAL;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	strcpy(request.ifr_name, device);
	if (!ioctl(fd, TUNSETIFF, &request)) {
		memcpy(name, request.ifr_name, IF_NAMESIZE);
		return fd;
	}
	error = -errno;
	close(fd);
	return error;
}

static int tap_receive(struct port *port, struct batch *batch, unsigned int limit)
{
	unsigned int got = 0;

	while (got < limit) {
		uint8_t *bytes = batch->space + batch->count * batch->stride;
		ssize_t length = read(port->data.fd, bytes, batch->stride);

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0 && errno == EAGAIN)
			break;
		/* EBADFD and the like: the device is gone. */
		if (length <= 0)
			return length ? -errno : -EPIPE;
		got++;
		if ((size_t)length > batch->frame_max)
			batch->oversize++;
		else if (length < FRAME_BYTES_MIN)
			batch->runts++;
		else
			batch->frames[batch->count++] =
				(struct frame){ .bytes = bytes, .length = (uint32_t)length };
	}
	return (int)got;
}

static int tap_send(struct port *port, struct packet *packets, unsigned int count)
{
	unsigned int done = 0;

	while (done < count) {
		struct packet *packet = &packets[done];

		if (writev(port->data.fd, packet->parts, (int)packet->part_count) >= 0) {
			done++;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == EAGAIN)
			break;
		if (errno == EBADFD || errno == ENODEV)
			return -errno;
		/* EIO: the interface is down. */
		packet->length = 0;
		done++;
	}
	return (int)done;
}

static void tap_close(struct port *port)
{
	loop_bury(port->fabric->loop, &port->grave, port);
}

static const struct transport tap_transport = { "tap", tap_receive, tap_send, tap_close };

int tap_attach(struct fabric *fabric, int fd, const char *device)
{
	struct port *port = calloc(1, sizeof(*port));
	int error;

	if (!port)
		return -ENOMEM;
	port->transport = &tap_transport;
	snprintf(port->name, sizeof(port->name), "%s", device);
	error = port_start(fabric, port, fd);
	if (error)
		free(port);
	return error;
}
