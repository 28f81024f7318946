// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-stub: dangerous system calls made from each of the host layer's own call instructions.
 *
 * A host filter that trusts the address of a call would let them pass.  The attacker shares his
 * memory with a watcher: what a call maps, unmaps or protects shows there.
 */
#include "attack.h"

enum { SITES = 64, STACK = 65536 };

static uint64_t site[SITES];
static int nsites;

/* Where a successful mmap would be seen. */
#define PLACE 0x300000000000UL

static struct result {
	long made, mapped, changed, watchers_died;
	size_t next; /* the order to go on with when a watcher has died */
} * res;

struct order {
	long nr;
	uint64_t a[6];
};

static char stack[STACK] __attribute__((aligned(4096)));
static const struct order *order;
static uint64_t order_site;

static int make_call(void *arg)
{
	uint64_t r[NREGS] = { 0 };

	(void)arg;
	r[RAX] = (uint64_t)order->nr;
	r[RDI] = order->a[0];
	r[RSI] = order->a[1];
	r[RDX] = order->a[2];
	r[R10_] = order->a[3];
	r[R8_] = order->a[4];
	r[R9_] = order->a[5];
	r[RBX] = 1; /* an operation's control word: the last of its list */
	r[RSP_] = (uintptr_t)stack + STACK / 2;
	r[RIP_] = order_site;
	r[FLAGS_] = 0x202;
	enter(r);
}

/* Each call in a process of its own that shares our memory. */
static void try(const struct order *o, uint64_t at)
{
	struct timespec nap = { 0, 200000 };
	int status, waits = 0;
	pid_t pid;

	order = o;
	order_site = at;
	pid = clone(make_call, stack + STACK, CLONE_VM | SIGCHLD, NULL);
	if (pid < 0)
		return;
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (waits++ == 100)
			kill(pid, SIGKILL);
		nanosleep(&nap, NULL);
	}
	res->made++;
	tried(1);
	if (!touch((void *)PLACE, false)) {
		res->mapped++;
		munmap((void *)PLACE, PAGE);
	}
}

/* Makes the orders that no earlier watcher has made; their number. */
static size_t orders(uint64_t at)
{
	uint64_t path = (uintptr_t) "/proc/self/exe", t = text->start;
	const struct order list[] = {
		{ SYS_munmap, { t, STEP } },
		{ SYS_munmap, { task_size, USER_END - task_size } },
		{ SYS_mprotect, { t, STEP, PROT_READ | PROT_WRITE | PROT_EXEC } },
		{ SYS_mremap, { t, STEP, STEP, MREMAP_MAYMOVE | MREMAP_FIXED, PLACE } },
		{ SYS_mmap,
		  { t, STEP, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, ~0ull, 0 } },
		{ SYS_dup, { 0 } },
		{ SYS_dup2, { 0, 50 } },
		{ SYS_clone,
		  { CLONE_VM | CLONE_FILES | CLONE_PARENT, (uintptr_t)stack + STACK / 4 } },
		{ SYS_fork, { 0 } },
		{ SYS_vfork, { 0 } },
		{ SYS_execve, { path, 0, 0 } },
		{ SYS_ptrace, { 0, 0, 0, 0 } },
		{ SYS_ptrace, { 16, 1, 0, 0 } },
		{ SYS_tgkill, { 1, 1, SIGKILL } },
		{ SYS_kill, { 1, SIGKILL } },
		{ SYS_kill, { (uint64_t)-1, SIGCONT } },
		{ SYS_prctl, { PR_SET_PDEATHSIG, 0 } },
		{ SYS_prctl, { PR_SET_DUMPABLE, 1 } },
		{ SYS_seccomp, { 1, 0, 0 } },
		{ SYS_seccomp, { 0, 0, 0 } },
		{ SYS_rt_sigaction, { SIGSEGV, 0, PLACE, 8 } },
		{ SYS_sigaltstack, { (uintptr_t)stack, 0 } },
		{ SYS_rt_sigprocmask, { SIG_SETMASK, (uintptr_t)stack, 0, 8 } },
		{ SYS_rt_sigreturn, { 0 } },
		{ SYS_close_range, { 0, ~0u, 0 } },
		{ SYS_close_range, { 0, ~0u, 2 } },
		{ SYS_arch_prctl, { 0x1002, task_size } },
		{ SYS_set_robust_list, { task_size, 24 } },
		{ SYS_futex, { t, 0, 0, 0 } },
		{ SYS_write, { 3, t, 8 } },
		{ SYS_write, { 1, t, 0 } },
		{ SYS_sendmsg, { 2, t, 0 } },
		{ SYS_memfd_create, { path, 0 } },
		{ SYS_io_uring_setup, { 1, (uintptr_t)stack } },
		{ SYS_process_vm_writev, { 1, (uintptr_t)stack, 1, (uintptr_t)stack, 1 } },
		{ SYS_open, { path, 0, 0 } },
		{ SYS_socket, { 1, 1, 0 } },
		{ SYS_shmat, { 0, PLACE, 0 } },
		{ SYS_exit, { 0 } },
		{ SYS_exit_group, { 0 } },
	};

	while (res->next < ARRAY_SIZE(list))
		try(&list[res->next++], at);
	return ARRAY_SIZE(list);
}

static int watch(void *arg)
{
	int which = (int)(intptr_t)arg;
	uint64_t sum = checksum(text);
	/* Every descriptor from one place, the low ones from each. */
	size_t fds = which ? 128 : 4096, first;

	close_range(3, ~0u, 0);
	catch_faults();
	first = orders(site[which]);
	while (res->next - first < fds) {
		uint64_t fd = res->next++ - first;
		/* Shared, read and write: what a foreign memory file would need. */
		struct order o = { SYS_mmap,
				   { PLACE, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
				     fd, 0 } };

		try(&o, site[which]);
	}
	if (touch((void *)text->start, false) || !touch((void *)text->start, true) ||
	    checksum(text) != sum)
		res->changed++;
	return 0;
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	res = xshared(PAGE);
	for (uint64_t i = 0; i + 1 < text_len && nsites < SITES; i++) {
		const uint8_t *p = (const uint8_t *)text->start + i;

		if (p[0] == 0x0f && p[1] == 0x05)
			site[nsites++] = text->start + i;
	}
	say("%d call instructions", nsites);
	for (long i = 0; i < nsites; i++) {
		size_t before;

		/* The attacker's memory is his own risk: the watcher may be ended with it. */
		res->next = 0;
		do {
			before = res->next;
			if (exited(attack(watch, (void *)i, 60000), 0))
				break;
			res->watchers_died++;
		} while (res->next > before);
		if (res->next == before && before == 0)
			CHECK(false, "site %ld: the watcher makes no call", i);
		end_attackers();
	}
	say("%ld calls made, %ld watchers ended", res->made, res->watchers_died);
	CHECK(res->made > 0, "calls were made");
	CHECK(res->mapped == 0, "no call mapped anything");
	CHECK(res->changed == 0, "the code is there and read-only");
	return attack_end();
}
