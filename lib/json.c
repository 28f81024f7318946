// SPDX-License-Identifier: GPL-2.0-only
/* json.c - a writer of JSON (RFC 8259), two spaces of indent a level. */
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "lib/printable.h"

/* A character by its number, one beyond the first 65,536 as two halves. */
static void put_escape(FILE *out, uint32_t character)
{
	if (character < 0x10000) {
		fprintf(out, "\\u%04x", (unsigned int)character);
		return;
	}
	character -= 0x10000;
	fprintf(out, "\\u%04x\\u%04x", 0xd800 | (unsigned int)(character >> 10),
		0xdc00 | (unsigned int)(character & 0x3ff));
}

static void put_string(FILE *out, const char *text, size_t length)
{
	putc('"', out);
	while (length) {
		uint32_t character;
		size_t size = utf8_decode(text, length, &character);

		if (!size) {
			fputs("\\ufffd", out);
			size = 1;
		} else if (*text == '"' || *text == '\\') {
			fprintf(out, "\\%c", *text);
		} else if (printable_character(character)) {
			fwrite(text, 1, size, out);
		} else {
			put_escape(out, character);
		}
		text += size;
		length -= size;
	}
	putc('"', out);
}

static void begin_line(struct json *json)
{
	if (json->depth)
		fprintf(json->out, "\n%*s", 2 * (int)json->depth, "");
}

/* What stands before each value: comma, line, name. */
static void begin_value(struct json *json, const char *name)
{
	if (json->more)
		putc(',', json->out);
	begin_line(json);
	if (name) {
		put_string(json->out, name, strlen(name));
		fputs(": ", json->out);
	}
	json->more = true;
}

static void begin_group(struct json *json, const char *name, char bracket)
{
	begin_value(json, name);
	putc(bracket, json->out);
	json->depth++;
	json->more = false;
}

static void end_group(struct json *json, char bracket)
{
	bool empty = !json->more;

	json->depth--;
	json->more = true;
	if (!empty && json->depth)
		begin_line(json);
	else if (!empty)
		putc('\n', json->out);
	putc(bracket, json->out);
	if (!json->depth)
		putc('\n', json->out);
}

void json_object_begin(struct json *json, const char *name)
{
	begin_group(json, name, '{');
}

void json_object_end(struct json *json)
{
	end_group(json, '}');
}

void json_array_begin(struct json *json, const char *name)
{
	begin_group(json, name, '[');
}

void json_array_end(struct json *json)
{
	end_group(json, ']');
}

void json_bytes(struct json *json, const char *name, const char *text, size_t length)
{
	begin_value(json, name);
	put_string(json->out, text, length);
}

void json_string(struct json *json, const char *name, const char *text)
{
	if (text) {
		json_bytes(json, name, text, strlen(text));
		return;
	}
	begin_value(json, name);
	fputs("null", json->out);
}

void json_number(struct json *json, const char *name, int64_t number)
{
	begin_value(json, name);
	fprintf(json->out, "%" PRId64, number);
}

void json_bool(struct json *json, const char *name, bool value)
{
	begin_value(json, name);
	fputs(value ? "true" : "false", json->out);
}
