// SPDX-License-Identifier: GPL-2.0-only
/* mem-code: code made at run time, changed while it runs, and /proc/self/mem. */
#include "guest.h"
#include <pthread.h>

typedef int (*intfn)(void);

static void put_return(unsigned char *p, int value)
{
	p[0] = 0xb8; /* mov $value, %eax; ret */
	memcpy(p + 1, &value, 4);
	p[5] = 0xc3;
}

static void jit(void)
{
	unsigned char *p = xmap(64 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	long bad = 0;

	for (int i = 0; i < 5000; i++) {
		unsigned char *at = p + (size_t)(i * 37 % (int)(64 * PAGE - 16));

		put_return(at, i);
		bad += ((intfn)(void *)at)() != i;
	}
	CHECK(bad == 0, "5000 functions written and called in writable code");
	for (int i = 0; i < 500; i++) {
		size_t page = (size_t)(i % 8);

		mprotect(p + page * PAGE, PAGE, PROT_READ | PROT_WRITE);
		put_return(p + page * PAGE, i * 3);
		mprotect(p + page * PAGE, PAGE, PROT_READ | PROT_EXEC);
		bad += ((intfn)(void *)(p + page * PAGE))() != i * 3;
	}
	CHECK(bad == 0, "500 times write, protect, call");
	munmap(p, 64 * PAGE);
}

static void two_views(void)
{
	int fd = memfd_create("code", MFD_CLOEXEC);
	unsigned char *w, *x;
	long bad = 0;

	MUST(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
	w = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	x = mmap(NULL, 4 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	MUST(w != MAP_FAILED && x != MAP_FAILED);
	for (int i = 0; i < 2000; i++) {
		put_return(w + PAGE, i);
		bad += ((intfn)(void *)(x + PAGE))() != i;
	}
	CHECK(bad == 0, "code changed through a second view");
	CHECK(touch(x + PAGE, true) == SIGSEGV, "the code view is not writable");
	munmap(w, 4 * PAGE);
	munmap(x, 4 * PAGE);
	close(fd);
}

/*
 * Made at run time: system calls whose number is loaded in the usual way, in unusual places:
 * twice in a row, across a page end, jumped to directly, and bytes that only look like one.
 */
static void calls(void)
{
	unsigned char *p = xmap(4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	static const unsigned char site[] = { 0xb8, 39, 0, 0, 0, 0x0f, 0x05, 0xc3 };
	static const unsigned char inside[] = {
		/* mov $0x050f00000027b8, %rax ...: the bytes of a call inside an immediate */
		0x48, 0xb8, 0xb8, 0x27, 0x00, 0x00, 0x00, 0x0f, 0x05, 0x00, 0xc3,
	};
	int pid = getpid();
	long bad = 0;

	for (size_t off = PAGE - 8; off <= PAGE; off++) {
		memcpy(p + off, site, sizeof(site));
		for (int i = 0; i < 50; i++)
			bad += ((intfn)(void *)(p + off))() != pid;
	}
	CHECK(bad == 0, "calls at and across a page end");
	memcpy(p, site, sizeof(site));
	for (int i = 0; i < 3000; i++)
		bad += ((intfn)(void *)p)() != pid;
	CHECK(bad == 0, "3000 calls from one site");
	for (int i = 0; i < 100; i++) {
		long r;

		/* Enter at the syscall instruction itself, with another number. */
		__asm__ volatile("call *%1"
				 : "=a"(r)
				 : "r"(p + 5), "a"(SYS_getppid)
				 : "rcx", "r11", "memory");
		bad += r != getppid();
	}
	CHECK(bad == 0, "jumps into the middle of the site");
	memcpy(p + 100, inside, sizeof(inside));
	for (int i = 0; i < 3000; i++)
		bad += ((uint64_t(*)(void))(void *)(p + 100))() != 0x00050f00000027b8;
	CHECK(bad == 0, "a constant that looks like a call");
	bad += memcmp(p, site, sizeof(site)) != 0 || memcmp(p + 100, inside, sizeof(inside)) != 0;
	CHECK(bad == 0, "the code reads as it was written");
	put_return(p, 1234);
	CHECK(((intfn)(void *)p)() == 1234, "a used site may be overwritten");
	munmap(p, 4 * PAGE);
}

static volatile int stop;
static unsigned char *busy;

static void *caller(void *arg)
{
	long bad = 0;

	(void)arg;
	while (!stop) {
		int r = ((intfn)(void *)busy)();

		bad += r != 1 && r != 2;
	}
	return (void *)bad;
}

/* One thread flips a byte of code that another runs. */
static void cross_modify(void)
{
	pthread_t t;
	void *bad;

	busy = xmap(PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	put_return(busy, 1);
	MUST(pthread_create(&t, NULL, caller, NULL) == 0);
	for (int i = 0; i < 20000; i++) {
		((volatile unsigned char *)busy)[1] = (unsigned char)(1 + (i & 1));
		if (i % 100 == 0)
			sched_yield();
	}
	stop = 1;
	pthread_join(t, &bad);
	CHECK(bad == NULL, "code changed while another thread runs it");
	munmap(busy, PAGE);
}

static void proc_mem(void)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), sfd;
	unsigned char *p = xmap(3 * PAGE, PROT_READ | PROT_WRITE), buf[32], *s;
	intfn fn;

	MUST(fd >= 0);
	memset(p, 1, 3 * PAGE);
	CHECK(pread(fd, buf, 8, (off_t)(uintptr_t)p) == 8 && buf[7] == 1, "read");
	memset(buf, 2, 8);
	CHECK(pwrite(fd, buf, 8, (off_t)(uintptr_t)p) == 8 && p[7] == 2 && p[8] == 1, "write");
	mprotect(p + PAGE, PAGE, PROT_READ);
	CHECK(pwrite(fd, buf, 8, (off_t)(uintptr_t)(p + PAGE)) == 8 && p[PAGE] == 2,
	      "write to a read-only private page");
	CHECK(touch(p + PAGE, true) == SIGSEGV, "which stays read-only for the program");
	mprotect(p + PAGE, PAGE, PROT_NONE);
	memset(buf, 3, 8);
	CHECK(pwrite(fd, buf, 8, (off_t)(uintptr_t)(p + PAGE)) == 8,
	      "write to a page without rights");
	mprotect(p + PAGE, PAGE, PROT_READ);
	CHECK(p[PAGE] == 3, "arrived");
	munmap(p + 2 * PAGE, PAGE);
	CHECK(pread(fd, buf, 8, (off_t)(uintptr_t)(p + 2 * PAGE)) == -1 && errno == EIO,
	      "a hole: EIO");
	put_return(p, 5);
	mprotect(p, PAGE, PROT_READ | PROT_EXEC);
	fn = (intfn)(void *)p;
	CHECK(fn() == 5, "code");
	put_return(buf, 6);
	MUST(pwrite(fd, buf, 6, (off_t)(uintptr_t)p) == 6);
	CHECK(fn() == 6, "code changed through /proc/self/mem");
	sfd = make_file(PAGE);
	s = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, sfd, 0);
	MUST(s != MAP_FAILED && s[0] == 0);
	MUST(pwrite(fd, "copy", 4, (off_t)(uintptr_t)s) == 4);
	CHECK(!memcmp(s, "copy", 4) && pread(sfd, buf, 4, 0) == 4 && buf[0] == 0,
	      "a private file page is copied, the file unchanged");
	close(fd);
}

static __attribute__((noinline)) int constant(void)
{
	__asm__ volatile("");
	return 111;
}

/* The compiler must not know what the call returns. */
static const intfn volatile patched = constant;

/* The program's own text is a private map of a file that cannot be written. */
static void own_text(void)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	unsigned char code[16];
	pid_t pid;

	MUST(fd >= 0 && patched() == 111);
	put_return(code, 222);
	pid = fork();
	if (!pid) {
		int mine = open("/proc/self/mem", O_RDWR | O_CLOEXEC);

		if (pwrite(mine, code, 6, (off_t)(uintptr_t)constant) != 6)
			_exit(2);
		_exit(patched() == 222 ? 0 : 1);
	}
	CHECK(exited(reap(pid), 0), "a child patches its own text");
	CHECK(patched() == 111, "the parent's text is unchanged");
	close(fd);
}

int main(void)
{
	catch_faults();
	jit();
	two_views();
	calls();
	cross_modify();
	proc_mem();
	own_text();
	return finish();
}
