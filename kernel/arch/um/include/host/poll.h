/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * poll.h - waiting for host descriptors: one host thread sleeps in epoll for all.
 *
 * Each watch is one-shot: after its event it stays silent until armed again.  An error or
 * a hang-up may be reported once although nothing was asked for.
 */
#ifndef __HOST_POLL_H
#define __HOST_POLL_H

#include <linux/types.h>

#define HOST_POLL_IN	0x001
#define HOST_POLL_OUT	0x004
#define HOST_POLL_ERR	0x008
#define HOST_POLL_HUP	0x010

/**
 * host_poll_add() - watch a descriptor
 * @fd: host descriptor
 * @events: HOST_POLL_IN, HOST_POLL_OUT or both; 0 to register only
 * @cookie: handed back by host_poll_next()
 *
 * Return: 0, -EPERM for a descriptor that is always ready (files, /dev/null), or -errno.
 */
int host_poll_add(int fd, u32 events, u64 cookie);

/**
 * host_poll_arm() - ask for the next event of a watched descriptor
 * @fd: host descriptor
 * @events: as in host_poll_add()
 * @cookie: as in host_poll_add()
 *
 * Return: 0 or -errno.  Context: any, also interrupts.
 */
int host_poll_arm(int fd, u32 events, u64 cookie);

/**
 * host_poll_del() - end a watch
 * @fd: host descriptor
 *
 * An event that is already queued may still be delivered.
 */
void host_poll_del(int fd);

/**
 * host_poll_next() - fetch one event
 * @cookie: where the watch's cookie is stored
 * @events: where the HOST_POLL_* bits are stored
 *
 * Return: true if there was one.  Context: the handler of HOST_IRQ_POLL.
 */
bool host_poll_next(u64 *cookie, u32 *events);

#endif
