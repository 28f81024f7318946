// SPDX-License-Identifier: GPL-2.0-only
/* main.c - uml_switch: connects user-mode Linux machines by a virtual Ethernet switch. */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/report.h"
#include "lib/signals.h"
#include "uml_switch/capture.h"
#include "uml_switch/listen.h"
#include "uml_switch/log.h"
#include "uml_switch/service.h"
#include "uml_switch/sockets.h"
#include "uml_switch/status.h"
#include "uml_switch/transport.h"

enum {
	/* Descriptors besides those of ports, of which each may have two. */
	OTHER_DESCRIPTORS = 200,
	DESCRIPTORS_A_PORT = 2,
	LINE_BYTES = 4096,
	KEPT_BYTES = 4 * 1024 * 1024,
};

/* All there is of the process. */
struct machine {
	struct loop loop;
	struct fabric fabric;
	struct settings settings;
	struct watch signals;
	struct watch input;
	char **passed;			/* paths of the service manager's sockets, by their place */
	int signal;			/* that ended it, 0 for none */
};

static void second(void *context)
{
	struct machine *machine = context;

	fabric_second(&machine->fabric);
	listen_second(&machine->fabric);
	namer_second();
}

static void turn(void *context)
{
	struct machine *machine = context;

	fabric_turn(&machine->fabric);
}

static void signal_ready(struct watch *watch, uint32_t events)
{
	struct machine *machine = container_of(watch, struct machine, signals);
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) != sizeof(info))
		return;
	machine->signal = (int)info.ssi_signo;
	machine->loop.stop = true;
	log_news("Caught signal %d, cleaning up and exiting", machine->signal);
}

static void input_ready(struct watch *watch, uint32_t events)
{
	struct machine *machine = container_of(watch, struct machine, input);
	char bytes[256];
	ssize_t got = read(watch->fd, bytes, sizeof(bytes));

	(void)events;
	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	if (got < 0 && errno == EIO && tcgetpgrp(watch->fd) > 0) {
		/* The terminal of a process in the background is not ours to read. */
		loop_release(&machine->loop, watch);
		return;
	}
	log_news("EOF on stdin, cleaning up and exiting");
	machine->loop.stop = true;
}

static void watch_signals(struct machine *machine)
{
	sigset_t set;
	int fd;

	signals_ending(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* In the background a terminal then takes no bytes, or fails, instead of stopping all ports. */
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	machine->signals.ready = signal_ready;
	if (fd < 0 || loop_add(&machine->loop, &machine->signals, fd, EPOLLIN))
		die("cannot wait for signals: %s", cause(errno));
}

/* /dev/null and files have no end to wait for, and epoll does not take them. */
static void watch_input(struct machine *machine)
{
	machine->input.fd = -1;
	machine->input.ready = input_ready;
	if (!machine->settings.daemon)
		loop_add(&machine->loop, &machine->input, STDIN_FILENO, EPOLLIN);
}

static unsigned int ports_max(const struct settings *settings)
{
	struct rlimit limit;
	rlim_t room;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		die("cannot tell how many files may be open: %s", cause(errno));
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < OTHER_DESCRIPTORS + DESCRIPTORS_A_PORT)
		die("only %llu files may be open: too few; raise the limit (ulimit -n)",
		    (unsigned long long)limit.rlim_cur);
	room = (limit.rlim_cur - OTHER_DESCRIPTORS) / DESCRIPTORS_A_PORT;
	return room < settings->max_ports ? (unsigned int)room : settings->max_ports;
}

/* Taps come first: a switch that may not have them shall not even appear. */
static void open_taps(struct machine *machine)
{
	const struct words *taps = &machine->settings.taps;

	for (unsigned int i = 0; i < taps->count; i++) {
		char name[IF_NAMESIZE];
		int fd = tap_open(taps->items[i], name), error;

		if (fd < 0)
			die("cannot attach to tap device %s: %s; run as root, or make it with "
			    "tunctl for this user", taps->items[i], cause(fd));
		error = tap_attach(&machine->fabric, fd, name);
		if (error)
			die("cannot attach to tap device %s: %s", taps->items[i], cause(error));
	}
}

