// SPDX-License-Identifier: GPL-2.0-only
/*
 * zygote.c - the process from which all guest processes come.
 *
 * Theory of operation.  The zygote is forked from the kernel process before guest RAM is
 * mapped; it drops the kernel's memory and from then on clones agents when its request
 * list says so.  CLONE_PARENT makes the kernel process the parent of them all: it learns
 * of every death, and they die with it (PDEATHSIG, which follows the thread that made
 * the zygote: the virtual CPU's, which never ends before the process).
 *
 * Everything that an agent or carrier does before it serves a guest it inherits from here:
 * signal handlers, descriptors, the stub's text and its constants, among them the filter
 * that carriers install.
 */
#include <linux/types.h>
#include <linux/compiler.h>
#include <uapi/linux/audit.h>
#include <uapi/linux/elf.h>
#include <uapi/linux/filter.h>
#include <uapi/linux/seccomp.h>
#include <uapi/asm/prctl.h>
#include <host/err.h>
#include <host/ram.h>
#include <host/space.h>
#include <host/start.h>
#include <host/string.h>
#include "abi.h"
#include "raw.h"
#include "unit_private.h"

#define VDSO_GRAVE	(Z_REQ + Z_REQ_SIZE)
#define SECCOMP_DATA(member)	__builtin_offsetof(struct seccomp_data, member)

int host_ctl_fd = -1;
u8 *host_ctl;

static int zygote, zygote_ack = -1;

/*
 * Calls that need the whole register file arrive as a signal frame.  So does tgkill: raise() makes
 * it, whose signal would have the registers fetched at once, which costs more than the frame.
 */
static const u16 framed_calls[] = {
	__NR_rt_sigreturn, __NR_clone, __NR_fork, __NR_vfork, __NR_clone3, __NR_execve,
	__NR_execveat, __NR_exit, __NR_exit_group, __NR_sigaltstack, __NR_arch_prctl, __NR_tgkill,
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

/*
 * Without instructions for them fs and gs base are set by a call of the stub's, which is let
 * through from that place: it can do nothing but what the instructions could.  Return: the
 * number of instructions.
 */
static u32 permit_bases(struct sock_filter *f)
{
	u64 ip = STUB_ADDR(stub_bases_ip);

	f[0] = insn(BPF_JMP | BPF_JEQ | BPF_K, 0, 8, __NR_arch_prctl);
	f[1] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, SECCOMP_DATA(instruction_pointer));
	f[2] = insn(BPF_JMP | BPF_JEQ | BPF_K, 0, 5, (u32)ip);
	f[3] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, SECCOMP_DATA(instruction_pointer) + 4);
	f[4] = insn(BPF_JMP | BPF_JEQ | BPF_K, 0, 3, ip >> 32);
	f[5] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, SECCOMP_DATA(args[0]));
	f[6] = insn(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, ARCH_SET_FS);
	f[7] = insn(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, ARCH_SET_GS);
	f[8] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, SECCOMP_DATA(nr));
	f[9] = insn(BPF_JMP | BPF_JA, 0, 0, 1);
	f[10] = insn(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW);
	return 11;
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
	 * Calls by the vsyscall page are framed: the host returns from them whatever becomes of
	 * them, so that one which a kick interrupts before it is received would be over, with an
	 * error that no program knows.  That the address is looked at first also stops the host
	 * from emulating the filter for every call number of every ABI when it is installed:
	 * half of a carrier's price.
	 */
	f[len++] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, SECCOMP_DATA(instruction_pointer) + 4);
	f[len++] = insn(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, ~0U);
	f[len++] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, SECCOMP_DATA(arch));
	f[len++] = insn(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, AUDIT_ARCH_X86_64);
	f[len++] = insn(BPF_RET | BPF_K, 0, 0, SECCOMP_RET_TRAP);
	f[len++] = insn(BPF_LD | BPF_W | BPF_ABS, 0, 0, SECCOMP_DATA(nr));
	if (!host_has_fsgsbase())
		len += permit_bases(f + len);
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

	*(u64 *)(host_ctl + G_DONE) = 1UL << ACK_DONE_SHIFT;
	*(u64 *)(host_ctl + G_LOST) = 1UL << ACK_LOST_SHIFT;
	*(u64 *)(host_ctl + G_ZERO) = 0;
	*(u64 *)(host_ctl + G_FSGSBASE) = host_has_fsgsbase();
	for (i = 0; i < 4096; i++)
		table[i] = (1UL << ACK_ERROR_SHIFT) + i;
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

