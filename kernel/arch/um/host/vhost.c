// SPDX-License-Identifier: GPL-2.0-only
/*
 * The option virtio_uml.device=: its syntax, and the connection to the socket it names.
 *
 * The word is also a parameter of a driver by its form, so Linux does not complain.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <host/err.h>
#include <host/print.h>
#include <host/socket.h>
#include <host/string.h>
#include <host/vhost.h>
#include "option_table.h"

#define PATH_BYTES	108
#define ID_MAX		65535
#define NUMBER_MAX	65535

struct host_vhost host_vhosts[HOST_VHOSTS];

static char paths[HOST_VHOSTS][PATH_BYTES];

/*
 * Take ":<decimal number>" off the end of a text.  Return: the number, or -1 if there is
 * none; *end then stays where it is.
 */
static int take_number(const char *text, size_t *end)
{
	size_t at = *end;
	int number = 0;

	while (at && text[at - 1] >= '0' && text[at - 1] <= '9')
		at--;
	if (at == *end || !at || text[at - 1] != ':' || *end - at > 5)
		return -1;
	for (size_t i = at; i < *end; i++)
		number = number * 10 + text[i] - '0';
	*end = at - 1;
	return number;
}

static bool number_taken(int number)
{
	for (int i = 0; i < HOST_VHOSTS && host_vhosts[i].path; i++) {
		if (host_vhosts[i].number == number)
			return true;
	}
	return false;
}

static int free_number(void)
{
	int number = 0;

	while (number_taken(number))
		number++;
	return number;
}

static const char *connect_remedy(int err)
{
	if (err == -ECONNREFUSED || err == -ENOENT || err == -EAGAIN)
		return "start the program that serves the device first";
	if (err == -EACCES || err == -EPERM)
		return "change the permissions of the socket";
	if (err == -ENAMETOOLONG)
		return "a socket's name has at most 107 characters";
	return "name a stream socket that a vhost-user program listens on";
}

static void parse_device(const char *value)
{
	size_t end = strlen(value);
	struct host_vhost *vhost = host_vhosts;
	int index = 0, id, number;

	while (index < HOST_VHOSTS && vhost->path)
		vhost++, index++;
	if (index == HOST_VHOSTS)
		host_die("virtio_uml.device=%s: more than %d devices; leave some out", value,
			 HOST_VHOSTS);
	number = take_number(value, &end);
	id = take_number(value, &end);
	if (id < 0) {
		id = number;
		number = free_number();
	}
	if (id <= 0 || id > ID_MAX || number > NUMBER_MAX || !end)
		host_die("virtio_uml.device=%s: no such form; write <socket>:<virtio id>[:<number>], "
			 "for example /run/disk.sock:2", value);
	if (number_taken(number))
		host_die("virtio_uml.device=%s: number %d is taken; give each device its own", value,
			 number);
	if (end < PATH_BYTES)
		memcpy(paths[index], value, end);
	vhost->path = paths[index];
	vhost->virtio_id = (u32)id;
	vhost->number = number;
	vhost->fd = end < PATH_BYTES ? host_socket_connect(vhost->path) : -ENAMETOOLONG;
	if (vhost->fd < 0)
		host_die("virtio_uml.device=%s: cannot connect: %s; %s", value,
			 host_strerror(vhost->fd), connect_remedy(vhost->fd));
}

static const struct host_option vhost_options[] = {
	{ "virtio_uml.device=", "virtio_uml.device=<socket>:<id>[:<n>]",
	  "virtio device of kind <id> (1 network, 2 disk, 26 file system) that a\n"
	  "vhost-user program serves on this Unix socket; <n> is the number of the\n"
	  "platform device. May be given several times. The tag of a file system that\n"
	  "has not got one from its program is the last part of the socket's name.", NULL, parse_device },
};

const struct host_option_family host_vhost_options = {
	.title = "Devices of other programs",
	.options = vhost_options,
	.count = ARRAY_LEN(vhost_options),
};
