// SPDX-License-Identifier: GPL-2.0-only
/* mem-share: copy on write after fork, shared memory, mapped files, truncation, memfd, madvise. */
#include "guest.h"
#include <sys/uio.h>

static void fill(uint64_t *p, size_t words, uint64_t seed)
{
	for (size_t i = 0; i < words; i++)
		p[i] = xorshift(&seed);
}

static bool filled(uint64_t *p, size_t words, uint64_t seed)
{
	for (size_t i = 0; i < words; i++)
		if (p[i] != xorshift(&seed))
			return false;
	return true;
}

static void cow(void)
{
	size_t words = 512 * 512;
	uint64_t *p = xmap(words * 8, PROT_READ | PROT_WRITE);
	struct gate to, from;
	pid_t pid;

	gate_init(&to);
	gate_init(&from);
	fill(p, words, 11);
	pid = fork();
	if (!pid) {
		bool good;

		gate_wait(&to); /* the parent has written its half */
		good = filled(p, words, 11);
		fill(p, words, 22);
		gate_open(&from);
		gate_wait(&to);
		_exit(good && filled(p, words, 22) ? 0 : 1);
	}
	for (size_t i = 0; i < words; i += 1024)
		p[i] = ~p[i];
	gate_open(&to);
	gate_wait(&from);
	for (size_t i = 0; i < words; i += 1024)
		p[i] = ~p[i];
	CHECK(filled(p, words, 11), "the child's writes are not ours");
	fill(p, words, 33);
	gate_open(&to);
	CHECK(exited(reap(pid), 0), "the child saw the memory of the fork, then its own");
	CHECK(filled(p, words, 33), "and ours is ours");
	munmap(p, words * 8);
}

/* Three generations write, each must keep its view. */
static void generations(void)
{
	size_t words = 64 * 512;
	uint64_t *p = xmap(words * 8, PROT_READ | PROT_WRITE);
	pid_t pid;
	int status;

	fill(p, words, 1);
	pid = fork();
	if (!pid) {
		pid_t sub = fork();

		if (!sub) {
			bool good = filled(p, words, 1);

			fill(p, words / 2, 3);
			_exit(good && filled(p, words / 2, 3) ? 0 : 1);
		}
		fill(p, words / 4, 2);
		status = reap(sub);
		_exit(exited(status, 0) && filled(p, words / 4, 2) ? 0 : 2);
	}
	CHECK(exited(reap(pid), 0) && filled(p, words, 1), "three generations of copies");
	/* The only owner left writes again: no copy needed, none must go wrong. */
	fill(p, words, 4);
	CHECK(filled(p, words, 4), "the last owner writes in place");
	/* Read-only at the time of the fork, writable later. */
	mprotect(p, words * 8, PROT_READ);
	pid = fork();
	if (!pid) {
		mprotect(p, words * 8, PROT_READ | PROT_WRITE);
		fill(p, words, 5);
		_exit(filled(p, words, 5) ? 0 : 1);
	}
	CHECK(exited(reap(pid), 0) && filled(p, words, 4),
	      "mprotect in the child, parent unchanged");
	munmap(p, words * 8);
}

static void zero_page(void)
{
	unsigned char *p = xmap(64 * PAGE, PROT_READ | PROT_WRITE);
	long sum = 0;
	pid_t pid;

	for (int i = 0; i < 64; i++)
		sum += p[(size_t)i * PAGE];
	p[10 * PAGE] = 1;
	for (size_t i = 0; i < 64 * PAGE; i++)
		sum += p[i];
	CHECK(sum == 1, "read first, then write one page of zeroes");
	pid = fork();
	if (!pid) {
		memset(p, 2, 64 * PAGE);
		_exit(p[63 * PAGE] == 2 ? 0 : 1);
	}
	CHECK(exited(reap(pid), 0) && p[63 * PAGE] == 0 && p[10 * PAGE] == 1,
	      "zero pages across fork");
	munmap(p, 64 * PAGE);
}

static void shared(void)
{
	uint64_t *p = xshared(256 * PAGE);
	pid_t pid[4];
	long bad = 0;

	for (size_t k = 0; k < 4; k++) {
		pid[k] = fork();
		if (!pid[k]) {
			for (size_t i = k + 4; i < 256 * 512; i += 4)
				p[i] = i * 3 + 1;
			for (int i = 0; i < 20000; i++)
				__atomic_fetch_add(&p[0], 4, __ATOMIC_SEQ_CST);
			_exit(0);
		}
	}
	for (int k = 0; k < 4; k++)
		bad += !exited(reap(pid[k]), 0);
	for (size_t i = 4; i < 256 * 512; i++)
		bad += p[i] != i * 3 + 1;
	CHECK(bad == 0, "four processes fill shared memory");
	CHECK(p[0] == 320000, "and count atomically");
	munmap(p, 256 * PAGE);
}

