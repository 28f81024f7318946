// SPDX-License-Identifier: GPL-2.0-only
/* check.c - what --check prints. */
#include <config.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "lib/printable.h"
#include "moo/check.h"

enum kind { TEXT, NUMBER, TIME };

/* One line of the output; the names in JSON have underscores for blanks. */
struct item {
	const char *name;
	enum kind kind;
	const char *text;
	uint64_t number;
};

enum { ITEMS_MAX = 20 };

static const char *state_of(const struct image *image)
{
	if (!(image->record.flags & COW_RECORD_MERGING))
		return "whole";
	return image->backing.fd < 0 || image_is_marked(image) ? "merge begun" :
								 "merge begun, not repeatable";
}

static unsigned int list_items(const struct image *image, struct item items[ITEMS_MAX])
{
	const struct cow_header *header = &image->header;
	unsigned int count = 0;

	items[count++] = (struct item){ "version", NUMBER, NULL, header->version };
	items[count++] = (struct item){ "byte order", TEXT,
					header->little_endian ? "little" : "big", 0 };
	items[count++] = (struct item){ "layout", TEXT, header->padded ? "padded" : "packed", 0 };
	items[count++] = (struct item){ "backing file", TEXT, image->name, 0 };
	items[count++] = (struct item){ "backing mtime", TIME, NULL, header->mtime_s };
	if (image->record.flags & COW_RECORD_GROWN)
		items[count++] = (struct item){ "backing size", NUMBER, NULL,
						image->record.backing_bytes };
	items[count++] = (struct item){ "device size", NUMBER, NULL, header->size_bytes };
	items[count++] = (struct item){ "sector size", NUMBER, NULL, header->sector_bytes };
	items[count++] = (struct item){ "alignment", NUMBER, NULL, header->align_bytes };
	items[count++] = (struct item){ "bitmap offset", NUMBER, NULL, header->bitmap_offset };
	items[count++] = (struct item){ "bitmap size", NUMBER, NULL, header->bitmap_bytes };
	items[count++] = (struct item){ "data offset", NUMBER, NULL, header->data_offset };
	items[count++] = (struct item){ "changed sectors", NUMBER, NULL,
					image->survey.changed_sectors };
	items[count++] = (struct item){ "changed bytes", NUMBER, NULL,
					image->survey.changed_bytes };
	items[count++] = (struct item){ "state", TEXT, state_of(image), 0 };
	return count;
}

/* Names come from files: what a terminal would act on is shown as what it is. */
static void print_text(const char *text, FILE *out)
{
	printable_write(out, text, strlen(text), PRINTABLE_EXACT);
}

static void print_line(const struct item *item, FILE *out)
{
	time_t seconds = (time_t)item->number;
	char date[32] = "";
	struct tm utc;

	fprintf(out, "%s: ", item->name);
	if (item->kind == TEXT)
		print_text(item->text, out);
	else
		fprintf(out, "%" PRIu64, item->number);
	if (item->kind == TIME && gmtime_r(&seconds, &utc) &&
	    strftime(date, sizeof(date), " (%Y-%m-%dT%H:%M:%SZ)", &utc))
		fputs(date, out);
	putc('\n', out);
}

static void put_member(struct json *json, const struct item *item)
{
	char name[32];
	char *blank;

	snprintf(name, sizeof(name), "%s", item->name);
	for (blank = strchr(name, ' '); blank; blank = strchr(blank, ' '))
		*blank = '_';
	if (item->kind == TEXT)
		json_string(json, name, item->text);
	else
		json_number(json, name, (int64_t)item->number);
}

static void print_json(const struct item *items, unsigned int count, const char *const *problems,
		       unsigned int problem_count, FILE *out)
{
	struct json json = { .out = out };

	json_object_begin(&json, NULL);
	for (unsigned int i = 0; i < count; i++)
		put_member(&json, &items[i]);
	json_bool(&json, "ok", !problem_count);
	json_array_begin(&json, "problems");
	for (unsigned int i = 0; i < problem_count; i++)
		json_string(&json, NULL, problems[i]);
	json_array_end(&json);
	json_object_end(&json);
}

bool check_print(const struct image *image, const struct doubts *doubts,
		 const struct problem *missing, bool json, FILE *out)
{
	const char *problems[DOUBTS + 1];
	struct item items[ITEMS_MAX];
	unsigned int count = list_items(image, items), problem_count = 0;

	if (missing)
		problems[problem_count++] = missing->text;
	for (unsigned int i = 0; i < DOUBTS; i++)
		if (doubts->set & 1U << i)
			problems[problem_count++] = doubts->problems[i].text;
	if (json) {
		print_json(items, count, problems, problem_count, out);
		return !problem_count;
	}
	for (unsigned int i = 0; i < count; i++)
		print_line(&items[i], out);
	for (unsigned int i = 0; i < problem_count; i++) {
		fputs("problem: ", out);
		print_text(problems[i], out);
		putc('\n', out);
	}
	return !problem_count;
}
