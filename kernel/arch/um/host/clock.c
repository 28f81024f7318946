// SPDX-License-Identifier: GPL-2.0-only
/* clock.c - the host's clocks by its vDSO, and one host timer that interrupts us. */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/elf.h>
#include <host/clock.h>
#include <host/err.h>
#include <host/string.h>
#include "abi.h"
#include "raw.h"

#define CLOCK_REALTIME		0
#define CLOCK_MONOTONIC		1
#define CLOCK_OF_THREAD		3
#define CLOCK_OF_PROCESS(pid)	(~(pid) << 3 | 2)
#define SIGEV_THREAD_ID		4
#define PAIR_TRIES		5
#define PRICE_TRIES		16
#define NS_PER_S		1000000000UL

typedef long (*clock_fn)(long clock, struct host_timespec *ts);

static clock_fn vdso_clock;
static int timer;

static long clock_by_call(long clock, struct host_timespec *ts)
{
	return host_call(clock_gettime, clock, ts);
}

static u64 read_ns(long clock)
{
	struct host_timespec ts = { };

	vdso_clock(clock, &ts);
	return ts.sec * NS_PER_S + ts.nsec;
}

u64 host_clock_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

u64 host_clock_realtime_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

static u64 cpu_ns(int clock)
{
	struct host_timespec ts = { };

	return host_call(clock_gettime, clock, &ts) ? 0 : ts.sec * NS_PER_S + ts.nsec;
}

u64 host_clock_thread_ns(void)
{
	return cpu_ns(CLOCK_OF_THREAD);
}

u64 host_clock_process_ns(int pid)
{
	return cpu_ns(CLOCK_OF_PROCESS(pid));
}

static u64 rdtsc_ordered(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc; lfence" : "=a" (low), "=d" (high) : : "memory");
	return low | (u64)high << 32;
}

void host_clock_pair(u64 *tsc, u64 *ns)
{
	u64 best = ~0UL;
	int i;

	for (i = 0; i < PAIR_TRIES; i++) {
		u64 before = rdtsc_ordered(), now = host_clock_ns(), after = rdtsc_ordered();

		if (after - before < best) {
			best = after - before;
			*tsc = before + best / 2;
			*ns = now;
		}
	}
}

void host_nap(u32 ns)
{
	const struct host_timespec ts = { .nsec = ns };

	host_call(nanosleep, &ts, 0);
}

/* The shortest of some readings of the clock, in counts. */
static u64 shortest(clock_fn clock)
{
	u64 best = ~0UL;
	int i;

	for (i = 0; i < PRICE_TRIES; i++) {
		struct host_timespec ts;
		u64 before = rdtsc_ordered(), taken;

		clock(CLOCK_MONOTONIC, &ts);
		taken = rdtsc_ordered() - before;
		if (taken < best)
			best = taken;
	}
	return best;
}

/*
 * A vDSO whose clock cannot be read without a call makes that call itself: where the counters
 * of the host's processors do not agree, for one.  Nothing but its price tells.
 */
static bool vdso_serves(void)
{
	return vdso_clock != clock_by_call && 2 * shortest(vdso_clock) < shortest(clock_by_call);
}

bool host_clock_is_tsc(void)
{
	/* Clocks that their vDSO computes from the counter; "host" is ours, one level out. */
	static const char *const names[] = { "tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "host" };
	static const char path[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
	char name[32] = "";
	unsigned int i;
	long len;
	int fd = HOST_CALL(openat, -100, path, HOST_O_CLOEXEC, 0);

	if (fd < 0)	/* hidden: what else a vDSO could read is not made any more */
		return vdso_serves();
	len = HOST_CALL(read, fd, name, sizeof(name) - 1);
	host_call(close, fd);
	if (len > 0 && name[len - 1] == '\n')
		name[len - 1] = 0;
	for (i = 0; i < ARRAY_LEN(names); i++)
		if (!strcmp(name, names[i]))
			return vdso_serves();
	return false;
}

/* The address of a symbol of the host's vDSO, or NULL. */
static void *vdso_symbol(unsigned long base, const char *name)
{
	const Elf64_Ehdr *eh = (void *)base;
	const Elf64_Phdr *ph = (void *)(base + eh->e_phoff);
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *sym = NULL;
	const char *str = NULL;
	const u32 *hash = NULL;
	unsigned long load = base;
	unsigned int i;

	for (i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			load = base + ph[i].p_offset - ph[i].p_vaddr;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (void *)(base + ph[i].p_offset);
	}
	for (; dyn && dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_STRTAB)
			str = (void *)(load + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_SYMTAB)
			sym = (void *)(load + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_HASH)
			hash = (void *)(load + dyn->d_un.d_ptr);
	}
	if (!str || !sym)
		return NULL;
	/* Without DT_HASH the table of names follows the symbols directly. */
	for (i = 1; hash ? i < hash[1] : (void *)&sym[i] < (void *)str; i++)
		if (sym[i].st_shndx && !strcmp(str + sym[i].st_name, name))
			return (void *)(load + sym[i].st_value);
	return NULL;
}

int host_clock_start(unsigned long vdso)
{
	struct {
		u64 value;
		int signo, notify, tid, pad[11];
	} event = { 0, HOST_SIGALRM, SIGEV_THREAD_ID, host_call(gettid) };

	vdso_clock = vdso ? vdso_symbol(vdso, "__vdso_clock_gettime") : NULL;
	if (!vdso_clock)
		vdso_clock = clock_by_call;
	return host_call(timer_create, CLOCK_MONOTONIC, &event, &timer);
}

void host_timer_arm(u64 delta_ns)
{
	struct host_itimerspec its = {
		.value = { delta_ns / NS_PER_S, delta_ns ? delta_ns % NS_PER_S : 1 },
	};

	host_call(timer_settime, timer, 0, &its, 0);
}

void host_timer_stop(void)
{
	struct host_itimerspec its = { };

	host_call(timer_settime, timer, 0, &its, 0);
}
