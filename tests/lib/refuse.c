// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs a command in a place where some system calls are refused, as in many containers.
 *
 * usage: refuse CALL[,CALL]... COMMAND [ARGUMENT]...
 *
 * Each CALL fails with EPERM for the command and all that it starts.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned int number;
} calls[] = {
	{ "add_key", SYS_add_key },
	{ "bpf", SYS_bpf },
	{ "io_uring_enter", SYS_io_uring_enter },
	{ "io_uring_register", SYS_io_uring_register },
	{ "io_uring_setup", SYS_io_uring_setup },
	{ "keyctl", SYS_keyctl },
	{ "memfd_create", SYS_memfd_create },
	{ "perf_event_open", SYS_perf_event_open },
	{ "personality", SYS_personality },
	{ "process_vm_readv", SYS_process_vm_readv },
	{ "process_vm_writev", SYS_process_vm_writev },
	{ "ptrace", SYS_ptrace },
	{ "request_key", SYS_request_key },
	{ "rseq", SYS_rseq },
	{ "set_robust_list", SYS_set_robust_list },
	{ "unshare", SYS_unshare },
	{ "userfaultfd", SYS_userfaultfd },
};

#define MAX_REFUSED 32

struct program {
	struct sock_filter code[2 * MAX_REFUSED + 8];
	unsigned short count;
};

static void add(struct program *program, struct sock_filter instruction)
{
	program->code[program->count++] = instruction;
}

/* A call of another architecture is refused too: its numbers mean something else. */
static void add_head(struct program *program)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, arch)));
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
						  AUDIT_ARCH_X86_64, 1, 0));
	add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
	add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						  offsetof(struct seccomp_data, nr)));
}

static int add_call(struct program *program, const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, name) != 0)
			continue;
		add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							  calls[i].number, 0, 1));
		add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							  SECCOMP_RET_ERRNO | EPERM));
		return 0;
	}
	fprintf(stderr, "refuse: %s: not a call that this program knows; it knows", name);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		fprintf(stderr, " %s", calls[i].name);
	fputc('\n', stderr);
	return -1;
}

int main(int argc, char **argv)
{
	struct program program = { 0 };
	struct sock_fprog filter;
	int refused = 0;

	if (argc < 3) {
		fputs("usage: refuse CALL[,CALL]... COMMAND [ARGUMENT]...\n", stderr);
		return 2;
	}
	add_head(&program);
	for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ",")) {
		if (++refused > MAX_REFUSED || add_call(&program, name) < 0)
			return 2;
	}
	add(&program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));

	filter.len = program.count;
	filter.filter = program.code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0) {
		fprintf(stderr, "refuse: cannot install the filter: %s\n", strerror(errno));
		return 1;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "refuse: %s: %s\n", argv[2], strerror(errno));
	return 127;
}
