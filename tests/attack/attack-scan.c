// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-scan: reads all that can be read, and looks for what it must not find.
 *
 * That is addresses of the guest kernel; what the host gave the kernel process, its environment,
 * known by a secret that is passed here in two halves; and what programs before it have left, in
 * the host layer's pages and in memory that is fresh.
 *
 * A seeker holds the secrets only in a form that is not theirs, so that it does not find itself.
 *
 * usage: attack-scan --inside [HALF HALF]
 */
#include <pthread.h>
#include "attack.h"

/* Where the guest kernel's image and its linear map are. */
#define KERNEL_LOW  0x60000000UL
#define KERNEL_HIGH 0xa0000000UL

enum {
	VICTIM_THREADS = 12,
	SEEKERS = 40,
	STACKS_SEEN = 2 << 20, /* so much of the writable area, and of lists */
	LISTS_SEEN = 1 << 18,
	FRESH_BYTES = 48 << 20,
};

/* A victim's registers are full of the secret, his memory lies at the secret place. */
static volatile uint64_t mask = 0xa5c3963c5a3c69c3;
static const uint64_t hidden_secret = 0xfb01754484fda8a4;
static const uint64_t hidden_place = 0xa5c3963c5a3c0000 | 0x2be7;

static uint64_t secret(void)
{
	return hidden_secret ^ mask;
}

static uint64_t place(void)
{
	return (hidden_place ^ (mask & ~0xffffull)) << 16;
}

struct find {
	uint64_t count, where, word;
};

static struct result {
	struct find kernel, secret, place, host, fresh;
	int looked;
} * res;

static char host_secret[2][64]; /* its halves */
static size_t half_len;

/* ---- those who have secrets */

/* For some time slices; a fault, a call and a whole frame now and then. */
static void *full_registers(void *arg)
{
	uint64_t end = now_ns() + 30000000, word = secret();
	volatile char *page = arg;

	while (now_ns() < end) {
		for (long turns = 0; turns < 20000; turns++)
			__asm__ volatile("movq %0, %%xmm0\n punpcklqdq %%xmm0, %%xmm0\n"
					 "movdqa %%xmm0, %%xmm5\n movdqa %%xmm0, %%xmm15\n"
					 "mov %0, %%r8\n mov %0, %%r9\n mov %0, %%r12\n"
					 "mov %0, %%r15\n"
					 :
					 : "r"(word)
					 : "xmm0", "xmm5", "xmm15", "r8", "r9", "r12", "r15");
		page[0]++;
		madvise((void *)(uintptr_t)page, PAGE, MADV_DONTNEED);
	}
	return NULL;
}

