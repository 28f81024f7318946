// SPDX-License-Identifier: GPL-2.0-only
/*
 * status.c - the state of a running switch.
 *
 * The text is made at once, and sent as the reader takes it. A few readers are served at a time.
 */
#include <config.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/printable.h"
#include "lib/report.h"
#include "uml_switch/status.h"

enum {
	READERS_MAX = 4,
	ANSWER_SECONDS = 30,
	/* All ports and addresses that a switch can have, each port a trunk of all VLANs but a few. */
	ANSWER_BYTES_MAX = 256 << 20,
	CHUNK_BYTES = 16384,
};

struct reader {
	struct watch watch;
	struct grave grave;
	struct loop *loop;
	char *text;
	size_t length, sent;
};

static unsigned int reader_count;

bool status_allowed(const struct ucred *credentials)
{
	return !credentials->uid || credentials->uid == geteuid();
}

/* Each counter, for people and for programs. */
static const struct {
	const char *name;
	size_t offset;
} counter_names[] = {
	{ "frames_in", offsetof(struct counters, frames_in) },
	{ "bytes_in", offsetof(struct counters, bytes_in) },
	{ "frames_out", offsetof(struct counters, frames_out) },
	{ "bytes_out", offsetof(struct counters, bytes_out) },
	{ "dropped_runt", offsetof(struct counters, drop_runt) },
	{ "dropped_oversize", offsetof(struct counters, drop_oversize) },
	{ "dropped_vlan", offsetof(struct counters, drop_vlan) },
	{ "dropped_rate", offsetof(struct counters, drop_rate) },
	{ "dropped_mirror", offsetof(struct counters, drop_mirror) },
	{ "dropped_full", offsetof(struct counters, drop_full) },
	{ "dropped_error", offsetof(struct counters, drop_error) },
};

static uint64_t counter(const struct port *port, size_t i)
{
	uint64_t value;

	memcpy(&value, (const char *)&port->counters + counter_names[i].offset, sizeof(value));
	return value;
}

static void number_or_null(struct json *json, const char *name, uint64_t number)
{
	if (number)
		json_number(json, name, (int64_t)number);
	else
		json_string(json, name, NULL);
}

static void json_vlans(struct json *json, const struct port *port)
{
	const struct vlans *vlans = &port->settings.vlans;

	json_string(json, "vlan_mode", vlans->trunk ? "trunk" : "access");
	number_or_null(json, "vlan_untagged", vlans->untagged);
	json_array_begin(json, "vlans");
	for (unsigned int id = 1; id <= VLAN_ID_MAX; id++)
		if (vlans_have(vlans, id))
			json_number(json, NULL, id);
	json_array_end(json);
}

static void json_port(struct json *json, const struct fabric *fabric, const struct port *port)
{
	json_object_begin(json, NULL);
	json_number(json, "port", port->number);
	json_string(json, "name", port->name);
	json_string(json, "kind", port->transport->kind);
	json_string(json, "umid", port->umid[0] ? port->umid : NULL);
	if (port->has_credentials) {
		json_number(json, "pid", port->credentials.pid);
		json_number(json, "uid", port->credentials.uid);
	}
	json_string(json, "listener", port->listener);
	json_string(json, "path", port->path[0] ? port->path : NULL);
	if (fabric->settings->rules.vlans)
		json_vlans(json, port);
	json_bool(json, "isolated", port->settings.isolated);
	json_bool(json, "sticky", port->settings.sticky);
	json_bool(json, "mirror", port->settings.mirror);
	number_or_null(json, "rate_bits", port->settings.bits_per_second);
	number_or_null(json, "rate_frames", port->settings.frames_per_second);
	number_or_null(json, "rate_floods", port->settings.floods_per_second);
	json_number(json, "addresses", fdb_count(fabric->fdb, port->number));
	json_number(json, "addresses_max", port->settings.mac_limit);
	json_number(json, "waiting", port->backlog.count);
	for (size_t i = 0; i < sizeof(counter_names) / sizeof(counter_names[0]); i++)
		json_number(json, counter_names[i].name, (int64_t)counter(port, i));
	json_object_end(json);
}

static void mac_text(const uint8_t mac[6], char text[18])
{
	snprintf(text, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
		 mac[5]);
}

static void json_address(const struct fdb_view *view, void *context)
{
	struct json *json = context;
	char mac[18];

	mac_text(view->mac, mac);
	json_object_begin(json, NULL);
	json_string(json, "mac", mac);
	number_or_null(json, "vlan", view->vlan);
	json_number(json, "port", view->port);
	json_number(json, "age_seconds", view->age_s);
	json_object_end(json);
}