static struct socket_access socket_access(const struct settings *settings)
{
	struct socket_access access = { .mode = settings->mode, .group = (gid_t)-1 };
	const struct group *group;

	if (settings->group) {
		group = getgrnam(settings->group);
		if (!group)
			die("no group %s; name one that exists", settings->group);
		access.group = group->gr_gid;
	}
	return access;
}

static int bind_socket(const struct settings *settings, const char *path, int type)
{
	struct socket_access access = socket_access(settings);
	int fd = socket_bind(path, type, &access);

	if (fd == -EADDRINUSE)
		die("The control socket '%s' has another server attached to it; stop it, or name "
		    "another with -unix", path);
	if (fd == -EEXIST)
		die("cannot make the socket %s: something that is no socket is there; remove it, "
		    "or name another path", path);
	if (fd == -EPERM)
		die("cannot make the socket %s: a link on the way, or what is there, is another "
		    "user's; name another path", path);
	if (fd < 0)
		die("cannot make the socket %s: %s", path, cause(fd));
	return fd;
}

static void serve(struct machine *machine, enum listen_kind kind, int fd, const char *path)
{
	int error = listen_on(&machine->fabric, kind, fd, path);

	if (error)
		die("cannot serve %s: %s", path, cause(error));
}

static void serve_all(struct machine *machine, enum listen_kind kind, int type,
		      const struct words *paths)
{
	for (unsigned int i = 0; i < paths->count; i++)
		serve(machine, kind, bind_socket(&machine->settings, paths->items[i], type),
		      paths->items[i]);
}

/* Listeners and ports refer to it until the end. */
static const char *keep_path(struct machine *machine, unsigned int place, const char *path)
{
	if (!machine->passed)
		machine->passed = calloc(service_socket_count(), sizeof(*machine->passed));
	if (machine->passed)
		machine->passed[place] = strdup(path);
	if (!machine->passed || !machine->passed[place])
		die("cannot serve the service manager's sockets: %s", cause(ENOMEM));
	return machine->passed[place];
}

static void forget_paths(struct machine *machine)
{
	if (!machine->passed)
		return;
	for (unsigned int i = 0; i < service_socket_count(); i++)
		free(machine->passed[i]);
	free(machine->passed);
}

/* Sockets of the service manager; they stay when the switch ends. */
static void serve_passed(struct machine *machine)
{
	for (unsigned int i = 0; i < service_socket_count(); i++) {
		int fd = SERVICE_FIRST_SOCKET + (int)i, type = 0;
		struct sockaddr_un name = { 0 };
		socklen_t length = sizeof(type), name_length = sizeof(name) - 1;
		enum listen_kind kind = LISTEN_CONTROL;
		const char *path;

		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) ||
		    getsockname(fd, (struct sockaddr *)&name, &name_length) ||
		    name.sun_family != AF_UNIX || (type != SOCK_STREAM && type != SOCK_SEQPACKET))
			die("descriptor %d of the service manager is no Unix stream or seqpacket "
			    "socket; mend its socket unit", fd);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		if (type == SOCK_SEQPACKET)
			kind = LISTEN_SEQPACKET;
		else if (!strcmp(service_socket_name(i), "stream"))
			kind = LISTEN_STREAM;
		path = keep_path(machine, i, name.sun_path);
		serve(machine, kind, fd, path);
		/* A unit may have a socket beside it or not; its command line is the same. */
		if (kind == LISTEN_CONTROL && machine->settings.control &&
		    !strcmp(path, machine->settings.control))
			machine->settings.control = NULL;
	}
}

