// SPDX-License-Identifier: GPL-2.0-only
/*
 * listen.c - takes connections.
 *
 * A connection on a control socket is a caller until its request is complete. There are few places
 * for callers; where they are all taken, the process that holds most of them loses its oldest: nobody
 * can keep others out by holding connections. Then it becomes a port, and what it may have of those is
 * bounded by process and user. Where rules are for umids, every connection is a caller until that of
 * its process is known, or known not to come.
 */
#include <config.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "uml_switch/listen.h"
#include "uml_switch/log.h"
#include "uml_switch/status.h"
#include "uml_switch/transport.h"

enum {
	CALLERS_MAX = 64,
	REQUEST_SECONDS = 5,
	ACCEPTS_A_TURN = 16,
};

struct listener {
	struct listener *next;
	struct fabric *fabric;
	enum listen_kind kind;
	struct watch watch;
	const char *path;
	bool resting;		/* no descriptor was left; tried again with the next second */
};

/* A connection whose request is not complete. */
struct caller {
	struct caller *next;	/* from the youngest to the oldest */
	struct listener *listener;
	struct watch watch;
	struct grave grave;
	struct ucred credentials;
	struct question question;
	struct switch_request request;
	uint64_t begin_ns;
	size_t have;
	uint8_t bytes[SWITCH_REQUEST_BYTES_MAX + 1];
};

/* A stream port that this side connects. */
struct uplink {
	struct uplink *next;
	const char *path;
	uint64_t serial;	/* of its port */
	unsigned int number;
};

static struct listener *listeners;
static struct caller *callers;
static unsigned int caller_count;
static struct uplink *uplinks;

/* Takes the caller off the list. Its descriptor stays. */
static void forget_caller(struct caller *caller)
{
	struct caller **place = &callers;

	while (*place != caller)
		place = &(*place)->next;
	*place = caller->next;
	caller_count--;
	namer_forget(&caller->question);
	loop_bury(caller->listener->fabric->loop, &caller->grave, caller);
}

static void drop_caller(struct caller *caller, const char *why)
{
	if (why)
		log_event("%s: request refused: %s (process %d, user %u)", caller->listener->path,
			  why, (int)caller->credentials.pid,
			  (unsigned int)caller->credentials.uid);
	loop_drop(caller->listener->fabric->loop, &caller->watch);
	forget_caller(caller);
}

static void add_port(struct listener *listener, int fd, const struct client *client)
{
	struct fabric *fabric = listener->fabric;
	int error;

	if (!fabric_admits(fabric, &client->credentials)) {
		log_event("%s: connection refused: too many ports; raise --max-ports",
			  listener->path);
		close(fd);
		return;
	}
	if (listener->kind == LISTEN_SEQPACKET)
		error = seqpacket_attach(fabric, fd, listener->path, client);
	else
		error = stream_attach(fabric, fd, listener->path, client);
	if (error) {
		log_event("%s: connection refused: %s", listener->path, strerror(-error));
		close(fd);
		return;
	}
	log_news("New connection");
}

