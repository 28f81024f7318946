// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages of the host layer: a small printf and the texts of error numbers.
 */
#include <linux/types.h>
#include <linux/stdarg.h>
#include <uapi/asm-generic/errno.h>
#include <host/print.h>
#include <host/process.h>
#include <host/string.h>
#include <host/tty.h>
#include "raw.h"

struct text {
	char *buf;
	size_t size;
	size_t len;	/* of the whole text, also of what did not fit */
};

static void put_char(struct text *text, char c)
{
	if (text->len + 1 < text->size)
		text->buf[text->len] = c;
	text->len++;
}

static void put_padding(struct text *text, int count, char c)
{
	while (count-- > 0)
		put_char(text, c);
}

/* width < 0: left-justified. */
static void put_field(struct text *text, const char *from, size_t len, int width, char pad)
{
	if (width > 0)
		put_padding(text, width - (int)len, pad);
	for (size_t i = 0; i < len; i++)
		put_char(text, from[i]);
	if (width < 0)
		put_padding(text, -width - (int)len, ' ');
}

static void put_number(struct text *text, unsigned long long value, bool negative,
		       unsigned int base, int width, char pad)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	if (negative)
		digits[--at] = '-';
	put_field(text, digits + at, sizeof(digits) - at, width, pad);
}

struct conversion {
	int width;
	int longs;	/* 0: int, 1: long, size_t or pointer, 2: long long */
	bool star;	/* the width is an argument */
	char pad;
	char letter;
};

static const char *parse_conversion(const char *at, struct conversion *conv)
{
	bool left = false;

	*conv = (struct conversion){ .pad = ' ' };
	for (; *at == '-' || *at == '0'; at++) {
		if (*at == '-')
			left = true;
		else
			conv->pad = '0';
	}
	for (; *at >= '0' && *at <= '9'; at++)
		conv->width = conv->width * 10 + *at - '0';
	if (*at == '*') {
		conv->star = true;
		conv->width = 1;
		at++;
	}
	if (left)
		conv->width = -conv->width;
	for (; *at == 'l' || *at == 'z'; at++)
		conv->longs++;
	conv->letter = *at;
	return *at ? at + 1 : at;
}

size_t host_vformat(char *buf, size_t size, const char *format, va_list args)
{
	struct text text = { .buf = buf, .size = size };
	struct conversion conv;
	const char *string;
	long long number;
	char c;

	while ((c = *format++)) {
		if (c != '%') {
			put_char(&text, c);
			continue;
		}
		format = parse_conversion(format, &conv);
		if (conv.star)
			conv.width *= va_arg(args, int);
		switch (conv.letter) {
		case 's':
			string = va_arg(args, const char *);
			if (!string)
				string = "(null)";
			put_field(&text, string, strlen(string), conv.width, ' ');
			break;
		case 'c':
			put_char(&text, (char)va_arg(args, int));
			break;
		case 'd':
		case 'i':
			number = conv.longs == 0 ? va_arg(args, int) :
				 conv.longs == 1 ? va_arg(args, long) : va_arg(args, long long);
			put_number(&text, number < 0 ? 0ULL - (unsigned long long)number :
					  (unsigned long long)number,
				   number < 0, 10, conv.width, conv.pad);
			break;
		case 'p':
			conv.longs = 1;
			fallthrough;
		case 'u':
		case 'x':
			put_number(&text, conv.longs == 0 ? va_arg(args, unsigned int) :
					  conv.longs == 1 ? va_arg(args, unsigned long) :
					  va_arg(args, unsigned long long),
				   false, conv.letter == 'u' ? 10 : 16, conv.width, conv.pad);
			break;
		case '%':
			put_char(&text, '%');
			break;
		default:
			put_char(&text, '?');
		}
	}
	if (size)
		buf[text.len < size ? text.len : size - 1] = 0;
	return text.len;
}

size_t host_format(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	size_t len;

	va_start(args, format);
	len = host_vformat(buf, size, format, args);
	va_end(args);
	return len;
}

static void write_all(int fd, const char *text, size_t len)
{
	while (len) {
		long done = HOST_CALL(write, fd, text, len);

		if (done <= 0)
			return;
		text += done;
		len -= (size_t)done;
	}
}

