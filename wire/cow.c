// SPDX-License-Identifier: GPL-2.0-only
/* cow.c - COW files: header to and from bytes, layout, runs of bits. */
#include "wire/cow.h"

#define FILE_MAX	0x7fffffffffffffffULL
#define RECORD_MAGIC	0x554d4c2d434f5731ULL	/* UML-COW1 */

/* Where the fields of a header stand; 0 for one that it does not have. */
struct fields {
	uint32_t mtime, size, sector, align, format, name, name_room, length;
};

static const struct fields fields_1 = { 264, 268, 276, 0, 0, 8, 256, 280 };
static const struct fields fields_2 = { 4104, 4108, 4116, 0, 0, 8, 4096, 4120 };
static const struct fields fields_3 = { 8, 12, 20, 24, 28, 32, 4096, 4128 };
static const struct fields fields_3_padded = { 8, 16, 24, 28, 32, 36, 4096, 4136 };

static const struct fields *fields_of(uint32_t version, bool padded)
{
	switch (version) {
	case 1:
		return &fields_1;
	case 2:
		return &fields_2;
	case 3:
		return padded ? &fields_3_padded : &fields_3;
	default:
		return NULL;
	}
}

static uint64_t get(const uint8_t *bytes, unsigned int length, bool little_endian)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < length; i++)
		value |= (uint64_t)bytes[i] << 8 * (little_endian ? i : length - 1 - i);
	return value;
}

static void put(uint8_t *bytes, unsigned int length, bool little_endian, uint64_t value)
{
	for (unsigned int i = 0; i < length; i++)
		bytes[i] = (uint8_t)(value >> 8 * (little_endian ? i : length - 1 - i));
}

static uint64_t divide_up(uint64_t value, uint64_t by)
{
	return value / by + (value % by != 0);
}

/*
 * Versions 1 and 2 reckon the bitmap's length with a division that rounds down, so that it may lack
 * a byte for the last sectors. A kernel writes their bits nevertheless, into what the data's
 * alignment leaves free behind the bitmap; so they are looked for there, and where nothing is left
 * free those sectors count as unchanged, which is what a kernel sees that opens the file anew.
 */
static enum cow_result lay_out(struct cow_header *header)
{
	uint64_t sector = header->sector_bytes, align = header->align_bytes, whole, end;

	if (!sector)
		return COW_SECTOR;
	if (!align)
		return COW_ALIGN;
	if (header->size_bytes > FILE_MAX)
		return COW_SIZE;
	header->sectors = divide_up(header->size_bytes, sector);
	whole = divide_up(header->sectors, 8);
	if (header->version < 3) {
		header->bitmap_offset = header->header_bytes;
		end = header->bitmap_offset + header->sectors / 8;
	} else {
		header->bitmap_offset = divide_up(header->header_bytes, align) * align;
		end = header->bitmap_offset + whole;
	}
	header->data_offset = divide_up(end, align) * align;
	if (header->data_offset > FILE_MAX - header->size_bytes)
		return COW_SIZE;
	header->bitmap_bytes = header->data_offset - header->bitmap_offset;
	if (header->bitmap_bytes > whole)
		header->bitmap_bytes = whole;
	return COW_OK;
}

/* Fills in what the version gives: lengths and the name's place. */
static void set_fields(struct cow_header *header, const struct fields *fields)
{
	header->header_bytes = fields->length;
	header->name_offset = fields->name;
	header->name_room = fields->name_room;
}

enum cow_result cow_decode(struct cow_header *header, const uint8_t *bytes, size_t length)
{
	const struct fields *fields;
	bool little;

	*header = (struct cow_header){ 0 };
	if (length < 8)
		return COW_NO_COW;
	little = get(bytes, 4, true) == COW_MAGIC;
	if (!little && get(bytes, 4, false) != COW_MAGIC)
		return COW_NO_COW;
	header->little_endian = little;
	header->version = (uint32_t)get(bytes + 4, 4, little);
	header->padded = header->version == 3 && length >= fields_3.name + 4 &&
			 !get(bytes + fields_3.name, 4, little);
	fields = fields_of(header->version, header->padded);
	if (!fields)
		return COW_VERSION;
	set_fields(header, fields);
	if (length < fields->length)
		return COW_CUT;
	header->mtime_s = (uint32_t)get(bytes + fields->mtime, 4, little);
	header->size_bytes = get(bytes + fields->size, 8, little);
	header->sector_bytes = (uint32_t)get(bytes + fields->sector, 4, little);
	header->align_bytes = header->sector_bytes;
	if (fields->align)
		header->align_bytes = (uint32_t)get(bytes + fields->align, 4, little);
	if (fields->format)
		header->format = (uint32_t)get(bytes + fields->format, 4, little);
	while (header->name_bytes < header->name_room &&
	       bytes[header->name_offset + header->name_bytes])
		header->name_bytes++;
	if (header->format)
		return COW_FORMAT;
	return lay_out(header);
}

