/* SPDX-License-Identifier: GPL-2.0-only */
/* balance.h - binding host processes to a host CPU. */
#ifndef __UM_HOST_BALANCE_H
#define __UM_HOST_BALANCE_H

#include <linux/types.h>

#define HOST_CPUS_MAX	1024

/**
 * host_cpu_bind() - bind a host process to one host CPU
 * @pid: the process, 0 for the calling thread
 * @cpu: the CPU; above HOST_CPUS_MAX nothing is done
 */
void host_cpu_bind(int pid, u32 cpu);

#endif
