// SPDX-License-Identifier: GPL-2.0-only
/*
 * dgram.c - ports of the stock protocol: Unix datagram sockets, a control connection beside them.
 *
 * Each client of version 1 or 3 has a data socket of the switch for itself, connected to its own:
 * the kernel then lets nobody else send to it, a flood fills no queue but the flooder's, and no
 * address is looked up for a frame. Clients of version 0 know one data socket by its path and share
 * it. Their ports have a connected socket too, on which nothing is sent; it tells when they can take
 * frames again.
 *
 * A client names its data socket itself. It must exist, belong to the same user, and not be the
 * socket of another port: else the switch would send frames where its client may not, or to where
 * its client wants to have them stolen from.
 */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "uml_switch/log.h"
#include "uml_switch/mmsg.h"
#include "uml_switch/owner.h"
#include "uml_switch/transport.h"

/* Frames taken from the shared socket in one turn. */
enum { SHARED_A_TURN = 64 };

struct dgram_port {
	struct port port;
	struct watch control;
	struct switch_address client;
	uint32_t inode;		/* of the client's data socket, 0 where it is not known */
	bool shared;		/* frames come and go by the shared socket */
};

static struct dgram_port *dgram_port(struct port *port)
{
	return container_of(port, struct dgram_port, port);
}

static socklen_t to_sockaddr(const struct switch_address *address, struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(name->sun_path, address->path, address->length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + address->length);
}

static void from_sockaddr(struct switch_address *address, const struct sockaddr_un *name,
			  socklen_t length)
{
	size_t bytes = length - offsetof(struct sockaddr_un, sun_path);

	memset(address, 0, sizeof(*address));
	if (length <= offsetof(struct sockaddr_un, sun_path) || bytes > sizeof(name->sun_path))
		return;
	if (name->sun_path[0]) {
		size_t path = strnlen(name->sun_path, bytes);

		bytes = path < SWITCH_PATH_BYTES ? path + 1 : path;
		memcpy(address->path, name->sun_path, path);
	} else {
		memcpy(address->path, name->sun_path, bytes);
	}
	address->length = (uint8_t)bytes;
}

static bool same_address(const struct switch_address *one, const struct switch_address *other)
{
	return one->length == other->length && !memcmp(one->path, other->path, one->length);
}

static int dgram_receive(struct port *port, struct batch *batch, unsigned int limit)
{
	int got = mmsg_receive(port->data.fd, batch, limit, NULL, NULL);

	/* A client that connects its socket elsewhere resets ours; it may come back. */
	if (got == -EAGAIN || got == -ECONNRESET)
		return 0;
	return got;
}

static int dgram_send(struct port *port, struct packet *packets, unsigned int count)
{
	struct dgram_port *dgram = dgram_port(port);
	struct sockaddr_un name;
	socklen_t length;

	if (!dgram->shared)
		return mmsg_send(port->data.fd, packets, count, NULL, 0);
	length = to_sockaddr(&dgram->client, &name);
	return mmsg_send(port->fabric->shared.fd, packets, count, &name, length);
}

static void dgram_close(struct port *port)
{
	struct dgram_port *dgram = dgram_port(port);

	log_news("Disconnect");
	loop_drop(port->fabric->loop, &dgram->control);
	loop_bury(port->fabric->loop, &port->grave, dgram);
}

static const struct transport dgram_transport = {
	"unix", dgram_receive, dgram_send, dgram_close,
};

/* After its request a client says nothing on its control connection until it closes it. */
static void control_ready(struct watch *watch, uint32_t events)
{
	struct dgram_port *dgram = container_of(watch, struct dgram_port, control);
	char byte;
	ssize_t got = recv(watch->fd, &byte, 1, MSG_DONTWAIT);

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0) {
		log_news("Bad request");
		port_remove(&dgram->port, "bytes on the control connection after the request");
		return;
	}
	port_remove(&dgram->port, NULL);
}

static bool taken(const struct fabric *fabric, const struct dgram_port *dgram)
{
	for (unsigned int i = 0; i < fabric->active_count; i++) {
		struct dgram_port *other;

		if (fabric->active[i]->transport != &dgram_transport)
			continue;
		other = dgram_port(fabric->active[i]);
		if (same_address(&other->client, &dgram->client) ||
		    (dgram->inode && other->inode == dgram->inode))
			return true;
	}
	return false;
}

/* Whether the socket is the shared one of the switch itself. */
static bool is_own(const struct fabric *fabric, const struct owner *owner)
{
	struct stat info;

	return fabric->shared.fd >= 0 && !fstat(fabric->shared.fd, &info) &&
	       (uint32_t)info.st_ino == owner->inode;
}

/* The refusal of the client's data socket that data is connected to, NULL for none. */
static const char *check_client(struct fabric *fabric, struct dgram_port *dgram, int data)
{
	static bool told;
	struct owner owner = { 0 };
	int error = owner_of_peer(data, &owner);

	if (error && !told) {
		told = true;
		log_event("cannot tell who owns data sockets: %s; the host has no unix_diag",
			  strerror(-error));
	}
	if (!error) {
		dgram->inode = owner.inode;
		if (is_own(fabric, &owner))
			return "its data socket is the switch's own";
		if (dgram->port.credentials.uid && owner.uid != dgram->port.credentials.uid)
			return "its data socket belongs to another user";
	}
	return taken(fabric, dgram) ? "its data socket is that of another port" : NULL;
}

