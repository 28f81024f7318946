// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-ghost: programs that the kernel takes for dead or stopped, and that run on.
 *
 * A program maps pages of a file in memory and forges reports: of each signal, from each byte of the
 * host layer's code, up to 40 times in a row, as a fault, a call or a kick.  Then it is killed, if the
 * kernel has not ended it before; or one of its threads does so, and another one ends them all by an
 * exit or by execve().  A tracer holds it at its exit, or a sibling that shares its memory but not its
 * thread group stays behind.  Meanwhile the file's pages are freed, and another user's
 * program fills them with a secret.  Whoever was killed must not make a step more, and nobody may
 * find a freed page where it was, or a word of the secret.
 *
 * usage: attack-ghost --inside [STEP [ROUNDS]]
 *
 * Each STEP-th byte is tried with some signal (1: all, with each signal), those around the report
 * always, ROUNDS times each.
 */
#include <sys/ptrace.h>
#include "attack-forge.h"

enum {
	PAGES = 64,
	WORDS = PAGES * 512,
	VICTIM_BYTES = 1 << 20,
	REPEAT_MOST = 40,
	LIMIT_MS = 1000,
	PATIENCE_MS = 12, /* so long a program may take to come to the end of its reports */
	TELLING = 8,	  /* so many failures are told one by one */
};

#define SECRET 0x5ec5e7c0ffee5ec5ull
#define BAD    0xbadbadbadbadbad0ull
#define MARK   0xa77acca77acca77aull
#define LOW    0x10000000ul /* below 4 GiB: an instruction's half may add to such addresses only */
#define FRAME  (LOW + 0x1000)
#define IMAGE  (LOW + 0x2000)
#define STACK  (LOW + 0x8000)
#define STACK2 (LOW + 0xc000)

/* What the report looks like besides its signal, and who looks on. */
enum {
	AS_FAULT = 1,
	AS_CALL = 2,
	EXIT_STOP = 4,
	SIBLING = 8,
	SELF_LOOP = 16, /* registers that make the host layer report again by itself */
	IN_THREAD = 32,
	BY_EXEC = 64,	/* so the other thread ends it; else by an exit */
	IN_PLACE = 128, /* the frame is where a true one would be */
	ALL_WAYS = 256,
};

struct variant {
	uint64_t offset, signal;
	int repeat, how;
};

static struct shared {
	volatile uint64_t turns[2]; /* of the program and of its sibling */
	volatile uint64_t looks[2]; /* at all pages, since they were freed */
	volatile int go, begun, forged, seized;
	/* Harm: */
	volatile uint64_t ghosts, stale, foreign, secrets, changed;
	/* What was tried: */
	volatile uint64_t reports, exit_stops, ended, survived, siblings, threads, victim_rounds;
} * res;

static const struct variant *variant;
static volatile uint64_t *pages;
static uint64_t fs, stack_end, image, *frame;
static volatile int count;

/* ---- what a ghost does */

static void look(int who)
{
	uint64_t stale = 0, foreign = 0, secrets = 0;

	for (uint64_t i = 0; i < WORDS; i++) {
		uint64_t word = pages[i];

		if (!word || word == BAD)
			continue;
		if (word == MARK) {
			stale++;
			continue;
		}
		foreign++;
		if (word == SECRET) {
			secrets++;
			pages[i] = BAD;
		}
	}
	res->stale += stale;
	res->foreign += foreign;
	res->secrets += secrets;
	res->looks[who]++;
}

static __attribute__((noreturn)) void haunt(int who)
{
	for (;;) {
		res->turns[who]++;
		if (res->go)
			look(who);
	}
}

/* Until the forger has found its signal stack nobody else's may change. */
static int sibling(void *arg)
{
	(void)arg;
	while (!res->begun)
		msleep(1);
	haunt(1);
}

/* ---- the forger */

static void forge(void);

static void next(void)
{
	if (++count < variant->repeat)
		forge();
	res->forged = 1;
	haunt(0);
}

static void on_signal(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	(void)context;
	go_on(next, STACK, fs);
}

