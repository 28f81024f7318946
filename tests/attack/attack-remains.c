// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-remains: what a program learns of the one that had its host process before.
 *
 * The host shows in the frame of every signal where its process has faulted last, and the registers
 * as they are, be it in the midst of the host layer's code.  Root's program faults at a secret
 * address, or has secrets in its registers, and ends; its host process becomes that of an ordinary
 * user's next program. That looks at its signal stack before it has faulted itself: at the frames
 * of a system call and of a kick by which it was preempted in a loop, and for the secret anywhere.
 *
 * usage: attack-remains --inside [ROUNDS [KIND]]
 * KIND: faults (without one) or registers
 */
#include "attack.h"

#define SECRET	     (1ul << 45)
#define SECRET_BYTES (64ul << 20) /* as the code below has it */

enum { STACK_BYTES = 0x8000, LIMIT_S = 20 };

/* What a program has seen, in the order of its looks. */
enum { CALL, KICK, LOOKS };

static struct shared {
	struct look {
		uint64_t error, vector, cr2;
	} look[LOOKS];
	uint64_t words; /* on its signal stack that tell of the secret place */
	uint64_t kicked;
	uint64_t word; /* where the last of them stands */
	uint64_t done; /* rounds */
} * shared;

static const char *const look_names[LOOKS] = { "call", "kick" };

static struct gate go;

/*
 * Forks.  The child writes nothing, calls nothing, and is on one page, until it has seen
 * everything: a fault of its own would hide the last one.  It looks for the frame of its first
 * call, then waits until it has been kicked out of the loop in which it waits.  At last it counts
 * the words near the secret place, which it knows as a negative number only.  Then it tells, and
 * ends.
 */
pid_t fork_and_look(struct shared *to, uint64_t stack, uint64_t stack_end, uint64_t minus_secret);

__asm__("	.text\n"
	"	.balign 512\n"
	"fork_and_look:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	mov %rdi, %rbx; mov %rsi, %r12; mov %rdx, %r13; mov %rcx, %rbp\n"
	"	mov $57, %eax\n" /* fork() */
	"	syscall\n"
	"	test %eax, %eax\n"
	"	jnz 9f\n"
	"	mov $131, %eax\n" /* sigaltstack(NULL, NULL), which the host layer has by a frame */
	"	xor %edi, %edi; xor %esi, %esi\n"
	"	syscall\n"
	"1:	lea 1b(%rip), %rax\n" /* rip in the frame of that */
	"	lea 2f(%rip), %r14; lea 4f(%rip), %r15\n"
	"	mov %r12, %rsi\n"
	"10:	cmp %rax, (%rsi)\n"
	"	jne 12f\n"
	"	cmpw $0x33, 16(%rsi)\n" /* cs: not the way back, which has it elsewhere */
	"	je 11f\n"
	"12:	add $8, %rsi\n"
	"	cmp %r13, %rsi\n"
	"	jb 10b\n"
	"	jmp 8f\n" /* another signal stack is in use */
	"11:	mov 24(%rsi), %r8; mov 32(%rsi), %r9; mov 48(%rsi), %r10\n"
	"	mov $1 << 30, %ecx\n"
	"2:	mov (%rsi), %rax\n"
	"	cmp %r14, %rax\n"
	"	jb 3f\n"
	"	cmp %r15, %rax\n"
	"	jb 4f\n"
	"3:	dec %ecx\n"
	"	jnz 2b\n"
	"4:	mov 24(%rsi), %rdi; mov 32(%rsi), %r14; mov 48(%rsi), %r15\n"
	"	xor %edx, %edx\n"
	"	mov %rsi, %r11\n"
	"5:	mov (%r12), %rax\n"
	"	add %rbp, %rax\n"
	"	cmp $64 << 20, %rax\n"
	"	jae 6f\n"
	"	inc %edx\n"
	"	mov %r12, %r11\n"
	"6:	add $8, %r12\n"
	"	cmp %r13, %r12\n"
	"	jb 5b\n"
	"	mov %r8, (%rbx); mov %r9, 8(%rbx); mov %r10, 16(%rbx)\n"
	"	mov %rdi, 24(%rbx); mov %r14, 32(%rbx); mov %r15, 40(%rbx)\n"
	"	mov %rdx, 48(%rbx); mov %rcx, 56(%rbx)\n"
	"	mov %r11, 64(%rbx)\n"
	"	xor %edi, %edi\n"
	"	jmp 81f\n"
	"8:	mov $1, %edi\n"
	"81:	mov $231, %eax\n" /* exit_group() */
	"	syscall\n"
	"9:	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n");

static __attribute__((noreturn)) void attacker(void)
{
	uint64_t stack = areas[nareas - 1].start;

	become_attacker();
	for (;;) {
		pid_t pid;

		gate_wait(&go);
		pid = fork_and_look(shared, stack, stack + STACK_BYTES, -SECRET);
		if (pid > 0)
			reap(pid);
		__atomic_add_fetch(&shared->done, 1, __ATOMIC_SEQ_CST);
	}
}