/* A name that no one else has; clients take all 108 bytes as the name. */
static int bind_data(int data, const struct fabric *fabric, struct switch_address *address)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (uintptr_t)address;
	snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "uml_switch.%d.%llu.%016llx",
		 (int)getpid(), (unsigned long long)fabric->next_serial,
		 (unsigned long long)number);
	from_sockaddr(address, &name, sizeof(name));
	return bind(data, (struct sockaddr *)&name, sizeof(name)) ? -errno : 0;
}

/* A socket connected to the client's. */
static int connect_data(const struct switch_address *client, const char **refusal)
{
	int data = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;
	struct sockaddr_un name;
	socklen_t length = to_sockaddr(client, &name);

	*refusal = "no socket";
	if (data < 0)
		return -errno;
	if (!connect(data, (struct sockaddr *)&name, length))
		return data;
	error = -errno;
	*refusal = error == -ENOENT || error == -ECONNREFUSED ? "its data socket does not exist" :
		   error == -EPROTOTYPE ? "its data socket is no datagram socket" :
		   "its data socket cannot be reached";
	close(data);
	return error;
}

static void describe(struct dgram_port *dgram, const char *listener,
		     const struct client *client, const struct switch_request *request)
{
	struct port *port = &dgram->port;
	const uint8_t *path = request->data.path;

	port->transport = &dgram_transport;
	port->listener = listener;
	port_set_client(port, client);
	dgram->client = request->data;
	dgram->shared = !request->version;
	dgram->control.fd = -1;
	dgram->control.ready = control_ready;
	/* Abstract names have bytes of every kind; only paths are for rules and people. */
	if (path[0])
		snprintf(port->path, sizeof(port->path), "%.*s", SWITCH_PATH_BYTES,
			 (const char *)path);
}

/* Makes a port of what is checked; takes dgram and data, also where it fails. */
static int start(struct fabric *fabric, struct dgram_port *dgram, int data, int control)
{
	int error = port_start(fabric, &dgram->port, data);

	if (error) {
		close(data);
		free(dgram);
		return error;
	}
	error = loop_add(fabric->loop, &dgram->control, control, EPOLLIN);
	if (error)
		port_remove(&dgram->port, "no memory for its control connection");
	else
		port_ask_umid(&dgram->port, control);
	return error;
}

int dgram_attach(struct fabric *fabric, int control, const char *listener,
		 const struct client *client, const struct switch_request *request,
		 struct switch_address *reply, const char **refusal)
{
	struct dgram_port *dgram;
	int data, error = 0;

	memset(reply, 0, sizeof(*reply));
	*refusal = "version 0 of the protocol; start the switch with -compat-v0";
	if (!request->version && fabric->shared.fd < 0)
		return -EPROTONOSUPPORT;
	data = connect_data(&request->data, refusal);
	if (data < 0)
		return data;
	dgram = calloc(1, sizeof(*dgram));
	if (!dgram) {
		close(data);
		*refusal = "out of memory";
		return -ENOMEM;
	}
	describe(dgram, listener, client, request);
	*refusal = check_client(fabric, dgram, data);
	if (*refusal)
		error = -EPERM;
	else if (!dgram->shared)
		error = bind_data(data, fabric, reply);
	if (!error) {
		*refusal = "no port could be made";
		return start(fabric, dgram, data, control);
	}
	close(data);
	free(dgram);
	return error;
}

static struct port *find_sender(struct fabric *fabric, const struct sockaddr_un *name,
				socklen_t length)
{
	struct switch_address address;

	from_sockaddr(&address, name, length);
	for (unsigned int i = 0; i < fabric->active_count; i++) {
		struct port *port = fabric->active[i];

		if (port->transport == &dgram_transport && dgram_port(port)->shared &&
		    same_address(&dgram_port(port)->client, &address))
			return port;
	}
	return NULL;
}

/* Frames of clients of version 0; those of nobody are dropped. */
static void shared_ready(struct watch *watch, uint32_t events)
{
	struct fabric *fabric = container_of(watch, struct fabric, shared);
	struct batch *batch = &fabric->batch;

	(void)events;
	for (int left = SHARED_A_TURN; left > 0; left--) {
		struct sockaddr_un name;
		socklen_t length = 0;
		struct port *port;

		batch->count = batch->runts = batch->oversize = 0;
		if (mmsg_receive(watch->fd, batch, 1, &name, &length) <= 0)
			return;
		if (!batch->count)
			continue;
		port = find_sender(fabric, &name, length);
		if (port)
			left -= (int)fabric_forward(fabric, port);
	}
}

int dgram_open_shared(struct fabric *fabric, int fd)
{
	fabric->shared.ready = shared_ready;
	return loop_add(fabric->loop, &fabric->shared, fd, EPOLLIN);
}

void dgram_close_shared(struct fabric *fabric)
{
	loop_drop(fabric->loop, &fabric->shared);
}
