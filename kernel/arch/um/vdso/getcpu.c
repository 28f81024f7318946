// SPDX-License-Identifier: GPL-2.0-only
/* getcpu.c - the vDSO's getcpu: without a call where there is but one virtual CPU. */
#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <asm/unistd.h>
#include <asm/vdso/processor.h>

long getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused);

long __vdso_getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused)
{
	if (IS_ENABLED(CONFIG_SMP)) {
		long result;

		/* The processor would tell the host's CPU, not ours. */
		asm volatile("syscall"
			     : "=a" (result)
			     : "a" (__NR_getcpu), "D" (cpu), "S" (node), "d" (unused)
			     : "rcx", "r11", "memory");
		return result;
	}
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

long getcpu(unsigned int *cpu, unsigned int *node, struct getcpu_cache *unused)
	__attribute__((weak, alias("__vdso_getcpu")));
