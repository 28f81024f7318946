// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpuinfo.c - what guest programs are told about the processor: /proc/cpuinfo and the
 * capability words of the auxiliary vector.
 *
 * The processor is the host's; guest programs can ask it themselves.  Features that only
 * a kernel could make usable, and this one does not, are left out of the list.
 */
#include <linux/cpumask.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <host/start.h>
#include <uapi/asm/hwcap2.h>
#include <asm/cpufeatures.h>
#include <asm/cpuid.h>
#include <asm/elf.h>
#include <asm/hostclock.h>
#include <asm/processor.h>
#include <asm/um_setup.h>

#define LEAF_BASIC		0x00000000
#define LEAF_VERSION		0x00000001
#define LEAF_CACHES		0x00000004
#define LEAF_FREQUENCY		0x00000016
#define LEAF_EXTENDED		0x80000000
#define LEAF_MODEL_NAME		0x80000002
#define LEAF_L2			0x80000006
#define LEAF_POWER		0x80000007
#define LEAF_ADDRESS_SIZES	0x80000008
#define POWER_INVARIANT_TSC	BIT(8)

/* Made from asm/cpufeatures.h by the build. */
extern const char * const x86_cap_flags[NCAPINTS * 32];

unsigned long um_hwcap __ro_after_init;
unsigned long um_hwcap2 __ro_after_init;

/* Which answer of the processor is which word of the list of features. */
static const struct {
	u32 leaf;
	u32 subleaf;
	enum cpuid_regs_idx reg;
	unsigned int word;
} words[] = {
	{ 0x00000001, 0, CPUID_EDX,  0 },
	{ 0x80000001, 0, CPUID_EDX,  1 },
	{ 0x00000001, 0, CPUID_ECX,  4 },
	{ 0x80000001, 0, CPUID_ECX,  6 },
	{ 0x00000007, 0, CPUID_EBX,  9 },
	{ 0x0000000d, 1, CPUID_EAX, 10 },
	{ 0x00000007, 1, CPUID_EAX, 12 },
	{ 0x80000008, 0, CPUID_EBX, 13 },
	{ 0x00000006, 0, CPUID_EAX, 14 },
	{ 0x00000007, 0, CPUID_ECX, 16 },
	{ 0x00000007, 0, CPUID_EDX, 18 },
};

/* Of no use without a kernel's help. */
static const u16 hidden[] = {
	X86_FEATURE_MWAIT, X86_FEATURE_VMX, X86_FEATURE_SMX, X86_FEATURE_SVM,
	X86_FEATURE_PKU, X86_FEATURE_OSPKE, X86_FEATURE_SHSTK, X86_FEATURE_IBT,
	X86_FEATURE_LA57, X86_FEATURE_ENQCMD, X86_FEATURE_AMX_BF16, X86_FEATURE_AMX_TILE,
	X86_FEATURE_AMX_INT8, X86_FEATURE_AMX_FP16,
};

/* True of every processor that runs 64-bit code. */
static const u16 implied[] = { X86_FEATURE_REP_GOOD, X86_FEATURE_NOPL, X86_FEATURE_CPUID };

/**
 * struct cpu_description - what /proc/cpuinfo shows
 * @max_leaf: highest basic leaf of cpuid
 * @name: its name
 * @family: as cpuid's version word encodes it
 * @model: likewise
 * @stepping: likewise
 * @cache_kib: size of the last private cache (AMD), or of the last one (others)
 * @clflush_bytes: a cache line
 * @phys_bits: width of a physical address
 * @virt_bits: width of a virtual address
 * @invariant_tsc: the time stamp counter never stops and never changes its rate
 * @features: one bit a feature
 */
static struct cpu_description {
	u32 max_leaf;
	char name[49];
	unsigned int family, model, stepping;
	unsigned int cache_kib;
	unsigned int clflush_bytes;
	unsigned int phys_bits, virt_bits;
	bool invariant_tsc;
	DECLARE_BITMAP(features, NCAPINTS * 32);
} cpu __ro_after_init;

static void __init ask(u32 leaf, u32 subleaf, u32 out[4])
{
	/* Above its last leaf a processor may answer anything. */
	if (leaf > cpuid_eax(leaf & 0xffff0000))
		memset(out, 0, 4 * sizeof(*out));
	else
		cpuid_count(leaf, subleaf, &out[0], &out[1], &out[2], &out[3]);
}

static void __init read_names(void)
{
	u32 r[4], name[13] = { };
	int i;

	ask(LEAF_BASIC, 0, r);
	cpu.max_leaf = r[CPUID_EAX];
	for (i = 0; i < 3; i++)
		ask(LEAF_MODEL_NAME + i, 0, name + 4 * i);
	strscpy(cpu.name, strim((char *)name), sizeof(cpu.name));
}

static void __init read_version(void)
{
	u32 r[4];

	ask(LEAF_VERSION, 0, r);
	cpu.family = r[CPUID_EAX] >> 8 & 0xf;
	cpu.model = r[CPUID_EAX] >> 4 & 0xf;
	cpu.stepping = r[CPUID_EAX] & 0xf;
	if (cpu.family >= 6)
		cpu.model += (r[CPUID_EAX] >> 16 & 0xf) << 4;
	if (cpu.family == 0xf)
		cpu.family += r[CPUID_EAX] >> 20 & 0xff;
	cpu.clflush_bytes = (r[CPUID_EBX] >> 8 & 0xff) * 8;
}

