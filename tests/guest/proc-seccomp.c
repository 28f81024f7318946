// SPDX-License-Identifier: GPL-2.0-only
/* proc-seccomp: strict mode, and filters with every action. */
#include "guest.h"
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/user.h>
#include <ucontext.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define ON_NR(nr, action) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

static long install(struct sock_filter *f, size_t n, unsigned int flags)
{
	struct sock_fprog prog = { .len = (unsigned short)n, .filter = f };

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
}

static int strict(void *arg)
{
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		return 2;
	if (arg)
		syscall(SYS_getppid);
	syscall(SYS_exit, 7);
	return 3;
}

static int errnos(void *arg)
{
	struct sock_filter f[] = {
		LOAD(arch),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		ON_NR(SYS_getppid, SECCOMP_RET_ERRNO | 123),
		ON_NR(SYS_getuid, SECCOMP_RET_ERRNO | 0),
		ON_NR(2000, SECCOMP_RET_ERRNO | 0xffff),
		RETURN(SECCOMP_RET_ALLOW),
	};

	(void)arg;
	MUST(install(f, ARRAY_SIZE(f), 0) == 0);
	CHECK(syscall(SYS_getppid) == -1 && errno == 123, "RET_ERRNO 123");
	CHECK(syscall(SYS_getuid) == 0, "RET_ERRNO 0");
	CHECK(syscall(2000) == -1 && errno == 4095, "RET_ERRNO is capped at 4095");
	CHECK(getpid() > 0, "other calls pass");
	CHECK(prctl(PR_GET_SECCOMP) == 2, "mode is filter");
	pid_t pid = fork();

	if (!pid)
		_exit(syscall(SYS_getppid) == -1 && errno == 123 ? 0 : 1);
	CHECK(exited(reap(pid), 0), "a child inherits the filter");
	return finish();
}

/* Arguments are compared, the instruction pointer is seen. */
static int arguments(void *arg)
{
	struct sock_filter f[] = {
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_dup, 0, 5),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xabcd, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0]) + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1234, 0, 1),
		RETURN(SECCOMP_RET_ERRNO | 77),
		RETURN(SECCOMP_RET_ALLOW),
	};

	(void)arg;
	MUST(install(f, ARRAY_SIZE(f), 0) == 0);
	CHECK(syscall(SYS_dup, 0x12340000abcd) == -1 && errno == 77, "all 64 bits of an argument");
	CHECK(syscall(SYS_dup, 0xabcd) == -1 && errno == EBADF, "another argument passes");
	return finish();
}

static volatile siginfo_t info;
static volatile uint64_t trap_rax, trap_rip;

static void on_sys(int sig, siginfo_t *si, void *context)
{
	ucontext_t *uc = context;

	(void)sig;
	memcpy((void *)&info, si, sizeof(info));
	trap_rax = (uint64_t)uc->uc_mcontext.gregs[REG_RAX];
	trap_rip = (uint64_t)uc->uc_mcontext.gregs[REG_RIP];
	uc->uc_mcontext.gregs[REG_RAX] = 4711;
}

static int traps(void *arg)
{
	struct sock_filter f[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_TRAP | 99),
				   RETURN(SECCOMP_RET_ALLOW) };
	uint64_t here;
	long r;

	(void)arg;
	handle(SIGSYS, on_sys, 0);
	MUST(install(f, ARRAY_SIZE(f), 0) == 0);
	__asm__ volatile("lea 1f(%%rip), %1; mov %2, %%eax; syscall; 1:"
			 : "=a"(r), "=&r"(here)
			 : "i"(SYS_getppid)
			 : "rcx", "r11", "memory");
	CHECK(info.si_signo == SIGSYS && info.si_code == 1, "RET_TRAP: SIGSYS, SYS_SECCOMP");
	CHECK(info.si_syscall == SYS_getppid && info.si_arch == AUDIT_ARCH_X86_64 &&
		      info.si_errno == 99,
	      "number, architecture, data");
	CHECK((uint64_t)info.si_call_addr == here && trap_rip == here, "address behind the call");
	CHECK(trap_rax == SYS_getppid, "rax is the number");
	CHECK(r == 4711, "the handler gives the result");
	return finish();
}

