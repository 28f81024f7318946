// SPDX-License-Identifier: GPL-2.0-only
/* tap.c - TUN and TAP interfaces by ioctl(2) on the clone device. */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

#include "lib/tap.h"

int tap_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

int tap_attach(int fd, struct tap *tap)
{
	struct ifreq request = { 0 };
	unsigned int flags = IFF_NO_PI | (tap->tun ? IFF_TUN : IFF_TAP);

	if (tap->multi_queue)
		flags |= IFF_MULTI_QUEUE;
	if (tap->vnet_hdr)
		flags |= IFF_VNET_HDR;
	request.ifr_flags = (short)flags;
	memcpy(request.ifr_name, tap->name, strnlen(tap->name, IFNAMSIZ - 1));
	if (ioctl(fd, TUNSETIFF, &request))
		return -errno;
	memcpy(tap->name, request.ifr_name, IFNAMSIZ);
	tap->name[IFNAMSIZ - 1] = '\0';
	return 0;
}

int tap_set_persistent(int fd, bool persistent)
{
	return ioctl(fd, TUNSETPERSIST, persistent ? 1UL : 0UL) ? -errno : 0;
}

int tap_set_owner(int fd, uid_t owner)
{
	return ioctl(fd, TUNSETOWNER, (unsigned long)owner) ? -errno : 0;
}

int tap_set_group(int fd, gid_t group)
{
	return ioctl(fd, TUNSETGROUP, (unsigned long)group) ? -errno : 0;
}
