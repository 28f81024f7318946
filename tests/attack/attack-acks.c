// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-acks: forged acknowledgements.
 *
 * What the kernel takes for done must be done.  So nobody may write to the request lists, the
 * replies or the constants, wake who waits on them, or have the guest kernel do it: by every system
 * call that writes to memory or names an address, over everything that lies above TASK_SIZE, while
 * siblings fork, unmap and have pages swapped out.
 *
 * usage: attack-acks --inside [ROUNDS]
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include "attack.h"

enum { BUSY_BYTES = 1 << 20, STRIDE = 4096, REPLACED = 67, BATCH = 256 };

/* There it is no error where nothing is; an effect shows in the code, or in who does not come to his end. */
enum { WITHOUT_EFFECT = 1 << 30 };

/* Calls that write to the address given as an argument, or act on it. */
static const struct call {
	const char *name;
	long nr;
	int at; /* which argument is the address */
	uint64_t a[6];
	long success; /* the least result that is one */
} calls[] = {
	{ "futex wake", SYS_futex, 0, { 0, FUTEX_WAKE, 1 } },
	{ "futex wake private", SYS_futex, 0, { 0, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1 }, 1 },
	{ "futex wake-op", SYS_futex, 4, { 0, FUTEX_WAKE_OP, 1, 1, 0, 0x11000001 } },
	{ "futex requeue", SYS_futex, 4, { 0, FUTEX_REQUEUE, 1, 1 } },
	{ "futex lock-pi", SYS_futex, 0, { 0, FUTEX_LOCK_PI } },
	{ "futex wait", SYS_futex, 0, { 0, FUTEX_WAIT, 0xdeadbeef } },
	{ "pipe", SYS_pipe, 0, { 0 } },
	{ "uname", SYS_uname, 0, { 0 } },
	{ "getcwd", SYS_getcwd, 0, { 0, 64 } },
	{ "getrandom", SYS_getrandom, 0, { 0, 64 } },
	{ "clock_gettime", SYS_clock_gettime, 1, { 1 } },
	{ "time", SYS_time, 0, { 0 } },
	{ "getrusage", SYS_getrusage, 1, { 0 } },
	{ "rt_sigprocmask", SYS_rt_sigprocmask, 2, { 0, 0, 0, 8 } },
	{ "sigaltstack", SYS_sigaltstack, 1, { 0 } },
	{ "get_robust_list", SYS_get_robust_list, 1, { 0 } },
	{ "arch_prctl get fs", SYS_arch_prctl, 1, { 0x1003 } },
	{ "munmap", SYS_munmap, 0, { 0, PAGE }, WITHOUT_EFFECT },
	{ "mprotect", SYS_mprotect, 0, { 0, PAGE, PROT_READ | PROT_WRITE } },
	{ "madvise dontneed", SYS_madvise, 0, { 0, PAGE, MADV_DONTNEED } },
	{ "madvise remove", SYS_madvise, 0, { 0, PAGE, MADV_REMOVE } },
	{ "madvise populate", SYS_madvise, 0, { 0, PAGE, 23 } },
	{ "mlock", SYS_mlock, 0, { 0, PAGE } },
	{ "mremap", SYS_mremap, 0, { 0, PAGE, PAGE, MREMAP_MAYMOVE } },
	{ "msync", SYS_msync, 0, { 0, PAGE, 1 } },
	{ "mincore", SYS_mincore, 0, { 0, PAGE } },
	{ "mmap over it",
	  SYS_mmap,
	  0,
	  { 0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0ull } },
	{ "shmat over it", SYS_shmat, 1, { 0, 0, 040000 } },
};

static struct result {
	uint64_t succeeded[ARRAY_SIZE(calls)];
	uint64_t other, busy, rounds;
} * res;

/* ---- the siblings that keep the agent busy */