static void make_dgram_port(struct caller *caller, const struct client *client)
{
	struct fabric *fabric = caller->listener->fabric;
	uint8_t reply[SWITCH_REPLY_BYTES];
	struct switch_address data;
	const char *refusal;
	int control, error;

	if (!fabric_admits(fabric, &caller->credentials)) {
		drop_caller(caller, "too many ports; raise --max-ports");
		return;
	}
	control = loop_release(fabric->loop, &caller->watch);
	error = dgram_attach(fabric, control, caller->listener->path, client, &caller->request,
			     &data, &refusal);
	if (error) {
		close(control);
		drop_caller(caller, refusal);
		return;
	}
	log_news("New connection");
	if (data.length) {
		switch_encode_reply(reply, &data);
		/* The first bytes on a new connection always find room; else the client left. */
		if (send(control, reply, sizeof(reply), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			log_event("%s: reply not sent: %s", caller->listener->path,
				  strerror(errno));
	}
	drop_caller(caller, NULL);
}

/* The caller becomes a port; umid is NULL where that is asked later. */
static void make_port(struct caller *caller, const char *umid)
{
	struct client client = { caller->credentials, umid };
	struct listener *listener = caller->listener;

	if (listener->kind == LISTEN_CONTROL) {
		make_dgram_port(caller, &client);
		return;
	}
	add_port(listener, loop_release(listener->fabric->loop, &caller->watch), &client);
	drop_caller(caller, NULL);
}

static void umid_known(struct question *question, const char *umid)
{
	make_port(container_of(question, struct caller, question), umid);
}

/* All that the caller has to say is there. */
static void settle(struct caller *caller)
{
	struct fabric *fabric = caller->listener->fabric;

	if (!fabric->settings->rules.umids) {
		make_port(caller, NULL);
		return;
	}
	/* Its end is told all the same. */
	loop_change(fabric->loop, &caller->watch, 0);
	caller->question = (struct question){ .credentials = caller->credentials,
					      .connection = caller->watch.fd,
					      .known = umid_known };
	namer_ask(&caller->question);
}

static void answer_status(struct caller *caller, enum switch_status_form form)
{
	struct fabric *fabric = caller->listener->fabric;

	if (!status_allowed(&caller->credentials)) {
		drop_caller(caller, "status is for root and the switch's own user");
		return;
	}
	status_answer(fabric, loop_release(fabric->loop, &caller->watch), form);
	drop_caller(caller, NULL);
}

static void bad_request(struct caller *caller, enum switch_fault fault,
			const struct switch_request *request)
{
	switch (fault) {
	case SWITCH_VERSION_UNKNOWN:
		if (request->version == 2)
			log_news("Version 2 is not supported");
		else
			log_news("Request for a version %u port, which this uml_switch doesn't "
				 "support", (unsigned int)request->version);
		drop_caller(caller, "unknown version of the protocol");
		break;
	case SWITCH_TYPE_UNKNOWN:
		log_news("Bad request type : %u", (unsigned int)request->type);
		drop_caller(caller, "unknown type");
		break;
	default:
		log_news("Bad request");
		drop_caller(caller, fault == SWITCH_LONG ? "too long" : "bad address");
		break;
	}
}

static void take_request(struct caller *caller)
{
	struct switch_request *request = &caller->request;
	enum switch_fault fault = switch_decode_request(caller->bytes, caller->have, request);

	if (fault == SWITCH_SHORT)
		return;
	if (fault)
		bad_request(caller, fault, request);
	else if (request->type == SWITCH_REQUEST_STATUS)
		answer_status(caller, request->form);
	else
		settle(caller);
}

static void caller_ready(struct watch *watch, uint32_t events)
{
	struct caller *caller = container_of(watch, struct caller, watch);
	ssize_t got;

	/* While its umid is asked for, only its end is an event. */
	if (caller->question.asked) {
		drop_caller(caller, NULL);
		return;
	}
	got = recv(watch->fd, caller->bytes + caller->have,
		   sizeof(caller->bytes) - caller->have, MSG_DONTWAIT);
	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		if (caller->have)
			log_news("EOF from new port");
		drop_caller(caller, NULL);
		return;
	}
	caller->have += (size_t)got;
	take_request(caller);
}

/* Who makes room for one more: the oldest of the process that has most. */
static struct caller *least_missed(void)
{
	struct caller *least = callers;
	unsigned int most = 0;

	for (struct caller *caller = callers; caller; caller = caller->next) {
		unsigned int count = 0;

		for (struct caller *other = callers; other; other = other->next)
			count += other->credentials.pid == caller->credentials.pid;
		if (count >= most) {
			most = count;
			least = caller;
		}
	}
	return least;
}

static void add_caller(struct listener *listener, int fd, const struct ucred *credentials)
{
	struct caller *caller = calloc(1, sizeof(*caller));

	if (!caller) {
		close(fd);
		return;
	}
	if (caller_count >= CALLERS_MAX)
		drop_caller(least_missed(), NULL);
	caller->listener = listener;
	caller->watch.ready = caller_ready;
	caller->credentials = *credentials;
	caller->begin_ns = listener->fabric->loop->now_ns;
	if (loop_add(listener->fabric->loop, &caller->watch, fd, EPOLLIN)) {
		close(fd);
		free(caller);
		return;
	}
	caller->next = callers;
	callers = caller;
	caller_count++;
	/* The request is often there already; some have none. */
	if (listener->kind == LISTEN_CONTROL)
		caller_ready(&caller->watch, EPOLLIN);
	else
		settle(caller);
}

static void listener_ready(struct watch *watch, uint32_t events)
{
	struct listener *listener = container_of(watch, struct listener, watch);

	(void)events;
	for (int i = 0; i < ACCEPTS_A_TURN; i++) {
		struct ucred credentials;
		socklen_t length = sizeof(credentials);
		int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM ||
			       errno == ENOBUFS)) {
			log_event("%s: cannot take a connection: %s", listener->path,
				  strerror(errno));
			listener->resting = true;
			loop_change(listener->fabric->loop, watch, 0);
			return;
		}
		if (fd < 0)
			return;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length))
			close(fd);
		else if (listener->kind == LISTEN_CONTROL ||
			 listener->fabric->settings->rules.umids)
			add_caller(listener, fd, &credentials);
		else
			add_port(listener, fd, &(struct client){ .credentials = credentials });
	}
}