/* Registers with which as many instructions as possible lead to next(), by a fault or without. */
static void fill_registers(uint64_t *f)
{
	uint64_t ip = f[W_RIP], rax = FRAME;
	const uint8_t *code = (const uint8_t *)ip;

	if (ip < text->start + text_len) {
		if (code[0] == 0x05) { /* the second half of a call: add $imm, %eax */
			uint32_t add;

			memcpy(&add, code + 1, 4);
			rax = (uint32_t)(FRAME - add);
		} else if (code[0] == 0x0f && code[1] == 0x05) {
			rax = SYS_sched_yield;
		}
	}
	f[W_RAX] = rax;
	f[W_RCX] = LOW + 64 - FRAME; /* the sum with the frame's address is memory too */
	f[W_RDI] = variant->signal;
	f[W_RDX] = (uintptr_t)(frame + W_UC);
	f[W_R8] = fs;
	f[W_R14] = LOW + 0x400;
	f[W_R15] = stack_end - 0x8000;
	f[W_RSP] = FRAME;
	if (variant->how & SELF_LOOP)
		f[W_RSP] = (uintptr_t)frame;
}

static void forge(void)
{
	uint64_t ip = text->start + variant->offset;

	write_frame(FRAME, IMAGE, (uintptr_t)next, STACK - 8, fs);
	write_frame((uintptr_t)frame, image, ip, FRAME, fs);
	write_image(IMAGE);
	write_image(image);
	fill_registers(frame);
	if (variant->how & AS_FAULT) {
		frame[W_VECTOR] = 14;
		frame[W_ERROR] = 4;
		frame[W_CR2] = (uintptr_t)pages;
		*(int *)(frame + W_SIGINFO + 1) = 1;
	}
	if (variant->how & AS_CALL) {
		frame[W_CALL_ARCH] = X86_64_ABI;
		frame[W_RAX] = SYS_getppid;
	}
	res->reports++;
	tried(1);
	forge_report(report_site, variant->signal, frame, STACK2, 0x202, fs);
}

static void catch_all(void)
{
	static char alt[65536];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };

	sigaltstack(&ss, NULL);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			handle(sig, on_signal, SA_NODEFER | SA_ONSTACK);
}

static int sibling_of_forger(void)
{
	static char stack[32768] __attribute__((aligned(16)));

	res->siblings++;
	return clone(sibling, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
}

static int begin(void *arg)
{
	(void)arg;
	fs = fs_base();
	stack_end = signal_stack_end();
	MUST(stack_end);
	frame = (uint64_t *)(stack_end - FRAME_ROOM);
	image = stack_end - IMAGE_ROOM;
	if (variant->how & IN_PLACE) {
		MUST(true_frame);
		frame = (uint64_t *)true_frame;
		image = true_image;
	}
	catch_all();
	msleep(1); /* right after a tick there is time until the next one */
	res->begun = 1;
	forge();
	return 1;
}

/* A thread forges; this one ends both. It makes calls only: a fault would show its signal stack. */
static int let_thread_begin(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	static char *const none[] = { NULL };

	MUST(clone(begin, stack + sizeof(stack),
		   CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM,
		   NULL) > 0);
	while (!res->begun)
		msleep(1);
	for (int i = 0; i < PATIENCE_MS && !res->forged; i++)
		msleep(1);
	res->threads++;
	if (variant->how & BY_EXEC)
		execve("/bin/true", none, none);
	return 0;
}

static int forger(void *arg)
{
	int fd = (int)(intptr_t)arg;

	while ((variant->how & EXIT_STOP) && !res->seized)
		sched_yield();
	pages = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(pages != MAP_FAILED);
	MUST(mmap((void *)LOW, STEP, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0) == (void *)LOW);
	for (int i = 0; i < WORDS; i++)
		pages[i] = MARK;
	if (variant->how & SIBLING)
		MUST(sibling_of_forger() > 0);
	return variant->how & IN_THREAD ? let_thread_begin() : begin(NULL);
}

/* ---- the tracer: of the same user */

/* Waits for at most @ms, or until a child has something to say. */
static void nap(int ms)
{
	struct timespec t = { 0, ms * 1000000L };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigtimedwait(&set, NULL, &t);
}

enum state { RUNS, AT_EXIT, GONE };

static int end_status; /* of the forger, at its exit */

/* Passes on what the forger was sent; says how far it is. */
static enum state state_of(pid_t pid)
{
	unsigned long message = 0;
	int status;

	while (waitpid(pid, &status, WNOHANG | __WALL) == pid) {
		if (!WIFSTOPPED(status)) {
			end_status = status;
			return GONE;
		}
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8)) {
			ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
			end_status = (int)message;
			return AT_EXIT;
		}
		ptrace(PTRACE_CONT, pid, 0, status >> 16 ? 0 : WSTOPSIG(status));
	}
	return RUNS;
}

