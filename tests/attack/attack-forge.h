/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * attack-forge.h - forged reports: a program says by the host layer's own instruction what it likes.
 *
 * The host layer tells the kernel of a signal by a system call from one place in its code, with the
 * address of a signal frame.  A program may jump there.  Where that place is, where the handler
 * before it begins, and where the caller's own signal stack ends, is found at run time: the first
 * two by their bytes and by trying, the last by the frame that a fault leaves.
 */
#ifndef ATTACK_FORGE_H
#define ATTACK_FORGE_H

#include "attack.h"

/* Words of an rt_sigframe, the ABI's; the host layer keeps the bases of fs and gs in three of them. */
enum {
	W_UC = 1,
	W_BASES = 2,
	W_FSBASE = 3,
	W_GSBASE = 5,
	W_R8 = 6,
	W_R14 = 12,
	W_R15 = 13,
	W_RDI = 14,
	W_RSI = 15,
	W_RBX = 17,
	W_RDX = 18,
	W_RAX = 19,
	W_RCX = 20,
	W_RSP = 21,
	W_RIP = 22,
	W_FLAGS = 23,
	W_SEGMENTS = 24,
	W_ERROR = 25,
	W_VECTOR = 26,
	W_CR2 = 28,
	W_FPSTATE = 29,
	W_SIGINFO = 39,
	W_CALL_ARCH = W_SIGINFO + 3,
	W_WORDS = 64,
};

#define USER_CS	   0x33ull
#define USER_SS	   0x2bull
#define X86_64_ABI (0xc000003eull << 32)

enum {
	SIG_OF_KICK = 10, /* by which the kernel stops a program */
	SIG_OF_CALL = 31,
	REPORT_START = 0x100,
};

enum { FORGED = 77, CALL_SITES = 64, STACKS_WINDOW = 1 << 20, STACK_USED = 0x3000 };

/* From the end of a signal stack down: an image, a frame; both below what a true signal uses. */
enum { IMAGE_ROOM = 0x5000, FRAME_ROOM = 0x6000, IMAGE_HEAD = 576 };

static uint64_t site[CALL_SITES]; /* every call instruction in the host layer's code */
static int nsites;
static uint64_t report_site; /* the one that reports */
static uint64_t handler_at;  /* where a signal's handler begins */

static inline uint64_t fs_base(void)
{
	uint64_t base = 0;

	syscall(SYS_arch_prctl, 0x1003L, &base);
	return base;
}

/* ---- the caller's own signal stack */

/* Of the last fault that signal_stack_end() made: where its frame stands, and its vector state. */
static uint64_t true_frame, true_image;

#define UNCHANGED 0x5a5a5a5a5a5a5a5aull

static inline void look_for_frame(uint64_t start, uint64_t end, uint64_t fault)
{
	true_frame = 0;
	for (uint64_t at = start; at + W_WORDS * 8 <= end && !true_frame; at += 8) {
		const volatile uint64_t *f = (const volatile uint64_t *)at;

		if (f[W_CR2] == fault && f[W_VECTOR] == 14 && (f[W_SEGMENTS] & 0xffff) == USER_CS) {
			true_frame = at;
			true_image = f[W_FPSTATE];
		}
	}
}

/*
 * The end of the signal stack that the host uses for the caller, or 0: a fault leaves a frame at
 * its top.  Others that are the same program's must not run meanwhile.
 */
static inline uint64_t signal_stack_end(void)
{
	uint64_t start = areas[nareas - 1].start, end = start, found = 0;
	volatile char *fresh = xmap(PAGE, PROT_READ | PROT_WRITE);

	while (end < start + STACKS_WINDOW && !touch((void *)(end + PAGE - 8), true)) {
		memset((void *)end, 0x5a, PAGE);
		end += PAGE;
	}
	*fresh = 1;
	for (uint64_t at = start; at < end; at += 8)
		if (*(const volatile uint64_t *)at != UNCHANGED)
			found = at;
	look_for_frame(start, end, (uintptr_t)fresh);
	munmap((void *)fresh, PAGE);
	return found ? (found + PAGE) & ~(PAGE - 1) : 0;
}

/* ---- frames */

/*
 * Vector state as it is at the start of a program, aligned to 64: the parts that say so.  Room for the
 * rest must follow: 4 KiB in all.
 */
static inline void write_image(uint64_t at)
{
	memset((void *)at, 0, IMAGE_HEAD);
	*(uint16_t *)at = 0x37f;
	*(uint32_t *)(at + 24) = 0x1f80;
}

/* A frame to go on with at @ip, as the kernel and the host layer's way back take it. */
static inline uint64_t *write_frame(uint64_t at, uint64_t image, uint64_t ip, uint64_t sp,
				    uint64_t fs)
{
	uint64_t *f = (uint64_t *)at;

	memset(f, 0, W_WORDS * 8);
	f[W_BASES] = 1;
	f[W_FSBASE] = fs;
	f[W_RSP] = sp;
	f[W_RIP] = ip;
	f[W_FLAGS] = 0x202;
	f[W_SEGMENTS] = USER_CS | USER_SS << 48;
	f[W_FPSTATE] = image;
	return f;
}

