// SPDX-License-Identifier: GPL-2.0-only
/* proc-exec: execve and what survives it; the program executes itself in many ways. */
#include "guest.h"
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char self[256];
extern char **environ;

/* ---- the second lives of the program: the first argument says which */

static int life_args(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		say("arg %d: <%s>", i, argv[i]);
	for (char **e = environ; *e; e++)
		say("env: <%s>", *e);
	return argc;
}

static int life_big(int argc, char **argv)
{
	uint64_t sum = 0;

	for (int i = 2; i < argc; i++)
		for (char *p = argv[i]; *p; p++)
			sum = sum * 31 + (unsigned char)*p;
	say("%d arguments, checksum %llu", argc - 2, (unsigned long long)sum);
	return 0;
}

static int life_state(int argc, char **argv)
{
	struct sigaction ign, dfl;
	sigset_t mask, pend;
	stack_t ss;
	struct rlimit rl;

	(void)argc;
	sigaction(SIGUSR1, NULL, &ign);
	sigaction(SIGUSR2, NULL, &dfl);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigpending(&pend);
	sigaltstack(NULL, &ss);
	getrlimit(RLIMIT_NOFILE, &rl);
	CHECK(ign.sa_handler == SIG_IGN, "ignored signal stays ignored");
	CHECK(dfl.sa_handler == SIG_DFL, "handled signal becomes default");
	CHECK(sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGHUP), "signal mask kept");
	CHECK(sigismember(&pend, SIGTERM), "pending signal kept");
	CHECK(ss.ss_flags == SS_DISABLE, "alternate stack gone");
	CHECK(rl.rlim_cur == 77, "resource limit kept");
	CHECK(alarm(0) > 0, "alarm kept");
	CHECK(getpid() == atoi(argv[2]), "process id kept");
	CHECK(fcntl(100, F_GETFD) == 0 && fcntl(101, F_GETFD) == -1, "close-on-exec");
	CHECK((umask(0) & 0777) == 0123, "umask kept");
	return finish();
}

static int life_regs(int argc, char **argv)
{
	unsigned int mxcsr = 0;
	unsigned short cw = 0;
	uint64_t gs = 1;

	(void)argc;
	(void)argv;
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(cw));
	syscall(SYS_arch_prctl, 0x1004, &gs);
	say("mxcsr %#x, x87 control word %#x, gs base %#llx", mxcsr, cw, (unsigned long long)gs);
	return 0;
}

static int life_thread(int argc, char **argv)
{
	int tasks = 0;
	char line[128];
	FILE *f = fopen("/proc/self/status", "r");

	(void)argc;
	MUST(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Threads: %d", &tasks);
	fclose(f);
	CHECK(tasks == 1, "one thread after exec");
	CHECK(getpid() == atoi(argv[2]) && syscall(SYS_gettid) == getpid(), "it is the leader");
	return finish();
}

/* ---- the first life */

struct exec_job {
	char **argv, **envp;
	int (*how)(const char *, char *const *, char *const *);
};

static int do_exec(void *arg)
{
	struct exec_job *j = arg;

	j->how(self, j->argv, j->envp);
	say("exec: errno %d", errno);
	return 126;
}

static int by_fd(const char *path, char *const *argv, char *const *envp)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return (int)syscall(SYS_execveat, fd, "", argv, envp, AT_EMPTY_PATH);
}

static struct exec_job *thread_job;

static void *exec_thread(void *arg)
{
	(void)arg;
	execve(self, thread_job->argv, thread_job->envp);
	say("FAIL exec from a thread: %d", errno);
	_exit(1);
}

static void *idle_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int exec_in_thread(void *arg)
{
	pthread_t t;
	char pid[16];

	thread_job = arg;
	snprintf(pid, sizeof(pid), "%d", getpid());
	thread_job->argv[2] = pid;
	for (int i = 0; i < 5; i++)
		pthread_create(&t, NULL, idle_thread, NULL);
	pthread_create(&t, NULL, exec_thread, NULL);
	for (;;)
		pause();
	return 0;
}

static void on_usr2(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)si;
	(void)uc;
}

static int exec_state(void *arg)
{
	struct exec_job *j = arg;
	struct rlimit rl = { 77, 177 };
	static char alt[65536];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	sigset_t set;
	char pid[16];

	MUST(dup2(1, 100) == 100 && dup3(1, 101, O_CLOEXEC) == 101);
	signal(SIGUSR1, SIG_IGN);
	handle(SIGUSR2, on_usr2, SA_ONSTACK);
	sigaltstack(&ss, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_SETMASK, &set, NULL);
	raise(SIGTERM);
	setrlimit(RLIMIT_NOFILE, &rl);
	alarm(600);
	umask(0123);
	snprintf(pid, sizeof(pid), "%d", getpid());
	j->argv[2] = pid;
	return do_exec(j);
}

static int exec_regs(void *arg)
{
	unsigned int mxcsr = 0x3f80;
	unsigned short cw = 0x0c7f;

	syscall(SYS_arch_prctl, 0x1001, 0x123456789000);
	__asm__ volatile("ldmxcsr %0; fldcw %1; fldpi; fldpi" : : "m"(mxcsr), "m"(cw));
	return do_exec(arg);
}

