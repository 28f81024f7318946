// SPDX-License-Identifier: GPL-2.0-only
/*
 * unit.c - units: the zygote, agents and their request lists.
 *
 * Theory of operation.  The zygote is forked from the kernel process before guest RAM is
 * mapped; it drops the kernel's memory and from then on clones agents when its request
 * list says so.  CLONE_PARENT makes the kernel process the parent of them all: it learns
 * of every death, and they die with it (PDEATHSIG, which follows the thread that made
 * the zygote: the virtual CPU's, which never ends before the process).
 *
 * A request list lies in the control memfd, writable here and read-only there.  Changes
 * of the guest's mappings are queued as operations; the list is posted by raising its
 * sequence number and waking the agent.  Mostly the last operation answers the carrier
 * that waits for the change, so that nobody waits for the agent; with several carriers
 * the list is acknowledged too, because another carrier may need the agent before the
 * resumed one has shown that the list is done.
 *
 * An agent acknowledges by adding a value from a read-only table to its eventfd, which
 * no carrier holds: no guest can forge it.  An error ends the list, is acknowledged, and
 * raises HOST_SIG_TROUBLE here.
 *
 * Everything in this file runs on the virtual CPU with interrupts off.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/audit.h>
#include <uapi/linux/filter.h>
#define _IOC_TYPECHECK(t) (sizeof(t))
#include <uapi/asm-generic/ioctl.h>
#include <uapi/linux/seccomp.h>
#include <uapi/linux/futex.h>
#include <host/err.h>
#include <host/print.h>
#include <host/ram.h>
#include <host/string.h>
#include "abi.h"
#include "balance.h"
#include "sleep.h"
#include "raw.h"
#include "unit_private.h"

#define CLOSE_ON_EXEC		02000000
#define NONBLOCK		04000
#define POOL_MAX		48
#define POOL_CARRIERS_MAX	8
#define UNITS_PREPARED_MAX	8
#define KEEP_SIZE		1	/* FALLOC_FL_* */
#define PUNCH_HOLE		2
#define START_TIMEOUT_MS	10000

int host_ctl_fd = -1;
u8 *host_ctl;
int host_unit_socket = -1;

static struct host_unit *units;
static int units_top;
static struct host_unit *pool;
static unsigned int npool;
static struct host_unit *spare;		/* slots without processes */
static int zygote, zygote_ack = -1;
static u32 last_serial;

/* ------------------------------------------------------------ request lists */

struct list_op *host_list_op(struct list_op *op, u64 control, u64 nr, u64 a0, u64 a1, u64 a2,
			     u64 a3, u64 a4, u64 a5)
{
	*op = (struct list_op) { nr, { a0, a1, a2, a3, a4, a5 }, control };
	return op + 1;
}

/* Make a list visible and wake its reader. */
void host_list_post(u8 *list)
{
	__atomic_add_fetch((u32 *)(list + LIST_SEQ), 1, __ATOMIC_SEQ_CST);
	host_call(futex, list + LIST_SEQ, FUTEX_WAKE, 1);
}

u32 host_unit_serial(void)
{
	return ++last_serial;
}

/* Wait for an acknowledgement: 0, or the -errno of the operation that failed. */
static int ack_wait(struct host_unit *unit)
{
	struct host_pollfd pf = { unit->ack, 1 /* POLLIN */, 0 };
	struct host_timespec limit = { 1, 0 };
	u64 value;

	while (host_call(read, unit->ack, &value, 8) != 8) {
		if (unit->dead)
			return -ESRCH;
		host_call(ppoll, &pf, 1, &limit, 0, 8);
		if (READ_ONCE(host_trouble)) {
			WRITE_ONCE(host_trouble, 0);
			host_children_reap();
		}
	}
	return value == 1 ? 0 : -(int)(value & 0xfff);
}

/* The list's memory may be written again only when the agent is done with it. */
int host_list_settle(struct host_unit *unit)
{
	if (!unit->ack_due)
		return 0;
	unit->ack_due = false;
	return ack_wait(unit);
}

