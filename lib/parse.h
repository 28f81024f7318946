/* SPDX-License-Identifier: GPL-2.0-only */
/* parse.h - numbers, sizes and addresses from a user's text; each takes the whole text or nothing. */
#ifndef LIB_PARSE_H
#define LIB_PARSE_H

#include <stdint.h>

/**
 * parse_number() - a decimal or 0x hexadecimal number
 * @text: the text
 * @max: the greatest number allowed
 * @number: set on success
 *
 * Return: 0, -EINVAL where the text is no number, -ERANGE where it is above @max.
 */
int parse_number(const char *text, uint64_t max, uint64_t *number);

/**
 * parse_size() - a count of bytes: a number with a suffix k, M, G or T of powers of 1024, or none
 * @text: the text
 * @max: the greatest size allowed, in bytes
 * @size_bytes: set on success
 *
 * Return: as parse_number().
 */
int parse_size(const char *text, uint64_t max, uint64_t *size_bytes);

/**
 * parse_mac() - an Ethernet address, six pairs of hexadecimal digits with colons between
 * @text: the text
 * @mac: six bytes, set on success
 *
 * Return: 0 or -EINVAL.
 */
int parse_mac(const char *text, uint8_t mac[6]);

/**
 * parse_ipv4() - an IPv4 address, four decimal numbers with dots between
 * @text: the text
 * @address: the address in the host's byte order, set on success
 *
 * Return: 0 or -EINVAL.
 */
int parse_ipv4(const char *text, uint32_t *address);

#endif
