// SPDX-License-Identifier: GPL-2.0-only
/* parse.c - numbers, sizes and addresses from a user's text. */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"

/* The number that text begins with; rest is what follows it. */
static int leading_number(const char *text, uint64_t *number, char **rest)
{
	bool hexadecimal = text[0] == '0' && (text[1] | 0x20) == 'x';

	/* strtoull() would take signs, blanks and octal numbers too. */
	if (!isdigit((unsigned char)text[0]) || (hexadecimal && !isxdigit((unsigned char)text[2])))
		return -EINVAL;
	errno = 0;
	*number = strtoull(text, rest, hexadecimal ? 16 : 10);
	return -errno;
}

int parse_number(const char *text, uint64_t max, uint64_t *number)
{
	uint64_t value;
	char *rest;
	int error = leading_number(text, &value, &rest);

	if (error)
		return error;
	if (*rest)
		return -EINVAL;
	if (value > max)
		return -ERANGE;
	*number = value;
	return 0;
}

int parse_size(const char *text, uint64_t max, uint64_t *size_bytes)
{
	static const char suffixes[] = "kmgt";
	const char *suffix;
	unsigned int shift = 0;
	uint64_t value;
	char *rest;
	int error = leading_number(text, &value, &rest);

	if (error)
		return error;
	if (*rest) {
		suffix = strchr(suffixes, tolower((unsigned char)*rest));
		if (!suffix || rest[1])
			return -EINVAL;
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	if (value > max >> shift)
		return -ERANGE;
	*size_bytes = value << shift;
	return 0;
}

static int hex_digit(char digit)
{
	if (isdigit((unsigned char)digit))
		return digit - '0';
	return isxdigit((unsigned char)digit) ? (digit | 0x20) - 'a' + 10 : -1;
}

int parse_mac(const char *text, uint8_t mac[6])
{
	uint8_t bytes[6];

	for (int i = 0; i < 6; i++, text += 3) {
		int high = hex_digit(text[0]), low = high < 0 ? -1 : hex_digit(text[1]);

		if (low < 0 || text[2] != (i < 5 ? ':' : '\0'))
			return -EINVAL;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(mac, bytes, sizeof(bytes));
	return 0;
}

int parse_ipv4(const char *text, uint32_t *address)
{
	struct in_addr parsed;

	if (inet_pton(AF_INET, text, &parsed) != 1)
		return -EINVAL;
	*address = ntohl(parsed.s_addr);
	return 0;
}