/*
 * A list has failed somewhere: have the agent come to an end with it, whether it waits or
 * tries again.  Only the first operation is written: it may be reading a later one.
 */
int host_list_abort(struct host_unit *unit)
{
	host_list_op((struct list_op *)(unit->ro + LIST_OPS), OP_END, __NR_write, FD_ACK, G_RO + G_ONE,
		     8, 0, 0, 0);
	host_list_post(unit->ro);
	return ack_wait(unit);
}

static struct list_op *list_slot(struct host_unit *unit, unsigned int n)
{
	return (struct list_op *)(unit->ro + LIST_OPS) + n;
}

void host_unit_queue(struct host_unit *unit, u64 nr, u64 a0, u64 a1, u64 a2, u64 a3, u64 a4,
		     u64 a5)
{
	if (unit->nops >= LIST_MAX && host_unit_sync(unit))
		unit->dead = true;
	if (host_list_settle(unit))
		unit->dead = true;
	host_list_op(list_slot(unit, unit->nops++), OP_CHECK, nr, a0, a1, a2, a3, a4, a5);
	if (unit->nops > unit->high)
		unit->high = unit->nops;
}

int host_unit_sync(struct host_unit *unit)
{
	int err = host_list_settle(unit);

	if (err || unit->dead)
		goto drop;
	if (!unit->nops)
		return 0;
	host_list_op(list_slot(unit, unit->nops), OP_END, __NR_write, FD_ACK, G_RO + G_ONE, 8, 0, 0, 0);
	unit->nops = 0;
	host_list_post(unit->ro);
	return ack_wait(unit);
drop:
	unit->nops = 0;
	return err ?: -ESRCH;
}

int host_unit_error(struct host_unit *unit)
{
	u64 value;

	if (host_call(read, unit->ack, &value, 8) != 8)
		return 0;
	if (value == 1) {
		unit->ack_due = false;
		return 0;
	}
	unit->ack_due = false;
	return -(int)(value & 0xfff);
}

/* ------------------------------------------------------------ guest mappings */

void host_unit_map(struct host_unit *unit, u64 addr, u64 len_bytes, u64 phys, bool write, bool exec)
{
	u64 prot = HOST_PROT_READ | (write ? HOST_PROT_WRITE : 0) | (exec ? HOST_PROT_EXEC : 0);

	host_unit_queue(unit, __NR_mmap, addr, len_bytes, prot,
			HOST_MAP_SHARED | HOST_MAP_FIXED | HOST_MAP_POPULATE, FD_RAM,
			phys - host_ram_base);
}

void host_unit_unmap(struct host_unit *unit, u64 addr, u64 len_bytes)
{
	host_unit_queue(unit, __NR_munmap, addr, len_bytes, 0, 0, 0, 0);
}

void host_unit_protect(struct host_unit *unit, u64 addr, u64 len_bytes, bool exec)
{
	host_unit_queue(unit, __NR_mprotect, addr, len_bytes,
			HOST_PROT_READ | (exec ? HOST_PROT_EXEC : 0), 0, 0, 0);
}

/* ------------------------------------------------------------------ messages */

#define SOL_SOCKET	1
#define SO_PASSCRED	16
#define SCM_RIGHTS	1
#define SCM_CREDENTIALS	2

struct host_iov {
	u64 base, len;
};

struct host_msghdr {
	u64 name;
	u32 namelen, pad0;
	u64 iov, iovlen, control, controllen;
	u32 flags, pad1;
};

struct host_cmsg {
	u64 len;
	int level, type;
};

