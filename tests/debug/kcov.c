// SPDX-License-Identifier: GPL-2.0-only
/*
 * kcov.c - runs in a guest whose kernel has KCOV: prints the addresses that one getppid()
 * passes through in the kernel, one a line.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define KCOV_INIT_TRACE	_IOR('c', 1, unsigned long)
#define KCOV_ENABLE	_IO('c', 100)
#define KCOV_DISABLE	_IO('c', 101)
#define KCOV_TRACE_PC	0
#define WORDS		(64 << 10)

int main(void)
{
	int fd = open("/sys/kernel/debug/kcov", O_RDWR);
	unsigned long *trace, count, i;

	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, WORDS)) {
		perror("kcov: cannot open /sys/kernel/debug/kcov");
		return 1;
	}
	trace = mmap(NULL, WORDS * sizeof(*trace), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (trace == MAP_FAILED || ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC)) {
		perror("kcov: cannot start a trace");
		return 1;
	}
	__atomic_store_n(&trace[0], 0, __ATOMIC_RELAXED);
	getppid();
	count = __atomic_load_n(&trace[0], __ATOMIC_RELAXED);
	ioctl(fd, KCOV_DISABLE, 0);
	for (i = 1; i <= count; i++)
		printf("pc %lx\n", trace[i]);
	return 0;
}