static enum state wait_for_reports(pid_t pid)
{
	uint64_t end = ~0ull;
	enum state state;

	while ((state = state_of(pid)) == RUNS && !res->forged && now_ns() < end) {
		if (res->begun && end == ~0ull)
			end = now_ns() + PATIENCE_MS * 1000000ull;
		nap(1);
	}
	if (state != RUNS)
		res->ended += killed(end_status, SIGKILL);
	else if (res->forged)
		res->survived++;
	return state;
}

static void free_pages(int fd)
{
	MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGES * PAGE) == 0);
	res->go = 1;
}

static void let_look(int who)
{
	for (int i = 0; i < 4 && res->looks[who] < 2; i++)
		msleep(1);
}

/*
 * It has ended as far as anybody knows: nothing of it may run now, nor have its pages.  At the exit of
 * one thread others may still have some steps to make, as anywhere.
 */
static void check_ghost(int fd, bool all)
{
	uint64_t before = res->turns[0];

	free_pages(fd);
	let_look(0);
	if (all && res->turns[0] != before)
		res->ghosts++;
}

static int tracer(void *arg)
{
	int fd = memfd_create("ghost", MFD_CLOEXEC);
	enum state state;
	sigset_t set;
	pid_t pid;

	variant = arg;
	signal(SIGUSR2, SIG_IGN); /* the host layer's code has a call that sends it to a parent */
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	MUST(fd >= 0 && ftruncate(fd, PAGES * PAGE) == 0);
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		prctl(PR_SET_DUMPABLE, 1);
		_exit(forger((void *)(intptr_t)fd));
	}
	if (variant->how & EXIT_STOP) {
		/* Only after its own prctl() may an ordinary user look at it. */
		while (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL))
			sched_yield();
		res->seized = 1;
	}
	state = wait_for_reports(pid);
	if (state == RUNS && (variant->how & IN_THREAD)) {
		nap(2);
		state = state_of(pid);
	}
	if (state == RUNS)
		kill(pid, SIGKILL);
	while (state == RUNS) {
		nap(1);
		state = state_of(pid);
	}
	if (state == AT_EXIT) {
		res->exit_stops++;
		check_ghost(fd, !(variant->how & IN_THREAD));
		ptrace(PTRACE_CONT, pid, 0, 0);
		while (state_of(pid) != GONE)
			nap(1);
	} else {
		check_ghost(fd, true);
	}
	if (variant->how & SIBLING)
		let_look(1);
	return 0;
}

/* ---- the victim: another user, whose pages are those that became free */

static __attribute__((noreturn)) int victim(void *arg)
{
	(void)arg;
	setpriority(PRIO_PROCESS, 0, 5);
	for (;;) {
		uint64_t *p = xmap(VICTIM_BYTES, PROT_READ | PROT_WRITE);

		for (uint64_t i = 0; i < VICTIM_BYTES / 8; i++)
			p[i] = SECRET;
		sched_yield();
		for (uint64_t i = 0; i < VICTIM_BYTES / 8; i++)
			res->changed += p[i] != SECRET;
		munmap(p, VICTIM_BYTES);
		res->victim_rounds++;
	}
}

/* ---- all variants */

static uint64_t harm(void)
{
	return res->ghosts + res->stale + res->foreign + res->changed;
}