/* A message for the agent to send: serial number and one descriptor of the agent's. */
u64 host_unit_message(struct host_unit *unit, u32 serial, int fd)
{
	struct message {
		struct host_msghdr header;
		struct host_iov iov;
		struct host_cmsg cmsg;
		int fd, pad;
		u32 serial;
	} *m = (void *)(unit->ro + LIST_DATA);
	u64 va = U_REQ + LIST_DATA;

	memset(m, 0, sizeof(*m));
	m->serial = serial;
	m->fd = fd;
	m->cmsg = (struct host_cmsg) { sizeof(m->cmsg) + sizeof(m->fd), SOL_SOCKET, SCM_RIGHTS };
	m->iov = (struct host_iov) { va + __builtin_offsetof(struct message, serial), 4 };
	m->header.iov = va + __builtin_offsetof(struct message, iov);
	m->header.iovlen = 1;
	m->header.control = va + __builtin_offsetof(struct message, cmsg);
	m->header.controllen = sizeof(m->cmsg) + 8;
	return va;
}

/* Take one message off the socket; its serial number, or 0. */
static u32 message_take(int *fd, int *pid)
{
	u64 control[16];
	u32 serial = 0;
	struct host_iov iov = { (u64)&serial, 4 };
	struct host_msghdr m = {
		.iov = (u64)&iov, .iovlen = 1,
		.control = (u64)control, .controllen = sizeof(control),
	};
	struct host_cmsg *c = (void *)control;
	u64 left;

	*fd = -1;
	if (host_call(recvmsg, host_unit_socket, &m, 0x40000040 /* CMSG_CLOEXEC|DONTWAIT */) < 0)
		return 0;
	for (left = m.controllen; left >= sizeof(*c) && c->len >= sizeof(*c);) {
		u64 step = (c->len + 7) & ~7UL;

		if (c->level == SOL_SOCKET && c->type == SCM_RIGHTS)
			*fd = *(int *)(c + 1);
		if (c->level == SOL_SOCKET && c->type == SCM_CREDENTIALS)
			*pid = *(int *)(c + 1);
		if (step >= left)
			break;
		left -= step;
		c = (void *)((u8 *)c + step);
	}
	return serial;
}

/*
 * Wait for the message with a serial number, or for an error acknowledged on error_fd.
 * Messages of attempts that failed earlier are dropped.  Returns 0 or -errno.
 */
int host_unit_receive(u32 serial, int error_fd, int *fd, int *pid)
{
	struct host_pollfd pf[2] = { { host_unit_socket, 1, 0 }, { error_fd, 1, 0 } };
	int waited_ms = 0;

	for (;;) {
		struct host_timespec limit = { 0, 100000000 };
		long n = host_call(ppoll, pf, 2, &limit, 0, 8);
		u32 got;
		u64 value;

		if (n == 0 && (waited_ms += 100) >= START_TIMEOUT_MS)
			return -ETIMEDOUT;
		if (n <= 0)
			continue;
		if (pf[0].revents) {
			got = message_take(fd, pid);
			if (got == serial && *fd >= 0)
				return 0;
			if (*fd >= 0)
				host_call(close, *fd);
			continue;
		}
		if (host_call(read, error_fd, &value, 8) == 8 && value != 1)
			return -(int)(value & 0xfff);
	}
}

/* Descriptors that arrive by a message and find no place are lost: ask before. */
bool host_descriptor_left(void)
{
	int fd = host_call(fcntl, host_unit_socket, 1030 /* F_DUPFD_CLOEXEC */, 0);

	if (fd < 0)
		return false;
	host_call(close, fd);
	return true;
}

void host_kill_and_reap(int pid)
{
	if (pid <= 0)
		return;
	host_call(kill, pid, HOST_SIGKILL);
	HOST_CALL(wait4, pid, 0, HOST_WALL, 0);
}

/* -------------------------------------------------------------------- zygote */

/* Calls that need the whole register file arrive as a signal frame. */
static const u16 framed_calls[] = {
	__NR_rt_sigreturn, __NR_clone, __NR_fork, __NR_vfork, __NR_clone3, __NR_execve,
	__NR_execveat, __NR_exit, __NR_exit_group, __NR_sigaltstack, __NR_arch_prctl,
};

