// SPDX-License-Identifier: GPL-2.0-only
/*
 * session.c - a telnet client as the guest's console.
 *
 * The kernel has accepted the connection and starts us with it as descriptor 0, in place of a telnet
 * daemon. We make a pseudo terminal, hand its slave side to the kernel and relay between the master
 * side and the client:
 *
 *	client --read--> telnet_receive() --> to_terminal --write--> master
 *	client <--write-- to_client <-- telnet_send() <--read-- master
 *
 * The slave is handed over once the client has told its window's size, or has had SETTLE_MS to do
 * so, since the kernel reads the size when it opens the console.
 *
 * A side is read only while the buffer to the other has room: a client that does not read stops the
 * guest's output, as a serial line with flow control would, and takes no memory. Its end:
 *
 *	the client hangs up	what it typed goes on to the guest, output to the client, for a
 *				moment; then the master is closed, which hangs up the console
 *	the guest's side ends	output that is there goes to the client, then the end
 *	kernel gone, signal	the same
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "lib/report.h"
#include "port-helper/handover.h"
#include "port-helper/kernel.h"
#include "port-helper/session.h"
#include "port-helper/telnet.h"
#include "port-helper/watch.h"
#include "wire/port.h"

enum {
	/* For the client's answers before the terminal is handed over. */
	SETTLE_MS = 1000,
	/* For output to a client that has sent all it will send. */
	GRACE_MS = 1000,
	/* For the guest to take the last of what was typed. */
	TYPED_MS = 200,
	/* For the last output to reach a client that reads. */
	FLUSH_MS = 1000,
	/* A silent client is asked after a minute and given up after another. */
	KEEPALIVE_IDLE_S = 60,
	KEEPALIVE_INTERVAL_S = 15,
	KEEPALIVE_COUNT = 4,
	UNACKNOWLEDGED_MS = 120000,
	/* Output behind which an interrupt waits, besides what is under way. */
	UNSENT_BYTES = 16384,
};

enum { CLIENT_FD = STDIN_FILENO };

