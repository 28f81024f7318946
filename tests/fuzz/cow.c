// SPDX-License-Identifier: GPL-2.0-only
/* cow.c - fuzzer of the headers of COW files: the layout is possible, and comes back encoded. */
#include <stdlib.h>
#include <string.h>

#include "wire/cow.h"

#define CHECK(condition) do { if (!(condition)) abort(); } while (0)

static void check_layout(const struct cow_header *header)
{
	const uint64_t max = INT64_MAX;

	CHECK(header->sector_bytes && header->align_bytes && !header->format);
	CHECK(header->size_bytes <= max && header->data_offset <= max - header->size_bytes);
	CHECK(header->header_bytes <= header->bitmap_offset);
	CHECK(header->bitmap_offset + header->bitmap_bytes <= header->data_offset);
	CHECK(header->data_offset % header->align_bytes == 0);
	CHECK(header->sectors == header->size_bytes / header->sector_bytes +
				 (header->size_bytes % header->sector_bytes != 0));
	CHECK(header->version < 3 || header->bitmap_bytes >= header->sectors / 8);
	CHECK(header->name_bytes <= header->name_room);
	CHECK(header->name_offset + header->name_room <= header->header_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cow_header header, again;
	uint8_t bytes[COW_HEADER_MAX];
	struct cow_record record;
	const char *name;

	if (cow_decode(&header, data, size) != COW_OK)
		return 0;
	check_layout(&header);
	cow_record_decode(&record, &header, data);
	name = (const char *)data + header.name_offset;
	again = header;
	if (cow_encode(&again, name, header.name_bytes, bytes) != COW_OK) {
		CHECK(!header.name_bytes || header.name_bytes == header.name_room);
		return 0;
	}
	CHECK(!memcmp(&again, &header, sizeof(again)));
	CHECK(cow_decode(&again, bytes, header.header_bytes) == COW_OK);
	CHECK(!memcmp(&again, &header, sizeof(again)));
	return 0;
}
