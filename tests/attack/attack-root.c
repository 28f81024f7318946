// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-root: what the guest's root can try with devices and files that are his.
 *
 * He owns the guest kernel; the program uses only what asks the kernel, nothing that is made to
 * change its memory.  Physical memory that is not RAM must not exist, a disk that the host has
 * opened for reading must stay as it is, and the kernel must survive nonsense.
 *
 * usage: attack-root --inside [READ-ONLY-DISK]
 */
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include "attack.h"

enum { WRONG = 67, IOCTLS = 4000, MODULES = 60 };

static const char *read_only_disk = "/dev/ubda";

/* ---- physical memory */

/* The first byte of RAM and the first behind it, from /proc/iomem, or 0. */
static void ram_range(uint64_t *low, uint64_t *high)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[128];
	unsigned long kb = 0;

	while (f && fgets(line, sizeof(line), f) && sscanf(line, "MemTotal: %lu", &kb) != 1)
		;
	if (f)
		fclose(f);
	*low = 0;
	*high = (kb + (256 << 10)) * 1024; /* image and tables are not counted there */
}

static int memory_device(void *arg)
{
	static const uint64_t far[] = { 1ull << 32, 1ull << 40, 1ull << 46,    1ull << 47,
					1ull << 51, 0x60000000, 0x7fffc0000000 };
	int fd = open("/dev/mem", O_RDWR), seen = 0;
	uint64_t low, high;
	char buf[64];

	(void)arg;
	if (fd < 0)
		return 0;
	catch_faults();
	ram_range(&low, &high);
	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		volatile char *p;

		if (far[i] < high)
			continue;
		tried(2);
		seen += pread(fd, buf, sizeof(buf), (off_t)far[i]) > 0;
		p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)far[i]);
		if (p != MAP_FAILED)
			seen += touch(p, false) == 0;
	}
	/* RAM may be looked at, everywhere: also where the kernel has no memory behind it. */
	for (uint64_t at = low; at < high; at += 1 << 20) {
		volatile char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, (off_t)at);

		tried(2);
		if (p != MAP_FAILED) {
			touch(p, false);
			munmap((void *)(uintptr_t)p, PAGE);
		}
		if (pread(fd, buf, sizeof(buf), (off_t)at) < 0 && errno != EFAULT && errno != EPERM)
			seen += errno == EIO;
	}
	return seen ? WRONG : 0;
}

static int ports(void *arg)
{
	int way = (int)(intptr_t)arg, fd;
	char buf[8];

	tried(1);
	signal(SIGSEGV, SIG_DFL);
	switch (way) {
	case 0:
		if (iopl(3) == 0)
			return WRONG;
		break;
	case 1:
		if (ioperm(0, 1024, 1) == 0)
			return WRONG;
		break;
	case 2:
		fd = open("/dev/port", O_RDWR);
		return fd >= 0 && pread(fd, buf, 1, 0x64) == 1 ? WRONG : 0;
	case 3:
		__asm__ volatile("inb $0x64, %%al" : : : "rax");
		return WRONG;
	case 4:
		__asm__ volatile("cli");
		return WRONG;
	case 5:
		__asm__ volatile("hlt");
		return WRONG;
	default:
		__asm__ volatile("mov %%cr3, %%rax" : : : "rax");
		return WRONG;
	}
	return 0;
}

/* ---- address 0, where a frame would lie that a forged report names */

static void lowest_address(const char *text_of_it)
{
	int fd = open("/proc/sys/vm/mmap_min_addr", O_RDWR | O_CLOEXEC);

	MUST(fd >= 0 && write(fd, text_of_it, strlen(text_of_it)) > 0);
	close(fd);
}

static int page_zero(void *arg)
{
	uint64_t r[NREGS] = { 0 }, *f, at = text->start + (uintptr_t)arg;

	f = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	tried(1);
	if (f) /* the host has a limit of its own */
		return 0;
	for (uint64_t i = 0; i < PAGE / 8; i++)
		((volatile uint64_t *)f)[i] = i % 4 ? 0x33 : at;
	r[RIP_] = at;
	r[RAX] = SYS_getppid;
	r[RSP_] = 128;
	r[FLAGS_] = 0x202;
	enter(r);
}

/* ---- disks */

static uint64_t disk_sum(int fd)
{
	static uint64_t block[8192];
	uint64_t sum = 0;

	for (off_t at = 0; at < 8 << 20 && pread(fd, block, sizeof(block), at) > 0;
	     at += sizeof(block))
		for (size_t i = 0; i < ARRAY_SIZE(block); i++)
			sum = (sum << 5 | sum >> 59) ^ block[i];
	return sum;
}

