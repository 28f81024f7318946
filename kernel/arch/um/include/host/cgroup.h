/* SPDX-License-Identifier: GPL-2.0-only */
/* cgroup.h - what the host's control groups permit. */
#ifndef __HOST_CGROUP_H
#define __HOST_CGROUP_H

#include <linux/types.h>

/**
 * host_cgroup_memory() - how much memory our control groups permit
 *
 * Return: the least limit of our group and those above it, in bytes; ~0 where there is none,
 * and where the host does not show it.
 */
u64 host_cgroup_memory(void);

/** host_cgroup_pids() - the same of processes and threads, in their number. */
u64 host_cgroup_pids(void);

#endif
