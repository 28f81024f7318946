// SPDX-License-Identifier: GPL-2.0-only
/* proc-self: the auxiliary vector, /proc/self and prctl tell a plausible and consistent story. */
#include "guest.h"
#include <cpuid.h>
#include <elf.h>
#include <sys/auxv.h>
#include <sys/utsname.h>
#include <sys/sysinfo.h>

int main(int argc, char **argv);

#ifndef AT_RSEQ_SIZE
#define AT_RSEQ_SIZE  27
#define AT_RSEQ_ALIGN 28
#endif

static unsigned long from_proc(unsigned long type)
{
	int fd = open("/proc/self/auxv", O_RDONLY | O_CLOEXEC);
	unsigned long pair[2], value = 0;

	MUST(fd >= 0);
	while (read(fd, pair, sizeof(pair)) == (ssize_t)sizeof(pair))
		if (pair[0] == type)
			value = pair[1];
	close(fd);
	return value;
}

/* What all of a program's vector state needs that has not asked for the tiles of AMX. */
static unsigned long xsave_size(void)
{
	const uint32_t tiles = 3u << 17;
	uint32_t enabled, unused, size, offset, c, d;
	unsigned long end = 512 + 64;

	__asm__("xgetbv" : "=a"(enabled), "=d"(unused) : "c"(0));
	for (unsigned int i = 2; i < 32; i++) {
		if (!((enabled & ~tiles) >> i & 1))
			continue;
		__cpuid_count(13, i, size, offset, c, d);
		if (offset + size > end)
			end = offset + size;
	}
	return end;
}

static void auxv(void)
{
	const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
	const char *name = (const char *)getauxval(AT_EXECFN),
		   *platform = (const char *)getauxval(AT_PLATFORM);
	uint64_t any = 0;

	say("page size %lu, clock ticks %lu, secure %lu", getauxval(AT_PAGESZ),
	    getauxval(AT_CLKTCK), getauxval(AT_SECURE));
	say("platform %s", platform ? platform : "none");
	for (int i = 0; random && i < 16; i++)
		any |= random[i];
	CHECK(random && any, "AT_RANDOM");
	CHECK(name && strrchr(name, '/') && !strcmp(strrchr(name, '/') + 1, "proc-self"),
	      "AT_EXECFN");
	CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid() &&
		      getauxval(AT_GID) == getgid(),
	      "user and group");
	CHECK(getauxval(AT_PHDR) && getauxval(AT_PHENT) == sizeof(Elf64_Phdr) &&
		      getauxval(AT_PHNUM) > 2,
	      "program headers");
	CHECK(getauxval(AT_ENTRY) != 0 && getauxval(AT_BASE) == 0, "entry, no interpreter");
	CHECK(getauxval(AT_SYSINFO_EHDR) != 0, "vDSO");
	/* The C library shows its own idea of AT_HWCAP. */
	say("HWCAP %#lx", from_proc(AT_HWCAP));
	say("HWCAP2 %#lx", from_proc(AT_HWCAP2));
	CHECK(from_proc(AT_MINSIGSTKSZ) >= xsave_size() + 440,
	      "AT_MINSIGSTKSZ has room for a frame");
	CHECK(from_proc(AT_RSEQ_SIZE) >= 20 && from_proc(AT_RSEQ_ALIGN) >= 32,
	      "rseq size and alignment");
}

struct map {
	uint64_t start, end;
	char perm[8], name[64];
};

static int read_maps(struct map *m, int max)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	int n = 0;

	MUST(f);
	while (n < max && fgets(line, sizeof(line), f)) {
		unsigned long long s, e;

		m[n].name[0] = 0;
		if (sscanf(line, "%llx-%llx %7s %*s %*s %*s %63[^\n]", &s, &e, m[n].perm,
			   m[n].name) < 3)
			break;
		m[n].start = s;
		m[n].end = e;
		n++;
	}
	fclose(f);
	return n;
}

static const struct map *find(const struct map *m, int n, uint64_t addr)
{
	for (int i = 0; i < n; i++)
		if (addr >= m[i].start && addr < m[i].end)
			return &m[i];
	return NULL;
}

static const struct map *named(const struct map *m, int n, const char *name)
{
	for (int i = 0; i < n; i++)
		if (!strcmp(m[i].name, name))
			return &m[i];
	return NULL;
}

static void maps(void)
{
	static struct map m[200];
	int here, n;
	bool ordered = true, low = true;
	unsigned char *p = xmap(5 * PAGE, PROT_READ);
	const struct map *x;

	mprotect(p + 2 * PAGE, PAGE, PROT_NONE);
	n = read_maps(m, 200);
	for (int i = 1; i < n; i++) {
		ordered &= m[i].start >= m[i - 1].end;
		if (strcmp(m[i].name, "[vsyscall]"))
			low &= m[i].end <= 1UL << 47;
	}
	CHECK(n > 5 && ordered && low, "maps: in order, below 2^47");
	x = named(m, n, "[stack]");
	CHECK(x && x == find(m, n, (uintptr_t)&here) && !strcmp(x->perm, "rw-p"), "[stack]");
	x = named(m, n, "[heap]");
	CHECK(x && !strcmp(x->perm, "rw-p"), "[heap]");
	x = named(m, n, "[vdso]");
	CHECK(x && x == find(m, n, getauxval(AT_SYSINFO_EHDR)) && !strcmp(x->perm, "r-xp"),
	      "[vdso]");
	CHECK(named(m, n, "[vvar]") != NULL, "[vvar]");
	CHECK(named(m, n, "[vsyscall]") != NULL, "[vsyscall]");
	x = find(m, n, (uintptr_t)main);
	CHECK(x && !strcmp(x->perm, "r-xp") && strstr(x->name, "proc-self"), "text");
	x = find(m, n, (uintptr_t)p);
	CHECK(x && !strcmp(x->perm, "r--p"), "our map");
	x = find(m, n, (uintptr_t)p + 2 * PAGE);
	CHECK(x && x->end - x->start == PAGE && !strcmp(x->perm, "---p"),
	      "our page without rights");
	munmap(p, 5 * PAGE);
	n = read_maps(m, 200);
	CHECK(!find(m, n, (uintptr_t)p), "unmapped, it is gone");
}

