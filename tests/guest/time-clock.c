// SPDX-License-Identifier: GPL-2.0-only
/* time-clock: every clock, by vDSO, by call and by the vsyscall page; sleeping. */
#include "guest.h"
#include <elf.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/times.h>

static uint64_t ns(struct timespec t)
{
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t by_vdso(clockid_t c)
{
	struct timespec t;

	MUST(clock_gettime(c, &t) == 0);
	return ns(t);
}

static uint64_t by_call(clockid_t c)
{
	struct timespec t;

	MUST(syscall(SYS_clock_gettime, c, &t) == 0);
	return ns(t);
}

static const struct {
	clockid_t id;
	const char *name;
	bool coarse;
} clocks[] = {
	{ CLOCK_REALTIME, "REALTIME", false },
	{ CLOCK_MONOTONIC, "MONOTONIC", false },
	{ CLOCK_BOOTTIME, "BOOTTIME", false },
	{ CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW", false },
	{ CLOCK_TAI, "TAI", false },
	{ CLOCK_REALTIME_COARSE, "REALTIME_COARSE", true },
	{ CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE", true },
	{ CLOCK_PROCESS_CPUTIME_ID, "PROCESS_CPUTIME", false },
	{ CLOCK_THREAD_CPUTIME_ID, "THREAD_CPUTIME", false },
};

/* Both ways of asking, in turn: never backwards, never far apart. */
static void monotone(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		uint64_t last = 0, back = 0, jump = 0;
		struct timespec res;

		for (int j = 0; j < 20000; j++) {
			uint64_t v = j & 1 ? by_call(clocks[i].id) : by_vdso(clocks[i].id);

			back += v < last;
			jump += last && v > last + 3000000000u;
			last = v;
		}
		CHECK(back == 0 && jump == 0, "%s: vDSO and call, in turn, only go forward",
		      clocks[i].name);
		MUST(clock_getres(clocks[i].id, &res) == 0);
		CHECK(clocks[i].coarse ? ns(res) >= 1000000 && ns(res) <= 10000000 : ns(res) == 1,
		      "%s: resolution", clocks[i].name);
	}
}

static void related(void)
{
	uint64_t a = by_vdso(CLOCK_MONOTONIC), b = by_vdso(CLOCK_BOOTTIME),
		 c = by_vdso(CLOCK_MONOTONIC);
	uint64_t coarse = by_vdso(CLOCK_MONOTONIC_COARSE);
	struct timeval tv;
	struct timespec ts;
	time_t t;

	CHECK(b + 1000000 >= a, "BOOTTIME is not behind MONOTONIC");
	CHECK(coarse <= by_vdso(CLOCK_MONOTONIC) && coarse + 100000000 >= c,
	      "COARSE lags a little");
	uint64_t bad = 0;

	for (int i = 0; i < 5000; i++) {
		clock_gettime(CLOCK_REALTIME, &ts);
		gettimeofday(&tv, NULL);
		uint64_t us = (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec;

		bad += us < ns(ts) / 1000;
		t = time(NULL);
		bad += t < ts.tv_sec - 1 || t > tv.tv_sec + 1;
		syscall(SYS_gettimeofday, &tv, NULL);
		bad += (uint64_t)tv.tv_sec * 1000000 + (uint64_t)tv.tv_usec < us;
	}
	CHECK(bad == 0, "clock_gettime, gettimeofday and time agree");
	CHECK(by_vdso(CLOCK_REALTIME) / 1000000000 > 1600000000, "the year is right");
	CHECK(clock_gettime(12345, &ts) == -1 && errno == EINVAL, "unknown clock");
	CHECK(clock_gettime(CLOCK_REALTIME_ALARM, &ts) == 0 || errno == EINVAL,
	      "alarm clock: time or EINVAL");
}

/* The old fixed page: time, gettimeofday, getcpu. */
static void vsyscall(void)
{
	time_t (*vtime)(time_t *) = (void *)0xffffffffff600400;
	int (*vgtod)(struct timeval *, void *) = (void *)0xffffffffff600000;
	long (*vgetcpu)(unsigned int *, unsigned int *, void *) = (void *)0xffffffffff600800;
	struct timeval tv = { 0, 0 };
	unsigned int cpu = 9999, node = 9999;
	time_t t = 0, r = vtime(&t), now = time(NULL);

	CHECK(r == t && r <= now && r + 2 >= now, "vsyscall time");
	CHECK(vgtod(&tv, NULL) == 0 && tv.tv_sec + 2 >= now && tv.tv_sec <= now + 2,
	      "vsyscall gettimeofday");
	CHECK(vgetcpu(&cpu, &node, NULL) == 0 && cpu < (unsigned int)sysconf(_SC_NPROCESSORS_CONF),
	      "vsyscall getcpu");
	catch_faults();
	int sig = sigsetjmp(g_back, 1);

	if (!sig) {
		g_armed = 1;
		vtime((time_t *)8);
	}
	g_armed = 0;
	say("vsyscall with a bad pointer: signal %d", sig);
	sig = sigsetjmp(g_back, 1);
	if (!sig) {
		g_armed = 1;
		((void (*)(void))0xffffffffff600123)();
	}
	g_armed = 0;
	say("vsyscall page, wrong offset: signal %d", sig);
}

static void vdso(void)
{
	const unsigned char *e = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);

	CHECK(e && !memcmp(e, ELFMAG, SELFMAG), "AT_SYSINFO_EHDR points to an ELF image");
	if (!e)
		return;
	const Elf64_Ehdr *eh = (const void *)e;
	const Elf64_Phdr *ph = (const void *)(e + eh->e_phoff);
	const Elf64_Dyn *dyn = NULL;
	const Elf64_Sym *sym = NULL;
	const char *str = NULL;
	const uint32_t *hash = NULL;
	uint64_t base = (uintptr_t)e;
	static const char *const want[] = { "__vdso_clock_gettime", "__vdso_gettimeofday",
					    "__vdso_time", "__vdso_getcpu", "__vdso_clock_getres" };

	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD)
			base = (uintptr_t)e - ph[i].p_vaddr + ph[i].p_offset;
		if (ph[i].p_type == PT_DYNAMIC)
			dyn = (const void *)(e + ph[i].p_offset);
	}
	MUST(dyn);
	const uint32_t *gnu = NULL;

	for (; dyn->d_tag; dyn++) {
		if (dyn->d_tag == DT_SYMTAB)
			sym = (const void *)(base + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_STRTAB)
			str = (const void *)(base + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_HASH)
			hash = (const void *)(base + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_GNU_HASH)
			gnu = (const void *)(base + dyn->d_un.d_ptr);
	}
	MUST(sym && str && (hash || gnu));
	/* The symbols end where the string table, or another table, begins. */
	size_t n = hash ? hash[1] : ((uintptr_t)str - (uintptr_t)sym) / sizeof(*sym);

	for (size_t w = 0; w < ARRAY_SIZE(want); w++) {
		bool found = false;

		for (size_t i = 1; i < n && !found; i++)
			found = sym[i].st_value && !strcmp(str + sym[i].st_name, want[w]);
		CHECK(found, "vDSO has %s", want[w]);
	}
}