static void secret_threads(void)
{
	pthread_t thread[VICTIM_THREADS];
	char *pages = mmap((void *)place(), VICTIM_THREADS * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	int n = 0;

	MUST(pages != MAP_FAILED);
	while (n < VICTIM_THREADS &&
	       !pthread_create(&thread[n], NULL, full_registers, pages + (size_t)n * PAGE))
		n++;
	for (int i = 0; i < n; i++)
		pthread_join(thread[i], NULL);
}

static int one_thread(void *arg)
{
	(void)arg;
	full_registers(mmap((void *)place(), PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	return 0;
}

static int threads(void *arg)
{
	(void)arg;
	secret_threads();
	return 0;
}

static __attribute__((noreturn)) int until_killed(void *arg)
{
	(void)arg;
	for (;;)
		secret_threads();
}

/* Leaves marks in signal stacks, his own and others'. */
static int painter(void *arg)
{
	const struct area *a = &areas[nareas - 1];

	(void)arg;
	catch_faults();
	for (uint64_t at = a->start; at < a->start + STACKS_SEEN; at += PAGE)
		if (!touch((void *)at, true))
			((volatile uint64_t *)at)[17] = secret();
	return 0;
}

/* ---- those who look */

static void found(struct find *f, uint64_t where, uint64_t word)
{
	f->count++;
	f->where = where;
	f->word = word;
}

/* Words of writable pages may be the seeker's own registers: no proof of the kernel's. */
static void scan_page(uint64_t at, bool writable)
{
	const volatile uint64_t *p = (const volatile uint64_t *)at;
	uint64_t key = mask;

	tried(1);
	for (uint64_t i = 0; i < PAGE / 8; i++) {
		uint64_t word = p[i];

		if (!writable && word >= KERNEL_LOW && word < KERNEL_HIGH)
			found(&res->kernel, at + i * 8, word);
		if ((word ^ key) == hidden_secret)
			found(&res->secret, at + i * 8, word ^ key);
		if ((word >> 16 ^ (key & ~0xffffull)) == hidden_place)
			found(&res->place, at + i * 8, word ^ key);
	}
}

static void scan_area(const struct area *a)
{
	uint64_t most = a == text ? ~0ull : a->writable ? STACKS_SEEN : LISTS_SEEN;
	uint64_t end = a->end - a->start > most ? a->start + most : a->end;

	for (uint64_t at = a->start; at < end; at += PAGE)
		if (!touch((void *)at, false))
			scan_page(at, a->writable);
}

/* The host's secret in one piece. */
static void scan_for_host(const char *p, const char *end)
{
	tried((uint64_t)(end - p) / PAGE);
	for (; half_len && p + 2 * half_len <= end; p++)
		if (*p == host_secret[0][0] && !memcmp(p, host_secret[0], half_len) &&
		    !memcmp(p + half_len, host_secret[1], half_len))
			found(&res->host, (uintptr_t)p, 0);
}

static void scan_self(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[512];

	MUST(maps != NULL);
	while (fgets(line, sizeof(line), maps)) {
		unsigned long start, end;
		char r;

		if (sscanf(line, "%lx-%lx %c", &start, &end, &r) != 3 || r != 'r' ||
		    start >= task_size || strstr(line, "[vvar"))
			continue;
		scan_for_host((const char *)start, (const char *)end);
	}
	fclose(maps);
}

static int seeker(void *arg)
{
	(void)arg;
	catch_faults();
	for (int i = 0; i < nareas; i++)
		scan_area(&areas[i]);
	scan_self();
	__atomic_add_fetch(&res->looked, 1, __ATOMIC_RELAXED);
	return 0;
}

/* Many at a time: one of them gets what the victims have used. */
static int seekers(void *arg)
{
	pid_t pid[SEEKERS];
	int n = 0;

	while (n < SEEKERS) {
		pid[n] = fork();
		if (!pid[n]) {
			seeker(arg);
			for (;;)
				pause();
		}
		if (pid[n] < 0)
			break;
		n++;
	}
	for (int i = 0; i < 1000 && res->looked < n; i++)
		msleep(10);
	for (int i = 0; i < n; i++)
		kill(pid[i], SIGKILL);
	for (int i = 0; i < n; i++)
		reap(pid[i]);
	return n == SEEKERS ? 0 : 1;
}

/* Memory that is new to a process is empty, also where the last one had its own. */
static int fresh(void *arg)
{
	uint64_t *p = xmap(FRESH_BYTES, PROT_READ | PROT_WRITE);

	(void)arg;
	catch_faults();
	if (!touch((void *)place(), false))
		found(&res->fresh, place(), 0);
	for (uint64_t i = 0; i < FRESH_BYTES / 8; i++) {
		uint64_t word = ((volatile uint64_t *)p)[i];

		if (word)
			found(&res->fresh, (uintptr_t)(p + i), word);
		if (i % 512 == 0)
			p[i] = 0; /* a page of its own */
	}
	tried(FRESH_BYTES / PAGE);
	return 0;
}

static int dirty(void *arg)
{
	memset(xmap(FRESH_BYTES, PROT_READ | PROT_WRITE), 0x5e, FRESH_BYTES);
	return one_thread(arg);
}

/* What files tell an ordinary user. */
static int files(void *arg)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	unsigned long address, seen = 0;
	char line[512];

	(void)arg;
	tried(1);
	while (symbols && fgets(line, sizeof(line), symbols))
		seen |= sscanf(line, "%lx", &address) == 1 ? address : 0;
	return seen ? 1 : 0;
}

static void after(const char *name, int (*victim)(void *), int limit_ms)
{
	memset(res, 0, sizeof(*res));
	for (int i = 0; i < 3; i++)
		attack(victim, NULL, limit_ms);
	end_attackers();
	CHECK(exited(attack(seekers, NULL, 20000), 0) && res->looked == SEEKERS,
	      "%s: the seekers look", name);
	end_attackers();
	for (int i = 0; i < 4; i++) {
		const struct find *f = (const struct find *)res + i;
		static const char *const what[] = { "kernel addresses", "registers", "addresses",
						    "of the host's secrets" };

		if (f->count)
			say("%s: %s: %llu times, for example at %#llx: %#llx", name, what[i],
			    (unsigned long long)f->count, (unsigned long long)f->where,
			    (unsigned long long)f->word);
	}
	CHECK(!res->kernel.count, "%s: no address of the kernel is seen", name);
	CHECK(!res->secret.count, "%s: no register of theirs is left", name);
	CHECK(!res->place.count, "%s: no address of theirs is left", name);
	CHECK(!res->host.count, "%s: nothing of the host's is seen", name);
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);
	res = xshared(PAGE);
	if (argc > 3 && strlen(argv[2]) == strlen(argv[3]) && strlen(argv[2]) < 64) {
		half_len = strlen(argv[2]);
		strcpy(host_secret[0], argv[2]);
		strcpy(host_secret[1], argv[3]);
	}
	attacker_limit.tasks = 100;
	after("a program with one thread", one_thread, 5000);
	after("a program with threads", threads, 20000);
	after("a program that was killed", until_killed, 150);
	after("a program that wrote to signal stacks", painter, 5000);
	for (int i = 0; i < 3; i++) {
		attack(dirty, NULL, 20000);
		attack(fresh, NULL, 20000);
	}
	if (res->fresh.count)
		say("fresh memory at %#llx: %#llx", (unsigned long long)res->fresh.where,
		    (unsigned long long)res->fresh.word);
	CHECK(!res->fresh.count, "fresh memory is empty");
	CHECK(exited(attack(files, NULL, 5000), 0), "files tell no address of the kernel");
	end_attackers();
	return attack_end();
}
