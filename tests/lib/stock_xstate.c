// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loaded into the Debian package's kernel, which cannot run a program on a host with AMX: it was
 * built to write 2696 bytes of vector state to a traced process, and there the host refuses what
 * is shorter than all of its state. What is missing goes along as zeros: the state that the
 * image's own header says is not in it.
 */
#include <cpuid.h>
#include <dlfcn.h>
#include <elf.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>

enum { LEAF_XSTATE = 13 };

/* Not on the stack: the kernel has small ones, and one thread of it traces. */
static uint8_t whole[65536] __attribute__((aligned(64)));

static size_t state_size(void)
{
	unsigned int a, size, c, d;

	return __get_cpuid_count(LEAF_XSTATE, 0, &a, &size, &c, &d) ? size : 0;
}

/* Return: what to pass in place of @given. */
static struct iovec *lengthened(struct iovec *given)
{
	static struct iovec longer = { .iov_base = whole };

	if (!longer.iov_len)
		longer.iov_len = state_size();
	if (given->iov_len >= longer.iov_len || longer.iov_len > sizeof(whole))
		return given;
	memcpy(whole, given->iov_base, given->iov_len);
	return &longer;
}

long ptrace(enum __ptrace_request request, ...)
{
	static long (*next)(int, pid_t, void *, void *);
	va_list list;
	pid_t pid;
	void *address, *data;

	va_start(list, request);
	pid = va_arg(list, pid_t);
	address = va_arg(list, void *);
	data = va_arg(list, void *);
	va_end(list);
	if (!next)
		next = (long (*)(int, pid_t, void *, void *))dlsym(RTLD_NEXT, "ptrace");
	if (request == PTRACE_SETREGSET && (uintptr_t)address == NT_X86_XSTATE)
		data = lengthened(data);
	return next(request, pid, address, data);
}
