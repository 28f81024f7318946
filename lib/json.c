// SPDX-License-Identifier: GPL-2.0-only
/* json.c - a writer of JSON (RFC 8259), two spaces of indent a level. */
#include <inttypes.h>

#include "lib/json.h"

/* Bytes of the UTF-8 sequence that text begins with (RFC 3629), 0 where it is none. */
static unsigned int utf8_length(const unsigned char *text)
{
	unsigned int length, low = 0x80, high = 0xbf;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	length = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	if (text[0] == 0xe0)
		low = 0xa0;
	if (text[0] == 0xf0)
		low = 0x90;
	if (text[0] == 0xed)
		high = 0x9f;
	if (text[0] == 0xf4)
		high = 0x8f;
	for (unsigned int i = 1; i < length; i++, low = 0x80, high = 0xbf)
		if (text[i] < low || text[i] > high)
			return 0;
	return length;
}

static void put_string(FILE *out, const char *string)
{
	const unsigned char *text = (const unsigned char *)string;

	putc('"', out);
	while (*text) {
		unsigned int length = utf8_length(text);

		if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text++);
		else if (*text < 0x20 || *text == 0x7f)
			fprintf(out, "\\u%04x", *text++);
		else if (!length)
			fputs("\\ufffd", out), text++;
		else
			text += fwrite(text, 1, length, out);
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
		put_string(json->out, name);
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

void json_string(struct json *json, const char *name, const char *text)
{
	begin_value(json, name);
	if (text)
		put_string(json->out, text);
	else
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
