/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's image: an ordinary static executable at UM_IMAGE_BASE, page-aligned
 * segments for text, read-only data and data, so that the host enforces their rights.
 */
#include <asm/memory_layout.h>
#include <asm/thread_info.h>
#include <asm/page.h>
#include <asm/cache.h>

#define RO_EXCEPTION_TABLE_ALIGN 16
#define RUNTIME_DISCARD_EXIT
#include <asm-generic/vmlinux.lds.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(_start)

jiffies = jiffies_64;

PHDRS {
	text PT_LOAD FLAGS(5);
	rodata PT_LOAD FLAGS(6);	/* until free_initmem() */
	data PT_LOAD FLAGS(6);
	stack PT_GNU_STACK FLAGS(6);
}

SECTIONS
{
	. = UM_IMAGE_BASE;
	. = ALIGN(PAGE_SIZE);

	.text : AT(ADDR(.text) - LOAD_OFFSET) {
		_text = .;
		_stext = .;
		HEAD_TEXT
		TEXT_TEXT
		SCHED_TEXT
		LOCK_TEXT
		KPROBES_TEXT
		IRQENTRY_TEXT
		SOFTIRQENTRY_TEXT
		*(.fixup)
		*(.gnu.warning)
		_etext = .;
	} :text = 0xcccccccc

	. = ALIGN(PAGE_SIZE);
	__init_begin = .;
	INIT_TEXT_SECTION(PAGE_SIZE)
	.exit.text : AT(ADDR(.exit.text) - LOAD_OFFSET) { EXIT_TEXT } :text

	. = ALIGN(PAGE_SIZE);
	.rodata_head : { *(.rodata.stub) } :rodata
	RO_DATA(PAGE_SIZE)

	. = ALIGN(PAGE_SIZE);
	_sdata = .;
	INIT_DATA_SECTION(16) :data
	.exit.data : AT(ADDR(.exit.data) - LOAD_OFFSET) { EXIT_DATA }
	PERCPU_SECTION(L1_CACHE_BYTES)
	. = ALIGN(PAGE_SIZE);
	__init_end = .;

	RW_DATA(L1_CACHE_BYTES, PAGE_SIZE, THREAD_SIZE)
	BUG_TABLE
	_edata = .;

	BSS_SECTION(PAGE_SIZE, PAGE_SIZE, PAGE_SIZE)
	. = ALIGN(PAGE_SIZE);
	_end = .;

	STABS_DEBUG
	DWARF_DEBUG
	ELF_DETAILS

	.iplt : { *(.iplt) *(.igot.plt) *(.igot) *(.rela.iplt) }

	DISCARDS
	/DISCARD/ : {
		*(.eh_frame)
		*(.altinstructions)
		*(.altinstr_replacement)
		*(.smp_locks)
		*(.parainstructions)
		*(.interp)
		*(.dynamic .dynsym .dynstr .hash .gnu.hash .got .got.plt .rela*)
	}
}