/*
 * Under somebody else's filter, whose refusals would be carried out before our notices,
 * everything is framed (RET_TRAP is stronger than RET_ERRNO) except what no profile
 * refuses.
 */
static const u16 harmless_calls[] = {
	__NR_read, __NR_write, __NR_close, __NR_fstat, __NR_lseek, __NR_poll, __NR_pread64,
	__NR_pwrite64, __NR_readv, __NR_writev, __NR_sched_yield, __NR_dup, __NR_dup2,
	__NR_nanosleep, __NR_getpid, __NR_futex, __NR_epoll_wait, __NR_clock_nanosleep,
	__NR_getppid, __NR_gettid, __NR_pipe, __NR_newfstatat, __NR_openat, __NR_brk,
	__NR_rt_sigprocmask, __NR_rt_sigaction, __NR_getuid, __NR_wait4,
	__NR_close_range,	/* a carrier's own, at its start */
};

static struct sock_filter insn(u16 code, u8 jt, u8 jf, u32 k)
{
	return (struct sock_filter) { code, jt, jf, k };
}

static void build_filter(void)
{
	struct sock_filter *f = (void *)(host_ctl + G_FILTER);
	bool outer = host_call(prctl, HOST_PR_GET_SECCOMP) == 2;
	const u16 *list = outer ? harmless_calls : framed_calls;
	unsigned int n = outer ? ARRAY_LEN(harmless_calls) : ARRAY_LEN(framed_calls), i, len = 0;
	u32 listed = outer ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_TRAP;
	u32 others = outer ? SECCOMP_RET_TRAP : SECCOMP_RET_USER_NOTIF;
	struct { u16 len; u64 filter; } *prog = (void *)(host_ctl + G_FPROG);

	/*
	 * The first load is of no use but to stop the host from emulating the filter for
	 * every call number of every ABI when it is installed: half of a carrier's price.
	 */
	f[len++] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, 8);
	f[len++] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, 4);
	f[len++] = insn(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64);
	f[len++] = insn(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP);
	f[len++] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, 0);
	for (i = 0; i < n; i++)
		f[len++] = insn(BPF_JMP | BPF_JEQ | BPF_K, n - i, 0, list[i]);
	f[len++] = insn(BPF_RET | BPF_K, 0, 0, others);
	f[len++] = insn(BPF_RET | BPF_K, 0, 0, listed);
	prog->len = len;
	prog->filter = G_RO + G_FILTER;
}

static void build_constants(void)
{
	u64 *table = (u64 *)(host_ctl + G_ERRTAB), i;

	*(u64 *)(host_ctl + G_ONE) = 1;
	*(u64 *)(host_ctl + G_ZERO) = 0;
	for (i = 0; i < 4096; i++)
		table[i] = 0x100000000UL + i;
	build_filter();
}

/* The stub's text in a sealed memfd; what is not text is breakpoints. */
static int make_stub_fd(void)
{
	static const char name[] = "uml-stub";
	int fd = host_call(memfd_create, name, 3 /* CLOEXEC | ALLOW_SEALING */);
	char *text;

	if (fd < 0 || host_call(ftruncate, fd, STUB_TEXT_SIZE))
		return fd < 0 ? fd : -ENOMEM;
	text = (char *)host_call(mmap, 0, STUB_TEXT_SIZE, HOST_PROT_READ | HOST_PROT_WRITE,
				 HOST_MAP_SHARED, fd, 0);
	if (IS_HOST_ERR(text))
		return (long)text;
	memset(text, 0xcc, STUB_TEXT_SIZE);
	memcpy(text, stub_text, stub_text_end - stub_text);
	host_call(munmap, text, STUB_TEXT_SIZE);
	host_call(fcntl, fd, 1033 /* F_ADD_SEALS */, 0xf);
	return fd;
}