static void files(void)
{
	int fd = make_file(10 * PAGE + 100);
	unsigned char *s = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	unsigned char *v = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	unsigned char buf[PAGE];

	MUST(s != MAP_FAILED && v != MAP_FAILED);
	for (size_t i = 0; i < 10 * PAGE + 100; i++)
		s[i] = (unsigned char)(i / 100);
	CHECK(pread(fd, buf, PAGE, 5 * PAGE) == (ssize_t)PAGE && !memcmp(buf, s + 5 * PAGE, PAGE),
	      "read sees what was written to the shared map");
	memset(buf, 0xaa, sizeof(buf));
	CHECK(pwrite(fd, buf, PAGE, 2 * PAGE) == (ssize_t)PAGE && s[2 * PAGE + 7] == 0xaa &&
		      v[2 * PAGE + 7] == 0xaa,
	      "both maps see what was written to the file");
	v[2 * PAGE] = 0xbb;
	s[2 * PAGE + 1] = 0xcc;
	CHECK(s[2 * PAGE] == 0xaa && v[2 * PAGE] == 0xbb, "a private write stays private");
	CHECK(v[2 * PAGE + 1] == 0xaa, "a copied page does not follow the file");
	CHECK(s[10 * PAGE + 100] == 0 && s[11 * PAGE - 1] == 0, "zero behind the end of the file");
	CHECK(touch(s + 11 * PAGE, false) == SIGBUS && g_fault.si_code == BUS_ADRERR,
	      "SIGBUS beyond the end");
	CHECK(touch(v + 15 * PAGE, true) == SIGBUS, "for the private map, too");
	MUST(ftruncate(fd, 4 * PAGE) == 0);
	CHECK(touch(s + 4 * PAGE, false) == SIGBUS && touch(s + 9 * PAGE, true) == SIGBUS,
	      "SIGBUS after truncation");
	CHECK(touch(s + 3 * PAGE, true) == 0 && v[2 * PAGE] == 0xbb, "the rest stays");
	MUST(ftruncate(fd, 8 * PAGE) == 0);
	CHECK(touch(s + 5 * PAGE, false) == 0 && s[5 * PAGE] == 0, "grown again, it reads zero");
	CHECK(msync(s, 8 * PAGE, MS_SYNC) == 0 && msync(s, 8 * PAGE, MS_ASYNC) == 0, "msync");
	CHECK(munmap(s, 16 * PAGE) == 0 && munmap(v, 16 * PAGE) == 0, "munmap");
	s = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
	CHECK(s != MAP_FAILED && s[1] == 0xcc && s[0] == 0xaa, "a map at an offset");
	CHECK(touch(s, true) == SIGSEGV && g_fault.si_code == SEGV_ACCERR, "read-only shared map");
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 100) == MAP_FAILED && errno == EINVAL,
	      "unaligned offset");
	close(fd);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EBADF,
	      "closed fd");
}

static void file_rights(void)
{
	char dir[200], path[256];
	int fd, ro;

	make_dir(dir, sizeof(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0 && ro >= 0 && write(fd, "hello", 5) == 5);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, ro, 0) == MAP_FAILED &&
		      errno == EACCES,
	      "no writable shared map of a read-only descriptor");
	unsigned char *p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, ro, 0);

	CHECK(mprotect(p, PAGE, PROT_READ | PROT_WRITE) == -1 && errno == EACCES,
	      "nor by mprotect");
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, ro, 0);
	CHECK(p != MAP_FAILED && touch(p, true) == 0 && p[4] == 'o', "but a private one");
	close(fd);
	close(ro);
	unlink(path);
	rmdir(dir);
	CHECK(!memcmp(p, "hello", 5), "the map outlives the file");
}

static void memfd(void)
{
	int fd = memfd_create("x", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	unsigned char *a, *b, byte = 0;
	pid_t pid;

	MUST(fd >= 0 && ftruncate(fd, 64 * PAGE) == 0);
	a = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	b = mmap(NULL, 64 * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	for (size_t i = 0; i < 64; i++)
		a[i * PAGE] = (unsigned char)(i + 1);
	CHECK(b[63 * PAGE] == 64, "two maps of a memfd");
	CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8 * PAGE, 8 * PAGE) == 0 &&
		      b[8 * PAGE] == 0 && a[15 * PAGE] == 0 && a[16 * PAGE] == 17,
	      "a punched hole reads zero");
	pid = fork();
	if (!pid) {
		a[3] = 99;
		_exit(0);
	}
	reap(pid);
	CHECK(b[3] == 99, "a child's write is seen");
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == -1 && errno == EBUSY,
	      "no write seal while mapped");
	munmap(a, 64 * PAGE);
	munmap(b, 64 * PAGE);
	CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) == 0, "write seal");
	CHECK(write(fd, "x", 1) == -1 && errno == EPERM, "sealed: no write");
	CHECK(ftruncate(fd, 0) == -1 && errno == EPERM, "sealed: no shrink");
	CHECK(pread(fd, &byte, 1, 3) == 1 && byte == 99, "still readable");
	b = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(b != MAP_FAILED && b[3] == 99, "and may be mapped privately");
	close(fd);
}