static long field(const char *file, const char *key)
{
	FILE *f = fopen(file, "r");
	char line[256];
	long v = -1;

	MUST(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, key, strlen(key)) && line[strlen(key)] == ':')
			v = strtol(line + strlen(key) + 1, NULL, 0);
	fclose(f);
	return v;
}

static void status(void)
{
	long rss = field("/proc/self/status", "VmRSS"), data;
	unsigned char *p = xmap(8 << 20, PROT_READ | PROT_WRITE);

	memset(p, 1, 8 << 20);
	data = field("/proc/self/status", "VmRSS");
	CHECK(data - rss >= 8000 && data - rss < 12000, "8 MiB written are 8 MiB resident");
	CHECK(field("/proc/self/smaps_rollup", "Anonymous") >= 8192, "smaps_rollup agrees");
	munmap(p, 8 << 20);
	CHECK(field("/proc/self/status", "VmRSS") < data - 7000, "unmapped, they are not");
	CHECK(field("/proc/self/status", "Pid") == getpid() &&
		      field("/proc/self/status", "PPid") == getppid() &&
		      field("/proc/self/status", "Threads") == 1,
	      "Pid, PPid, Threads");
}

/* Which page frames back a page is the kernel's business, but its flags are an interface. */
static void pagemap(void)
{
	unsigned char *p = xmap(4 * PAGE, PROT_READ | PROT_WRITE);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t e[4] = { 0 };

	MUST(fd >= 0);
	madvise(p, 4 * PAGE, MADV_NOHUGEPAGE);
	p[PAGE] = 1;
	MUST(pread(fd, e, sizeof(e), (off_t)((uintptr_t)p / PAGE * 8)) == (ssize_t)sizeof(e));
	CHECK(e[1] >> 63 == 1 && !(e[1] >> 61 & 1),
	      "pagemap: the written page is present, anonymous");
	CHECK(madvise(p, 4 * PAGE, MADV_DONTNEED) == 0 &&
		      pread(fd, e, sizeof(e), (off_t)((uintptr_t)p / PAGE * 8)) ==
			      (ssize_t)sizeof(e) &&
		      !(e[1] >> 63),
	      "dropped, it is not");
	close(fd);
	munmap(p, 4 * PAGE);
}

static void names(void)
{
	struct utsname u;
	char name[16] = "", comm[32] = "";
	struct sysinfo si;
	int fd;

	MUST(uname(&u) == 0);
	say("uname: %s %s", u.sysname, u.machine);
	prctl(PR_SET_NAME, "renamed");
	prctl(PR_GET_NAME, name);
	fd = open("/proc/self/comm", O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0 && read(fd, comm, sizeof(comm) - 1) > 0);
	say("name %s, comm %s", name, strtok(comm, "\n"));
	close(fd);
	CHECK(sysinfo(&si) == 0 && si.totalram * si.mem_unit > 64 << 20 &&
		      si.freeram <= si.totalram && si.procs > 0,
	      "sysinfo");
	CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PAGESIZE) == 4096, "sysconf");
	unsigned char r[32] = { 0 };
	uint64_t any = 0;

	CHECK(syscall(SYS_getrandom, r, sizeof(r), 0) == 32, "getrandom");
	for (int i = 0; i < 32; i++)
		any |= r[i];
	CHECK(any != 0, "is not all zero");
}

/* Addresses differ from run to run. */
static void random_layout(void)
{
	char *argv[] = { (char *)"x", (char *)"-print", NULL }, *envp[] = { NULL };
	uint64_t a[4][3];
	int stack = 0, map = 0;

	for (int i = 0; i < 4; i++) {
		int fd[2];

		MUST(pipe(fd) == 0);
		pid_t pid = fork();

		if (!pid) {
			dup2(fd[1], 1);
			execve("/proc/self/exe", argv, envp);
			_exit(1);
		}
		close(fd[1]);
		MUST(read(fd[0], a[i], sizeof(a[i])) == (ssize_t)sizeof(a[i]));
		close(fd[0]);
		reap(pid);
		stack += i && a[i][0] != a[0][0];
		map += i && a[i][1] != a[0][1];
	}
	CHECK(stack, "stack addresses are random");
	CHECK(map, "map addresses are random");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		uint64_t a[3] = { (uintptr_t)&argc, (uintptr_t)xmap(PAGE, PROT_READ), 0 };

		return write(1, a, sizeof(a)) != (ssize_t)sizeof(a);
	}
	auxv();
	maps();
	status();
	pagemap();
	names();
	random_layout();
	return finish();
}
