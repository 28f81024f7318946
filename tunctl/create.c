// SPDX-License-Identifier: GPL-2.0-only
/*
 * create.c - makes and removes one interface.
 *
 * A new interface becomes persistent as the last step: until then it goes away with the descriptor,
 * so whatever fails, and whenever tunctl is killed, nothing half made stays.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/printable.h"
#include "lib/report.h"
#include "tunctl/tunctl.h"

/* In all half a second. */
enum { RETRIES = 50, RETRY_NS = 10000000 };

static struct netlink netlink;

static int open_clone_device(const struct tunctl *tunctl)
{
	int fd = tap_open(tunctl->clone_device);

	if (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO)
		die("cannot open '%s': %s; load the host's module tun, or name the device with -f",
		    tunctl->clone_device, cause(fd));
	if (fd < 0)
		die("cannot open '%s': %s; run as root or get access to the device",
		    tunctl->clone_device, cause(fd));
	return fd;
}

static const char *attach_remedy(int error)
{
	switch (error) {
	case -EPERM:
		return "run as root, or as the interface's owner";
	case -EBUSY:
		return "end the program that has it open";
	case -EINVAL:
		return "an interface of another kind has that name; give another, or -n, -p and "
		       "--multi-queue as it was made";
	case -ENOTTY:
	case -EBADFD:
		return "is that the clone device?";
	default:
		return "see tunctl --list";
	}
}

static _Noreturn void die_attach(const char *what, const struct tap *tap, int error)
{
	die("cannot %s '%s': TUNSETIFF: %s; %s", what, *tap->name ? tap->name : "tap%d",
	    cause(error), attach_remedy(error));
}

static void set_owners(const struct tunctl *tunctl, int fd)
{
	int error = tunctl->has_owner ? tap_set_owner(fd, tunctl->owner) : 0;

	if (error)
		die("cannot set the owner of '%s': %s", tunctl->tap.name, cause(error));
	error = tunctl->has_group ? tap_set_group(fd, tunctl->group) : 0;
	if (error)
		die("cannot set the group of '%s': %s", tunctl->tap.name, cause(error));
}

static void configure_failed(const struct tunctl *tunctl, const char *what, int error)
{
	if (error)
		die("cannot %s of '%s': %s; %s", what, tunctl->tap.name,
		    netlink_cause(&netlink, error),
		    error == -EPERM ? "run as root" : "give another value");
}

/* What is not a matter of the clone device. */
static void configure(struct tunctl *tunctl)
{
	struct netlink_link link;
	int error;

	if (!tunctl->has_mac && !tunctl->up && !tunctl->address_count)
		return;
	error = netlink_open(&netlink);
	if (error)
		die("cannot open a netlink socket: %s", cause(error));
	error = netlink_link_by_name(&netlink, tunctl->tap.name, &link);
	configure_failed(tunctl, "find the number", error);
	if (tunctl->has_mac)
		configure_failed(tunctl, "set the Ethernet address",
				 netlink_link_mac(&netlink, link.index, tunctl->mac));
	for (unsigned int i = 0; i < tunctl->address_count; i++) {
		tunctl->addresses[i].device = link.index;
		error = netlink_address_add(&netlink, &tunctl->addresses[i]);
		configure_failed(tunctl, "set an address", error == -EEXIST ? 0 : error);
	}
	if (tunctl->up)
		configure_failed(tunctl, "set the state",
				 netlink_link_up(&netlink, link.index, true));
	netlink_close(&netlink);
}

static void print_name(const struct tap *tap)
{
	printf("Set '");
	printable_write(stdout, tap->name, strlen(tap->name), 0);
	printf("'");
}

/* Return: 0 or -errno; who does not learn its name could not remove the interface. */
static int tell(const struct tunctl *tunctl)
{
	if (tunctl->brief) {
		printf("%s\n", tunctl->tap.name);
	} else {
		print_name(&tunctl->tap);
		printf(" persistent and owned by");
		if (tunctl->has_owner)
			printf(" uid %u", tunctl->owner);
		if (tunctl->has_group)
			printf(" gid %u", tunctl->group);
		printf("\n");
	}
	return fflush(stdout) ? -errno : 0;
}

/* Another program may have it for a moment, such as a tunctl that sets its owner. */
static int attach(int fd, struct tap *tap)
{
	const struct timespec pause = { .tv_nsec = RETRY_NS };
	int error;

	for (int left = RETRIES;; left--) {
		error = tap_attach(fd, tap);
		if (error != -EBUSY || !left)
			return error;
		nanosleep(&pause, NULL);
	}
}

static bool exists(const struct tap *tap)
{
	struct netlink_link link;
	bool found;

	if (!*tap->name || netlink_open(&netlink))
		return false;
	found = !netlink_link_by_name(&netlink, tap->name, &link);
	netlink_close(&netlink);
	return found;
}

void tunctl_create(struct tunctl *tunctl)
{
	int error, fd = open_clone_device(tunctl);
	bool existed = exists(&tunctl->tap);

	if (!tunctl->has_owner && !tunctl->has_group) {
		tunctl->owner = geteuid();
		tunctl->has_owner = true;
	}
	error = attach(fd, &tunctl->tap);
	if (error)
		die_attach("create", &tunctl->tap, error);
	set_owners(tunctl, fd);
	configure(tunctl);
	error = tap_set_persistent(fd, true);
	if (error)
		die("cannot make '%s' persistent: %s", tunctl->tap.name, cause(error));
	error = tell(tunctl);
	if (error && !existed)
		tap_set_persistent(fd, false);
	close(fd);
	if (error)
		die("cannot write to standard output: %s", cause(error));
}

/* An interface is attached to only as what it was made. */
static void find_kind(struct tap *tap)
{
	struct netlink_link link;

	if (netlink_open(&netlink))
		return;
	if (!netlink_link_by_name(&netlink, tap->name, &link) && !strcmp(link.kind, "tun")) {
		tap->tun = !link.tun.tap;
		tap->multi_queue = link.tun.multi_queue;
	}
	netlink_close(&netlink);
}

void tunctl_remove(struct tunctl *tunctl)
{
	int error, fd = open_clone_device(tunctl);

	find_kind(&tunctl->tap);
	error = attach(fd, &tunctl->tap);
	if (error)
		die_attach("remove", &tunctl->tap, error);
	error = tap_set_persistent(fd, false);
	if (error)
		die("cannot make '%s' nonpersistent: %s", tunctl->tap.name, cause(error));
	close(fd);
	print_name(&tunctl->tap);
	printf(" nonpersistent\n");
}
