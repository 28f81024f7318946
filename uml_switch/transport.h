/* SPDX-License-Identifier: GPL-2.0-only */
/* transport.h - the kinds of ports and how each begins. All return 0 or -errno. */
#ifndef SWITCH_TRANSPORT_H
#define SWITCH_TRANSPORT_H

#include <net/if.h>

#include "uml_switch/fabric.h"
#include "wire/switch.h"


/**
 * dgram_attach() - a port for a client of the stock protocol
 * @fabric: the fabric
 * @control: its control connection; the port's on success
 * @listener: path of the control socket
 * @client: who connected
 * @request: what it asked for
 * @reply: the address of the port's data socket; its length is 0 where no reply is due
 * @refusal: set to a text for the log on failure
 */
int dgram_attach(struct fabric *fabric, int control, const char *listener,
		 const struct client *client, const struct switch_request *request,
		 struct switch_address *reply, const char **refusal);

/**
 * dgram_open_shared() - the data socket that clients of version 0 know
 * @fabric: the fabric
 * @fd: the bound socket
 */
int dgram_open_shared(struct fabric *fabric, int fd);
void dgram_close_shared(struct fabric *fabric);

/* seqpacket_attach() - a port for a connection on which each packet is a frame */
int seqpacket_attach(struct fabric *fabric, int fd, const char *listener,
		     const struct client *client);

/* stream_attach() - a port for a connection as QEMU's -netdev stream has it; client may be NULL */
int stream_attach(struct fabric *fabric, int fd, const char *listener,
		  const struct client *client);

/**
 * tap_open() - attach to a tap device; it is made where there is none
 * @device: its name; "%d" in it stands for a number that the kernel chooses
 * @name: set to its name
 *
 * Return: a descriptor or -errno.
 */
int tap_open(const char *device, char name[IF_NAMESIZE]);

/* tap_attach() - a port for a tap device */
int tap_attach(struct fabric *fabric, int fd, const char *device);

#endif
