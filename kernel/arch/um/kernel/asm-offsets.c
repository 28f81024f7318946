// SPDX-License-Identifier: GPL-2.0-only
/* asm-offsets.c - constants of C structures for assembly. */
#define COMPILE_OFFSETS
#include <linux/kbuild.h>
#include <linux/sched.h>
#include <asm/supported.h>

int main(void)
{
	OFFSET(TASK_THREAD_SP, task_struct, thread.sp);
	return 0;
}