static void write_json(const struct fabric *fabric, FILE *out)
{
	struct json json = { .out = out };

	json_object_begin(&json, NULL);
	json_string(&json, "mode", fabric->settings->hub ? "hub" : "switch");
	json_number(&json, "pid", getpid());
	json_bool(&json, "vlans", fabric->settings->rules.vlans);
	json_number(&json, "ports_max", fabric->ports_max);
	json_number(&json, "frame_max", fabric->settings->max_frame);
	json_number(&json, "mac_age_seconds", fabric->settings->mac_age_s);
	json_array_begin(&json, "ports");
	for (unsigned int i = 0; i < fabric->ports_max; i++)
		if (fabric->ports[i])
			json_port(&json, fabric, fabric->ports[i]);
	json_array_end(&json);
	json_array_begin(&json, "addresses");
	fdb_each(fabric->fdb, fabric_seconds(fabric), json_address, &json);
	json_array_end(&json);
	json_object_end(&json);
}

static void text_port(const struct fabric *fabric, const struct port *port, FILE *out)
{
	const struct counters *counters = &port->counters;
	uint64_t dropped_in = counters->drop_runt + counters->drop_oversize + counters->drop_vlan +
			      counters->drop_rate + counters->drop_mirror;
	char *name = printable_line(port->name);

	fprintf(out, "%4u  %-16s %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 " %5u ",
		port->number, name ? name : "?", counters->frames_in, dropped_in, counters->frames_out,
		counters->drop_full + counters->drop_error, fdb_count(fabric->fdb, port->number));
	free(name);
	if (fabric->settings->rules.vlans && port->settings.vlans.trunk)
		fprintf(out, " trunk/%u", port->settings.vlans.untagged);
	else if (fabric->settings->rules.vlans)
		fprintf(out, " vlan=%u", port->settings.vlans.untagged);
	if (port->settings.isolated)
		fputs(" isolated", out);
	if (port->settings.mirror)
		fputs(" mirror", out);
	if (port->umid[0]) {
		fputs(" umid=", out);
		printable_write(out, port->umid, strlen(port->umid), PRINTABLE_EXACT);
	}
	if (port->has_credentials)
		fprintf(out, " pid=%d uid=%u", (int)port->credentials.pid,
			(unsigned int)port->credentials.uid);
	putc('\n', out);
}

static void text_address(const struct fdb_view *view, void *context)
{
	char mac[18];

	mac_text(view->mac, mac);
	fprintf(context, "%s  %4u  %4u  %5us\n", mac, view->vlan, view->port, view->age_s);
}

static void write_text(const struct fabric *fabric, FILE *out)
{
	fprintf(out, "%s, process %d, %u ports, %u addresses\n",
		fabric->settings->hub ? "hub" : "switch", (int)getpid(), fabric->active_count,
		fdb_count(fabric->fdb, 0));
	fprintf(out, "port  name              frames in    dropped frames out    dropped  macs  \n");
	for (unsigned int i = 0; i < fabric->ports_max; i++)
		if (fabric->ports[i])
			text_port(fabric, fabric->ports[i], out);
	fprintf(out, "address            vlan  port     age\n");
	fdb_each(fabric->fdb, fabric_seconds(fabric), text_address, out);
}

void status_write(const struct fabric *fabric, FILE *out, enum switch_status_form form)
{
	if (form == SWITCH_STATUS_JSON)
		write_json(fabric, out);
	else
		write_text(fabric, out);
}

static void end_reader(struct reader *reader)
{
	loop_drop(reader->loop, &reader->watch);
	free(reader->text);
	reader->text = NULL;
	loop_bury(reader->loop, &reader->grave, reader);
	reader_count--;
}

static void reader_ready(struct watch *watch, uint32_t events)
{
	struct reader *reader = container_of(watch, struct reader, watch);
	size_t left = reader->length - reader->sent;
	ssize_t sent = send(watch->fd, reader->text + reader->sent, left,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR) && !(events & (EPOLLHUP | EPOLLERR)))
		return;
	if (sent < 0 || (size_t)sent == left) {
		end_reader(reader);
		return;
	}
	reader->sent += (size_t)sent;
}

void status_answer(struct fabric *fabric, int fd, enum switch_status_form form)
{
	struct reader *reader = reader_count < READERS_MAX ? calloc(1, sizeof(*reader)) : NULL;
	FILE *out;

	if (!reader) {
		close(fd);
		return;
	}
	out = open_memstream(&reader->text, &reader->length);
	if (out) {
		status_write(fabric, out, form);
		fclose(out);
	}
	reader->loop = fabric->loop;
	reader->watch.ready = reader_ready;
	if (!reader->text || loop_add(fabric->loop, &reader->watch, fd, EPOLLOUT)) {
		close(fd);
		free(reader->text);
		free(reader);
		return;
	}
	reader_count++;
}

