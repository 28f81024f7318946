// SPDX-License-Identifier: GPL-2.0-only
/*
 * deep.c - a module that uses much of the kernel's stacks, and of its mappings.
 *
 * how=overflow	recurses until the stack is at its end, and further
 * how=nested	is deep in a task's stack when a timer comes that is as deep
 * how=trace	has that timer print a call trace
 * how=pages	scatters COUNT mappings of single pages and reads them all, over and over
 * how=rodata	writes to its own constants
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *how = "";
module_param(how, charp, 0);
static unsigned int count = 4000;
module_param(count, uint, 0);

#define FRAME_BYTES	1024
/* More than half of a stack: two of these do not fit into one. */
#define DEPTH		(THREAD_SIZE * 5 / 8 / FRAME_BYTES)

static bool timer_ran;

static noinline int deep_recurse(unsigned int depth, int (*fn)(void))
{
	volatile char frame[FRAME_BYTES];

	frame[0] = frame[FRAME_BYTES - 1] = (char)depth;
	if (!depth)
		return fn();
	return deep_recurse(depth - 1, fn) + frame[0] - (char)depth;
}

static noinline int deep_end(void)
{
	return 0;
}

static noinline int deep_trace(void)
{
	dump_stack();
	return 0;
}

static void deep_timer(struct timer_list *timer)
{
	if (strcmp(how, "trace") == 0)
		deep_recurse(2, deep_trace);
	else
		deep_recurse(DEPTH, deep_end);
	WRITE_ONCE(timer_ran, true);
}

static DEFINE_TIMER(timer, deep_timer);

/* Wait at the end of a deep stack for the timer. */
static noinline int deep_wait(void)
{
	unsigned long end = jiffies + 10 * HZ;

	mod_timer(&timer, jiffies + 2);
	while (!READ_ONCE(timer_ran) && time_before(jiffies, end))
		cpu_relax();
	return READ_ONCE(timer_ran) ? 0 : -ETIME;
}

static int deep_pages(void)
{
	void **map = kvcalloc(count, sizeof(*map), GFP_KERNEL);
	unsigned int i, round;
	int err = map ? 0 : -ENOMEM;

	for (i = 0; i < count && !err; i++) {
		map[i] = vmalloc(PAGE_SIZE);
		if (map[i])
			*(unsigned int *)map[i] = i;
		else
			err = -ENOMEM;
	}
	for (round = 0; round < 3 && !err; round++)
		for (i = 0; i < count; i++)
			if (*(unsigned int *)map[i] != i)
				err = -EIO;
	for (i = 0; map && i < count; i++)
		vfree(map[i]);
	kvfree(map);
	return err;
}

static const unsigned long constant = 1;

static int deep_rodata(void)
{
	WRITE_ONCE(*(unsigned long *)&constant, 2);
	return 0;
}

static int __init deep_init(void)
{
	int err = 0;

	if (strcmp(how, "overflow") == 0)
		err = deep_recurse(4 * THREAD_SIZE / FRAME_BYTES, deep_end);
	else if (strcmp(how, "nested") == 0)
		err = deep_recurse(DEPTH, deep_wait);
	else if (strcmp(how, "trace") == 0)
		err = deep_recurse(2, deep_wait);
	else if (strcmp(how, "pages") == 0)
		err = deep_pages();
	else if (strcmp(how, "rodata") == 0)
		err = deep_rodata();
	del_timer_sync(&timer);
	pr_info("deep: %s: %d\n", how, err);
	return err;
}

static void __exit deep_exit(void)
{
}

module_init(deep_init);
module_exit(deep_exit);
MODULE_DESCRIPTION("Uses much of the kernel's stacks and mappings");
MODULE_LICENSE("GPL");
