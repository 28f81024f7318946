// SPDX-License-Identifier: GPL-2.0-only
/*
 * marks-written: which pages a program wrote, as soft-dirty marks and userfaultfd's write protection
 * tell.  Exactly: no page that was copied or mapped along with another may be among them.
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "guest.h"

#define PAGES	   16
#define SOFT_DIRTY (1ULL << 55)

static char *map_pages(size_t bytes)
{
	char *p = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(p != MAP_FAILED);
	p = (char *)(((uintptr_t)p + bytes - 1) & ~(bytes - 1));
	memset(p, 1, bytes);
	return p;
}

/* ------------------------------------------------------------ soft-dirty */

static void forget_writes(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY);

	MUST(fd >= 0);
	MUST(write(fd, "4", 1) == 1);
	close(fd);
}

/* The pages that are marked, page n in bit n. */
static unsigned int written(const char *p)
{
	int fd = open("/proc/self/pagemap", O_RDONLY);
	uint64_t entry[PAGES];
	unsigned int set = 0;

	MUST(fd >= 0);
	MUST(pread(fd, entry, sizeof(entry), (off_t)((uintptr_t)p / PAGE * 8)) == sizeof(entry));
	close(fd);
	for (int i = 0; i < PAGES; i++)
		if (entry[i] & SOFT_DIRTY)
			set |= 1U << i;
	return set;
}

static void write_pages(volatile char *p, unsigned int set)
{
	for (int i = 0; i < PAGES; i++)
		if (set & 1U << i)
			p[i * PAGE]++;
}

static void soft_dirty(const char *what, char *p)
{
	CHECK(written(p) == (1U << PAGES) - 1, "%s: all are marked at first", what);
	forget_writes();
	CHECK(written(p) == 0, "%s: none is after clear_refs", what);
	write_pages(p, 0x8421);
	CHECK(written(p) == 0x8421, "%s: those that were written are", what);
	write_pages(p, 0x0003);
	CHECK(written(p) == 0x8423, "%s: and those that followed", what);
}

static void soft_dirty_child(char *p)
{
	int status;
	pid_t pid;

	forget_writes();
	pid = fork();
	MUST(pid >= 0);
	if (!pid) {
		write_pages(p, 0x0007);
		CHECK(written(p) == 0x0007, "a child's copies on write are marked, and they alone");
		_exit(finish());
	}
	MUST(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child's checks hold");
	CHECK(written(p) == 0, "the parent's pages are as they were");
}

/* ------------------------------------------------------------ userfaultfd */

static int uffd;

static int protect(char *p, size_t bytes, bool on)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)p, bytes },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	return ioctl(uffd, UFFDIO_WRITEPROTECT, &wp);
}

static void *write_two(void *p)
{
	write_pages(p, 0x0060);
	return NULL;
}

/* Serves one fault: which page, -1 if it is no write to a protected one. */
static int serve(char *p)
{
	struct pollfd ready = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;
	int page;

	MUST(poll(&ready, 1, 20000) == 1);
	MUST(read(uffd, &msg, sizeof(msg)) == sizeof(msg));
	if (msg.event != UFFD_EVENT_PAGEFAULT ||
	    !(msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP))
		return -1;
	page = (int)((msg.arg.pagefault.address - (uintptr_t)p) / PAGE);
	CHECK(p[page * PAGE] == 1, "page %d has not changed yet", page);
	MUST(protect(p + page * PAGE, PAGE, false) == 0);
	return page;
}

static void write_protection(void)
{
	char *p = map_pages(PAGES * PAGE);
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };
	struct uffdio_register reg = {
		.range = { (uintptr_t)p, PAGES * PAGE },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	pthread_t thread;
	struct pollfd ready;

	uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	MUST(uffd >= 0);
	ready = (struct pollfd){ .fd = uffd, .events = POLLIN };
	CHECK(ioctl(uffd, UFFDIO_API, &api) == 0, "userfaultfd offers write protection");
	MUST(ioctl(uffd, UFFDIO_REGISTER, &reg) == 0);
	MUST(protect(p, PAGES * PAGE, true) == 0);
	CHECK(p[3 * PAGE] == 1 && poll(&ready, 1, 0) == 0, "reading is free");
	MUST(pthread_create(&thread, NULL, write_two, p) == 0);
	CHECK(serve(p) == 5, "the first write asks");
	CHECK(serve(p) == 6, "the one behind it asks, too");
	MUST(pthread_join(thread, NULL) == 0);
	CHECK(p[5 * PAGE] == 2 && p[6 * PAGE] == 2, "both were let through");
	CHECK(poll(&ready, 1, 0) == 0, "nobody asked for another page");
	MUST(protect(p, PAGES * PAGE, false) == 0);
	write_pages(p, 0xffff);
	CHECK(p[0] == 2 && p[5 * PAGE] == 3, "without protection writes are free");
}

int main(void)
{
	char *huge = map_pages(2UL << 20);

	soft_dirty("small pages", map_pages(PAGES * PAGE));
	soft_dirty_child(map_pages(PAGES * PAGE));
	madvise(huge, 2UL << 20, MADV_HUGEPAGE);
	forget_writes();
	write_pages(huge, 1);
	CHECK(written(huge) & 1, "in a huge page the mark is on what was written");
	write_protection();
	return finish();
}