static void try(const struct variant *v)
{
	static int told;
	uint64_t before = harm();

	for (int i = 0; i < 2; i++)
		res->turns[i] = res->looks[i] = 0;
	res->go = res->begun = res->forged = res->seized = 0;
	attack(tracer, (void *)v, LIMIT_MS);
	end_attackers();
	if (harm() != before && told++ < TELLING)
		say("byte %#llx, signal %llu, %d times, way %#x: does harm",
		    (unsigned long long)v->offset, (unsigned long long)v->signal, v->repeat,
		    (unsigned int)v->how);
}

static uint64_t any_signal(void)
{
	switch (rnd() % 4) {
	case 0:
	case 1:
		return SIG_OF_KICK;
	case 2:
		return REPORT_START;
	default:
		return 1 + rnd() % 64;
	}
}

static void try_byte(uint64_t offset, uint64_t signal)
{
	struct variant v = { offset, signal, 1 + (int)(rnd() % REPEAT_MOST),
			     (int)(rnd() % ALL_WAYS) };

	try(&v);
}

struct extent {
	int step, rounds;
};

static int try_all(void *arg)
{
	const struct extent *extent = arg;
	uint64_t report = report_site - text->start, step = (uint64_t)extent->step;

	/* The dearest byte: each number of times, from the middle on, then in all ways. */
	for (int i = 0; i < REPEAT_MOST; i++)
		try(&(struct variant){ report + 1, SIG_OF_KICK, (i + 16) % REPEAT_MOST + 1,
				       EXIT_STOP | (i % 2 ? SIBLING : 0) });
	for (int how = 0; how < ALL_WAYS; how += step > 1 ? 5 : 1)
		try(&(struct variant){ report + 1, SIG_OF_KICK, 1 + (int)(rnd() % REPEAT_MOST),
				       how });
	for (int round = 0; round < extent->rounds; round++) {
		for (uint64_t at = handler_at - text->start; at < report + 24; at++)
			try_byte(at, SIG_OF_KICK);
		for (uint64_t at = rnd() % step; at < text_len + 16; at += step)
			for (uint64_t signal = 0; signal <= (step > 1 ? 0 : 64); signal++)
				try_byte(at, signal ?: any_signal());
		for (uint64_t signal = 1; signal <= 64; signal += step > 1 ? 3 : 1)
			try_byte(report + rnd() % 12, signal);
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct extent extent = { argc > 2 ? atoi(argv[2]) : 16, argc > 3 ? atoi(argv[3]) : 1 };
	uint64_t sum;
	pid_t pid;

	if (!forge_begin(argc, argv))
		return finish();
	res = xshared(PAGE);
	sum = checksum(text);
	pid = start_bystander(victim);
	CHECK(apart(try_all, &extent) == 0, "all is tried");
	kill(pid, SIGKILL);
	reap(pid);
	say("%llu reports: %llu programs lived on, %llu were ended; %llu stops at exit, %llu "
	    "siblings, %llu threads; the victim filled his pages %llu times",
	    (unsigned long long)res->reports, (unsigned long long)res->survived,
	    (unsigned long long)res->ended, (unsigned long long)res->exit_stops,
	    (unsigned long long)res->siblings, (unsigned long long)res->threads,
	    (unsigned long long)res->victim_rounds);
	say("%llu ghosts, %llu words of freed pages, %llu foreign words, %llu secrets, %llu words "
	    "changed",
	    (unsigned long long)res->ghosts, (unsigned long long)res->stale,
	    (unsigned long long)res->foreign, (unsigned long long)res->secrets,
	    (unsigned long long)res->changed);
	CHECK(res->exit_stops && res->siblings && res->threads && res->victim_rounds,
	      "all of them took part");
	CHECK(res->ghosts == 0, "who is at his end makes no step more");
	CHECK(res->stale == 0, "nobody keeps a page that is free");
	CHECK(res->foreign == 0 && res->changed == 0, "nobody reads or writes another's memory");
	CHECK(res->ended == 0 || log_tells_of_ends(), "the log tells of programs that were ended");
	CHECK(checksum(text) == sum, "the code is unchanged");
	return attack_end();
}