static int disk(void *arg)
{
	static char block[4096] __attribute__((aligned(4096)));
	int fd = open(read_only_disk, O_RDONLY | O_CLOEXEC), rw, zero = 0;
	uint64_t bytes = 0, range[2] = { 0, 1 << 20 }, sum;

	(void)arg;
	MUST(fd >= 0 && ioctl(fd, BLKGETSIZE64, &bytes) == 0);
	sum = disk_sum(fd);
	/* Whatever the flags in the guest say: the host has opened it for reading. */
	ioctl(fd, BLKROSET, &zero);
	rw = open(read_only_disk, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (rw >= 0) {
		for (int i = 0; i < 16; i++)
			pwrite(rw, block, sizeof(block), (off_t)i * 65536);
		ioctl(rw, BLKDISCARD, range);
		ioctl(rw, BLKZEROOUT, range);
		ioctl(rw, BLKSECDISCARD, range);
		fsync(rw);
	}
	tried(20);
	/* Beyond its end, and around 2^63. */
	for (int shift = 0; shift < 64; shift++) {
		uint64_t at = (bytes + (1ull << shift)) & ~511ull, far[2] = { at, 4096 };

		tried(3);
		if (pread(fd, block, sizeof(block), (off_t)at) > 0 && at >= bytes)
			return WRONG;
		if (ioctl(fd, BLKDISCARD, far) == 0 || ioctl(fd, BLKZEROOUT, far) == 0)
			return WRONG;
	}
	ioctl(fd, BLKFLSBUF, 0);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	return disk_sum(fd) == sum ? 0 : WRONG;
}

/* ---- nonsense */

static int ioctls(void *arg)
{
	static const char *const names[] = { "/dev/tty0", "/dev/tty1",	 "/dev/console",
					     "/dev/ubda", "/dev/random", "/dev/mem",
					     "/dev/kmsg", "/dev/null" };
	static char buf[65536];

	reseed((uintptr_t)arg);
	for (size_t n = 0; n < ARRAY_SIZE(names); n++) {
		int fd = open(names[n], O_RDONLY | O_NONBLOCK | O_NOCTTY);

		if (fd < 0)
			continue;
		for (int i = 0; i < IOCTLS / (int)ARRAY_SIZE(names); i++) {
			static const uint32_t groups[] = { 0x5400, 0x4b00, 0x5600,
							   0x1200, 0x301,  0x5200 };
			uint32_t nr =
				rnd() % 4 ? groups[rnd() % 6] + (rnd() & 0xff) : (uint32_t)rnd();

			/* Hanging up the console ends the test itself. */
			if (nr == 0x5437 || nr == TIOCSCTTY || nr == 0x540e)
				continue;
			for (size_t k = 0; k < 256; k += 8)
				*(uint64_t *)(void *)(buf + k) = rnd() % 3 ? rnd() & 0xff : rnd();
			tried(1);
			ioctl(fd, nr, rnd() & 1 ? (unsigned long)(uintptr_t)buf : rnd() & 0xffff);
		}
		close(fd);
	}
	return 0;
}

/* Modules that are none. */
static int modules(void *arg)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), done = 0;
	static uint8_t image[1 << 16];

	reseed((uintptr_t)arg);
	for (int i = 0; i < MODULES; i++) {
		MUST(pread(self, image, sizeof(image), 0) > 0);
		image[16] = 1; /* relocatable */
		for (uint64_t n = rnd() % 40; n; n--)
			image[rnd() % (i & 1 ? 64 : sizeof(image))] = (uint8_t)rnd();
		tried(2);
		done += syscall(SYS_init_module, image, rnd() % sizeof(image), "") == 0;
		done += syscall(SYS_finit_module, self, "", rnd() & 3) == 0;
	}
	return done ? WRONG : 0;
}

static int privileged_calls(void *arg)
{
	static uint64_t buf[512];

	reseed((uintptr_t)arg);
	for (int i = 0; i < 300; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(buf); k++)
			buf[k] = rnd() & (rnd() & 1 ? 0xff : ~0ull);
		tried(6);
		syscall(SYS_kexec_load, rnd(), rnd() % 4, buf, 0x3e0000);
		syscall(SYS_bpf, rnd() % 40, buf, rnd() % 200);
		syscall(SYS_perf_event_open, buf, 0, -1, -1, rnd() & 15);
		syscall(SYS_reboot, rnd(), rnd(), rnd(), 0);
		syscall(SYS_io_uring_setup, rnd() % 64, buf);
		syscall(SYS_modify_ldt, rnd() % 20, buf, 16);
	}
	return 0;
}

static int exit_status_file(void *arg)
{
	static const char *const words[] = { "256\n", "-1\n",  "abc\n",
					     "\n",    "1e9\n", "99999999999999999999\n",
					     "0x\n" };
	int fd = open("/sys/kernel/uml/exit_status", O_WRONLY | O_CLOEXEC), taken = 0;

	(void)arg;
	MUST(fd >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		tried(1);
		taken += pwrite(fd, words[i], strlen(words[i]), 0) > 0;
	}
	return taken ? WRONG : 0;
}

static void rounds(const char *name, int (*fn)(void *), long n, long step, int limit_ms)
{
	int wrong = 0;

	for (long i = 0; i < n; i++) {
		int status = attack(fn, (void *)(i * step), limit_ms);

		wrong += exited(status, WRONG) || exited(status, 98);
	}
	CHECK(wrong == 0, "%s", name);
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);
	CHECK(text != NULL, "the code is found");
	if (!text)
		return finish();
	if (argc > 2)
		read_only_disk = argv[2];
	attacker_limit.root = true;
	rounds("physical memory is RAM and nothing else", memory_device, 1, 1, 10000);
	rounds("ports and privileged instructions", ports, 7, 1, 10000);
	/* Permitted by root, done by a user: what he signals is not ours. */
	lowest_address("0\n");
	attacker_limit.root = false;
	rounds("a frame at address 0", page_zero, 120, 7, 60);
	end_attackers();
	attacker_limit.root = true;
	lowest_address("4096\n");
	rounds("a disk that the host has opened for reading", disk, 1, 1, 10000);
	rounds("requests that devices do not know", ioctls, 4, 1, 10000);
	rounds("modules that are none", modules, 2, 1, 10000);
	rounds("calls for the privileged", privileged_calls, 2, 1, 10000);
	rounds("numbers that are no exit status", exit_status_file, 1, 1, 10000);
	return attack_end();
}
