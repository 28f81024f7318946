// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command under the system call filter that containers usually get.
 *
 * usage: contained COMMAND [ARGUMENT]...
 *
 * The effect is that of Docker's default profile for a process without capabilities: what the
 * profile does not name fails with EPERM, calls that are newer than the profile and clone3 with
 * ENOSYS, so that callers fall back to older ones; the flags of clone must not ask for new
 * namespaces; of the personalities only Linux's own are permitted, and all sockets but those of
 * virtual machines.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The last call that the profile knows (futex_waitv), and of those before it the refused. */
enum { LAST_KNOWN = 449 };

static const unsigned short refused[] = {
	SYS_syslog,
	SYS_uselib,
	SYS_ustat,
	SYS_sysfs,
	SYS_vhangup,
	SYS_pivot_root,
	SYS__sysctl,
	SYS_chroot,
	SYS_acct,
	SYS_settimeofday,
	SYS_mount,
	SYS_umount2,
	SYS_swapon,
	SYS_swapoff,
	SYS_reboot,
	SYS_sethostname,
	SYS_setdomainname,
	SYS_iopl,
	SYS_ioperm,
	SYS_create_module,
	SYS_init_module,
	SYS_delete_module,
	SYS_get_kernel_syms,
	SYS_query_module,
	SYS_quotactl,
	SYS_nfsservctl,
	SYS_getpmsg,
	SYS_putpmsg,
	SYS_afs_syscall,
	SYS_tuxcall,
	SYS_security,
	SYS_lookup_dcookie,
	SYS_clock_settime,
	SYS_vserver,
	SYS_mbind,
	SYS_set_mempolicy,
	SYS_get_mempolicy,
	SYS_kexec_load,
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	SYS_migrate_pages,
	SYS_unshare,
	SYS_move_pages,
	SYS_perf_event_open,
	SYS_fanotify_init,
	SYS_open_by_handle_at,
	SYS_setns,
	SYS_kcmp,
	SYS_finit_module,
	SYS_kexec_file_load,
	SYS_bpf,
	SYS_userfaultfd,
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
	SYS_open_tree,
	SYS_move_mount,
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_pidfd_getfd,
	SYS_process_madvise,
	SYS_mount_setattr,
	SYS_quotactl_fd,
};

static const unsigned int personalities[] = { 0, 8, 0x20000, 0x20008, 0xffffffff };

/* Flags of clone() that make namespaces. */
#define NEW_NAMESPACES 0x7e020000

static struct sock_filter code[256];
static unsigned short length;

static void statement(unsigned short op, unsigned int value)
{
	code[length++] = (struct sock_filter)BPF_STMT(op, value);
}

/* Skips so many instructions if the accumulator is, or is not, the value. */
static void skip_if(unsigned short op, unsigned int value, unsigned char if_true,
		    unsigned char if_false)
{
	code[length++] =
		(struct sock_filter)BPF_JUMP(BPF_JMP | op | BPF_K, value, if_true, if_false);
}

static void answer(unsigned int action)
{
	statement(BPF_RET | BPF_K, action);
}

static void load(size_t offset)
{
	statement(BPF_LD | BPF_W | BPF_ABS, (unsigned int)offset);
}

static void build(void)
{
	const size_t argument = offsetof(struct seccomp_data, args);

	load(offsetof(struct seccomp_data, arch));
	skip_if(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0);
	answer(SECCOMP_RET_ERRNO | EPERM);
	load(offsetof(struct seccomp_data, nr));
	skip_if(BPF_JGT, LAST_KNOWN, 0, 1);
	answer(SECCOMP_RET_ERRNO | ENOSYS);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		skip_if(BPF_JEQ, refused[i], 0, 1);
		answer(SECCOMP_RET_ERRNO | EPERM);
	}
	skip_if(BPF_JEQ, SYS_clone3, 0, 1);
	answer(SECCOMP_RET_ERRNO | ENOSYS);
	skip_if(BPF_JEQ, SYS_clone, 0, 4);
	load(argument);
	skip_if(BPF_JSET, NEW_NAMESPACES, 0, 1);
	answer(SECCOMP_RET_ERRNO | EPERM);
	answer(SECCOMP_RET_ALLOW);
	skip_if(BPF_JEQ, SYS_socket, 0, 4);
	load(argument);
	skip_if(BPF_JEQ, AF_VSOCK, 0, 1);
	answer(SECCOMP_RET_ERRNO | EPERM);
	answer(SECCOMP_RET_ALLOW);
	skip_if(BPF_JEQ, SYS_personality, 1, 0);
	answer(SECCOMP_RET_ALLOW);
	load(argument);
	for (size_t i = 0; i < sizeof(personalities) / sizeof(personalities[0]); i++) {
		skip_if(BPF_JEQ, personalities[i], 0, 1);
		answer(SECCOMP_RET_ALLOW);
	}
	answer(SECCOMP_RET_ERRNO | EPERM);
}

int main(int argc, char **argv)
{
	struct sock_fprog filter = { .filter = code };

	if (argc < 2) {
		fputs("usage: contained COMMAND [ARGUMENT]...\n", stderr);
		return 2;
	}
	build();
	filter.len = length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
		fprintf(stderr, "contained: cannot install the filter: %s\n", strerror(errno));
		return 1;
	}
	execvp(argv[1], argv + 1);
	fprintf(stderr, "contained: %s: %s\n", argv[1], strerror(errno));
	return 127;
}
