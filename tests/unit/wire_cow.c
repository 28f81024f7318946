// SPDX-License-Identifier: GPL-2.0-only
/* wire_cow.c - unit tests of wire/cow: headers, layout, runs of bits, records. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "wire/cow.h"

static const struct cow_header usual = {
	.version = 3,
	.mtime_s = 0x6b0183d2,
	.size_bytes = 10000000,
	.sector_bytes = COW_SECTOR_BYTES,
	.align_bytes = COW_ALIGN_BYTES,
};

/* The first bytes that uml_mkcow of uml-utilities 20070815 and Linux 6.1 write. */
static void the_usual_header_is_that_of_the_peers(void)
{
	static const uint8_t wanted[48] = "OOOM\0\0\0\3\x6b\1\x83\xd2\0\0\0\0\0\x98\x96\x80"
		"\0\0\2\0\0\0\x10\0\0\0\0\0/tmp/cowlab/back";
	uint8_t bytes[COW_HEADER_MAX];
	struct cow_header header = usual, read;

	CHECK_EQ(cow_encode(&header, "/tmp/cowlab/back", 16, bytes), COW_OK);
	CHECK(!memcmp(bytes, wanted, sizeof(wanted)));
	CHECK_EQ(header.header_bytes, 4128);
	CHECK_EQ(header.bitmap_offset, 8192);
	CHECK_EQ(header.bitmap_bytes, 2442);
	CHECK_EQ(header.data_offset, 12288);
	CHECK_EQ(cow_decode(&read, bytes, 4128), COW_OK);
	CHECK(!memcmp(&read, &header, sizeof(read)));
}

static void each_kind_comes_back(void)
{
	for (unsigned int version = 1; version <= 3; version++)
		for (int little = 0; little <= 1; little++)
			for (int padded = 0; padded <= (version == 3); padded++) {
				uint8_t bytes[COW_HEADER_MAX];
				struct cow_header header = usual, read;

				header.version = version;
				header.little_endian = little;
				header.padded = padded;
				CHECK_EQ(cow_encode(&header, "b", 1, bytes), COW_OK);
				CHECK_EQ(cow_decode(&read, bytes, header.header_bytes), COW_OK);
				CHECK(!memcmp(&read, &header, sizeof(read)));
				CHECK_EQ(cow_decode(&read, bytes, header.header_bytes - 1),
					 COW_CUT);
				CHECK_EQ(bytes[header.name_offset], 'b');
			}
}

static enum cow_result poked(unsigned int offset, uint8_t value, unsigned int count)
{
	uint8_t bytes[COW_HEADER_MAX];
	struct cow_header header = usual;

	cow_encode(&header, "b", 1, bytes);
	memset(bytes + offset, value, count);
	return cow_decode(&header, bytes, 4128);
}

static void what_is_no_header_is_told_apart(void)
{
	struct cow_header header;

	CHECK_EQ(cow_decode(&header, (const uint8_t *)"OOOM\0\0\0", 7), COW_NO_COW);
	CHECK_EQ(poked(0, 'M', 1), COW_NO_COW);
	CHECK_EQ(poked(7, 4, 1), COW_VERSION);
	CHECK_EQ(poked(7, 0, 1), COW_VERSION);
	CHECK_EQ(poked(12, 0xff, 8), COW_SIZE);
	CHECK_EQ(poked(12, 0x80, 1), COW_SIZE);
	CHECK_EQ(poked(12, 0x3f, 1), COW_OK);
	CHECK_EQ(poked(20, 0, 4), COW_SECTOR);
	CHECK_EQ(poked(20, 0xff, 4), COW_OK);
	CHECK_EQ(poked(24, 0, 4), COW_ALIGN);
	CHECK_EQ(poked(24, 0xff, 4), COW_OK);
	CHECK_EQ(poked(31, 1, 1), COW_FORMAT);
}

static void names_have_limits(void)
{
	uint8_t bytes[COW_HEADER_MAX];
	struct cow_header header = usual;
	char name[COW_NAME_MAX + 1];

	memset(name, 'n', sizeof(name));
	CHECK_EQ(cow_encode(&header, name, 0, bytes), COW_NAME);
	CHECK_EQ(cow_encode(&header, name, COW_NAME_MAX + 1, bytes), COW_NAME);
	CHECK_EQ(cow_encode(&header, name, COW_NAME_MAX, bytes), COW_OK);
	CHECK_EQ(cow_record_offset(&header), 0);
	memset(bytes + 32, 'n', 4096);
	CHECK_EQ(cow_decode(&header, bytes, 4128), COW_OK);
	CHECK_EQ(header.name_bytes, header.name_room);
	header.version = 1;
	CHECK_EQ(cow_encode(&header, name, 256, bytes), COW_NAME);
	CHECK_EQ(cow_encode(&header, name, 255, bytes), COW_OK);
	header.version = 9;
	CHECK_EQ(cow_encode(&header, name, 9, bytes), COW_VERSION);
}