/* An address where nothing is, hidden from the compiler's analysis. */
static void *bad_pointer(void)
{
	static void *volatile p = (void *)8;

	return p;
}

static void errors(void)
{
	char dir[200], path[256], *none[] = { NULL }, *one[] = { (char *)"x", NULL };
	int fd;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	CHECK(execve(path, one, none) == -1 && errno == ENOENT, "exec of nothing: ENOENT");
	CHECK(execve(dir, one, none) == -1 && errno == EACCES, "exec of a directory: EACCES");
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	MUST(write(fd, "garbage", 7) == 7);
	close(fd);
	CHECK(execve(path, one, none) == -1 && errno == EACCES, "exec without x bit: EACCES");
	chmod(path, 0755);
	CHECK(execve(path, one, none) == -1 && errno == ENOEXEC, "exec of garbage: ENOEXEC");
	CHECK(execve(bad_pointer(), one, none) == -1 && errno == EFAULT,
	      "exec of a bad path: EFAULT");
	CHECK(execve(self, bad_pointer(), none) == -1 && errno == EFAULT,
	      "exec of bad argv: EFAULT");
	unlink(path);
	rmdir(dir);
}

static void script(void)
{
	char dir[200], path[256], line[300];
	char *argv[] = { (char *)"script", (char *)"last", NULL };
	char *envp[] = { (char *)"E=1", NULL };
	int fd, n;
	pid_t pid;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	n = snprintf(line, sizeof(line), "#!%s -args one two\n", self);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	MUST(write(fd, line, (size_t)n) == n);
	close(fd);
	pid = fork();
	if (!pid) {
		MUST(chdir(dir) == 0);
		execve("./s", argv, envp);
		_exit(126);
	}
	say("#! script: status %#x", reap(pid));
	unlink(path);
	rmdir(dir);
}

static void big_args(void)
{
	enum { N = 5000 };
	static char *argv[N + 3], text[N][64];
	char *envp[] = { NULL };
	struct exec_job j = { argv, envp, execve };
	static char huge[200000];

	argv[0] = self;
	argv[1] = (char *)"-big";
	for (int i = 0; i < N; i++) {
		snprintf(text[i], sizeof(text[i]), "argument number %d of many, to fill pages", i);
		argv[i + 2] = text[i];
	}
	say("many arguments: status %#x", run(do_exec, &j));
	memset(huge, 'x', sizeof(huge) - 1);
	argv[2] = huge;
	argv[3] = NULL;
	say("one argument over 128 KiB: status %#x", run(do_exec, &j));
	huge[131071] = 0;
	say("one argument of 131071 bytes: status %#x", run(do_exec, &j));
}

static __attribute__((noinline)) pid_t vfork_and_exec(char **argv, char **envp)
{
	pid_t pid = vfork();

	if (!pid) {
		execve(self, argv, envp);
		_exit(125);
	}
	return pid;
}

static void repeated(char **argv, char **envp)
{
	int bad = 0;

	for (int i = 0; i < 50; i++)
		bad += !exited(reap(vfork_and_exec(argv, envp)), 33);
	CHECK(bad == 0, "50 times vfork and exec");
	bad = 0;
	for (int i = 0; i < 50; i++) {
		pid_t pid = fork();

		if (!pid) {
			execve(self, argv, envp);
			_exit(125);
		}
		bad += !exited(reap(pid), 33);
	}
	CHECK(bad == 0, "50 times fork and exec");
}

int main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	MUST(n > 0);
	if (argc > 1 && !strncmp(argv[1], "-args", 5))
		return life_args(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "-big"))
		return life_big(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "-state"))
		return life_state(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "-regs"))
		return life_regs(argc, argv);
	if (argc > 1 && !strcmp(argv[1], "-thread"))
		return life_thread(argc, argv);
	if (argc > 1)
		return 33;

	char *env[] = { (char *)"A=1", (char *)"EMPTY=", (char *)"B=two words", NULL };
	char *args[] = {
		self, (char *)"-args", (char *)"", (char *)"a b", (char *)"\xc3\xa4", NULL
	};
	char *state[] = { self, (char *)"-state", NULL, NULL };
	char *regs[] = { self, (char *)"-regs", NULL };
	char *thread[] = { self, (char *)"-thread", NULL, NULL };
	char *quick[] = { self, (char *)"-quick", NULL };
	struct exec_job j = { args, env, execve };

	say("execve: status %#x", run(do_exec, &j));
	j.how = by_fd;
	say("execveat on a descriptor: status %#x", run(do_exec, &j));
	j = (struct exec_job){ state, env, execve };
	say("state: status %#x", run(exec_state, &j));
	j.argv = regs;
	say("registers: status %#x", run(exec_regs, &j));
	j.argv = thread;
	say("from a thread: status %#x", run(exec_in_thread, &j));
	errors();
	script();
	big_args();
	repeated(quick, env);
	return finish();
}