struct session {
	int master;
	int slave;
	struct telnet telnet;
	struct buffer to_terminal;
	struct buffer to_client;
	struct watch watch;
	/* The next byte from the client is the one that it marked. */
	bool at_mark;
	/* The client will send no more. */
	bool client_done;
	/* The connection is of no use any more. */
	bool client_gone;
	/* The kernel's side of the terminal is closed. */
	bool terminal_gone;
	uint16_t rows, columns;
	int64_t last_typed_ms;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static bool is_temporary(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* ---- one transfer each ---------------------------------------------------------------------- */

/* Bytes of the client that are sure to find room, and so do their answers. */
static size_t client_room(const struct session *session)
{
	size_t room = buffer_room(&session->to_client) / TELNET_ANSWER_MAX;

	return room < buffer_room(&session->to_terminal) ? room :
	       buffer_room(&session->to_terminal);
}

static void read_client(struct session *session)
{
	uint8_t bytes[4096];
	size_t room = client_room(session);
	ssize_t got = recv(CLIENT_FD, bytes, room < sizeof(bytes) ? room : sizeof(bytes),
			   MSG_DONTWAIT);

	if (got > 0) {
		session->at_mark = false;
		telnet_receive(&session->telnet, bytes, (size_t)got, &session->to_terminal,
			       &session->to_client);
	} else if (got == 0) {
		session->client_done = true;
	} else if (!is_temporary(errno)) {
		session->client_gone = true;
	}
}

static void write_client(struct session *session)
{
	struct buffer *buffer = &session->to_client;
	ssize_t put = send(CLIENT_FD, buffer->bytes + buffer->start, buffer_used(buffer),
			   MSG_NOSIGNAL | MSG_DONTWAIT);

	if (put > 0)
		buffer_take(buffer, (size_t)put);
	else if (put < 0 && !is_temporary(errno))
		session->client_gone = true;
}

static void read_terminal(struct session *session)
{
	uint8_t bytes[4096];
	size_t room = buffer_room(&session->to_client);
	ssize_t got;

	/* No byte becomes more than three. */
	if (room < TELNET_RESERVE + 3)
		return;
	room = (room - TELNET_RESERVE) / 3;
	got = read(session->master, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (got > 0)
		telnet_send(&session->telnet, bytes, (size_t)got, &session->to_client);
	else if (got == 0 || !is_temporary(errno))
		session->terminal_gone = true;
}

static void write_terminal(struct session *session)
{
	struct buffer *buffer = &session->to_terminal;
	ssize_t put = write(session->master, buffer->bytes + buffer->start, buffer_used(buffer));

	if (put > 0) {
		buffer_take(buffer, (size_t)put);
		session->last_typed_ms = now_ms();
	} else if (put < 0 && !is_temporary(errno)) {
		/* Nobody reads any more. What the guest has written before is still to be read. */
		buffer_take(buffer, buffer_used(buffer));
	}
}

static void set_window(struct session *session)
{
	struct winsize size = { .ws_row = session->telnet.rows, .ws_col = session->telnet.columns };

	/* 0 is a size that the client does not know. */
	if (!size.ws_row)
		size.ws_row = session->rows;
	if (!size.ws_col)
		size.ws_col = session->columns;
	if (size.ws_row == session->rows && size.ws_col == session->columns)
		return;
	session->rows = size.ws_row;
	session->columns = size.ws_col;
	ioctl(session->master, TIOCSWINSZ, &size);
}

/* ---- the relay ------------------------------------------------------------------------------ */

/*
 * The client can mark a place in its stream by urgent data: what it typed before that is to be
 * passed over, so that an interrupt gets through to a guest that does not read. A read stops at the
 * mark, so it need only be looked for before each.
 */
static void look_for_mark(struct session *session)
{
	int at_mark = 1;

	ioctl(CLIENT_FD, SIOCATMARK, &at_mark);
	if (!at_mark && !session->telnet.synch)
		buffer_take(&session->to_terminal, buffer_used(&session->to_terminal));
	session->telnet.synch = !at_mark;
	session->at_mark = at_mark;
}

static short client_events(const struct session *session)
{
	short events = buffer_used(&session->to_client) ? POLLOUT : 0;

	if (session->client_done || buffer_room(&session->to_client) < TELNET_ANSWER_MAX)
		return events;
	if (client_room(session))
		events |= POLLIN;
	if (!session->telnet.synch && !session->at_mark)
		events |= POLLPRI;
	return events;
}

static short terminal_events(const struct session *session)
{
	short events = buffer_used(&session->to_terminal) ? POLLOUT : 0;

	if (buffer_room(&session->to_client) >= TELNET_RESERVE + 3)
		events |= POLLIN;
	return events;
}

/* Wait for an event, at most timeout_ms, and do what can be done. False when it is over. */
static bool relay_once(struct session *session, int timeout_ms, bool is_handed_over)
{
	struct pollfd polls[WATCHES + 2];
	struct pollfd *client = &polls[WATCHES], *terminal = &polls[WATCHES + 1];

	memcpy(polls, session->watch.polls, sizeof(session->watch.polls));
	*client = (struct pollfd){ .fd = CLIENT_FD, .events = client_events(session) };
	*terminal = (struct pollfd){ .fd = -1, .events = terminal_events(session) };
	/* A hangup of it can not be masked out, and means nothing while what it holds is unread. */
	if (is_handed_over && terminal->events)
		terminal->fd = session->master;

	if (poll(polls, WATCHES + 2, timeout_ms) < 0)
		return errno == EINTR;
	memcpy(session->watch.polls, polls, sizeof(session->watch.polls));
	if (watch_fired(&session->watch))
		return false;

	if (client->revents & POLLPRI || (client->revents & POLLIN && session->telnet.synch))
		look_for_mark(session);
	if (client->revents & POLLIN)
		read_client(session);
	set_window(session);
	/* What has come is tried at once; poll(2) tells when the other side is slow. */
	if (is_handed_over && buffer_used(&session->to_terminal))
		write_terminal(session);
	if (terminal->revents & (POLLIN | POLLHUP | POLLERR))
		read_terminal(session);
	if (buffer_used(&session->to_client))
		write_client(session);
	if (client->revents & (POLLERR | POLLHUP | POLLNVAL))
		session->client_gone = true;
	return !session->client_gone && !session->terminal_gone;
}

/* Wait until the client has answered. False when it is over. */
static bool settle(struct session *session)
{
	int64_t end_ms = now_ms() + SETTLE_MS, left_ms;

	telnet_start(&session->telnet, &session->to_client);
	while (!session->client_done && !telnet_settled(&session->telnet)) {
		left_ms = end_ms - now_ms();
		if (left_ms <= 0)
			break;
		if (!relay_once(session, (int)left_ms, false))
			return false;
	}
	return true;
}

/* The client will send no more: let the guest have the rest, and the client its answer. */
static void linger(struct session *session)
{
	int64_t end_ms = now_ms() + GRACE_MS, left_ms;

	/* One that is gone, and has not only closed its half, refuses this. */
	telnet_probe(&session->to_client);
	while ((left_ms = end_ms - now_ms()) > 0 && relay_once(session, (int)left_ms, true))
		;
	/* Without a client its last keys still reach the guest. */
	while (session->client_gone && !session->terminal_gone &&
	       (left_ms = session->last_typed_ms + TYPED_MS - now_ms()) > 0) {
		struct pollfd terminal = { .fd = session->master, .events = POLLIN };

		if (poll(&terminal, 1, (int)left_ms) <= 0)
			break;
		buffer_take(&session->to_client, buffer_used(&session->to_client));
		read_terminal(session);
	}
}

/* The guest's side has ended: give the client what is left of its output. */
static void flush_output(struct session *session)
{
	int64_t end_ms = now_ms() + FLUSH_MS, left_ms;
	struct pollfd client = { .fd = CLIENT_FD };
	uint8_t ignored[4096];
	ssize_t got = 1;

	while (!session->client_gone && (left_ms = end_ms - now_ms()) > 0) {
		size_t before;

		do {
			before = buffer_used(&session->to_client);
			if (!session->terminal_gone)
				read_terminal(session);
		} while (buffer_used(&session->to_client) > before);
		if (!before)
			break;
		client.events = POLLOUT;
		if (poll(&client, 1, (int)left_ms) <= 0)
			break;
		write_client(session);
	}
	/* With input unread, close(2) would take the last output away from the client. */
	shutdown(CLIENT_FD, SHUT_WR);
	client.events = POLLIN;
	while (!session->client_gone && got && (left_ms = end_ms - now_ms()) > 0 &&
	       poll(&client, 1, (int)left_ms) > 0) {
		got = recv(CLIENT_FD, ignored, sizeof(ignored), MSG_DONTWAIT);
		if (got < 0 && !is_temporary(errno))
			break;
	}
}

/* ---- set-up --------------------------------------------------------------------------------- */

/* Refusals are the kernel's business alone: each of these makes a connection better, none is needed. */
static void set_up_client(void)
{
	static const struct {
		int level, name, value;
	} settings[] = {
		{ SOL_SOCKET, SO_OOBINLINE, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
		{ IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_BYTES },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		setsockopt(CLIENT_FD, settings[i].level, settings[i].name, &settings[i].value,
			   sizeof(settings[i].value));
}

/* Both sides of a new terminal, raw: what is typed before the kernel has it is not echoed. */
static int open_terminal(struct session *session)
{
	struct termios settings;
	int error;

	session->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (session->master < 0)
		return -errno;
	if (unlockpt(session->master) < 0)
		return -errno;
	session->slave = ioctl(session->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (session->slave < 0)
		return -errno;
	if (tcgetattr(session->slave, &settings) < 0)
		return -errno;
	cfmakeraw(&settings);
	error = tcsetattr(session->slave, TCSANOW, &settings);
	return error < 0 ? -errno : 0;
}

static void check_descriptors(void)
{
	int type, error = handover_check(PORT_SOCKET_FD);
	socklen_t length = sizeof(type);

	if (error)
		die("no socket of a kernel on descriptor %d: %s; port-helper is started by the kernel",
		    PORT_SOCKET_FD, cause(error));
	if (getsockopt(CLIENT_FD, SOL_SOCKET, SO_TYPE, &type, &length) < 0 || type != SOCK_STREAM)
		die("no connection on standard input; port-helper is started by the kernel");
	/* The kernel lets us inherit all it has open, its listening socket too. */
	close_range(PORT_SOCKET_FD + 1, ~0U, 0);
}

static void set_up(struct session *session, struct anchor *anchor)
{
	int error;

	check_descriptors();
	/* Keys typed where the kernel was started are not for us. */
	setsid();
	error = anchor_become(anchor);
	if (!error)
		error = watch_start(&session->watch);
	if (error)
		die("cannot watch over the connection: %s", cause(error));
	session->watch.polls[WATCH_ANCHOR].fd = anchor->fd;
	error = open_terminal(session);
	if (error)
		die("cannot make a terminal: %s; is /dev/pts mounted, and "
		    "/proc/sys/kernel/pty/max high enough?", cause(error));
	set_up_client();
}

_Noreturn void session_serve(void)
{
	static struct session session;
	pid_t kernel = getppid();
	struct anchor anchor;
	int error;

	set_up(&session, &anchor);
	/* Stock kernels can not be told that there will be no terminal: they crash on that at times. */
	if (!settle(&session) || (session.client_done && !buffer_used(&session.to_terminal)))
		watch_exit(&session.watch);
	kernel_await(kernel);
	error = handover_send(PORT_SOCKET_FD, session.slave, anchor.pid);
	if (error)
		die("cannot hand a terminal to the kernel: %s", cause(error));
	close(session.slave);
	close(PORT_SOCKET_FD);

	while (!session.client_done && relay_once(&session, -1, true))
		;
	if (session.client_done)
		linger(&session);
	flush_output(&session);
	shutdown(CLIENT_FD, SHUT_RDWR);
	watch_exit(&session.watch);
}
