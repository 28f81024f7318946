// SPDX-License-Identifier: GPL-2.0-only
/* setup.c - from the host layer's start-up to the generic kernel's. */
#include <linux/console.h>
#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kernel.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/start_kernel.h>
#include <linux/string.h>
#include <host/file.h>
#include <host/option.h>
#include <host/ram.h>
#include <host/space.h>
#include <host/start.h>
#include <asm/hostclock.h>
#include <asm/kasan.h>
#include <asm/processor.h>
#include <asm/sections.h>
#include <asm/setup.h>
#include <asm/um_setup.h>

struct cpuinfo_um um_cpu = { .loops_per_jiffy = 4000000 / HZ };
EXPORT_SYMBOL(um_cpu);

/* TASK_SIZE, TASK_MAP_END and VMALLOC_START. */
EXPORT_SYMBOL(host_user_end);
EXPORT_SYMBOL(host_stub_base);
EXPORT_SYMBOL(host_vmalloc_base);

static char __initdata command_line[COMMAND_LINE_SIZE];

__visible void __ref um_start_kernel(void)
{
	start_kernel();
}

/* initrd=: a host file, read into RAM of its own. */
static void __init load_initrd(void)
{
#ifdef CONFIG_BLK_DEV_INITRD
	u64 size;
	void *to;

	if (host_options.initrd_fd < 0 || host_file_size(host_options.initrd_fd, &size) || !size)
		return;
	to = memblock_alloc(size, PAGE_SIZE);
	if (!to)
		panic("initrd= does not fit into mem=: it has %llu bytes", size);
	if (host_file_read(host_options.initrd_fd, to, size, 0) != size)
		panic("initrd= cannot be read");
	initrd_start = (unsigned long)to;
	initrd_end = initrd_start + size;
#endif
}

/* Before anything is placed at random, or anybody is given a number that nobody shall guess. */
static void __init seed_random(void)
{
	add_bootloader_randomness(host_random, sizeof(host_random));
	memzero_explicit(host_random, sizeof(host_random));
}

void __init setup_arch(char **cmdline_p)
{
	strscpy(boot_command_line, host_options.command_line, COMMAND_LINE_SIZE);
	strscpy(command_line, boot_command_line, COMMAND_LINE_SIZE);
	*cmdline_p = command_line;
	kasan_init();
	um_panic_init();
	seed_random();
	um_kernel_map_init();

	setup_initial_init_mm(_text, _etext, _edata, _end);
	memblock_add(0, host_ram_base + host_ram_bytes);
	memblock_reserve(0, host_ram_base);
	parse_early_param();
	/* Not before: "quiet" is one of them. */
	um_early_console_init();
	load_initrd();
	um_vdso_early_init();
	um_clock_early_init();
	um_hwcap_init();
	paging_init();
}

/* init/main.c takes this kernel for a program whose C library has called them. */
#ifdef CONFIG_CONSTRUCTORS
static int __init call_constructors(void)
{
	ctor_fn_t *fn = (ctor_fn_t *)__ctors_start;

	for (; fn < (ctor_fn_t *)__ctors_end; fn++)
		(*fn)();
	return 0;
}
early_initcall(call_constructors);
#endif

/* The image is not in the memfd that guests see: its initial part cannot be reused. */
void free_initmem(void)
{
}

/* What is only written during start-up is read-only from here on. */
void mark_rodata_ro(void)
{
	if (host_image_protect(__start_rodata, PAGE_ALIGN((unsigned long)__end_rodata) -
			       (unsigned long)__start_rodata))
		pr_warn("the kernel's constants stay writable\n");
}