/* A terminal in raw mode does not return the carriage by itself. */
static void write_lines(int fd, const char *text, size_t len)
{
	bool raw = host_tty_is_raw(fd);
	size_t start = 0;

	for (size_t i = 0; raw && i < len; i++) {
		if (text[i] != '\n')
			continue;
		write_all(fd, text + start, i - start);
		write_all(fd, "\r", 1);
		start = i;
	}
	write_all(fd, text + start, len - start);
}

__attribute__((format(printf, 3, 0)))
static void vprint(int fd, const char *prefix, const char *format, va_list args, const char *suffix)
{
	char line[1024];
	size_t len = host_format(line, sizeof(line), "%s", prefix);

	len += host_vformat(line + len, sizeof(line) - len, format, args);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	len += host_format(line + len, sizeof(line) - len, "%s", suffix);
	write_lines(fd, line, len);
}

void host_print(int fd, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(fd, "", format, args, "");
	va_end(args);
}

void host_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(2, "linux: ", format, args, "\n");
	va_end(args);
}

void host_die(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprint(2, "linux: ", format, args, "\n");
	va_end(args);
	host_exit(1);
}

/* What calls of this layer can fail with, as the host's C library words it. */
static const char *const error_texts[] = {
	[0] = "Success",
	[EPERM] = "Operation not permitted",
	[ENOENT] = "No such file or directory",
	[ESRCH] = "No such process",
	[EINTR] = "Interrupted system call",
	[EIO] = "Input/output error",
	[ENXIO] = "No such device or address",
	[E2BIG] = "Argument list too long",
	[ENOEXEC] = "Exec format error",
	[EBADF] = "Bad file descriptor",
	[ECHILD] = "No child processes",
	[EAGAIN] = "Resource temporarily unavailable",
	[ENOMEM] = "Cannot allocate memory",
	[EACCES] = "Permission denied",
	[EFAULT] = "Bad address",
	[ENOTBLK] = "Block device required",
	[EBUSY] = "Device or resource busy",
	[EEXIST] = "File exists",
	[EXDEV] = "Invalid cross-device link",
	[ENODEV] = "No such device",
	[ENOTDIR] = "Not a directory",
	[EISDIR] = "Is a directory",
	[EINVAL] = "Invalid argument",
	[ENFILE] = "Too many open files in system",
	[EMFILE] = "Too many open files",
	[ENOTTY] = "Inappropriate ioctl for device",
	[ETXTBSY] = "Text file busy",
	[EFBIG] = "File too large",
	[ENOSPC] = "No space left on device",
	[ESPIPE] = "Illegal seek",
	[EROFS] = "Read-only file system",
	[EMLINK] = "Too many links",
	[EPIPE] = "Broken pipe",
	[EDOM] = "Numerical argument out of domain",
	[ERANGE] = "Numerical result out of range",
	[EDEADLK] = "Resource deadlock avoided",
	[ENAMETOOLONG] = "File name too long",
	[ENOLCK] = "No locks available",
	[ENOSYS] = "Function not implemented",
	[ENOTEMPTY] = "Directory not empty",
	[ELOOP] = "Too many levels of symbolic links",
	[EOVERFLOW] = "Value too large for defined data type",
	[ENOTSOCK] = "Socket operation on non-socket",
	[EOPNOTSUPP] = "Operation not supported",
	[EADDRINUSE] = "Address already in use",
	[EADDRNOTAVAIL] = "Cannot assign requested address",
	[ENETUNREACH] = "Network is unreachable",
	[ECONNRESET] = "Connection reset by peer",
	[ENOBUFS] = "No buffer space available",
	[ENOTCONN] = "Transport endpoint is not connected",
	[ETIMEDOUT] = "Connection timed out",
	[ECONNREFUSED] = "Connection refused",
	[ESTALE] = "Stale file handle",
	[EDQUOT] = "Disk quota exceeded",
	[ENOMEDIUM] = "No medium found",
};

const char *host_strerror(int error)
{
	unsigned int number = error < 0 ? 0U - (unsigned int)error : (unsigned int)error;

	if (number >= sizeof(error_texts) / sizeof(error_texts[0]) || !error_texts[number])
		return "Unknown error";
	return error_texts[number];
}
