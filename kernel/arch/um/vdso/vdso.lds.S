/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The vDSO: a shared library of one segment, read and executed in place.  Its data pages
 * lie in front of it (asm/vdso/layout.h).
 */
#include <linux/const.h>
#include <asm/page.h>
#include <asm/vdso/layout.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)

SECTIONS
{
	PROVIDE_HIDDEN(_vdso_data = . + (VVAR_DATA - VVAR_PAGES) * PAGE_SIZE);
	PROVIDE_HIDDEN(_um_hostclock = . + (VVAR_HOSTCLOCK - VVAR_PAGES) * PAGE_SIZE);
	PROVIDE_HIDDEN(_timens_data = . + (VVAR_TIMENS - VVAR_PAGES) * PAGE_SIZE);

	. = SIZEOF_HEADERS;

	.dynsym		: { *(.dynsym) }		:image
	.dynstr		: { *(.dynstr) }
	.gnu.hash	: { *(.gnu.hash) }
	.hash		: { *(.hash) }
	.gnu.version_d	: { *(.gnu.version_d) }
	.gnu.version	: { *(.gnu.version) }
	.gnu.version_r	: { *(.gnu.version_r) }
	.dynamic	: { *(.dynamic) }		:image :dynamic
	.note		: { *(.note.*) }		:image :note
	.eh_frame_hdr	: { *(.eh_frame_hdr) }		:image :eh_frame_hdr
	.eh_frame	: { KEEP(*(.eh_frame)) }	:image
	.rodata		: { *(.rodata .rodata.*) }

	.text : ALIGN(16) { *(.text .text.*) }		:image = 0xcccccccc

	/* All of it is read-only: what needs relocation or writing fails to link. */
	.unwanted : {
		*(.data .data.* .bss .bss.* .dynbss .sdata .sbss)
		*(.got .got.plt .plt .plt.* .rela*)
	} :image
	ASSERT(SIZEOF(.unwanted) == 0, "the vDSO cannot have data of its own")

	.comment 0 : { *(.comment) }
	.symtab 0 : { *(.symtab) }
	.strtab 0 : { *(.strtab) }
	.shstrtab 0 : { *(.shstrtab) }
	.debug_abbrev 0 : { *(.debug_abbrev) }
	.debug_addr 0 : { *(.debug_addr) }
	.debug_aranges 0 : { *(.debug_aranges) }
	.debug_frame 0 : { *(.debug_frame) }
	.debug_info 0 : { *(.debug_info) }
	.debug_line 0 : { *(.debug_line) }
	.debug_line_str 0 : { *(.debug_line_str) }
	.debug_loc 0 : { *(.debug_loc) }
	.debug_loclists 0 : { *(.debug_loclists) }
	.debug_ranges 0 : { *(.debug_ranges) }
	.debug_rnglists 0 : { *(.debug_rnglists) }
	.debug_str 0 : { *(.debug_str) }
	.debug_str_offsets 0 : { *(.debug_str_offsets) }

	/DISCARD/ : {
		*(.discard .discard.* __bug_table .altinstructions .altinstr_replacement)
		*(.sframe .note.GNU-stack .note.gnu.property __ex_table .smp_locks .init.data .modinfo)
	}
}

PHDRS
{
	image		PT_LOAD		FLAGS(5) FILEHDR PHDRS;
	dynamic		PT_DYNAMIC	FLAGS(4);
	note		PT_NOTE		FLAGS(4);
	eh_frame_hdr	PT_GNU_EH_FRAME	FLAGS(4);
}

VERSION
{
	LINUX_2.6 {
	global:
		__vdso_clock_getres; __vdso_clock_gettime; __vdso_getcpu;
		__vdso_gettimeofday; __vdso_time;
		clock_getres; clock_gettime; getcpu; gettimeofday; time;
	local:
		*;
	};
}