/* The forked child: signals, descriptors and mappings, then the stub. */
static __attribute__((noreturn)) void zygote_main(int sock, int stub_fd, int parent)
{
	static const u8 handled[] = {
		HOST_SIGSEGV, HOST_SIGBUS, HOST_SIGFPE, HOST_SIGILL, HOST_SIGTRAP, HOST_SIGSYS, SIG_KICK,
	};
	struct host_sigaction act = { };
	struct host_rlimit no_core = { };
	u64 all = ~0UL;
	int ram, ctl, s, ack, stub, i;

	host_call(rt_sigprocmask, 2 /* SIG_SETMASK */, &all, 0, 8);
	for (i = 1; i <= HOST_NSIG; i++)
		host_call(rt_sigaction, i, &act, 0, 8);
	act.handler = STUB_ADDR(stub_handler);
	act.flags = HOST_SA_SIGINFO | HOST_SA_ONSTACK | HOST_SA_NODEFER | HOST_SA_RESTART | HOST_SA_RESTORER;
	act.restorer = STUB_TEXT;
	for (i = 0; i < (int)ARRAY_LEN(handled); i++)
		host_call(rt_sigaction, handled[i], &act, 0, 8);
	host_call(setsid);
	host_call(prctl, HOST_PR_SET_NAME, "uml-guest");
	host_call(prctl, HOST_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	host_call(prctl, HOST_PR_SET_DUMPABLE, 0);
	host_call(prctl, HOST_PR_SET_PDEATHSIG, HOST_SIGKILL);
	host_call(setrlimit, 4 /* RLIMIT_CORE */, &no_core);
	if (host_call(getppid) != parent)
		host_call(exit_group, 1);

	ram = host_call(fcntl, host_ram_fd, 0 /* F_DUPFD */, FD_FIRST_LISTENER);
	ctl = host_call(fcntl, host_ctl_fd, 0, FD_FIRST_LISTENER);
	s = host_call(fcntl, sock, 0, FD_FIRST_LISTENER);
	ack = host_call(fcntl, zygote_ack, 0, FD_FIRST_LISTENER);
	stub = host_call(fcntl, stub_fd, 0, FD_FIRST_LISTENER);
	/* Where the host may have placed our stack; we stand on one in the image. */
	host_call(munmap, STUB_BASE, STUB_END - STUB_BASE);
	host_call(dup2, ram, FD_RAM);
	host_call(dup2, ctl, FD_CTL);
	host_call(dup2, s, FD_SOCK);
	host_call(dup2, ack, FD_ACK);
	if (host_call(mmap, STUB_TEXT, STUB_TEXT_SIZE, HOST_PROT_READ | HOST_PROT_EXEC,
		      HOST_MAP_SHARED | HOST_MAP_FIXED | HOST_MAP_POPULATE, stub, 0) != STUB_TEXT ||
	    host_call(mmap, G_RO, G_RO_SIZE, HOST_PROT_READ,
		      HOST_MAP_SHARED | HOST_MAP_FIXED | HOST_MAP_POPULATE, FD_CTL, 0) != G_RO ||
	    host_call(mmap, Z_REQ, Z_REQ_SIZE, HOST_PROT_READ,
		      HOST_MAP_SHARED | HOST_MAP_FIXED | HOST_MAP_POPULATE, FD_CTL, CTL_Z_REQ) != Z_REQ)
		host_call(exit_group, 2);
	host_call(close_range, FD_FIRST_LISTENER, ~0U, 0);
	asm volatile("jmp *%0" : : "r" (STUB_ADDR(stub_zygote)) : "memory");
	__builtin_unreachable();
}

static int make_tables(void)
{
	static const char name[] = "uml-control";
	u64 size = CTL_SLOT0 + (u64)UNITS_MAX * CTL_SLOT_SIZE, tables = UNITS_MAX * sizeof(*units);
	int fd;

	host_ctl_fd = host_call(memfd_create, name, 1 | 8 /* CLOEXEC | NOEXEC_SEAL */);
	if (host_ctl_fd == -EINVAL)
		host_ctl_fd = host_call(memfd_create, name, 1);
	fd = host_call(memfd_create, "uml-units", 1);
	if (host_ctl_fd < 0 || fd < 0)
		return -EMFILE;
	if (host_call(ftruncate, host_ctl_fd, size) || host_call(ftruncate, fd, tables))
		return -EFBIG;
	host_ctl = (u8 *)host_call(mmap, 0, size, HOST_PROT_READ | HOST_PROT_WRITE,
				   HOST_MAP_SHARED | HOST_MAP_NORESERVE, host_ctl_fd, 0);
	units = (void *)host_call(mmap, 0, tables, HOST_PROT_READ | HOST_PROT_WRITE,
				  HOST_MAP_SHARED | HOST_MAP_NORESERVE, fd, 0);
	host_call(close, fd);
	return IS_HOST_ERR(host_ctl) || IS_HOST_ERR(units) ? -ENOMEM : 0;
}

int host_units_start(void)
{
	int pair[2], one = 1, stub_fd, parent = host_call(getpid);
	int err = make_tables();

	if (err)
		return err;
	build_constants();
	stub_fd = make_stub_fd();
	if (stub_fd < 0)
		return stub_fd;
	err = host_call(socketpair, 1 /* AF_UNIX */, 2 | CLOSE_ON_EXEC /* DGRAM */, 0, pair);
	if (err)
		return err;
	host_unit_socket = pair[0];
	host_call(setsockopt, host_unit_socket, SOL_SOCKET, SO_PASSCRED, &one, sizeof(one));
	zygote_ack = host_call(eventfd2, 0, CLOSE_ON_EXEC | NONBLOCK);
	zygote = host_call(clone, HOST_SIGCHLD, 0, 0, 0, 0);
	if (zygote == 0)
		zygote_main(pair[1], stub_fd, parent);
	host_call(close, pair[1]);
	host_call(close, stub_fd);
	return zygote < 0 ? zygote : 0;
}

int host_zygote_pid(void)
{
	return zygote;
}

/* --------------------------------------------------------------------- units */

static struct host_unit *slot_get(void)
{
	struct host_unit *unit = spare;

	if (unit) {
		spare = unit->next;
		return unit;
	}
	if (units_top == UNITS_MAX)
		return NULL;
	unit = &units[units_top];
	unit->id = units_top++;
	return unit;
}

/* What the new agent does first, from its own list. */
static void write_agent_start(struct host_unit *unit, u32 serial)
{
	struct list_op *op = list_slot(unit, 0);

	*(u32 *)(unit->ro + LIST_SEQ) = 1;
	*(u32 *)(unit->ro + LIST_SPIN) = 0;
	op = host_list_op(op, OP_CHECK, __NR_munmap, Z_REQ, Z_REQ_SIZE, 0, 0, 0, 0);
	op = host_list_op(op, OP_CHECK, __NR_prctl, HOST_PR_SET_PDEATHSIG, HOST_SIGKILL, 0, 0, 0, 0);
	op = host_list_op(op, 0, __NR_close, FD_ACK, 0, 0, 0, 0, 0);
	op = host_list_op(op, OP_CHECK, __NR_eventfd2, 0, NONBLOCK, 0, 0, 0, 0);
	host_list_op(op, OP_CHECK | OP_SELF | OP_END, __NR_sendmsg, FD_SOCK,
		     host_unit_message(unit, serial, FD_ACK), 0, 0, 0, 0);
}

/* What the zygote does, and its child up to the jump to its own list. */
static void write_zygote_list(u64 slot)
{
	u64 child = Z_REQ + LIST_OPS + 4 * OP_SIZE;
	struct list_op *op = (void *)(host_ctl + CTL_Z_REQ + LIST_OPS);

	host_list_op(op, OP_CHECK | OP_CLONE | OP_END, __NR_clone, HOST_CLONE_PARENT | HOST_SIGCHLD,
		     0, 0, 0, 0, child);
	op += 4;
	host_list_op(op, OP_CHECK | OP_SELF | OP_JUMP | (u64)U_REQ << 8, __NR_mmap, U_REQ, U_REQ_SIZE,
		     HOST_PROT_READ, HOST_MAP_SHARED | HOST_MAP_FIXED, FD_CTL, slot);
}

static struct host_unit *unit_create(void)
{
	struct host_unit *unit = slot_get();
	u64 slot;
	u32 serial = host_unit_serial();
	int err;

	if (!unit)
		return HOST_ERR_PTR(-EAGAIN);
	if (!host_descriptor_left()) {
		unit->next = spare;
		spare = unit;
		return HOST_ERR_PTR(-EMFILE);
	}
	slot = CTL_SLOT0 + (u64)unit->id * CTL_SLOT_SIZE;
	unit->ro = host_ctl + slot;
	unit->rw = host_ctl + slot + CTL_SLOT_RW;
	unit->nops = 0;
	unit->ack_due = unit->dead = unit->dirty = unit->close_due = false;
	unit->ncarriers = unit->nparked = unit->nfree = unit->top = unit->mapped = unit->high = 0;
	memset(unit->listeners, 0, sizeof(unit->listeners));
	unit->listeners[0] = (1 << FD_FIRST_LISTENER) - 1;

	write_agent_start(unit, serial);
	write_zygote_list(slot);
	host_list_post(host_ctl + CTL_Z_REQ);
	err = host_unit_receive(serial, zygote_ack, &unit->ack, &unit->agent);
	if (err) {
		unit->next = spare;
		spare = unit;
		return HOST_ERR_PTR(err);
	}
	return unit;
}

/* The slot may be used again once the host has taken its memory back: it is empty then. */
static void slot_put(struct host_unit *unit)
{
	if (host_call(fallocate, host_ctl_fd, PUNCH_HOLE | KEEP_SIZE,
		      CTL_SLOT0 + (u64)unit->id * CTL_SLOT_SIZE, CTL_SLOT_SIZE))
		return;
	unit->next = spare;
	spare = unit;
}

static void unit_destroy(struct host_unit *unit)
{
	unsigned int i;

	for (i = 0; i < unit->top; i++)
		if (unit->carrier[i].pid > 0)
			host_call(kill, unit->carrier[i].pid, HOST_SIGKILL);
	host_kill_and_reap(unit->agent);
	for (i = 0; i < unit->top; i++) {
		struct host_carrier *c = &unit->carrier[i];

		host_kill_and_reap(c->pid);
		if (c->listener >= 0)
			host_call(close, c->listener);
		c->pid = 0;
		c->listener = -1;
		c->stop = HOST_DEAD;
	}
	host_call(close, unit->ack);
	unit->agent = 0;
	unit->used = false;
	slot_put(unit);
}

static struct host_unit *pool_take(void)
{
	struct host_unit *unit = pool;

	if (unit) {
		pool = unit->next;
		npool--;
	}
	return unit;
}

/* End one that waits in the pool, so that the host has room for something else. */
bool host_pool_shrink(void)
{
	struct host_unit *unit = pool_take();

	if (unit)
		unit_destroy(unit);
	return unit;
}

/* At a limit of the host: say so, once, and give the error that guests understand. */
int host_unit_refused(int err)
{
	static bool said;

	if (!said)
		host_error("cannot make a guest process: %s; the guest is told EAGAIN; raise the limits of "
			   "processes and open files (ulimit -u, -n, pids.max of the cgroup)",
			   host_strerror(err));
	said = true;
	return err == -ENOMEM ? err : -EAGAIN;
}

struct host_unit *host_unit_get(void)
{
	struct host_unit *unit = pool_take();

	if (!unit) {
		unit = unit_create();
		if (IS_HOST_ERR(unit))
			return HOST_ERR_PTR(host_unit_refused(HOST_PTR_ERR(unit)));
	}
	unit->used = true;
	if (unit->dirty) {
		unit->dirty = false;
		host_unit_unmap(unit, 0, STUB_BASE);
	}
	return unit;
}

/*
 * Nothing of one program may reach the next: the signal stacks, those of carriers that are
 * gone too, and the lists are wiped when no carrier of the old one can run any more, the
 * guest's mappings before one of the new can.
 */
static void unit_wipe(struct host_unit *unit)
{
	unsigned int i;

	memset(unit->rw, 0, (u64)unit->mapped << C_RW_SHIFT);
	for (i = 0; i < unit->mapped; i++)
		memset(unit->ro + (C_RO0 - U_REQ) + ((u64)i << C_RO_SHIFT) + RO_RESP, 0,
		       sizeof(struct seccomp_notif_resp));
	/* Two more: what host_unit_sync() and a resume append. */
	memset(unit->ro + LIST_OPS, 0, (unit->high + 2) * OP_SIZE);
	unit->high = 0;
}

static bool unit_clean(struct host_unit *unit)
{
	unsigned int i;

	for (i = 0; i < unit->nparked; i++)
		if (!host_carrier_clean(&unit->carrier[unit->parked[i]]))
			return false;
	return true;
}

void host_unit_put(struct host_unit *unit)
{
	if (unit->close_due) {
		unit->close_due = false;
		if (host_unit_sync(unit))
			unit->dead = true;
	}
	if (unit->dead || unit->nparked != unit->ncarriers || npool >= POOL_MAX ||
	    unit->top > POOL_CARRIERS_MAX || host_list_settle(unit) || !unit_clean(unit)) {
		unit_destroy(unit);
		return;
	}
	unit_wipe(unit);
	unit->nops = 0;
	unit->dirty = true;
	unit->used = false;
	unit->next = pool;
	pool = unit;
	npool++;
}

int host_units_prepare(unsigned int number)
{
	struct host_unit *unit[UNITS_PREPARED_MAX];
	struct host_carrier *c;
	unsigned int n = 0;
	int err = 0;

	while (n < number && n < UNITS_PREPARED_MAX && !err) {
		unit[n] = unit_create();
		if (IS_HOST_ERR(unit[n]))
			return HOST_PTR_ERR(unit[n]);
		c = host_carrier_first(unit[n++]);
		if (IS_HOST_ERR(c))
			err = HOST_PTR_ERR(c);
		else
			host_carrier_put(c);
	}
	while (n)
		host_unit_put(unit[--n]);
	return err;
}

void host_units_kill(void)
{
	int i;

	for (i = 0; i < units_top; i++)
		if (units[i].agent > 0)
			unit_destroy(&units[i]);
	host_kill_and_reap(zygote);
	zygote = 0;
}

void host_units_bind(u32 cpu)
{
	unsigned int k;
	int i;

	host_cpu_bind(zygote, cpu);
	for (i = 0; i < units_top; i++) {
		struct host_unit *unit = &units[i];

		if (unit->agent <= 0)
			continue;
		host_cpu_bind(unit->agent, cpu);
		for (k = 0; k < unit->top; k++)
			if (unit->carrier[k].pid > 0)
				host_cpu_bind(unit->carrier[k].pid, cpu);
	}
}

/* Somebody else's death: find out whose. */
bool host_unit_died(int pid)
{
	int i;
	unsigned int k;

	for (i = 0; i < units_top; i++) {
		struct host_unit *unit = &units[i];

		if (unit->agent == pid) {
			unit->dead = true;
			unit->agent = 0;
			return true;
		}
		/* Also where the agent has died before: no process id may stay when its owner is gone. */
		for (k = 0; k < unit->top; k++)
			if (unit->carrier[k].pid == pid) {
				unit->carrier[k].pid = 0;
				unit->carrier[k].stop = HOST_DEAD;
				return true;
			}
	}
	return false;
}