int listen_on(struct fabric *fabric, enum listen_kind kind, int fd, const char *path)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int error;

	if (!listener)
		return -ENOMEM;
	listener->fabric = fabric;
	listener->kind = kind;
	listener->path = path;
	listener->watch.ready = listener_ready;
	error = loop_add(fabric->loop, &listener->watch, fd, EPOLLIN);
	if (error) {
		free(listener);
		return error;
	}
	listener->next = listeners;
	listeners = listener;
	return 0;
}

static int try_uplink(struct fabric *fabric, struct uplink *uplink)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error = 0;

	if (fd < 0)
		return -errno;
	if (strlen(uplink->path) >= sizeof(address.sun_path)) {
		error = -ENAMETOOLONG;
	} else {
		strcpy(address.sun_path, uplink->path);
		if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
			error = -errno;
	}
	if (!error)
		error = stream_attach(fabric, fd, uplink->path, NULL);
	if (error) {
		close(fd);
		return error;
	}
	uplink->serial = fabric->next_serial;
	uplink->number = fabric->active[fabric->active_count - 1]->number;
	return 0;
}

int listen_connect(struct fabric *fabric, const char *path)
{
	struct uplink *uplink = calloc(1, sizeof(*uplink));

	if (!uplink)
		return -ENOMEM;
	uplink->path = path;
	uplink->next = uplinks;
	uplinks = uplink;
	return try_uplink(fabric, uplink);
}

static bool connected(const struct fabric *fabric, const struct uplink *uplink)
{
	const struct port *port = uplink->number ? fabric->ports[uplink->number - 1] : NULL;

	return port && port->serial == uplink->serial;
}

void listen_second(struct fabric *fabric)
{
	struct caller *caller = callers;

	while (caller) {
		struct caller *next = caller->next;

		if (!caller->question.asked &&
		    fabric->loop->now_ns - caller->begin_ns > REQUEST_SECONDS * 1000000000ull)
			drop_caller(caller, "it did not come in time");
		caller = next;
	}
	for (struct listener *listener = listeners; listener; listener = listener->next) {
		if (!listener->resting)
			continue;
		listener->resting = false;
		loop_change(fabric->loop, &listener->watch, EPOLLIN);
	}
	for (struct uplink *uplink = uplinks; uplink; uplink = uplink->next)
		if (!connected(fabric, uplink) && !try_uplink(fabric, uplink))
			log_event("%s: connected", uplink->path);
}

void listen_close(struct fabric *fabric)
{
	while (callers)
		drop_caller(callers, NULL);
	while (listeners) {
		struct listener *listener = listeners;

		listeners = listener->next;
		loop_drop(fabric->loop, &listener->watch);
		free(listener);
	}
	while (uplinks) {
		struct uplink *uplink = uplinks;

		uplinks = uplink->next;
		free(uplink);
	}
}