/*
 * The host goes on to name the place of a process's vDSO after that has been unmapped: it is where
 * a 32-bit `sysenter` comes back.  So that no program learns where the host places things, the vDSO
 * moves to a place that is known anyway before it goes.  A host that does not let it go away from
 * its place refuses; then nothing is lost but that.
 */
static void move_vdso(void)
{
	const struct elf64_hdr *header = (const void *)host_vdso;
	u64 size;

	if (!header)
		return;
	size = (header->e_shoff + (u64)header->e_shnum * header->e_shentsize + 4095) & ~4095UL;
	host_call(mremap, host_vdso, size, size, 3 /* MAYMOVE | FIXED */, VDSO_GRAVE);
	host_call(munmap, VDSO_GRAVE, STUB_TEXT + OFF_U_REQ - VDSO_GRAVE);
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
	move_vdso();
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
	asm volatile("jmp *%0" : : "r" (STUB_ADDR(stub_zygote)), "b" (host_user_end - STUB_END) : "memory");
	__builtin_unreachable();
}

static int make_control(void)
{
	static const char name[] = "uml-control";
	u64 size = CTL_SLOT0 + host_units_max() * CTL_SLOT_SIZE;

	host_ctl_fd = host_call(memfd_create, name, 1 | 8 /* CLOEXEC | NOEXEC_SEAL */);
	if (host_ctl_fd == -EINVAL)
		host_ctl_fd = host_call(memfd_create, name, 1);
	if (host_ctl_fd < 0)
		return -EMFILE;
	if (host_call(ftruncate, host_ctl_fd, size))
		return -EFBIG;
	host_ctl = (u8 *)host_call(mmap, host_space_large(size), size, HOST_PROT_READ | HOST_PROT_WRITE,
				   HOST_MAP_SHARED | HOST_MAP_NORESERVE, host_ctl_fd, 0);
	return IS_HOST_ERR(host_ctl) ? -ENOMEM : 0;
}

int host_zygote_start(void)
{
	int sock, stub_fd, parent = host_call(getpid);
	int err = make_control();

	if (err)
		return err;
	build_constants();
	stub_fd = make_stub_fd();
	if (stub_fd < 0)
		return stub_fd;
	sock = host_unit_messages();
	if (sock < 0)
		return sock;
	zygote_ack = host_call(eventfd2, 0, HOST_O_CLOEXEC | HOST_O_NONBLOCK);
	zygote = host_call(clone, HOST_SIGCHLD, 0, 0, 0, 0);
	if (zygote == 0)
		zygote_main(sock, stub_fd, parent);
	host_call(close, sock);
	host_call(close, stub_fd);
	return zygote < 0 ? zygote : 0;
}

int host_zygote_pid(void)
{
	return zygote;
}

void host_zygote_kill(void)
{
	host_kill_and_reap(zygote);
	zygote = 0;
}

/* What the zygote does, and its child up to the jump to its own list. */
static void write_list(u64 slot)
{
	u64 child = Z_REQ + LIST_OPS + 4 * OP_SIZE;
	struct list_op *op = (void *)(host_ctl + CTL_Z_REQ + LIST_OPS);

	host_list_op(op, OP_CHECK | OP_CLONE | OP_END, __NR_clone, HOST_CLONE_PARENT | HOST_SIGCHLD,
		     0, 0, 0, 0, child);
	op += 4;
	host_list_op(op, OP_CHECK | OP_SELF | OP_JUMP | (u64)U_REQ << 8, __NR_mmap, U_REQ, U_REQ_SIZE,
		     HOST_PROT_READ, HOST_MAP_SHARED | HOST_MAP_FIXED, FD_CTL, slot);
}

int host_zygote_agent(struct host_unit *unit, u32 serial)
{
	write_list(CTL_SLOT0 + (u64)unit->id * CTL_SLOT_SIZE);
	host_list_post(host_ctl + CTL_Z_REQ);
	return host_unit_receive(unit, serial, zygote_ack, &unit->ack, &unit->agent);
}
