/* SPDX-License-Identifier: GPL-2.0-only */
/* tap.h - TUN and TAP interfaces by the host's clone device, /dev/net/tun. */
#ifndef LIB_TAP_H
#define LIB_TAP_H

#include <net/if.h>
#include <stdbool.h>
#include <sys/types.h>

#define TAP_CLONE_DEVICE "/dev/net/tun"

/**
 * struct tap - an interface to attach to, or to make
 * @name: its name; empty or with %d inside for one that the kernel chooses; set by tap_attach()
 * @tun: it carries packets (TUN), not Ethernet frames (TAP)
 * @multi_queue: several descriptors may be attached
 * @vnet_hdr: a virtio header stands before each frame
 */
struct tap {
	char name[IFNAMSIZ];
	bool tun;
	bool multi_queue;
	bool vnet_hdr;
};

/**
 * tap_open() - open a clone device
 * @path: its path
 *
 * Return: a descriptor without an interface, or -errno.
 */
int tap_open(const char *path);

/**
 * tap_attach() - attach a descriptor to an interface, which is made if there is none of that name
 * @fd: from tap_open()
 * @tap: which, and of what kind
 *
 * Frames have no packet information before them. An interface that was made goes away with its
 * last descriptor unless tap_set_persistent() says otherwise.
 *
 * Return: 0; -EPERM without the right to do so, -EBUSY where another program has it, -EINVAL where
 * the name belongs to an interface of another kind; or another -errno.
 */
int tap_attach(int fd, struct tap *tap);

/* Each works on an attached descriptor and returns 0 or -errno. */
int tap_set_persistent(int fd, bool persistent);
int tap_set_owner(int fd, uid_t owner);
int tap_set_group(int fd, gid_t group);

#endif
