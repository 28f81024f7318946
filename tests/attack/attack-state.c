// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-state: calls, faults and preemption with a processor in an unusual state.
 *
 * Flags (direction, trap, alignment check, nested task), stack pointers that point nowhere or into
 * the host layer's signal stacks, bases of fs and gs of every kind, spoilt floating point control,
 * protection keys that deny all, 32-bit code.  What a call returns must be right wherever the
 * program lives on; else only the program may die.
 *
 * usage: attack-state --inside [ROUNDS]
 */
#include "attack.h"

enum { WRONG = 67, PRIVILEGED = 66, LIMIT_MS = 80 };

enum event {
	CALL,
	WHOLE_CALL,
	UNKNOWN_CALL,
	FAULT,
	ILLEGAL,
	BREAKPOINT,
	DIVISION,
	SPIN,
	INT80,
	EVENTS
};

#define DF 0x400ull
#define TF 0x100ull
#define AC 0x40000ull
#define NT 0x4000ull
#define RF 0x10000ull
#define ID 0x200000ull

static uint8_t *code; /* a page that we write programs to */
static uint8_t *own;  /* 64 KiB: a stack, and data */

struct state {
	uint64_t flags, rsp, fs, gs;
	uint32_t mxcsr, pkru;
	bool set_fs, set_gs, set_mxcsr, set_pkru, bases_by_call;
	enum event event;
};

/* ---- the program: machine code that is written for each attempt */

static uint8_t *out;

static void emit(const void *bytes, size_t n)
{
	memcpy(out, bytes, n);
	out += n;
}

#define EMIT(...)                                     \
	do {                                          \
		const uint8_t e_[] = { __VA_ARGS__ }; \
		emit(e_, sizeof(e_));                 \
	} while (0)

static void emit_load(uint8_t rex, uint8_t op, uint64_t value)
{
	EMIT(rex, op);
	emit(&value, 8);
}

static void emit_call(uint32_t nr)
{
	EMIT(0xb8); /* mov nr, %eax */
	emit(&nr, 4);
	EMIT(0x0f, 0x05);
}

static void emit_event(enum event event)
{
	switch (event) {
	case CALL:
		emit_call(SYS_getppid);
		break;
	case WHOLE_CALL: /* one that needs all registers */
		EMIT(0x31, 0xff, 0x31, 0xf6);
		emit_call(SYS_sigaltstack);
		break;
	case UNKNOWN_CALL:
		emit_call(1000);
		break;
	case FAULT: /* a first touch: mov (%r14), %al */
		EMIT(0x41, 0x8a, 0x06, 0xb8, 0, 0, 0, 0);
		break;
	case ILLEGAL:
		EMIT(0x0f, 0x0b);
		break;
	case BREAKPOINT:
		EMIT(0xcc);
		break;
	case DIVISION:
		EMIT(0x31, 0xc9, 0xf7, 0xf1);
		break;
	case SPIN: /* mov $20000000, %ecx; 1: dec %ecx; jnz 1b; xor %eax, %eax */
		EMIT(0xb9, 0x00, 0x2d, 0x31, 0x01, 0xff, 0xc9, 0x75, 0xfc, 0x31, 0xc0);
		break;
	default:
		EMIT(0xb8, 20, 0, 0, 0, 0xcd, 0x80);
	}
}

/*
 * Afterwards: the result to %rbx, a good stack and good flags again, then exit_group(0) if the
 * result is right, WRONG if not, PRIVILEGED if the flags have become more than a user's.
 */
static void emit_end(const struct state *s, long right)
{
	uint32_t wrong = WRONG, privileged = PRIVILEGED;

	EMIT(0x48, 0x89, 0xc3);				/* mov %rax, %rbx */
	emit_load(0x48, 0xbc, (uintptr_t)own + 0x8000); /* mov stack, %rsp */
	EMIT(0x9c, 0x41, 0x5f);				/* pushfq; pop %r15 */
	EMIT(0x6a, 0x02, 0x9d);				/* push $2; popfq */
	if (s->set_pkru)
		EMIT(0x31, 0xc0, 0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xef);
	EMIT(0xbf);
	emit(&privileged, 4);
	EMIT(0x41, 0xf7, 0xc7, 0x00, 0x30, 0x00, 0x00, 0x75, 0x00); /* test $0x3000, %r15d; jnz */
	uint8_t *to_end1 = out;
	EMIT(0xbf);
	emit(&wrong, 4);
	emit_load(0x48, 0xb8, (uint64_t)right);
	EMIT(0x48, 0x39, 0xc3, 0x75, 0x02, 0x31, 0xff); /* cmp; jne +2; xor %edi, %edi */
	to_end1[-1] = (uint8_t)(out - to_end1);
	emit_call(SYS_exit_group);
	EMIT(0x0f, 0x0b);
}

