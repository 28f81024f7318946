/* SPDX-License-Identifier: GPL-2.0-only */
/* cow.h - the files that hold a block device's changed sectors: header, layout, bitmap. */
#ifndef WIRE_COW_H
#define WIRE_COW_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/*
 * A COW file is a header, a bitmap with one bit a sector, and room for each sector of the device.
 * A sector whose bit is set is read from there, any other from the backing file. Bit n is bit n % 8
 * of byte n / 8, 1 the lowest, whatever the order of the header's fields.
 *
 *	version 1	magic, version, name[256], mtime, size (8 bytes), sector
 *	version 2	the same with name[4096]
 *	version 3	magic, version, mtime, size (8 bytes), sector, align, format, name[4096]
 *
 * Fields are packed, 4 bytes each where no length is given. The magic tells the order of all of
 * them: kernels write version 1 in the host's order, the others big-endian. Some 64-bit kernels
 * wrote version 3 padded: 4 bytes before size, 4 at the end. Such a header is known by 4 zero bytes
 * where a packed one has the name's beginning.
 *
 * The bitmap of versions 1 and 2 follows the header directly, the data begin at the next multiple
 * of the sector size; in version 3 both begin at multiples of align.
 */
#define COW_MAGIC		0x4f4f4f4dU
#define COW_HEADER_MAX		4136U
#define COW_NAME_MAX		4095U
/* What kernels write, and the only sector size they can use. */
#define COW_SECTOR_BYTES	512U
#define COW_ALIGN_BYTES		4096U

enum cow_result {
	COW_OK,
	COW_NO_COW,		/* another kind of file */
	COW_CUT,		/* fewer bytes than the header has */
	COW_VERSION,		/* none of 1, 2, 3 */
	COW_SECTOR,		/* sector size 0 */
	COW_ALIGN,		/* alignment 0 */
	COW_FORMAT,		/* not a bitmap */
	COW_SIZE,		/* no file can hold a device of that size */
	COW_NAME,		/* the name does not fit in */
};

/**
 * struct cow_header - a header's fields, and the layout that follows from them
 * @version: 1, 2 or 3
 * @little_endian: order of the fields
 * @padded: version 3 with the padding of some 64-bit kernels
 * @mtime_s: time of the backing file's last change, seconds of the epoch, modulo 2^32
 * @size_bytes: size of the device
 * @sector_bytes: what a bit of the bitmap stands for
 * @align_bytes: version 3: what bitmap and data are aligned to; else the sector size
 * @format: version 3: kind of the file, 0 a bitmap; else 0
 * @header_bytes: the header's length
 * @name_offset: where the backing file's name begins in the header
 * @name_room: bytes that the header has for it
 * @name_bytes: its length; @name_room if no zero byte ends it
 * @sectors: count of sectors, the last one perhaps in part
 * @bitmap_offset: where the bitmap begins in the file
 * @bitmap_bytes: its length; sectors beyond it are unchanged
 * @data_offset: where sector 0 is in the file
 */
struct cow_header {
	uint32_t version;
	bool little_endian;
	bool padded;
	uint32_t mtime_s;
	uint64_t size_bytes;
	uint32_t sector_bytes;
	uint32_t align_bytes;
	uint32_t format;
	uint32_t header_bytes;
	uint32_t name_offset;
	uint32_t name_room;
	uint32_t name_bytes;
	uint64_t sectors;
	uint64_t bitmap_offset;
	uint64_t bitmap_bytes;
	uint64_t data_offset;
};

/**
 * cow_decode() - read a header and work out the layout
 * @header: set as far as the result allows: on COW_OK all of it
 * @bytes: the file's first bytes
 * @length: how many there are; COW_HEADER_MAX are enough
 *
 * On COW_OK @data_offset + @size_bytes is within 2^63 - 1.
 */
enum cow_result cow_decode(struct cow_header *header, const uint8_t *bytes, size_t length);

/**
 * cow_encode() - write a header and work out the layout
 * @header: the fields up to @format are read, the others set
 * @name: name of the backing file
 * @name_bytes: its length
 * @bytes: the first @header->header_bytes of it are written
 *
 * Return: COW_OK, COW_VERSION, COW_SECTOR, COW_ALIGN, COW_SIZE or COW_NAME.
 */
enum cow_result cow_encode(struct cow_header *header, const char *name, size_t name_bytes,
			   uint8_t bytes[COW_HEADER_MAX]);

/**
 * cow_bit() - whether a sector is changed
 * @bitmap: the bitmap, or a part of it
 * @sector: number of the bit in there
 */
static inline bool cow_bit(const uint8_t *bitmap, uint64_t sector)
{
	return bitmap[sector / 8] >> sector % 8 & 1;
}

/**
 * cow_bit_run() - how many sectors from one on are in its state
 * @bitmap: the bitmap, or a part of it
 * @from: number of the first bit in there
 * @end: number of the first bit that is not looked at, above @from
 *
 * Return: at least 1, at most @end - @from.
 */
uint64_t cow_bit_run(const uint8_t *bitmap, uint64_t from, uint64_t end);

/*
 * A record of this project at the end of the name's room, where kernels look no further than the
 * zero byte that ends the name. It stands there in two cases, else those bytes mean nothing:
 * the device is larger than the backing file, or a merge into the backing file was begun.
 */
#define COW_RECORD_BYTES	64U

#define COW_RECORD_GROWN	1U	/* @backing_bytes is the backing file's size */
#define COW_RECORD_MERGING	2U	/* the other fields say into what */

/**
 * struct cow_record - that record
 * @flags: COW_RECORD_GROWN, COW_RECORD_MERGING
 * @backing_bytes: size of the backing file
 * @inode: number of the file that is merged into
 * @stamp_s: the time of last change that the COW file was given when the merge began, in seconds of
 *	the epoch; a COW file with another one was written to since
 */
struct cow_record {
	uint32_t flags;
	uint64_t backing_bytes;
	uint64_t inode;
	uint64_t stamp_s;
};

/**
 * cow_record_offset() - where the record stands in the header
 * @header: the header, decoded or encoded
 *
 * Return: its offset, 0 where the name leaves no room for one.
 */
uint32_t cow_record_offset(const struct cow_header *header);

/**
 * cow_record_decode() - read the record
 * @record: set, all zero where there is none
 * @header: the header, decoded
 * @bytes: the header's bytes
 */
void cow_record_decode(struct cow_record *record, const struct cow_header *header,
		       const uint8_t *bytes);

/**
 * cow_record_encode() - write the record
 * @record: what to write
 * @bytes: COW_RECORD_BYTES of room
 */
void cow_record_encode(const struct cow_record *record, uint8_t *bytes);

#endif