static void sleeping(void)
{
	struct timespec t = { 0, 20000000 };
	uint64_t t0 = by_call(CLOCK_MONOTONIC), d, cpu0 = cpu_ns();

	nanosleep(&t, NULL);
	d = by_call(CLOCK_MONOTONIC) - t0;
	CHECK(d >= 20000000 && d < 2000000000, "nanosleep");
	CHECK(cpu_ns() - cpu0 < 15000000, "takes no processor time");
	t0 = by_call(CLOCK_MONOTONIC) + 20000000;
	t = (struct timespec){ (time_t)(t0 / 1000000000), (long)(t0 % 1000000000) };
	CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0 &&
		      by_call(CLOCK_MONOTONIC) >= t0,
	      "absolute clock_nanosleep");
	t0 = by_call(CLOCK_REALTIME) + 20000000;
	t = (struct timespec){ (time_t)(t0 / 1000000000), (long)(t0 % 1000000000) };
	CHECK(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL) == 0 &&
		      by_call(CLOCK_REALTIME) >= t0,
	      "absolute real time");
	t = (struct timespec){ 1, 0 };
	CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0, "a time in the past");
	t = (struct timespec){ 0, 1000000000 };
	CHECK(nanosleep(&t, NULL) == -1 && errno == EINVAL, "a bad time");
	t0 = by_call(CLOCK_MONOTONIC);
	for (int i = 0; i < 200; i++) {
		t = (struct timespec){ 0, 50000 };
		nanosleep(&t, NULL);
	}
	d = by_call(CLOCK_MONOTONIC) - t0;
	CHECK(d >= 200 * 50000 && d < 3000000000u, "200 short sleeps");
}

