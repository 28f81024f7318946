/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * string.h - memory and string functions for the host layer; the kernel image supplies them.
 */
#ifndef __HOST_STRING_H
#define __HOST_STRING_H

#include <linux/types.h>

void *memcpy(void *to, const void *from, size_t len_bytes);
void *memmove(void *to, const void *from, size_t len_bytes);
void *memset(void *to, int byte, size_t len_bytes);
int memcmp(const void *a, const void *b, size_t len_bytes);
size_t strlen(const char *text);
size_t strnlen(const char *text, size_t max_bytes);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t max_bytes);
char *strchr(const char *text, int byte);
char *strrchr(const char *text, int byte);

#endif
