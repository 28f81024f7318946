/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * print.h - messages of the host layer, for before, beside and after the guest's console.
 *
 * All take a subset of printf's formats: %s %c %d %i %u %x %lu %ld %lx %llu %zu %p %%, with
 * a width (or *) and a leading 0 or -.  They need no memory, no lock and no guest kernel.
 */
#ifndef __HOST_PRINT_H
#define __HOST_PRINT_H

#include <linux/types.h>
#include <linux/stdarg.h>

/**
 * host_format() - snprintf
 * @buf: where to; always ends in a zero byte if @size is not 0
 * @size: of @buf in bytes
 * @format: as for printf
 *
 * Return: length of the whole text, which may exceed what fitted.
 */
size_t host_format(char *buf, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** host_vformat() - host_format() with an argument list */
size_t host_vformat(char *buf, size_t size, const char *format, va_list args)
	__attribute__((format(printf, 3, 0)));

/**
 * host_print() - write to a descriptor
 * @fd: 1 or 2
 * @format: as for printf; lines end in \n, also on a terminal in raw mode
 *
 * Context: any host thread.  Waits until the text is out.
 */
void host_print(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

/**
 * host_error() - one line "linux: ..." on standard error
 * @format: what failed: cause; remedy - without a newline
 */
void host_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * host_die() - host_error(), then host_exit(1)
 * @format: as for host_error()
 */
void host_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/**
 * host_strerror() - text of an error number
 * @error: errno or -errno
 *
 * Return: a text that stays valid.
 */
const char *host_strerror(int error);

#endif