/* Faults at @where, and ends with @word in all registers that it can have it in. */
static __attribute__((noreturn)) void fault_and_end(uint64_t where, uint64_t word)
{
	__asm__ volatile("movb $1, (%0)\n"
			 "mov %1, %%rdx\n"
			 "mov %%rdx, %%rbx; mov %%rdx, %%rbp; mov %%rdx, %%rsi; mov %%rdx, %%r8\n"
			 "mov %%rdx, %%r9; mov %%rdx, %%r10; mov %%rdx, %%r12; mov %%rdx, %%r13\n"
			 "mov %%rdx, %%r14; mov %%rdx, %%r15; movq %%rdx, %%xmm0\n"
			 "movaps %%xmm0, %%xmm1; movaps %%xmm0, %%xmm2; movaps %%xmm0, %%xmm7\n"
			 "movaps %%xmm0, %%xmm8; movaps %%xmm0, %%xmm14; movaps %%xmm0, %%xmm15\n"
			 "xor %%edi, %%edi\n"
			 "mov $231, %%eax\n" /* exit_group() */
			 "syscall\n"
			 :
			 : "D"(where), "S"(word)
			 : "memory");
	__builtin_unreachable();
}

static const struct kind {
	const char *name;
	bool registers;
} kinds[] = { { "faults", false }, { "registers", true } };

static const struct kind *kind = kinds;

/* It is root's, so is the place. */
static void victim(uint64_t where)
{
	static char plain;
	pid_t pid = fork();

	MUST(pid >= 0);
	if (!pid) {
		if (kind->registers)
			fault_and_end((uintptr_t)&plain, where);
		fault_and_end(where, 0);
	}
	reap(pid);
}

/* Wakes up all the time: whoever runs is kicked, maybe where its program is about to begin. */
static int waker(void *arg)
{
	(void)arg;
	for (;;) {
		struct timespec t = { 0, 20000 };

		nanosleep(&t, NULL);
	}
	return 0;
}

/* Without a call, so that the attacker is kicked. */
static bool wait_busily(uint64_t round)
{
	uint64_t end = now_ns() + LIMIT_S * 1000000000ull;

	while (__atomic_load_n(&shared->done, __ATOMIC_SEQ_CST) != round)
		if (now_ns() > end)
			return false;
	return true;
}

static int told[LOOKS], leaked[LOOKS];
static uint64_t words;
static int kicks, seen;

static void judge(uint64_t where)
{
	seen += shared->look[CALL].vector != UINT64_MAX;
	kicks += shared->kicked != 0;
	words += shared->words;
	if (shared->words)
		say("told of %#llx at %#llx of the signal stack", (unsigned long long)where,
		    (unsigned long long)shared->word - areas[nareas - 1].start);
	for (int i = 0; i < LOOKS; i++) {
		const struct look *l = &shared->look[i];

		if (l->vector == UINT64_MAX || (i == KICK && !shared->kicked))
			continue;
		told[i] += l->error || l->vector || l->cr2;
		leaked[i] += l->cr2 == where;
	}
}

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 50;
	pid_t pid, second;

	attack_begin(argc, argv);
	for (size_t i = 0; argc > 3 && i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(argv[3], kinds[i].name))
			kind = &kinds[i];
	shared = xshared(PAGE);
	gate_init(&go);
	MUST(mmap((void *)SECRET, SECRET_BYTES, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (void *)SECRET);
	madvise((void *)SECRET, SECRET_BYTES, MADV_NOHUGEPAGE);
	pid = fork();
	MUST(pid >= 0);
	if (!pid)
		attacker();
	second = spawn(waker, NULL);
	for (long round = 1; round <= n; round++) {
		uint64_t where = SECRET + PAGE + rnd() % (SECRET_BYTES - 2 * PAGE);

		memset(shared->look, 0xff, sizeof(shared->look));
		shared->words = shared->kicked = 0;
		victim(where);
		gate_open(&go);
		if (!wait_busily(round))
			break;
		tried(1);
		judge(where);
	}
	kill(pid, SIGKILL);
	reap(pid);
	kill(second, SIGKILL);
	reap(second);
	end_attackers();
	say("%ld programs, %d have seen a frame, %d were kicked", n, seen, kicks);
	CHECK(seen > n / 2 && kicks > n / 4, "frames are seen");
	for (int i = 0; i < LOOKS; i++)
		CHECK(!told[i], "frames of a %s: %d tell of a fault, %d of root's", look_names[i],
		      told[i], leaked[i]);
	CHECK(!words, "%llu words tell of root's %s", (unsigned long long)words, kind->name);
	return attack_end();
}
