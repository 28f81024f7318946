// SPDX-License-Identifier: GPL-2.0-only
/* children.c - deaths of host processes: whose, and what follows. */
#include <linux/types.h>
#include <linux/compiler.h>
#include <host/guardian.h>
#include <host/print.h>
#include <host/start.h>
#include "abi.h"
#include "sleep.h"
#include "raw.h"
#include "unit_private.h"

static char zygote_death[32];

const char *host_zygote_death(void)
{
	return zygote_death[0] ? zygote_death : NULL;
}

static void zygote_ended(int status)
{
	int signal = status & 0x7f;

	host_format(zygote_death, sizeof(zygote_death), signal ? "killed by signal %d" : "exit status %d",
		    signal ? signal : status >> 8);
}

/*
 * Those that end by our own hand are reaped where it happens; what is found here was
 * killed by somebody else.
 */
bool host_children_reap(void)
{
	bool unknown = false;

	for (;;) {
		int status;
		long pid = host_call(wait4, -1, &status, HOST_WNOHANG | HOST_WALL, 0);

		if (pid <= 0)
			return unknown;
		if (pid == host_zygote_pid())
			zygote_ended(status);
		else if (pid == host_guardian_pid())
			host_guardian_start();
		else
			unknown |= !host_unit_died(pid);
	}
}

bool host_maker_died(const struct host_unit *unit)
{
	WRITE_ONCE(host_trouble, 0);
	return host_children_reap() || unit->dead || host_zygote_death();
}
