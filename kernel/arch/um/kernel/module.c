// SPDX-License-Identifier: GPL-2.0-only
/*
 * module.c - loadable modules: where they go, and how they are linked.
 *
 * Kernel and modules are compiled for the small code model: every address fits in 31
 * bits.  Modules have a range of addresses of their own below the kernel's image, so
 * that 32-bit relocations, absolute or relative, always reach.
 */
#include <linux/elf.h>
#include <linux/execmem.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleloader.h>
#include <linux/overflow.h>
#include <linux/random.h>
#include <linux/string.h>

#define MODULES_RANDOM_PAGES	65536	/* a quarter of the range: they begin at one of so many places */

static struct execmem_info um_execmem __ro_after_init;

struct execmem_info __init *execmem_arch_setup(void)
{
	unsigned long offset = get_random_u32_below(MODULES_RANDOM_PAGES) * PAGE_SIZE;

	um_execmem.ranges[EXECMEM_DEFAULT] = (struct execmem_range) {
		.start = MODULES_VADDR + offset,
		.end = MODULES_END,
		.pgprot = PAGE_KERNEL_EXEC,
		.alignment = MODULE_ALIGN,
	};
	return &um_execmem;
}

#ifdef CONFIG_MODULES

/* How a relocation is computed and stored. */
struct reloc_kind {
	unsigned int type;
	u8 size;		/* bytes to store; 0: nothing to do */
	bool relative;		/* to the place */
	bool is_signed;		/* of a value that is cut to @size */
};

static const struct reloc_kind kinds[] = {
	{ R_X86_64_NONE },
	{ R_X86_64_64,		8 },
	{ R_X86_64_32,		4 },
	{ R_X86_64_32S,		4, .is_signed = true },
	{ R_X86_64_PC32,	4, .relative = true, .is_signed = true },
	{ R_X86_64_PLT32,	4, .relative = true, .is_signed = true },
	{ R_X86_64_PC64,	8, .relative = true },
};

static const struct reloc_kind *find_kind(unsigned int type)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (kinds[i].type == type)
			return &kinds[i];
	}
	return NULL;
}

static bool value_fits(const struct reloc_kind *kind, u64 value)
{
	return kind->size == 8 || (kind->is_signed ? value == (s64)(s32)value : value == (u32)value);
}

static int relocate_one(const struct reloc_kind *kind, void *place, u64 value)
{
	if (kind->relative)
		value -= (u64)place;
	if (!value_fits(kind, value))
		return -ERANGE;
	/* A place that is not 0 was relocated before: the module is damaged. */
	if (memchr_inv(place, 0, kind->size))
		return -EEXIST;
	memcpy(place, &value, kind->size);
	return 0;
}

/**
 * apply_relocate_add() - link one section of a module
 * @sechdrs: section headers of the module
 * @strtab: its string table
 * @symindex: its symbol section; the values are final
 * @relsec: the section of relocations
 * @me: the module
 *
 * Return: 0 or -ENOEXEC.
 */
int apply_relocate_add(Elf64_Shdr *sechdrs, const char *strtab, unsigned int symindex,
		       unsigned int relsec, struct module *me)
{
	const Elf64_Rela *rela = (void *)sechdrs[relsec].sh_addr;
	const unsigned int count = sechdrs[relsec].sh_size / sizeof(*rela);
	void *base = (void *)sechdrs[sechdrs[relsec].sh_info].sh_addr;
	unsigned int i;

	for (i = 0; i < count; i++) {
		const Elf64_Sym *sym = (Elf64_Sym *)sechdrs[symindex].sh_addr +
				       ELF64_R_SYM(rela[i].r_info);
		const struct reloc_kind *kind = find_kind(ELF64_R_TYPE(rela[i].r_info));
		int error;

		if (!kind) {
			pr_err("%s: relocation type %llu of symbol %s is not known here\n", me->name,
			       ELF64_R_TYPE(rela[i].r_info), strtab + sym->st_name);
			return -ENOEXEC;
		}
		if (!kind->size)
			continue;
		error = relocate_one(kind, base + rela[i].r_offset, sym->st_value + rela[i].r_addend);
		if (error == -ERANGE) {
			pr_err("%s: symbol %s at %llx cannot be reached by relocation type %u at %px; compile the module with -mcmodel=small\n",
			       me->name, strtab + sym->st_name, sym->st_value, kind->type,
			       base + rela[i].r_offset);
			return -ENOEXEC;
		}
		if (error) {
			pr_err("%s: place of relocation type %u of symbol %s is not empty\n",
			       me->name, kind->type, strtab + sym->st_name);
			return -ENOEXEC;
		}
	}
	return 0;
}

#endif
