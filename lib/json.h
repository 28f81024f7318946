/* SPDX-License-Identifier: GPL-2.0-only */
/* json.h - a writer of JSON: values in the order of the calls, escapes and commas by itself. */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* State of one document; all zero but for @out at the start. */
struct json {
	FILE *out;
	unsigned int depth;
	bool more;	/* a value stands before the next one at this depth */
};

/* In each call @name is the member's name inside an object, NULL inside an array and at the top. */
void json_object_begin(struct json *json, const char *name);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *name);
void json_array_end(struct json *json);

/**
 * json_string() - a string, or null
 * @json: the document
 * @name: the member's name or NULL
 * @text: the string in UTF-8 (bytes that are none become U+FFFD), or NULL for null
 *
 * What a terminal must not get is escaped by its number, see printable.h.
 */
void json_string(struct json *json, const char *name, const char *text);

/**
 * json_bytes() - the same for text that may have NULs
 * @json: the document
 * @name: the member's name or NULL
 * @text: the text
 * @length: its length, bytes
 */
void json_bytes(struct json *json, const char *name, const char *text, size_t length);
void json_number(struct json *json, const char *name, int64_t number);
void json_bool(struct json *json, const char *name, bool value);

#endif
