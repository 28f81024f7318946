// SPDX-License-Identifier: GPL-2.0-only
/* atomic.c - a kernel module that may sleep, on a mutex, while it holds a spin lock. */
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(spin);
static DEFINE_MUTEX(mutex);

static int __init atomic_init(void)
{
	spin_lock(&spin);
	mutex_lock(&mutex);
	mutex_unlock(&mutex);
	spin_unlock(&spin);
	return 0;
}
module_init(atomic_init);

MODULE_DESCRIPTION("Sleeps in atomic context, for the tests");
MODULE_LICENSE("GPL");
