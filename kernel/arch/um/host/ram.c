// SPDX-License-Identifier: GPL-2.0-only
/*
 * ram.c - guest RAM.
 *
 * One sparse memfd; a page costs the host memory when it is first touched.  Hosts seldom
 * give shared memory huge pages by themselves (shmem_enabled is "never" by default), but
 * do so on request for ranges that are in use: a host thread collapses the ranges that
 * the kernel names, so that two megabytes are one entry in every page table.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <host/err.h>
#include <host/ram.h>
#include <host/space.h>
#include <asm/memory_layout.h>
#include "abi.h"
#include "raw.h"
#include "thread.h"

#define MADV_COLLAPSE		25
#define MADV_DONTDUMP		16
#define FALLOC_PUNCH_KEEP	3
#define QUEUE			256	/* power of two */

unsigned long host_ram_base, host_ram_bytes;
int host_ram_fd = -1;

static struct {
	u64 address[QUEUE];
	u32 head, tail;
} collapse_queue;
static int collapse_thread;

int host_ram_create(unsigned long base, unsigned long bytes)
{
	static const char name[] = "uml-ram";

	host_ram_fd = host_call(memfd_create, name, 1 | 8 /* CLOEXEC | NOEXEC_SEAL */);
	if (host_ram_fd == -EINVAL)
		host_ram_fd = host_call(memfd_create, name, 1);
	if (host_ram_fd < 0)
		return host_ram_fd;
	host_ram_base = base;
	host_ram_bytes = bytes;
	return host_call(ftruncate, host_ram_fd, bytes);
}

int host_ram_map(void)
{
	long addr = UM_IMAGE_BASE + host_ram_base;
	long got;

	if (addr + host_ram_bytes > host_vmalloc_base)
		return -ENOMEM;
	got = host_call(mmap, addr, host_ram_bytes, HOST_PROT_READ | HOST_PROT_WRITE,
			HOST_MAP_SHARED | HOST_MAP_FIXED_NOREPLACE | HOST_MAP_NORESERVE, host_ram_fd, 0);
	return got == addr ? 0 : got < 0 ? got : -EEXIST;
}

int host_ram_map_kernel(unsigned long addr, unsigned long phys, unsigned long bytes, int prot)
{
	long got = host_call(mmap, addr, bytes, prot, HOST_MAP_SHARED | HOST_MAP_FIXED, host_ram_fd,
			     phys - host_ram_base);

	return got < 0 ? got : 0;
}

int host_ram_unmap_kernel(unsigned long addr, unsigned long bytes)
{
	return host_call(munmap, addr, bytes);
}

void host_ram_release(unsigned long phys, unsigned long bytes)
{
	host_ram_depopulated(phys, bytes);
	HOST_CALL(fallocate, host_ram_fd, FALLOC_PUNCH_KEEP, phys - host_ram_base, bytes);
}

int host_shadow_map(void)
{
	unsigned long bytes = UM_SHADOW_END - UM_SHADOW_BASE;
	long got = host_call(mmap, UM_SHADOW_BASE, bytes, HOST_PROT_READ | HOST_PROT_WRITE,
			     HOST_MAP_PRIVATE | HOST_MAP_ANONYMOUS | HOST_MAP_FIXED_NOREPLACE |
			     HOST_MAP_NORESERVE, -1, 0);

	if (got != UM_SHADOW_BASE)
		return got < 0 ? got : -EEXIST;
	host_call(madvise, UM_SHADOW_BASE, bytes, MADV_DONTDUMP);
	return 0;
}

int host_image_protect(const void *start, unsigned long bytes)
{
	return host_call(mprotect, start, bytes, HOST_PROT_READ);
}

int host_image_guard(const void *start, unsigned long bytes)
{
	return host_call(mprotect, start, bytes, 0);
}

static void collapse_run(void *arg)
{
	for (;;) {
		u32 tail = __atomic_load_n(&collapse_queue.tail, __ATOMIC_ACQUIRE);
		u32 head = collapse_queue.head;

		if (head == tail) {
			host_futex_wait(&collapse_queue.tail, tail);
			continue;
		}
		host_call(madvise, collapse_queue.address[head % QUEUE], 2UL << 20, MADV_COLLAPSE);
		__atomic_store_n(&collapse_queue.head, head + 1, __ATOMIC_RELEASE);
	}
}

bool host_ram_collapse(unsigned long phys, unsigned long bytes)
{
	u32 tail = collapse_queue.tail;

	if (!collapse_thread)
		collapse_thread = host_thread_start("uml-huge", collapse_run, NULL);
	if (collapse_thread < 0)
		return false;
	for (; bytes; bytes -= 2UL << 20, phys += 2UL << 20) {
		if (tail - __atomic_load_n(&collapse_queue.head, __ATOMIC_ACQUIRE) == QUEUE)
			break;
		collapse_queue.address[tail++ % QUEUE] = UM_IMAGE_BASE + phys;
	}
	__atomic_store_n(&collapse_queue.tail, tail, __ATOMIC_RELEASE);
	host_futex_wake(&collapse_queue.tail, 1);
	return !bytes;
}
