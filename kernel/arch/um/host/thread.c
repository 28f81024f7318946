// SPDX-License-Identifier: GPL-2.0-only
/*
 * Host threads beside the virtual CPU, made without a thread library: they have a stack,
 * and neither thread-local storage nor signals.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/linux/futex.h>
#include <uapi/linux/sched.h>
#include "abi.h"
#include "clone.h"
#include "raw.h"
#include "thread.h"

#define STACK_BYTES	(64 << 10)
#define GUARD_BYTES	4096
#define SIG_BLOCK_ALL	(~0UL)
#define HOW_SETMASK	2

/* Host CPUs that the process began with: 8192 of them at most. */
static unsigned long start_cpus[128];
static long start_cpus_bytes;

struct start {
	void (*run)(void *arg);
	void *arg;
	char name[16];
};

void host_thread_init(void)
{
	start_cpus_bytes = host_call(sched_getaffinity, 0, sizeof(start_cpus), start_cpus);
}

void host_thread_unbind(void)
{
	if (start_cpus_bytes > 0)
		host_call(sched_setaffinity, 0, start_cpus_bytes, start_cpus);
}

bool host_thread_movable(void)
{
	unsigned long seen = 0;
	long i;

	for (i = 0; i < start_cpus_bytes / (long)sizeof(*start_cpus); i++) {
		if ((seen && start_cpus[i]) || start_cpus[i] & (start_cpus[i] - 1))
			return true;
		seen |= start_cpus[i];
	}
	return false;
}

static void thread_main(void *arg)
{
	struct start *start = arg;

	host_call(prctl, HOST_PR_SET_NAME, start->name);
	host_thread_unbind();
	start->run(start->arg);
}

int host_thread_start(const char *name, void (*run)(void *arg), void *arg)
{
	unsigned long old_mask, all = SIG_BLOCK_ALL;
	struct start *start;
	long stack, tid;
	size_t i;

	stack = host_call(mmap, 0, STACK_BYTES, HOST_PROT_READ | HOST_PROT_WRITE,
			  HOST_MAP_PRIVATE | HOST_MAP_ANONYMOUS | HOST_MAP_NORESERVE, -1, 0);
	if (stack < 0 && stack > -4096)
		return (int)stack;
	host_call(mprotect, stack, GUARD_BYTES, 0);
	start = (struct start *)(stack + STACK_BYTES) - 1;
	start->run = run;
	start->arg = arg;
	for (i = 0; name[i] && i < sizeof(start->name) - 1; i++)
		start->name[i] = name[i];
	start->name[i] = 0;

	host_call(rt_sigprocmask, HOW_SETMASK, &all, &old_mask, sizeof(all));
	tid = host_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM, (void *)((unsigned long)start & ~15UL), thread_main, start);
	host_call(rt_sigprocmask, HOW_SETMASK, &old_mask, NULL, sizeof(old_mask));
	if (tid < 0)
		host_call(munmap, stack, STACK_BYTES);
	return (int)tid;
}

int host_futex_wait(const u32 *word, u32 value)
{
	return (int)host_call(futex, word, FUTEX_WAIT_PRIVATE, value, NULL);
}

void host_futex_wake(const u32 *word, int count)
{
	host_call(futex, word, FUTEX_WAKE_PRIVATE, count);
}