static void open_sockets(struct machine *machine)
{
	struct settings *settings = &machine->settings;
	struct socket_access access = socket_access(settings);
	int fd;

	if (service_socket_count() && !settings->control_named)
		settings->control = NULL;
	serve_passed(machine);
	if (settings->control)
		serve(machine, LISTEN_CONTROL,
		      bind_socket(settings, settings->control, SOCK_STREAM), settings->control);
	if (settings->compat_v0) {
		fd = socket_bind(settings->data, SOCK_DGRAM, &access);
		if (fd == -EADDRINUSE)
			die("The data socket '%s' has another server attached to it; stop it, or "
			    "name another with -unix", settings->data);
		if (fd < 0 || dgram_open_shared(&machine->fabric, fd))
			die("cannot make the data socket %s: %s", settings->data, cause(fd));
	}
	serve_all(machine, LISTEN_SEQPACKET, SOCK_SEQPACKET, &settings->seqpackets);
	serve_all(machine, LISTEN_STREAM, SOCK_STREAM, &settings->streams);
	for (unsigned int i = 0; i < settings->connects.count; i++) {
		int error = listen_connect(&machine->fabric, settings->connects.items[i]);

		if (error)
			log_event("%s: cannot connect: %s; tried again each second",
				  settings->connects.items[i], cause(error));
	}
}

/* The lines by which scripts know that the switch is there. */
static void announce(const struct machine *machine)
{
	const struct settings *settings = &machine->settings;
	char taps[LINE_BYTES] = "";
	size_t used = 0;

	if (settings->hub)
		log_news("%s will be a hub instead of a switch", settings->program);
	if (settings->compat_v0)
		log_news("Control protocol 0 compatibility");
	for (unsigned int i = 0; i < settings->taps.count && used < sizeof(taps); i++)
		used += (size_t)snprintf(taps + used, sizeof(taps) - used, " tap device '%s'",
					 settings->taps.items[i]);
	if (settings->control && settings->compat_v0)
		log_news("%s attached to unix sockets '%s' and '%s'%s", settings->program,
			 settings->control, settings->data, taps);
	else if (settings->control)
		log_news("%s attached to unix socket '%s'%s", settings->program,
			 settings->control, taps);
}

static void begin(struct machine *machine)
{
	struct settings *settings = &machine->settings;
	int error;

	machine->loop.tick = second;
	machine->loop.turn = turn;
	machine->loop.context = machine;
	error = loop_open(&machine->loop);
	if (!error)
		error = fabric_open(&machine->fabric, &machine->loop, settings,
				    ports_max(settings));
	if (error)
		die("cannot start: %s", cause(error));
	open_taps(machine);
	if (settings->user) {
		error = service_become(settings->user);
		if (error)
			die("cannot run as user %s: %s", settings->user,
			    error == -ENOENT ? "no such user" : cause(error));
	}
	if (settings->capture)
		machine->fabric.capture = capture_open(settings->capture, settings->max_frame);
	open_sockets(machine);
	namer_open(&machine->loop);
	announce(machine);
	if (settings->use_syslog || settings->daemon)
		log_to_syslog();
	if (settings->daemon) {
		error = service_background();
		if (error)
			die("cannot go to the background: %s", cause(error));
	}
	watch_signals(machine);
	watch_input(machine);
	service_notify("READY=1");
}

static void end(struct machine *machine)
{
	service_notify("STOPPING=1");
	sockets_remove();
	listen_close(&machine->fabric);
	dgram_close_shared(&machine->fabric);
	capture_close(machine->fabric.capture);
	machine->fabric.capture = NULL;
	fabric_close(&machine->fabric);
	namer_close();
	loop_close(&machine->loop);
	forget_paths(machine);
	settings_free(&machine->settings);
}

/* What is told goes to descriptors 1 and 2: they must never be a client's. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/*
 * Backlogs come and go thousands of times a second. Where their memory goes back to the host each
 * time, system calls and page faults take a third of the switch's time.
 */
static void keep_memory(void)
{
	mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
	mallopt(M_TOP_PAD, KEPT_BYTES / 4);
}

int main(int argc, char **argv)
{
	static struct machine machine;

	signals_begin();
	fill_standard_descriptors();
	keep_memory();
	settings_parse(&machine.settings, argc, argv);
	if (machine.settings.status)
		return status_print(machine.settings.control, machine.settings.json ?
				    SWITCH_STATUS_JSON : SWITCH_STATUS_TEXT,
				    machine.settings.control_named);
	begin(&machine);
	loop_run(&machine.loop);
	end(&machine);
	if (!machine.signal)
		return EXIT_DONE;
	signals_die(machine.signal);
	return EXIT_FAILED;
}
