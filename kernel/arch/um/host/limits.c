// SPDX-License-Identifier: GPL-2.0-only
/* limits.c - what the host permits this process and its user. */
#include <linux/types.h>
#include <host/cgroup.h>
#include <host/file.h>
#include <host/limits.h>
#include "abi.h"
#include "raw.h"

#define MAPS_DEFAULT	65530
#define RLIMIT_NPROC	6
#define RLIMIT_NOFILE	7

/* What the guest costs besides its tasks: threads, helpers, disks, consoles. */
#define OWN_PROCESSES	16
#define OWN_FILES	32
#define COST_OF_TASK	2

static u64 least(u64 a, u64 b)
{
	return a < b ? a : b;
}

static u64 resource(int which)
{
	struct host_rlimit limit;

	return host_call(prlimit64, 0, which, 0, &limit) ? HOST_NO_NUMBER : limit.soft;
}

static u64 tasks_of(u64 limit, u64 own)
{
	return limit > own ? (limit - own) / COST_OF_TASK : 0;
}

unsigned long host_limit_maps(void)
{
	u64 maps = host_file_number("/proc/sys/vm/max_map_count");

	return maps == HOST_NO_NUMBER ? MAPS_DEFAULT : maps;
}

unsigned long host_limit_tasks(void)
{
	u64 processes = least(resource(RLIMIT_NPROC), host_cgroup_pids());

	processes = least(processes, host_file_number("/proc/sys/kernel/threads-max"));
	processes = least(processes, host_file_number("/proc/sys/kernel/pid_max"));
	return least(tasks_of(processes, OWN_PROCESSES), tasks_of(resource(RLIMIT_NOFILE), OWN_FILES));
}
