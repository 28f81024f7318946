// SPDX-License-Identifier: GPL-2.0-only
/* fsgs: fs and gs base by arch_prctl and by instruction, across everything that may lose them. */
#include "guest.h"
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/time.h>

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

static bool instructions; /* wrgsbase and its kin are allowed */

static uint64_t rdgs(void)
{
	uint64_t v;

	__asm__ volatile("rdgsbase %0" : "=r"(v));
	return v;
}

static uint64_t rdfs(void)
{
	uint64_t v;

	__asm__ volatile("rdfsbase %0" : "=r"(v));
	return v;
}

static void wrgs(uint64_t v)
{
	__asm__ volatile("wrgsbase %0" : : "r"(v));
}

static uint64_t get_gs(void)
{
	uint64_t v = 1;

	MUST(syscall(SYS_arch_prctl, ARCH_GET_GS, &v) == 0);
	return v;
}

static void by_call(void)
{
	static uint64_t area[4] = { 0x1111, 0x2222, 0x3333, 0x4444 };
	uint64_t v = 0, fs = 0;

	CHECK(get_gs() == 0, "gs base starts at 0");
	CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, area) == 0, "ARCH_SET_GS");
	__asm__ volatile("mov %%gs:8, %0" : "=r"(v));
	CHECK(v == 0x2222 && get_gs() == (uintptr_t)area, "gs: reads there");
	MUST(syscall(SYS_arch_prctl, ARCH_GET_FS, &fs) == 0);
	CHECK(fs == (uint64_t)pthread_self(), "fs base is the thread pointer");
	CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, 1UL << 63) == -1 && errno == EPERM,
	      "kernel address: EPERM");
	CHECK(syscall(SYS_arch_prctl, ARCH_SET_FS, 1UL << 63) == -1 && errno == EPERM,
	      "for fs, too");
	CHECK(syscall(SYS_arch_prctl, 0x999, 0) == -1 && errno == EINVAL, "unknown code: EINVAL");
	CHECK(syscall(SYS_arch_prctl, ARCH_GET_GS, 8) == -1 && errno == EFAULT,
	      "bad pointer: EFAULT");
	CHECK(syscall(SYS_arch_prctl, ARCH_SET_GS, 0) == 0 && get_gs() == 0, "back to 0");
}

static void by_instruction(void)
{
	static uint64_t area[4] = { 5, 6, 7, 8 };
	uint64_t v;

	CHECK(rdfs() == (uint64_t)pthread_self(), "rdfsbase");
	wrgs((uintptr_t)area);
	__asm__ volatile("mov %%gs:16, %0" : "=r"(v));
	CHECK(v == 7 && get_gs() == (uintptr_t)area, "wrgsbase is seen by the kernel");
	wrgs(0x7eadbeef0000);
	CHECK(rdgs() == 0x7eadbeef0000 && get_gs() == 0x7eadbeef0000, "any user address");
	wrgs(0xffff800012340000);
	getppid();
	sched_yield();
	CHECK(rdgs() == 0xffff800012340000, "even a kernel address, by instruction");
	wrgs(0);
}

/* A function that runs with another fs base: no C library in between. */
static void fs_moves(void)
{
	uint64_t old = rdfs(), area[8] = { 0x77 }, v, got, err = 0;

	for (int i = 0; i < 1000; i++) {
		__asm__ volatile("wrfsbase %[new]\n"
				 "mov %[yield], %%eax\n"
				 "syscall\n"
				 "rdfsbase %[got]\n"
				 "mov %%fs:0, %[v]\n"
				 "wrfsbase %[old]\n"
				 : [got] "=&r"(got), [v] "=&r"(v)
				 : [new] "r"(area), [old] "r"(old), [yield] "i"(SYS_sched_yield)
				 : "rax", "rcx", "r11", "memory");
		err += v != 0x77 || got != (uintptr_t)area;
	}
	CHECK(err == 0, "wrfsbase holds over 1000 calls");
}

static volatile int ticks;
static volatile uint64_t in_handler;

static void on_tick(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
	in_handler = instructions ? rdgs() : get_gs();
	ticks++;
}

static int busy(void *arg)
{
	uint64_t want = 0x100000000 * ((uint64_t)(uintptr_t)arg + 1), bad = 0;
	struct itimerval it = { { 0, 2000 }, { 0, 2000 } };

	handle(SIGALRM, on_tick, SA_RESTART);
	setitimer(ITIMER_REAL, &it, NULL);
	if (syscall(SYS_arch_prctl, ARCH_SET_GS, want))
		return 1;
	while (ticks < 20) {
		for (int i = 0; i < 1000; i++)
			bad += (instructions ? rdgs() : get_gs()) != want;
		bad += ticks && in_handler != want;
	}
	bad += get_gs() != want;
	return bad != 0;
}

static void *thread(void *arg)
{
	uint64_t before = get_gs(), want = 0x200000000 * ((uint64_t)(uintptr_t)arg + 1), bad = 0;

	syscall(SYS_arch_prctl, ARCH_SET_GS, want);
	for (int i = 0; i < 300; i++) {
		sched_yield();
		bad += get_gs() != want;
	}
	(void)before;
	return (void *)(uintptr_t)bad;
}

static void kept(void)
{
	pthread_t t[4];
	pid_t pid[4];
	int good = 0;
	long bad = 0;
	void *ret;

	for (long i = 0; i < 4; i++)
		pid[i] = spawn(busy, (void *)i);
	for (int i = 0; i < 4; i++)
		good += exited(reap(pid[i]), 0);
	say("busy processes with signals keep their gs base: %d of 4", good);
	for (long i = 0; i < 4; i++)
		MUST(pthread_create(&t[i], NULL, thread, (void *)i) == 0);
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &ret);
		bad += (intptr_t)ret;
	}
	CHECK(bad == 0 && get_gs() == 0, "each thread has its own");
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0x123456000);
	pid_t child = fork();

	if (!child)
		_exit(get_gs() == 0x123456000 ? 0 : 1);
	CHECK(exited(reap(child), 0), "a fork inherits it");
	uint8_t *p = xmap(64 * PAGE, PROT_READ | PROT_WRITE);

	for (size_t i = 0; i < 64; i++)
		p[i * PAGE] = 1;
	CHECK(get_gs() == 0x123456000, "page faults keep it");
	syscall(SYS_arch_prctl, ARCH_SET_GS, 0);
}

/* Loading a null selector clears the base; the flat user selector does on this processor, too. */
static void selectors(void)
{
	uint16_t sel = 0xffff;

	__asm__ volatile("mov %%fs, %0" : "=r"(sel));
	say("fs selector %#x", sel);
	__asm__ volatile("mov %%gs, %0" : "=r"(sel));
	say("gs selector %#x", sel);
	__asm__ volatile("mov %%ds, %0" : "=r"(sel));
	say("ds selector %#x", sel);
	__asm__ volatile("mov %%es, %0" : "=r"(sel));
	say("es selector %#x", sel);
	__asm__ volatile("mov %%cs, %0" : "=r"(sel));
	say("cs selector %#x", sel);
	__asm__ volatile("mov %%ss, %0" : "=r"(sel));
	say("ss selector %#x", sel);
}

int main(void)
{
	instructions = getauxval(AT_HWCAP2) & 2;
	say("HWCAP2 offers fsgsbase: %d", instructions);
	by_call();
	if (instructions) {
		by_instruction();
		fs_moves();
	}
	kept();
	selectors();
	return finish();
}