static void advice(void)
{
	unsigned char *p = xmap(64 * PAGE, PROT_READ | PROT_WRITE);
	int fd = make_file(16 * PAGE), bad = 0;
	unsigned char *f = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	memset(p, 7, 64 * PAGE);
	CHECK(madvise(p + 8 * PAGE, 8 * PAGE, MADV_DONTNEED) == 0, "DONTNEED");
	for (size_t i = 0; i < 64; i++)
		bad += p[i * PAGE] != (i >= 8 && i < 16 ? 0 : 7);
	CHECK(bad == 0, "drops just that part");
	memset(p + 8 * PAGE, 8, 8 * PAGE);
	CHECK(madvise(p, 64 * PAGE, MADV_FREE) == 0, "FREE");
	for (size_t i = 0; i < 64; i++)
		bad += p[i * PAGE] != 0 && p[i * PAGE] != 7 && p[i * PAGE] != 8;
	CHECK(bad == 0, "old contents or zero");
	memset(p, 9, 64 * PAGE);
	for (size_t i = 0; i < 64 * PAGE; i++)
		bad += p[i] != 9;
	CHECK(bad == 0, "written again, it stays");
	CHECK(madvise(p, 64 * PAGE, 22) == 0, "POPULATE_READ");
	CHECK(madvise(p, 64 * PAGE, 23) == 0, "POPULATE_WRITE");
	MUST(pwrite(fd, "file", 4, 0) == 4);
	f[0] = 'F';
	CHECK(f[1] == 'i' && madvise(f, PAGE, MADV_DONTNEED) == 0 && f[0] == 'f',
	      "DONTNEED of a private file page brings the file back");
	CHECK(madvise(p + 1, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL, "unaligned");
	CHECK(madvise(p, PAGE, 12345) == -1 && errno == EINVAL, "unknown advice");
	CHECK(madvise(p, PAGE, MADV_DONTFORK) == 0, "DONTFORK");
	CHECK(madvise(p + PAGE, PAGE, 18) == 0, "WIPEONFORK");
	pid_t pid = fork();

	if (!pid)
		_exit(touch(p, false) == SIGSEGV && p[PAGE] == 0 && p[2 * PAGE] == 9 ? 0 : 1);
	CHECK(exited(reap(pid), 0), "both have their effect in the child");
	CHECK(p[0] == 9 && p[PAGE] == 9, "none in the parent");
	munmap(p, 64 * PAGE);
	p = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	unsigned char vec[64];

	MUST(mincore(p, 64 * PAGE, vec) == 0);
	for (int i = 0; i < 64; i++)
		bad += !(vec[i] & 1);
	CHECK(bad == 0, "MAP_POPULATE");
}

/* Memory of another process by process_vm_readv and _writev. */
static void other_process(void)
{
	unsigned char *p = xmap(4 * PAGE, PROT_READ | PROT_WRITE), buf[3 * PAGE];
	struct gate go;
	pid_t pid;

	gate_init(&go);
	memset(p, 1, 4 * PAGE);
	pid = fork();
	if (!pid) {
		memset(p, 2, 3 * PAGE);
		mprotect(p + 2 * PAGE, PAGE, PROT_READ);
		munmap(p + 3 * PAGE, PAGE);
		gate_open(&go);
		while (*(volatile unsigned char *)p == 2)
			sched_yield();
		_exit(p[PAGE] == 5 ? 0 : 1);
	}
	gate_wait(&go);
	struct iovec l = { buf, sizeof(buf) }, r = { p, sizeof(buf) }, w = { p + 2 * PAGE, 10 };

	CHECK(process_vm_readv(pid, &l, 1, &r, 1, 0) == (ssize_t)sizeof(buf) && buf[0] == 2 &&
		      buf[3 * PAGE - 1] == 2,
	      "read");
	r.iov_base = p + PAGE;
	CHECK(process_vm_readv(pid, &l, 1, &r, 1, 0) == 2 * (ssize_t)PAGE,
	      "read into a hole is short");
	l.iov_len = 10;
	CHECK(process_vm_writev(pid, &l, 1, &w, 1, 0) == -1 && errno == EFAULT,
	      "no write to a read-only page");
	memset(buf, 5, sizeof(buf));
	l.iov_len = r.iov_len = PAGE;
	CHECK(process_vm_writev(pid, &l, 1, &r, 1, 0) == (ssize_t)PAGE, "write");
	r.iov_base = p;
	l.iov_len = r.iov_len = 1;
	MUST(process_vm_writev(pid, &l, 1, &r, 1, 0) == 1);
	CHECK(exited(reap(pid), 0), "the other process sees it at once");
	CHECK(p[0] == 1 && p[PAGE] == 1, "ours is unchanged");
}

int main(void)
{
	catch_faults();
	cow();
	generations();
	zero_page();
	shared();
	files();
	file_rights();
	memfd();
	advice();
	other_process();
	return finish();
}