static void __init read_sizes(void)
{
	u32 r[4], i;

	ask(LEAF_ADDRESS_SIZES, 0, r);
	cpu.phys_bits = r[CPUID_EAX] & 0xff;
	cpu.virt_bits = r[CPUID_EAX] >> 8 & 0xff;
	ask(LEAF_POWER, 0, r);
	cpu.invariant_tsc = r[CPUID_EDX] & POWER_INVARIANT_TSC;
	ask(LEAF_L2, 0, r);
	cpu.cache_kib = r[CPUID_ECX] >> 16;
	for (i = 0; i < 8; i++) {
		u32 kib;

		ask(LEAF_CACHES, i, r);
		if (!(r[CPUID_EAX] & 0x1f))
			break;
		/* ways * partitions * line size * sets, each stored as one less */
		kib = (u64)((r[CPUID_EBX] >> 22) + 1) * ((r[CPUID_EBX] >> 12 & 0x3ff) + 1) *
		      ((r[CPUID_EBX] & 0xfff) + 1) * (r[CPUID_ECX] + 1) / 1024;
		cpu.cache_kib = max(cpu.cache_kib, kib);
	}
}

static void __init read_features(void)
{
	u32 r[4], bits[NCAPINTS] = { };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		ask(words[i].leaf, words[i].subleaf, r);
		bits[words[i].word] = r[words[i].reg];
	}
	bitmap_from_arr32(cpu.features, bits, NCAPINTS * 32);
	for (i = 0; i < ARRAY_SIZE(implied); i++)
		__set_bit(implied[i], cpu.features);
	for (i = 0; i < ARRAY_SIZE(hidden); i++)
		__clear_bit(hidden[i], cpu.features);
	if (!host_has_fsgsbase())
		__clear_bit(X86_FEATURE_FSGSBASE, cpu.features);
	if (cpu.invariant_tsc) {
		__set_bit(X86_FEATURE_CONSTANT_TSC, cpu.features);
		__set_bit(X86_FEATURE_NONSTOP_TSC, cpu.features);
	}
}

void __init um_hwcap_init(void)
{
	read_names();
	read_version();
	read_sizes();
	read_features();
	um_hwcap = host_hwcap;
	um_hwcap2 = host_has_fsgsbase() ? HWCAP2_FSGSBASE : 0;
}

/* Rate of the time stamp counter: as measured, or as the processor says, or 0. */
static unsigned int tsc_khz(void)
{
	const struct um_hostclock *hc = um_hostclock();
	u64 mult = READ_ONCE(hc->mult);

	if (hc->valid && mult)
		return mul_u64_u64_div_u64(1000000, 1ULL << hc->shift, mult);
	if (cpu.max_leaf >= LEAF_FREQUENCY)
		return (cpuid_eax(LEAF_FREQUENCY) & 0xffff) * 1000;
	return 0;
}

static void show_features(struct seq_file *m)
{
	unsigned int i;

	seq_puts(m, "flags\t\t:");
	for_each_set_bit(i, cpu.features, NCAPINTS * 32) {
		if (x86_cap_flags[i])
			seq_printf(m, " %s", x86_cap_flags[i]);
	}
	seq_putc(m, '\n');
}

static int show_cpuinfo(struct seq_file *m, void *v)
{
	const unsigned int khz = tsc_khz();
	const unsigned long lpj = um_cpu.loops_per_jiffy;

	seq_printf(m, "processor\t: %lu\n", (unsigned long)v - 1);
	/* By this line programs, systemd among them, know where they run. */
	seq_puts(m, "vendor_id\t: User Mode Linux\n");
	seq_printf(m, "cpu family\t: %u\n", cpu.family);
	seq_printf(m, "model\t\t: %u\n", cpu.model);
	seq_printf(m, "model name\t: %s\n", cpu.name[0] ? cpu.name : "unknown");
	seq_printf(m, "stepping\t: %u\n", cpu.stepping);
	if (khz)
		seq_printf(m, "cpu MHz\t\t: %u.%03u\n", khz / 1000, khz % 1000);
	if (cpu.cache_kib)
		seq_printf(m, "cache size\t: %u KB\n", cpu.cache_kib);
	seq_puts(m, "fpu\t\t: yes\nfpu_exception\t: yes\n");
	seq_printf(m, "cpuid level\t: %u\n", cpu.max_leaf);
	seq_puts(m, "wp\t\t: yes\n");
	show_features(m);
	seq_puts(m, "bugs\t\t:\n");
	if (khz)	/* a loop of the delay took half a cycle, once */
		seq_printf(m, "bogomips\t: %u.%02u\n", khz / 500, khz / 5 % 100);
	else
		seq_printf(m, "bogomips\t: %lu.%02lu\n", lpj / (500000 / HZ), lpj / (5000 / HZ) % 100);
	seq_printf(m, "clflush size\t: %u\n", cpu.clflush_bytes);
	seq_printf(m, "cache_alignment\t: %u\n", cpu.clflush_bytes);
	seq_printf(m, "address sizes\t: %u bits physical, %u bits virtual\n", cpu.phys_bits,
		   cpu.virt_bits);
	seq_puts(m, "power management:\n\n");
	return 0;
}

/* The iterator is the number of the CPU plus 1. */
static void *cpuinfo_start(struct seq_file *m, loff_t *pos)
{
	*pos = cpumask_next(*pos - 1, cpu_online_mask);
	return *pos < nr_cpu_ids ? (void *)(unsigned long)(*pos + 1) : NULL;
}

static void *cpuinfo_next(struct seq_file *m, void *v, loff_t *pos)
{
	++*pos;
	return cpuinfo_start(m, pos);
}

static void cpuinfo_stop(struct seq_file *m, void *v)
{
}

const struct seq_operations cpuinfo_op = {
	.start	= cpuinfo_start,
	.next	= cpuinfo_next,
	.stop	= cpuinfo_stop,
	.show	= show_cpuinfo,
};