enum cow_result cow_encode(struct cow_header *header, const char *name, size_t name_bytes,
			   uint8_t bytes[COW_HEADER_MAX])
{
	const struct fields *fields = fields_of(header->version, header->padded);
	bool little = header->little_endian;
	enum cow_result result;

	if (!fields)
		return COW_VERSION;
	set_fields(header, fields);
	if (header->version < 3)
		header->align_bytes = header->sector_bytes;
	result = lay_out(header);
	if (result != COW_OK)
		return result;
	/* An empty name would make a packed header look padded. */
	if (!name_bytes || name_bytes >= fields->name_room)
		return COW_NAME;
	header->name_bytes = (uint32_t)name_bytes;
	for (uint32_t i = 0; i < fields->length; i++)
		bytes[i] = 0;
	put(bytes, 4, little, COW_MAGIC);
	put(bytes + 4, 4, little, header->version);
	put(bytes + fields->mtime, 4, little, header->mtime_s);
	put(bytes + fields->size, 8, little, header->size_bytes);
	put(bytes + fields->sector, 4, little, header->sector_bytes);
	if (fields->align)
		put(bytes + fields->align, 4, little, header->align_bytes);
	if (fields->format)
		put(bytes + fields->format, 4, little, header->format);
	for (size_t i = 0; i < name_bytes; i++)
		bytes[fields->name + i] = (uint8_t)name[i];
	return COW_OK;
}

uint64_t cow_bit_run(const uint8_t *bitmap, uint64_t from, uint64_t end)
{
	bool changed = cow_bit(bitmap, from);
	uint8_t whole = changed ? 0xff : 0;
	uint64_t bit = from + 1;

	while (bit < end) {
		if (bit % 8 == 0 && end - bit >= 8 && bitmap[bit / 8] == whole)
			bit += 8;
		else if (cow_bit(bitmap, bit) == changed)
			bit++;
		else
			break;
	}
	return bit - from;
}

/* FNV-1a, against bytes that are there by chance: kernels leave the name's room as it was. */
static uint32_t checksum(const uint8_t *bytes, unsigned int length)
{
	uint32_t sum = 0x811c9dc5;

	for (unsigned int i = 0; i < length; i++)
		sum = (sum ^ bytes[i]) * 0x01000193;
	return sum;
}

uint32_t cow_record_offset(const struct cow_header *header)
{
	if (header->name_bytes + 1 + COW_RECORD_BYTES > header->name_room)
		return 0;
	return header->name_offset + header->name_room - COW_RECORD_BYTES;
}

void cow_record_decode(struct cow_record *record, const struct cow_header *header,
		       const uint8_t *bytes)
{
	uint32_t offset = cow_record_offset(header);

	*record = (struct cow_record){ 0 };
	bytes += offset;
	if (!offset || get(bytes, 8, false) != RECORD_MAGIC ||
	    get(bytes + 60, 4, false) != checksum(bytes, 60))
		return;
	record->backing_bytes = get(bytes + 8, 8, false);
	record->inode = get(bytes + 16, 8, false);
	record->stamp_s = get(bytes + 24, 8, false);
	record->flags = (uint32_t)get(bytes + 32, 4, false);
}

void cow_record_encode(const struct cow_record *record, uint8_t *bytes)
{
	for (unsigned int i = 0; i < COW_RECORD_BYTES; i++)
		bytes[i] = 0;
	put(bytes, 8, false, RECORD_MAGIC);
	put(bytes + 8, 8, false, record->backing_bytes);
	put(bytes + 16, 8, false, record->inode);
	put(bytes + 24, 8, false, record->stamp_s);
	put(bytes + 32, 4, false, record->flags);
	put(bytes + 60, 4, false, checksum(bytes, 60));
}