static void *kill_thread(void *arg)
{
	struct sock_filter f[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_KILL_THREAD),
				   RETURN(SECCOMP_RET_ALLOW) };

	MUST(install(f, ARRAY_SIZE(f), 0) == 0);
	*(volatile int *)arg = 1;
	syscall(SYS_getppid);
	*(volatile int *)arg = 2;
	return NULL;
}

static int kills_thread(void *arg)
{
	volatile int state = 0;
	pthread_t t;

	(void)arg;
	pthread_create(&t, NULL, kill_thread, (void *)&state);
	while (!state)
		msleep(1);
	/* The thread ends without a word; the process lives. */
	msleep(50);
	return state == 1 ? 12 : 13;
}

static int kills(void *arg)
{
	struct sock_filter f[] = { LOAD(nr), ON_NR(SYS_getppid, (uint32_t)(uintptr_t)arg),
				   RETURN(SECCOMP_RET_ALLOW) };
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	MUST(install(f, ARRAY_SIZE(f), 0) == 0);
	syscall(SYS_getppid);
	return 5;
}

static int thread_sync_child(void *arg);

static void *looks(void *arg)
{
	while (!*(volatile int *)arg)
		msleep(1);
	return (void *)(intptr_t)(syscall(SYS_getppid) == -1 && errno == 88);
}

static int thread_sync_child(void *arg)
{
	struct sock_filter f[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_ERRNO | 88),
				   RETURN(SECCOMP_RET_ALLOW) };
	volatile int go = 0;
	pthread_t t;
	void *ret;

	(void)arg;
	pthread_create(&t, NULL, looks, (void *)&go);
	MUST(install(f, ARRAY_SIZE(f), SECCOMP_FILTER_FLAG_TSYNC) == 0);
	go = 1;
	pthread_join(t, &ret);
	return ret ? 15 : 16;
}

static int precedence(void *arg)
{
	struct sock_filter allow[] = { RETURN(SECCOMP_RET_ALLOW) };
	struct sock_filter e1[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_ERRNO | 1),
				    RETURN(SECCOMP_RET_ALLOW) };
	struct sock_filter e2[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_ERRNO | 2),
				    RETURN(SECCOMP_RET_ALLOW) };
	struct sock_filter bad[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4000),
				     RETURN(SECCOMP_RET_ALLOW) };

	(void)arg;
	MUST(install(e1, ARRAY_SIZE(e1), 0) == 0 && install(e2, ARRAY_SIZE(e2), 0) == 0);
	MUST(install(allow, ARRAY_SIZE(allow), 0) == 0);
	CHECK(syscall(SYS_getppid) == -1 && errno == 2,
	      "of equal actions the youngest filter's data counts");
	CHECK(install(bad, ARRAY_SIZE(bad), 0) == -1 && errno == EINVAL, "a bad filter: EINVAL");
	CHECK(syscall(SYS_seccomp, 99, 0, NULL) == -1 && errno == EINVAL,
	      "unknown operation: EINVAL");
	uint32_t action = SECCOMP_RET_USER_NOTIF;

	CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0,
	      "USER_NOTIF is available");
	return finish();
}

/* ---- RET_TRACE: a tracer decides */

static int trace_child(void *arg)
{
	struct sock_filter f[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_TRACE | 0x55),
				   RETURN(SECCOMP_RET_ALLOW) };

	(void)arg;
	MUST(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
	raise(SIGSTOP);
	MUST(install(f, ARRAY_SIZE(f), 0) == 0);
	return syscall(SYS_getppid) == 1234 ? 21 : 22;
}

static int trace_alone(void *arg)
{
	struct sock_filter f[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_TRACE),
				   RETURN(SECCOMP_RET_ALLOW) };

	(void)arg;
	MUST(install(f, ARRAY_SIZE(f), 0) == 0);
	return syscall(SYS_getppid) == -1 && errno == ENOSYS ? 23 : 24;
}

