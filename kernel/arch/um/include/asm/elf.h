/* SPDX-License-Identifier: GPL-2.0-only */
/* x86-64 programs: what the loader checks, and what it tells them. */
#ifndef __ASM_UM_ELF_H
#define __ASM_UM_ELF_H

#include <linux/thread_info.h>
#include <asm/ptrace.h>
#include <asm/user.h>
#include <asm/auxvec.h>

#define R_X86_64_NONE		0
#define R_X86_64_64		1
#define R_X86_64_PC32		2
#define R_X86_64_GOT32		3
#define R_X86_64_PLT32		4
#define R_X86_64_COPY		5
#define R_X86_64_GLOB_DAT	6
#define R_X86_64_JUMP_SLOT	7
#define R_X86_64_RELATIVE	8
#define R_X86_64_GOTPCREL	9
#define R_X86_64_32		10
#define R_X86_64_32S		11
#define R_X86_64_16		12
#define R_X86_64_PC16		13
#define R_X86_64_8		14
#define R_X86_64_PC8		15
#define R_X86_64_PC64		24

typedef unsigned long elf_greg_t;
#define ELF_NGREG		(sizeof(struct user_regs_struct) / sizeof(elf_greg_t))
typedef elf_greg_t elf_gregset_t[ELF_NGREG];
typedef struct user_i387_struct elf_fpregset_t;

#define ELF_CLASS		ELFCLASS64
#define ELF_DATA		ELFDATA2LSB
#define ELF_ARCH		EM_X86_64
#define elf_check_arch(x)	((x)->e_machine == EM_X86_64)

#define ELF_EXEC_PAGESIZE	PAGE_SIZE
#define ELF_ET_DYN_BASE		(TASK_MAP_END / 3 * 2)
#define CORE_DUMP_USE_REGSET

#define ELF_PLAT_INIT(regs, load_addr)	do { } while (0)
#define SET_PERSONALITY(ex)							\
	set_personality(PER_LINUX | (current->personality & ~PER_MASK))

extern unsigned long um_hwcap, um_hwcap2, um_minsigstksz;
#define ELF_HWCAP		um_hwcap
#define ELF_HWCAP2		um_hwcap2
#define ELF_PLATFORM		"x86_64"

#define ARCH_DLINFO								\
do {										\
	if (current->mm->context.vdso)						\
		NEW_AUX_ENT(AT_SYSINFO_EHDR, current->mm->context.vdso);	\
	NEW_AUX_ENT(AT_MINSIGSTKSZ, um_minsigstksz);				\
} while (0)

struct linux_binprm;
int arch_setup_additional_pages(struct linux_binprm *bprm, int uses_interp);
#define ARCH_HAS_SETUP_ADDITIONAL_PAGES	1

#endif