static int burn(void *arg)
{
	uint64_t c0 = cpu_ns(), want = (uint64_t)(uintptr_t)arg;
	volatile uint64_t n = 0;

	while (cpu_ns() - c0 < want)
		n++;
	return 0;
}

static void cpu_time(void)
{
	struct rusage ru;
	struct tms tms;
	uint64_t c0 = cpu_ns(), t0 = by_call(CLOCK_THREAD_CPUTIME_ID), m0 = now_ns(), used, thread;

	burn((void *)60000000);
	used = cpu_ns() - c0;
	thread = by_call(CLOCK_THREAD_CPUTIME_ID) - t0;
	CHECK(used >= 60000000 && used <= now_ns() - m0 + 1000000, "processor time of a busy loop");
	CHECK(thread + 5000000 >= used, "the thread's, too");
	run(burn, (void *)60000000);
	getrusage(RUSAGE_CHILDREN, &ru);
	used = (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 +
	       (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
	CHECK(used >= 50000 && used < 1000000, "a child's, by getrusage");
	CHECK(times(&tms) != (clock_t)-1 && tms.tms_cutime + tms.tms_cstime >= 4, "and by times");
}

static int child_clock(void *arg)
{
	uint64_t before = *(uint64_t *)arg, a = by_vdso(CLOCK_MONOTONIC),
		 b = by_call(CLOCK_MONOTONIC);
	unsigned int cpu = 9999;

	return a >= before && b >= a && b < before + 5000000000u && cpu_ns() < 1000000000 &&
			       getcpu(&cpu, NULL) == 0 &&
			       cpu < (unsigned int)sysconf(_SC_NPROCESSORS_CONF)
		       ? 0
		       : 1;
}

static void cpus(void)
{
	unsigned int cpu = 9999, node = 9999, c2 = 9999;
	cpu_set_t set;

	CHECK(getcpu(&cpu, &node) == 0 && node == 0, "getcpu by vDSO");
	MUST(sched_getaffinity(0, sizeof(set), &set) == 0);
	CHECK(CPU_ISSET(cpu, &set), "names a processor that we may use");
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0) {
		CHECK(syscall(SYS_getcpu, &c2, NULL, NULL) == 0 && c2 == 0,
		      "getcpu by call, held on 0");
		CHECK(getcpu(&cpu, NULL) == 0 && cpu == 0, "getcpu by vDSO, held on 0");
	} else {
		CHECK(false, "processor 0 may be used");
	}
}

int main(void)
{
	uint64_t before;

	monotone();
	related();
	vdso();
	sleeping();
	cpu_time();
	before = by_vdso(CLOCK_MONOTONIC);
	CHECK(exited(run(child_clock, &before), 0), "clocks in a child");
	cpus();
	vsyscall();
	return finish();
}
