// SPDX-License-Identifier: GPL-2.0-only
/*
 * limits.c - how many tasks there may be, where the host decides that.
 *
 * Linux begins with as many as memory is good for, and gives each user half of them.  Here a task
 * costs the host processes and descriptors: of those, too, one user gets no more than half.
 */
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/minmax.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sysctl.h>
#include <host/limits.h>

/* Kernel threads count as tasks, and cost the host nothing. */
#define KERNEL_THREADS	256

/* threads-max is kept to itself by kernel/fork.c; there is the function behind its file. */
static void __init limit_threads(unsigned long tasks)
{
	const struct ctl_table table = { .procname = "threads-max", .maxlen = sizeof(int) };
	char text[16] = "";
	size_t len = sizeof(text) - 1;
	loff_t pos = 0;
	int threads;

	if (sysctl_max_threads(&table, 0, text, &len, &pos) || kstrtoint(strim(text), 10, &threads) ||
	    threads <= tasks + KERNEL_THREADS)
		return;
	len = scnprintf(text, sizeof(text), "%lu\n", tasks + KERNEL_THREADS);
	pos = 0;
	if (sysctl_max_threads(&table, 1, text, &len, &pos))
		pr_warn("threads-max is more than the host has room for\n");
}

static void __init limit_user(struct task_struct *task, unsigned long tasks)
{
	struct rlimit *limit = &task->signal->rlim[RLIMIT_NPROC];

	limit->rlim_cur = min(limit->rlim_cur, tasks);
	limit->rlim_max = min(limit->rlim_max, tasks);
}

static int __init limits_init(void)
{
	unsigned long tasks = min(host_limit_tasks(), (unsigned long)INT_MAX / 2);

	limit_threads(tasks);
	/* Of init, and of the helpers that kernel threads start. */
	limit_user(current, tasks / 2);
	limit_user(kthreadd_task, tasks / 2);
	return 0;
}
core_initcall(limits_init);