static void *busy_thread(void *arg)
{
	char *p = arg;

	for (uint64_t i = 0;; i++) {
		memset(p, (int)i, BUSY_BYTES);
		if (i % 4 == 0)
			madvise(p, BUSY_BYTES, MADV_PAGEOUT);
		else if (i % 4 == 1)
			MUST(mmap(p, BUSY_BYTES, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
		else if (i % 4 == 2)
			mprotect(p, BUSY_BYTES, PROT_READ),
				mprotect(p, BUSY_BYTES, PROT_READ | PROT_WRITE);
		else if (!fork())
			_exit(p[i % BUSY_BYTES] != (char)i);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		res->busy++;
	}
	return NULL;
}

static void keep_busy(void)
{
	pthread_t thread;

	MUST(pthread_create(&thread, NULL, busy_thread, xmap(BUSY_BYTES, PROT_READ | PROT_WRITE)) ==
	     0);
}

/* ---- the forger */

static uint64_t somewhere(void)
{
	const struct area *a = &areas[rnd() % (uint64_t)nareas];

	return a->start + (rnd() % (a->end - a->start) & (rnd() & 1 ? ~7ull : ~(PAGE - 1)));
}

static int by_calls(void *arg)
{
	reseed((uintptr_t)arg);
	keep_busy();
	for (int i = 0; i < BATCH; i++)
		for (size_t k = 0; k < ARRAY_SIZE(calls); k++) {
			const struct call *c = &calls[k];
			uint64_t a[6];
			long r;

			memcpy(a, c->a, sizeof(a));
			if (c->at == 4)
				a[0] = (uintptr_t)&res->other;
			a[c->at] = somewhere();
			if (c->nr == SYS_munmap || c->nr == SYS_mmap || c->nr == SYS_mremap)
				a[c->at] &= ~(PAGE - 1);
			r = call6(c->nr, (long)a[0], (long)a[1], (long)a[2], (long)a[3], (long)a[4],
				  (long)a[5]);
			tried(1);
			res->succeeded[k] += r >= c->success;
		}
	res->rounds++;
	return 0;
}

/* Reads from files, pipes and sockets into it; what another process or a tracer writes. */
static int by_copies(void *arg)
{
	static char buf[64] = "0123456789abcdef0123456789abcdef";
	int zero = open("/dev/zero", O_RDONLY), mem = open("/proc/self/mem", O_RDWR), p[2], s[2];
	struct iovec own = { buf, sizeof(buf) }, there = { NULL, sizeof(buf) };
	pid_t pid;

	reseed((uintptr_t)arg);
	MUST(zero >= 0 && mem >= 0 && pipe(p) == 0 && socketpair(AF_UNIX, SOCK_DGRAM, 0, s) == 0);
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	keep_busy();
	for (int i = 0; i < BATCH; i++) {
		uint64_t at = somewhere();
		void *to = (void *)at;

		there.iov_base = to;
		res->other += read(zero, to, 64) > 0;
		res->other += write(p[1], buf, 1) == 1 && read(p[0], to, 1) > 0;
		res->other += send(s[0], buf, 16, 0) == 16 && recv(s[1], to, 16, 0) > 0;
		res->other += process_vm_writev(getpid(), &own, 1, &there, 1, 0) > 0;
		res->other += process_vm_writev(pid, &own, 1, &there, 1, 0) > 0;
		res->other += pwrite(mem, buf, 64, (off_t)at) > 0;
		res->other += ptrace(PTRACE_POKEDATA, pid, to, 1L) == 0;
		res->other += vmsplice(p[0], &there, 1, 0) > 0;
		tried(8);
	}
	kill(pid, SIGKILL);
	return 0;
}

/* Plain stores: read-only pages fault, and the writable ones are nobody's word for anything. */
static int by_stores(void *arg)
{
	reseed((uintptr_t)arg);
	catch_faults();
	for (int i = 0; i < BATCH * 8; i++) {
		const struct area *a = &areas[rnd() % (uint64_t)nareas];
		uint64_t at = a->start + (rnd() % (a->end - a->start) & ~7ull);

		tried(1);
		if (touch((void *)at, true) == 0 && !a->writable)
			return REPLACED;
	}
	return 0;
}

/* What the kernel writes when a thread ends, restarts or is scheduled. */
static int by_registration(void *arg)
{
	uint64_t at = somewhere() & ~31ull;
	long what = (intptr_t)arg;

	reseed((uintptr_t)arg);
	tried(1);
	switch (what % 4) {
	case 0:
		syscall(SYS_set_tid_address, at);
		break;
	case 1:
		syscall(SYS_set_robust_list, at, 24L);
		break;
	case 2:
		syscall(SYS_rseq, at, 32L, 0L, 0x53053053L);
		break;
	default: {
		stack_t ss = { .ss_sp = (void *)at, .ss_size = 65536 };

		sigaltstack(&ss, NULL);
		signal(SIGUSR1, SIG_IGN);
		handle(SIGUSR2, (void (*)(int, siginfo_t *, void *))abort, SA_ONSTACK);
		raise(SIGUSR2);
	}
	}
	sched_yield();
	return 0;
}

static uint64_t fingerprint(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < nareas; i++)
		if (&areas[i] == text)
			for (uint64_t at = areas[i].start; at < areas[i].end; at += 8)
				sum = (sum << 5 | sum >> 59) ^ *(volatile uint64_t *)at;
	return sum;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 6, replaced = 0;
	uint64_t sum;

	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	res = xshared(PAGE);
	sum = fingerprint();
	for (long i = 0; i < n; i++) {
		attack(by_calls, (void *)i, 20000);
		end_attackers();
		attack(by_copies, (void *)i, 20000);
		end_attackers();
		replaced += exited(attack(by_stores, (void *)i, 20000), REPLACED);
		for (long k = 0; k < 40; k++)
			attack(by_registration, (void *)(i * 40 + k), 1000);
		end_attackers();
	}
	for (size_t k = 0; k < ARRAY_SIZE(calls); k++)
		if (res->succeeded[k])
			CHECK(false, "%s: %llu times not refused", calls[k].name,
			      (unsigned long long)res->succeeded[k]);
	CHECK(res->rounds == (uint64_t)n, "each forger comes to its end");
	CHECK(res->other == 0, "no copy reaches it");
	CHECK(replaced == 0, "no store to what is read-only");
	CHECK(fingerprint() == sum, "code and constants are unchanged");
	CHECK(res->busy > 0, "all the time the agents were at work");
	return attack_end();
}
