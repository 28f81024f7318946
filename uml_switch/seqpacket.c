// SPDX-License-Identifier: GPL-2.0-only
/* seqpacket.c - ports on connections that keep packets apart, a frame a packet. */
#include <config.h>
#include <errno.h>
#include <stdlib.h>

#include "uml_switch/mmsg.h"
#include "uml_switch/transport.h"

static int seqpacket_receive(struct port *port, struct batch *batch, unsigned int limit)
{
	int got = mmsg_receive(port->data.fd, batch, limit, NULL, NULL);

	if (got == -EAGAIN)
		return 0;
	if (got == -ECONNRESET)
		return -EPIPE;
	/* An empty packet is what the end of the connection looks like too, again and again. */
	if (got > 0 && (unsigned int)got == batch->runts) {
		char byte;

		if (!recv(port->data.fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK))
			return -EPIPE;
	}
	return got;
}

static int seqpacket_send(struct port *port, struct packet *packets, unsigned int count)
{
	return mmsg_send(port->data.fd, packets, count, NULL, 0);
}

static void seqpacket_close(struct port *port)
{
	loop_bury(port->fabric->loop, &port->grave, port);
}

static const struct transport seqpacket_transport = {
	"seqpacket", seqpacket_receive, seqpacket_send, seqpacket_close,
};

int seqpacket_attach(struct fabric *fabric, int fd, const char *listener,
		     const struct client *client)
{
	struct port *port = calloc(1, sizeof(*port));
	int error;

	if (!port)
		return -ENOMEM;
	port->transport = &seqpacket_transport;
	port->listener = listener;
	port_set_client(port, client);
	error = port_start(fabric, port, fd);
	if (error)
		free(port);
	else
		port_ask_umid(port, fd);
	return error;
}