static void write_program(const struct state *s)
{
	static const long right[EVENTS] = { [UNKNOWN_CALL] = -ENOSYS, [INT80] = -ENOSYS };

	out = code;
	if (s->set_fs && !s->bases_by_call) {
		emit_load(0x48, 0xb8, s->fs);
		EMIT(0xf3, 0x48, 0x0f, 0xae, 0xd0); /* wrfsbase %rax */
	}
	if (s->set_gs && !s->bases_by_call) {
		emit_load(0x48, 0xb8, s->gs);
		EMIT(0xf3, 0x48, 0x0f, 0xae, 0xd8); /* wrgsbase %rax */
	}
	if (s->set_mxcsr) {
		memcpy(own, &s->mxcsr, 4);
		emit_load(0x48, 0xb8, (uintptr_t)own);
		EMIT(0x0f, 0xae, 0x10); /* ldmxcsr (%rax) */
	}
	emit_load(0x49, 0xbe, (uintptr_t)own + 0xc000); /* mov page, %r14 */
	emit_load(0x48, 0xbb, s->flags);
	if (s->set_pkru) {
		EMIT(0xb8);
		emit(&s->pkru, 4);
		EMIT(0x31, 0xc9, 0x31, 0xd2, 0x0f, 0x01, 0xef); /* wrpkru */
	}
	emit_load(0x48, 0xbc, (uintptr_t)own + 0x8000);
	EMIT(0x53);	     /* push %rbx */
	if (s->flags & TF) { /* the stack must be there for popfq; the trap comes after it */
		emit_load(0x48, 0xb9, s->rsp);
		EMIT(0x9d, 0x48, 0x89, 0xcc);
	} else {
		emit_load(0x48, 0xb9, s->rsp);
		EMIT(0x9d, 0x48, 0x89, 0xcc); /* popfq; mov %rcx, %rsp */
	}
	emit_event(s->event);
	emit_end(s, s->event == CALL ? getppid() : right[s->event]);
}

static uint64_t base(void)
{
	switch (rnd() % 6) {
	case 0:
		return 0;
	case 1:
		return task_size + rnd() % (USER_END - task_size);
	case 2:
		return 0x800000000000ull + rnd() % (1ull << 40); /* not canonical */
	case 3:
		return 0xffff800000000000ull + rnd() % (1ull << 46);
	case 4:
		return (uintptr_t)own;
	default:
		return rnd();
	}
}

static uint64_t stack_pointer(void)
{
	const struct area *a = &areas[nareas - 1];

	switch (rnd() % 8) {
	case 0:
		return 0;
	case 1:
		return 8;
	case 2:
		return a->start + 0x1000 + (rnd() & 0x6fff);
	case 3:
		return a->start + (rnd() & 0xfff);
	case 4:
		return text->start + (rnd() & 0xffff);
	case 5:
		return 0x800000000000ull + rnd() % 4096;
	case 6:
		return rnd();
	default:
		return (uintptr_t)own + 0x8000 - rnd() % 64;
	}
}

static int one(void *arg)
{
	static const uint64_t single[] = { DF, TF, AC, NT, RF, ID, 0 };
	uint64_t number = (uintptr_t)arg;
	struct state s = { .event = number % EVENTS };

	reseed(number);
	s.flags = 0x202 | (number & 1 ? single[rnd() % ARRAY_SIZE(single)]
				      : rnd() & (DF | TF | AC | NT | RF | ID | 0xcd5));
	s.rsp = stack_pointer();
	s.set_fs = rnd() % 4 == 0;
	s.set_gs = rnd() % 4 == 0;
	s.fs = base();
	s.gs = base();
	s.set_mxcsr = rnd() % 4 == 0;
	s.mxcsr = (uint32_t)rnd() & (rnd() & 1 ? 0xffff : ~0u);
	s.set_pkru = number % 16 == 15;
	s.pkru = rnd() & 1 ? ~0u : (uint32_t)rnd();
	write_program(&s);
	for (int sig = 1; sig < 32; sig++)
		signal(sig, SIG_DFL);
	tried(1);
	((void (*)(void))code)();
	return WRONG;
}

int main(int argc, char **argv)
{
	int n = argc > 2 ? atoi(argv[2]) : 3000, good = 0, wrong = 0, privileged = 0, signals = 0,
	    stopped = 0, by_event[EVENTS] = { 0 };

	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	code = xmap(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	own = xmap(65536, PROT_READ | PROT_WRITE);
	memset(own, 0, PAGE);
	for (long i = 0; i < n; i++) {
		int status = attack(one, (void *)i, LIMIT_MS);

		good += exited(status, 0);
		by_event[i % EVENTS] += exited(status, 0);
		if (exited(status, WRONG)) {
			wrong++;
			say("attempt %ld: a wrong result", i);
		}
		privileged += exited(status, PRIVILEGED);
		stopped += killed(status, SIGKILL);
		signals += WIFSIGNALED(status) && !killed(status, SIGKILL);
	}
	end_attackers();
	say("%d programs: %d went on, %d ended by a signal, %d by the time limit", n, good, signals,
	    stopped);
	CHECK(good > n / 10, "some live on");
	CHECK(by_event[CALL] && by_event[WHOLE_CALL] && by_event[UNKNOWN_CALL] && by_event[FAULT],
	      "calls and faults are served");
	CHECK(wrong == 0, "those that live on see right results");
	CHECK(privileged == 0, "nobody gets more privilege");
	return attack_end();
}
