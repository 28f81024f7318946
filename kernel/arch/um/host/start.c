// SPDX-License-Identifier: GPL-2.0-only
/*
 * start.c - the kernel process from its first instruction to start_kernel().
 *
 * Order matters: options before anything is created, so that a wrong one changes
 * nothing; the guardian before there is something to clean up; the zygote before guest
 * RAM is mapped, so that it has no more to drop than the image; RAM and signals last.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/elf.h>
#include <uapi/linux/auxvec.h>
#include <uapi/asm/auxvec.h>
#include <uapi/asm/hwcap2.h>
#include <host/cgroup.h>
#include <host/clock.h>
#include <host/err.h>
#include <host/guardian.h>
#include <host/option.h>
#include <host/print.h>
#include <host/process.h>
#include <host/ram.h>
#include <host/space.h>
#include <host/start.h>
#include <host/string.h>
#include <host/unit.h>
#include <asm/memory_layout.h>
#include "abi.h"
#include "balance.h"
#include "raw.h"
#include "thread.h"

#define RLIMIT_NOFILE		7
#define LARGE_PAGE		(2UL << 20)
#define UNITS_AT_START		4
#define FILES_MIN		64

unsigned long host_hwcap, host_hwcap2;
unsigned long host_minsigstksz = 2048;
u8 host_random[32];

unsigned long host_vdso;

extern const char _end[];

static void read_auxv(const unsigned long *auxv)
{
	for (; auxv[0] != AT_NULL; auxv += 2) {
		if (auxv[0] == AT_HWCAP)
			host_hwcap = auxv[1];
		if (auxv[0] == AT_HWCAP2)
			host_hwcap2 = auxv[1];
		if (auxv[0] == AT_MINSIGSTKSZ)
			host_minsigstksz = auxv[1];
		if (auxv[0] == AT_SYSINFO_EHDR)
			host_vdso = auxv[1];
	}
}

bool host_has_fsgsbase(void)
{
	return (host_hwcap2 & HWCAP2_FSGSBASE) && !host_options.nofsgsbase;
}

/* What the port cannot do without, tried rather than guessed from a version. */
static void check_host(void)
{
	static const u32 need_action[] = { 0x7fc00000 /* USER_NOTIF */, 0x00030000 /* TRAP */ };
	unsigned int i;
	long err;

	for (i = 0; i < ARRAY_LEN(need_action); i++) {
		err = host_call(seccomp, 2 /* GET_ACTION_AVAIL */, 0, &need_action[i]);
		if (err)
			host_die("cannot start: seccomp notification: %s; it takes Linux 5.19 or later "
				 "with CONFIG_SECCOMP_FILTER, and a container profile that permits seccomp",
				 host_strerror(err));
	}
	/* Without NEW_LISTENER the flag alone is refused by name: EINVAL, unknown or not. */
	err = host_call(seccomp, 1, 8 | 32, 0);
	if (err == -EINVAL)
		host_die("cannot start: seccomp notification cannot wait for signals; "
			 "it takes Linux 5.19 or later");
}

/* Before anything is opened: what comes later would blame something else. */
static void check_files(void)
{
	struct host_rlimit limit;

	if (!host_call(prlimit64, 0, RLIMIT_NOFILE, 0, &limit) && limit.hard < FILES_MIN)
		host_die("cannot start: the limit of open files is %lu; raise it to %d or more (ulimit -n)",
			 (unsigned long)limit.hard, FILES_MIN);
}

/* One listener for each guest task. */
static void raise_limits(void)
{
	struct host_rlimit limit;

	if (!host_call(prlimit64, 0, RLIMIT_NOFILE, 0, &limit) && limit.soft < limit.hard) {
		limit.soft = limit.hard;
		host_call(prlimit64, 0, RLIMIT_NOFILE, &limit, 0);
	}
}

/*
 * Kernel and carriers take turns; a wake-up across host CPUs costs ten times one on the
 * same.  Stay on the CPU that we happen to run on until it gets crowded (balance.c); host
 * threads are free.
 */
static void bind_to_cpu(void)
{
	u32 cpu;

	if (!host_call(getcpu, &cpu, 0, 0))
		host_cpu_bind(0, cpu);
}

/* What the guest may use and the host will not give ends it without a word: say it before. */
static void check_memory(void)
{
	u64 limit = host_cgroup_memory();

	if (limit < host_options.mem_bytes)
		host_error("mem=%luM is more than the host's memory cgroup permits, %luM: the host kills "
			   "the guest when it uses that; give a smaller mem=, or raise the limit",
			   (unsigned long)(host_options.mem_bytes >> 20), (unsigned long)(limit >> 20));
}

static void must(long err, const char *what, const char *remedy)
{
	if (err < 0)
		host_die("%s: %s; %s", what, host_strerror(err), remedy);
}

static void prepare_units(void)
{
	long err = host_units_prepare(UNITS_AT_START);

	if (err && host_zygote_death())
		host_die("cannot create guest processes: the zygote process has ended (%s); look for who "
			 "killed it, or raise the limit of address space (ulimit -v)", host_zygote_death());
	if (err == -EOPNOTSUPP)
		host_die("cannot start: seccomp notification does not tell where calls are made; it takes a "
			 "host other than stock user-mode Linux");
	must(err, "cannot create guest processes",
	     "raise the limits of processes and open files (ulimit -u, -n, pids.max of the cgroup)");
}

void host_start(unsigned long *stack)
{
	int argc = stack[0];
	char **argv = (char **)(stack + 1), **envp = argv + argc + 1, **end = envp;
	unsigned long image = ((unsigned long)_end - UM_IMAGE_BASE + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);

	if (IS_ENABLED(CONFIG_KASAN))
		must(host_shadow_map(), "cannot map KASAN's shadow", "raise ulimit -v");
	while (*end)
		end++;
	read_auxv((unsigned long *)(end + 1));
	check_files();
	host_options_parse(argc, argv, envp);
	check_host();
	raise_limits();
	bind_to_cpu();
	if (host_call(getrandom, host_random, sizeof(host_random), 1 /* NONBLOCK */) < 0)
		memset(host_random, 0, sizeof(host_random));
	must(host_clock_start(host_vdso), "cannot create a timer", "raise the limit of pending signals (ulimit -i)");
	must(host_guardian_start(), "cannot start the guardian process", "raise the limit of processes (ulimit -u)");
	host_umid_claim();
	check_memory();
	must(host_space_find(), "cannot find address space", "raise ulimit -v");
	must(host_ram_create(image, host_options.mem_bytes), "cannot create guest RAM",
	     "give a smaller mem=, or raise the limits of open files and of file size (ulimit -n, -f)");
	must(host_units_start(), "cannot create the zygote process",
	     "raise the limits of processes, open files and address space (ulimit -u, -n, -v)");
	must(host_ram_map(), "cannot map guest RAM", "give a smaller mem=, or raise ulimit -v");
	host_signals_start();
	prepare_units();
	um_start_kernel();
}