/* The same, of a system call that is to be made. */
static inline uint64_t *write_call_frame(uint64_t at, uint64_t image, uint64_t sp, long nr,
					 uint64_t argument)
{
	uint64_t *f = write_frame(at, image, site[0], sp, fs_base());

	f[W_RAX] = (uint64_t)nr;
	f[W_RDI] = argument;
	f[W_CALL_ARCH] = X86_64_ABI;
	return f;
}

/*
 * The report of a signal with the frame at @frame, by the instruction at @at; no thread-local
 * variable is used.  Flags by iretq, so that a single-step trap comes after the call only.
 */
static inline __attribute__((noreturn)) void forge_report(uint64_t at, uint64_t signal,
							  const uint64_t *frame, uint64_t stack,
							  uint64_t flags, uint64_t fs)
{
	uint64_t iret[5] = { at, USER_CS, flags, stack, USER_SS };
	register uint64_t r8 __asm__("r8") = fs, r9 __asm__("r9") = 0;

	__asm__ volatile("mov %0, %%rsp\n xor %%r10d, %%r10d\n iretq"
			 :
			 : "r"(iret), "a"(SYS_sched_yield), "D"(signal), "S"(0), "d"(frame + W_UC),
			   "r"(r8), "r"(r9)
			 : "memory");
	__builtin_unreachable();
}

/* ---- the places */

static char *probe_room; /* 64 KiB: an image, then a stack that grows down from its end */

/* Asks for an exit in a call that was never made. */
static inline int probe_site(void *arg)
{
	uint64_t end = signal_stack_end(), sp = (uintptr_t)probe_room + STEP - 256;

	if (!end)
		return 1;
	write_image((uintptr_t)probe_room);
	forge_report(site[(intptr_t)arg], SIG_OF_CALL,
		     write_call_frame(end - FRAME_ROOM, (uintptr_t)probe_room, sp, SYS_exit_group,
				      FORGED),
		     sp, 0x202, fs_base());
}

static inline void find_handler(void)
{
	handler_at = (report_site - 64) & ~63ull;
	for (uint64_t at = report_site; at > report_site - 256 && at > text->start; at--)
		if (!memcmp((const void *)at, "\x6a\x02\x9d", 3)) { /* push $2; popfq */
			handler_at = at;
			return;
		}
}

static inline bool is_report(uint64_t at)
{
	return at >= text->start + 5 &&
	       !memcmp((const void *)(at - 5), "\xb8\x18\0\0\0\x0f\x05", 7);
}

/* Finds @report_site and @handler_at; those that look like it are tried first. */
static inline bool find_report(void)
{
	const uint8_t *p = (const uint8_t *)text->start;

	probe_room = xmap(STEP, PROT_READ | PROT_WRITE);
	for (uint64_t i = 0; i + 1 < text_len && nsites < CALL_SITES; i++)
		if (p[i] == 0x0f && p[i + 1] == 0x05)
			site[nsites++] = text->start + i;
	for (int pass = 0; pass < 2; pass++)
		for (long i = 0; i < nsites && !report_site; i++)
			if (is_report(site[i]) == !pass &&
			    exited(attack(probe_site, (void *)i, 2000), FORGED))
				report_site = site[i];
	end_attackers();
	/* Where the kernel can tell, what is forged is not believed: the place is still what it is. */
	for (long i = nsites; i-- > 0 && !report_site;)
		if (is_report(site[i]))
			report_site = site[i];
	if (report_site)
		find_handler();
	return report_site;
}

/* ---- what the kernel says */

/* Does the kernel's log tell why it has ended a program?  It says so once for each, or seldom. */
static inline bool log_tells_of_ends(void)
{
	char record[2048];
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool found = false;
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = 0;
		found |= strstr(record, "]: ended: ") != NULL;
	}
	close(fd);
	return found;
}

/*
 * Code that goes on from anywhere: on a stack of its own, with the thread-local variables where
 * they belong.
 */
static inline __attribute__((noreturn)) void go_on(void (*fn)(void), uint64_t stack, uint64_t fs)
{
	__asm__ volatile("wrfsbase %2\n mov %1, %%rsp\n cld\n jmp *%0"
			 :
			 : "r"(fn), "r"((stack & ~15ull) - 8), "r"(fs)
			 : "memory");
	__builtin_unreachable();
}

/* attack_begin(), and what a forger needs.  Return: false if it is not to be found. */
static inline bool forge_begin(int argc, char **argv)
{
	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return false;
	CHECK(find_report(), "the place that reports is found");
	return report_site != 0;
}

#endif