static void trace(void)
{
	pid_t pid = spawn(trace_child, NULL);
	struct user_regs_struct r;
	unsigned long msg = 0;
	int status;

	MUST(waitpid(pid, &status, 0) == pid);
	MUST(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL) == 0);
	MUST(ptrace(PTRACE_CONT, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid);
	say("RET_TRACE: status %#x", status);
	MUST(ptrace(PTRACE_GETEVENTMSG, pid, 0, &msg) == 0);
	MUST(ptrace(PTRACE_GETREGS, pid, 0, &r) == 0);
	say("data %#lx, call %llu", msg, r.orig_rax);
	r.orig_rax = (unsigned long long)-1;
	r.rax = 1234;
	MUST(ptrace(PTRACE_SETREGS, pid, 0, &r) == 0 && ptrace(PTRACE_CONT, pid, 0, 0) == 0);
	CHECK(exited(reap(pid), 21), "the tracer skips the call and gives the result");
	CHECK(exited(run(trace_alone, NULL), 23), "RET_TRACE without a tracer: ENOSYS");
}

/* ---- USER_NOTIF: a supervisor answers */

static int notif_fd;

static void *worker(void *arg)
{
	struct sock_filter f[] = { LOAD(nr), ON_NR(SYS_getppid, SECCOMP_RET_USER_NOTIF),
				   RETURN(SECCOMP_RET_ALLOW) };
	long *r = arg;
	int fd = (int)install(f, ARRAY_SIZE(f), SECCOMP_FILTER_FLAG_NEW_LISTENER);

	MUST(fd >= 0);
	__atomic_store_n(&notif_fd, fd, __ATOMIC_SEQ_CST);
	r[0] = syscall(SYS_getppid, 11, 22, 33, 44, 55, 66);
	r[1] = syscall(SYS_getppid);
	r[2] = errno;
	r[3] = syscall(SYS_getppid) == getpid() ? 0 : 1;
	for (int i = 0; i < 500; i++)
		r[4] += syscall(SYS_getppid);
	return NULL;
}

static int notifications(void *arg)
{
	struct seccomp_notif n;
	struct seccomp_notif_resp resp;
	long r[8] = { 0 };
	pthread_t t;

	(void)arg;
	notif_fd = -1;
	pthread_create(&t, NULL, worker, r);
	while (__atomic_load_n(&notif_fd, __ATOMIC_SEQ_CST) < 0)
		msleep(1);
	for (int i = 0; i < 503; i++) {
		memset(&n, 0, sizeof(n));
		memset(&resp, 0, sizeof(resp));
		MUST(ioctl(notif_fd, SECCOMP_IOCTL_NOTIF_RECV, &n) == 0);
		if (i == 0) {
			CHECK(n.data.nr == SYS_getppid && n.data.args[0] == 11 &&
				      n.data.args[5] == 66,
			      "notification with arguments");
			CHECK(ioctl(notif_fd, SECCOMP_IOCTL_NOTIF_ID_VALID, &n.id) == 0,
			      "its id is valid");
		}
		resp.id = n.id;
		if (i == 0)
			resp.val = 0x123456789;
		else if (i == 1)
			resp.error = -EXDEV;
		else if (i == 2)
			resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else
			resp.val = i;
		MUST(ioctl(notif_fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) == 0);
	}
	pthread_join(t, NULL);
	CHECK(r[0] == 0x123456789, "the supervisor's value");
	CHECK(r[1] == -1 && r[2] == EXDEV, "the supervisor's error");
	CHECK(r[3] == 1, "CONTINUE makes the real call");
	say("sum of 500 answers: %ld", r[4]);
	resp.id = n.id;
	CHECK(ioctl(notif_fd, SECCOMP_IOCTL_NOTIF_SEND, &resp) == -1 && errno == ENOENT,
	      "answered once only");
	return finish();
}

int main(void)
{
	say("strict: status %#x", run(strict, NULL));
	say("strict, forbidden call: status %#x", run(strict, (void *)1));
	say("errno: status %#x", run(errnos, NULL));
	say("arguments: status %#x", run(arguments, NULL));
	say("trap: status %#x", run(traps, NULL));
	say("kill thread: status %#x", run(kills_thread, NULL));
	say("kill process: status %#x",
	    run(kills, (void *)(uintptr_t)SECCOMP_RET_KILL_PROCESS) & ~0x80);
	say("trap, no handler: status %#x",
	    run(kills, (void *)(uintptr_t)SECCOMP_RET_TRAP) & ~0x80);
	say("log: status %#x", run(kills, (void *)(uintptr_t)SECCOMP_RET_LOG));
	say("thread sync: status %#x", run(thread_sync_child, NULL));
	say("precedence: status %#x", run(precedence, NULL));
	trace();
	say("notifications: status %#x", run(notifications, NULL));
	return finish();
}