/* Sizes that 32 bits do not hold, and the lengths that versions 1 and 2 reckon too short. */
static void layouts_hold_the_device(void)
{
	static const struct {
		unsigned int version;
		uint64_t size, bitmap_bytes, data_offset;
	} cases[] = {
		{ 3, 0, 0, 8192 },
		{ 3, 1, 1, 12288 },
		{ 3, 4096ULL * 8 * 512, 4096, 12288 },
		{ 3, 4096ULL * 8 * 512 + 1, 4097, 16384 },
		{ 3, 8ULL << 40, 2ULL << 30, (2ULL << 30) + 8192 },
		{ 3, 1ULL << 61, 1ULL << 49, (1ULL << 49) + 8192 },
		{ 2, 41 * 512, 6, 4608 },
		{ 2, 3904 * 512, 488, 4608 },
		{ 2, 3908 * 512, 488, 4608 },
		{ 2, 3912 * 512, 489, 5120 },
		{ 1, 41 * 512, 6, 512 },
		{ 1, 7 * 512, 1, 512 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[COW_HEADER_MAX];
		struct cow_header header = usual;

		header.version = cases[i].version;
		header.size_bytes = cases[i].size;
		CHECK_EQ(cow_encode(&header, "b", 1, bytes), COW_OK);
		CHECK_EQ(header.bitmap_bytes, cases[i].bitmap_bytes);
		CHECK_EQ(header.data_offset, cases[i].data_offset);
	}
}

static void runs_of_bits_are_as_counted_one_by_one(void)
{
	uint8_t bitmap[64];

	srand(1);
	for (int round = 0; round < 2000; round++) {
		uint64_t from = (uint64_t)rand() % 512, end = from + 1 + (uint64_t)rand() % (512 - from);
		uint64_t run = 1;

		memset(bitmap, rand() % 2 ? 0xff : 0, sizeof(bitmap));
		for (int i = rand() % 4; i > 0; i--)
			bitmap[rand() % 64] = (uint8_t)rand();
		while (from + run < end && cow_bit(bitmap, from + run) == cow_bit(bitmap, from))
			run++;
		CHECK_EQ(cow_bit_run(bitmap, from, end), run);
	}
	CHECK(cow_bit((const uint8_t *)"\x80\x01", 7));
	CHECK(cow_bit((const uint8_t *)"\x80\x01", 8));
	CHECK(!cow_bit((const uint8_t *)"\x80\x01", 9));
}

static void records_are_read_only_where_they_are_whole(void)
{
	const struct cow_record record = { COW_RECORD_GROWN, 1ULL << 40, 1ULL << 63, 77 };
	uint8_t bytes[COW_HEADER_MAX];
	struct cow_header header = usual;
	struct cow_record read;
	uint32_t offset;

	CHECK_EQ(cow_encode(&header, "b", 1, bytes), COW_OK);
	offset = cow_record_offset(&header);
	CHECK_EQ(offset, 32 + 4096 - COW_RECORD_BYTES);
	cow_record_decode(&read, &header, bytes);
	CHECK_EQ(read.flags, 0);
	cow_record_encode(&record, bytes + offset);
	cow_record_decode(&read, &header, bytes);
	CHECK(read.flags == record.flags && read.backing_bytes == record.backing_bytes &&
	      read.inode == record.inode && read.stamp_s == record.stamp_s);
	for (unsigned int i = 0; i < COW_RECORD_BYTES; i++) {
		bytes[offset + i] ^= 0x10;
		cow_record_decode(&read, &header, bytes);
		CHECK(!read.flags && !read.backing_bytes);
		bytes[offset + i] ^= 0x10;
	}
	/* A name that reaches into its place. */
	memset(bytes + 32, 'n', 4096 - COW_RECORD_BYTES);
	CHECK_EQ(cow_decode(&header, bytes, 4128), COW_OK);
	cow_record_decode(&read, &header, bytes);
	CHECK_EQ(read.flags, 0);
}

int main(void)
{
	the_usual_header_is_that_of_the_peers();
	each_kind_comes_back();
	what_is_no_header_is_told_apart();
	names_have_limits();
	layouts_hold_the_device();
	runs_of_bits_are_as_counted_one_by_one();
	records_are_read_only_where_they_are_whole();
	return UNIT_RESULT();
}