/* What is known of the switch that is asked. */
struct asked {
	const char *path;
	int fd;
	uint64_t deadline_ms;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/*
 * Whoever has the path could tell anything: only the caller's own switch and root's are believed. Root
 * may ask one that it names, of whomever, and is told whose it is.
 */
static void check_owner(const struct asked *asked, bool named)
{
	struct ucred server;
	socklen_t length = sizeof(server);

	if (getsockopt(asked->fd, SOL_SOCKET, SO_PEERCRED, &server, &length))
		die("%s: cannot tell whose switch that is: %s", asked->path, cause(errno));
	if (!server.uid || server.uid == geteuid())
		return;
	if (geteuid())
		die("%s: not asked: that is the switch of another user (%u), or no switch", asked->path,
		    (unsigned int)server.uid);
	if (!named)
		die("%s: not asked: that is the switch of another user (%u), or no switch; if you trust "
		    "them, name it with -unix", asked->path, (unsigned int)server.uid);
	warn("%s: what follows is told by a program of another user (%u)", asked->path,
	     (unsigned int)server.uid);
}

static void ask(struct asked *asked, enum switch_status_form form, bool named)
{
	struct switch_request request = { .version = SWITCH_VERSION,
					  .type = SWITCH_REQUEST_STATUS, .form = (uint8_t)form };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	uint8_t bytes[SWITCH_REQUEST_BYTES_MAX];
	size_t length = switch_encode_request(bytes, &request);
	const char *path = asked->path;

	asked->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	asked->deadline_ms = now_ms() + ANSWER_SECONDS * 1000;
	if (asked->fd < 0)
		die("cannot ask for the status: %s", cause(errno));
	if (strlen(path) >= sizeof(address.sun_path))
		die("%s: %s", path, cause(ENAMETOOLONG));
	strcpy(address.sun_path, path);
	setsockopt(asked->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(asked->fd, (struct sockaddr *)&address, sizeof(address)))
		die("%s: no switch answers: %s; name its control socket with -unix", path,
		    cause(errno));
	check_owner(asked, named);
	if (send(asked->fd, bytes, length, MSG_NOSIGNAL) != (ssize_t)length)
		die("%s: cannot ask for the status: %s", path, cause(errno));
}

/* Takes more of the answer. Return: bytes, 0 at its end. All of it has one time limit. */
static size_t take(const struct asked *asked, char *bytes, size_t room)
{
	struct pollfd poll_fd = { .fd = asked->fd, .events = POLLIN };
	ssize_t got;

	do {
		uint64_t now = now_ms();

		if (now >= asked->deadline_ms || !poll(&poll_fd, 1, (int)(asked->deadline_ms - now)))
			die("%s: the switch does not answer: no whole answer within %d s",
			    asked->path, ANSWER_SECONDS);
		got = recv(asked->fd, bytes, room, MSG_DONTWAIT);
	} while (got < 0 && (errno == EAGAIN || errno == EINTR));
	if (got < 0)
		die("%s: the switch does not answer: %s", asked->path, cause(errno));
	return (size_t)got;
}

/* Bytes up to the last line feed; all of them where there is none. */
static size_t whole_lines(const char *bytes, size_t length)
{
	const char *end = memrchr(bytes, '\n', length);

	return end ? (size_t)(end - bytes) + 1 : length;
}

int status_print(const char *path, enum switch_status_form form, bool named)
{
	struct asked asked = { .path = path };
	char bytes[CHUNK_BYTES];
	size_t total = 0, have = 0, got, part;

	ask(&asked, form, named);
	while ((got = take(&asked, bytes + have, sizeof(bytes) - have))) {
		have += got;
		total += got;
		if (total > ANSWER_BYTES_MAX)
			die("%s: the answer has no end: given up after %d MiB", path,
			    ANSWER_BYTES_MAX >> 20);
		/* A letter of several bytes is not cut in two, unless a line is longer than that. */
		part = whole_lines(bytes, have);
		if (have < sizeof(bytes) && bytes[part - 1] != '\n')
			continue;
		printable_write(stdout, bytes, part, PRINTABLE_LINES);
		have -= part;
		memmove(bytes, bytes + part, have);
	}
	printable_write(stdout, bytes, have, PRINTABLE_LINES);
	close(asked.fd);
	if (fflush(stdout) || ferror(stdout))
		die("cannot print the status: %s", cause(errno));
	if (!total)
		die("%s: no status; only root and the switch's own user may ask, and only our "
		    "uml_switch answers", path);
	return EXIT_DONE;
}
