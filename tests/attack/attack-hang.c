// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-hang: programs that look as if they were about to report, and never do.
 *
 * A kick that strikes between the entry of the host layer's handler and its report needs no second
 * one: the report follows.  So a program forges such a kick, from each byte there is, and goes on in
 * an endless loop, its own or one of the host layer's.  The guest must go on: a watcher wakes up all
 * the time, a plain SIGKILL ends the program, or the kernel has ended it and says why.
 *
 * usage: attack-hang --inside [ROUNDS [SECONDS]]
 *
 * With SECONDS that many more follow, in which one such program after the other hangs: "hanging" is
 * said before, for whoever looks from outside.
 */
#include "attack-forge.h"

enum { LIMIT_MS = 60, WAKE_MS = 4, NEAR = 24, ENDED_ALONE = 67 };

#define LOW   0x10000000ul /* below 4 GiB: an instruction's half may add to such addresses only */
#define FRAME (LOW + 0x1000)
#define IMAGE (LOW + 0x2000)
#define STACK (LOW + 0x8000)

/* How the program goes on. */
enum way { SPIN, SPIN_MASKED, SPIN_PAUSE, REPORT_AGAIN, WAYS };

struct variant {
	uint64_t offset, signal;
	enum way way;
	int repeat;
	bool in_place; /* the frame is where a true one would be */
};

static struct shared {
	volatile uint64_t loops;   /* programs that came to their loop */
	volatile uint64_t wakeups; /* of the watcher, in this attempt */
	volatile uint64_t turns;
	volatile int still, ended, stopped;
} * res;

static const struct variant *variant;
static uint64_t fs, *frame, stack_end, image;
static volatile int count;

static void forge(void);

static __attribute__((noreturn)) void loop(void)
{
	if (++count < variant->repeat)
		forge();
	res->loops++;
	if (variant->way == REPORT_AGAIN)
		forge();
	for (;;) {
		if (variant->way == SPIN_PAUSE)
			__asm__ volatile("pause");
		else
			res->turns++;
	}
}

static void on_signal(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)si;
	(void)context;
	go_on(loop, STACK, fs);
}

static void forge(void)
{
	uint64_t ip = text->start + variant->offset;
	const uint8_t *code = (const uint8_t *)ip;
	uint32_t add = 0;

	write_frame(FRAME, IMAGE, (uintptr_t)loop, STACK - 8, fs);
	write_frame((uintptr_t)frame, image, ip, FRAME, fs);
	write_image(IMAGE);
	write_image(image);
	if (code[0] == 0x05) /* the second half of a call: add $imm, %eax */
		memcpy(&add, code + 1, 4);
	frame[W_RAX] = (uint32_t)(FRAME - add);
	frame[W_RCX] = LOW + 64 - FRAME;
	frame[W_R8] = fs;
	frame[W_R15] = stack_end - 0x8000;
	frame[W_RDI] = variant->signal;
	frame[W_RDX] = (uintptr_t)(frame + W_UC);
	tried(1);
	forge_report(report_site, variant->signal, frame, STACK, 0x202, fs);
}

static int hang(void *arg)
{
	static char alt[65536];
	stack_t ss = { .ss_sp = alt, .ss_size = sizeof(alt) };
	sigset_t all;

	variant = arg;
	MUST(mmap((void *)LOW, STEP, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1, 0) == (void *)LOW);
	fs = fs_base();
	stack_end = signal_stack_end();
	MUST(stack_end);
	frame = (uint64_t *)(stack_end - FRAME_ROOM);
	image = stack_end - IMAGE_ROOM;
	if (variant->in_place) {
		MUST(true_frame);
		frame = (uint64_t *)true_frame;
		image = true_image;
	}
	sigaltstack(&ss, NULL);
	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			handle(sig, on_signal, SA_NODEFER | SA_ONSTACK);
	sigfillset(&all);
	if (variant->way == SPIN_MASKED)
		sigprocmask(SIG_SETMASK, &all, NULL);
	/* What the loop uses is there: a fault would show where the program is. */
	res->turns += *(const volatile uint8_t *)(uintptr_t)loop + (uint64_t)count;
	count = 0;
	forge();
	return ENDED_ALONE;
}

/* Counts its own wakeups, for as long as there is a parent. */
static __attribute__((noreturn)) int watcher(void *arg)
{
	(void)arg;
	for (;;) {
		msleep(WAKE_MS);
		res->wakeups++;
	}
}

static void try(const struct variant *v)
{
	uint64_t before = res->wakeups;
	int status = attack(hang, (void *)v, LIMIT_MS);

	res->stopped += killed(status, SIGKILL);
	/* It may have been over before the watcher had his turn. */
	res->still += !EVENTUALLY(res->wakeups != before);
}

/* Ended by the kernel, before the time limit would have done it. */
static void try_alone(const struct variant *v)
{
	uint64_t begin = now_ns();
	int status = attack(hang, (void *)v, 5 * LIMIT_MS);

	res->ended += killed(status, SIGKILL) && now_ns() - begin < 4ull * LIMIT_MS * 1000000;
}

static void hang_for(long seconds, uint64_t offset)
{
	struct variant v = { offset, SIG_OF_KICK, SPIN_MASKED, 1, false };

	say("hanging");
	for (uint64_t end = now_ns() + (uint64_t)seconds * 1000000000; now_ns() < end;)
		attack(hang, &v, 10000);
}

static int try_all(void *arg)
{
	int rounds = *(const int *)arg;
	uint64_t report = report_site - text->start, first = handler_at - text->start;

	for (int round = 0; round < rounds; round++)
		for (uint64_t at = first; at < report + NEAR; at++) {
			struct variant v = { at, SIG_OF_KICK,
					     (enum way)((at + (uint64_t)round) % WAYS),
					     1 + (int)(rnd() % 3), rnd() & 1 };

			try(&v);
			if (at % 16 == 15)
				end_attackers();
		}
	for (int way = 0; way < WAYS; way++) {
		struct variant v = { report + 1, SIG_OF_KICK, (enum way)way, 1, way & 1 };

		try(&v);
		try_alone(&v);
	}
	end_attackers();
	return 0;
}

int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : 1;
	pid_t pid;

	if (!forge_begin(argc, argv))
		return finish();
	res = xshared(PAGE);
	pid = spawn(watcher, NULL);
	CHECK(apart(try_all, &rounds) == 0, "all is tried");
	if (argc > 3)
		hang_for(atol(argv[3]), report_site + 1 - text->start);
	kill(pid, SIGKILL);
	reap(pid);
	end_attackers();
	say("%llu programs came to their loops, %d were stopped, %d of %d by the kernel itself",
	    (unsigned long long)res->loops, res->stopped, res->ended, WAYS);
	CHECK(res->loops > 0, "some loop");
	CHECK(res->still == 0, "the watcher wakes up after each");
	CHECK(res->ended == 0 || log_tells_of_ends(), "the log tells of programs that were ended");
	return attack_end();
}
