/* SPDX-License-Identifier: GPL-2.0-only */
/* limits.h - what the host permits this process and its user. */
#ifndef __HOST_LIMITS_H
#define __HOST_LIMITS_H

#include <linux/types.h>

/** host_limit_maps() - mappings that a process may have; the usual number where it is not shown */
unsigned long host_limit_maps(void);

/**
 * host_limit_tasks() - guest tasks that the host has room for
 *
 * Each costs a process and a descriptor, and as much again if it is the only one of its program:
 * as many as there may be of the latter.
 */
unsigned long host_limit_tasks(void);

#endif
