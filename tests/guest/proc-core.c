// SPDX-License-Identifier: GPL-2.0-only
/*
 * proc-core: a crashing child writes a core file whose notes and memory are right.
 *
 * Needs /proc/sys/kernel/core_pattern to name a plain file ("core", the kernel's default) and a
 * hard limit of core files above 0, or root.
 */
#include "guest.h"
#include <dirent.h>
#include <elf.h>
#include <pthread.h>
#include <sys/procfs.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/user.h>

static char dir[200];
static uint8_t *mark; /* a page with a pattern, looked for in the core */

static void *other_thread(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static int crash(void *arg)
{
	struct rlimit rl = { RLIM_INFINITY, RLIM_INFINITY };
	pthread_t t;

	(void)arg;
	MUST(chdir(dir) == 0);
	/* Root may lift a hard limit of 0, others need the limit they were started with. */
	if (setrlimit(RLIMIT_CORE, &rl)) {
		getrlimit(RLIMIT_CORE, &rl);
		rl.rlim_cur = rl.rlim_max;
		setrlimit(RLIMIT_CORE, &rl);
	}
	prctl(PR_SET_DUMPABLE, 1);
	pthread_create(&t, NULL, other_thread, NULL);
	pthread_create(&t, NULL, other_thread, NULL);
	msleep(20);
	signal(SIGSEGV, SIG_DFL);
	__asm__ volatile(
		"movdqu (%0), %%xmm11\n"
		"mov $0x1b1b1b1b, %%ebx\n mov $0x12121212, %%r12d\n mov $0x13131313, %%r13d\n"
		"mov $0x14141414, %%r14d\n mov $0x15151515, %%r15d\n"
		"movl $1, 0x10\n"
		:
		: "r"(mark)
		: "rbx", "r12", "r13", "r14", "r15", "xmm11", "memory");
	return 0;
}

static uint8_t *map_core(size_t *len)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[512];
	struct stat st;
	uint8_t *p = NULL;
	int fd;

	MUST(d);
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%.200s", dir, e->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		MUST(fd >= 0 && fstat(fd, &st) == 0);
		unlink(path);
		*len = (size_t)st.st_size;
		p = mmap(NULL, *len, PROT_READ, MAP_PRIVATE, fd, 0);
		MUST(p != MAP_FAILED);
		close(fd);
	}
	closedir(d);
	return p;
}

static void notes(const uint8_t *n, size_t len, pid_t pid)
{
	int status = 0, fp = 0, xstate = 0, psinfo = 0, auxv = 0, files = 0, siginfo = 0, good = 0,
	    xmm = 0;

	for (size_t off = 0; off + sizeof(Elf64_Nhdr) <= len;) {
		const Elf64_Nhdr *h = (const void *)(n + off);
		const uint8_t *desc = n + off + sizeof(*h) + ((h->n_namesz + 3) & ~3u);

		switch (h->n_type) {
		case NT_PRSTATUS: {
			const struct elf_prstatus *s = (const void *)desc;
			const struct user_regs_struct *r = (const void *)s->pr_reg;

			if (!status++)
				good = s->pr_pid == pid && s->pr_cursig == SIGSEGV &&
				       r->rbx == 0x1b1b1b1b && r->r12 == 0x12121212 &&
				       r->r15 == 0x15151515 && r->cs == 0x33;
			break;
		}
		case NT_PRFPREG:
			if (!fp++)
				xmm = !memcmp(
					((const struct user_fpregs_struct *)(const void *)desc)
							->xmm_space +
						44,
					mark, 16);
			break;
		case NT_X86_XSTATE:
			xstate++;
			break;
		case NT_PRPSINFO:
			psinfo++;
			break;
		case NT_AUXV:
			auxv++;
			break;
		case NT_FILE:
			files++;
			break;
		case NT_SIGINFO:
			siginfo += ((const siginfo_t *)(const void *)desc)->si_signo == SIGSEGV &&
				   ((const siginfo_t *)(const void *)desc)->si_addr == (void *)0x10;
			break;
		}
		off += sizeof(*h) + ((h->n_namesz + 3) & ~3u) + ((h->n_descsz + 3) & ~3u);
	}
	say("notes: PRSTATUS %d, PRFPREG %d, XSTATE %d, PRPSINFO %d, AUXV %d, FILE %d, SIGINFO %d",
	    status, fp, xstate, psinfo, auxv, files, siginfo);
	CHECK(good, "the crashed thread's registers come first");
	CHECK(xmm, "its xmm11");
}

static void inspect(const uint8_t *c, size_t len, pid_t pid)
{
	const Elf64_Ehdr *eh = (const void *)c;
	const Elf64_Phdr *ph = (const void *)(c + eh->e_phoff);
	int loads = 0, found = 0, inside = 1;

	say("core: type %d, machine %d, class %d", eh->e_type, eh->e_machine, c[EI_CLASS]);
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_NOTE)
			notes(c + ph[i].p_offset, ph[i].p_filesz, pid);
		if (ph[i].p_type != PT_LOAD)
			continue;
		loads++;
		inside &= ph[i].p_offset + ph[i].p_filesz <= len;
		if ((uintptr_t)mark >= ph[i].p_vaddr &&
		    (uintptr_t)mark < ph[i].p_vaddr + ph[i].p_filesz)
			found = !memcmp(c + ph[i].p_offset + ((uintptr_t)mark - ph[i].p_vaddr),
					mark, 2 * PAGE);
	}
	CHECK(loads > 5 && inside, "memory segments lie inside the file");
	CHECK(found, "our page is in it, byte for byte");
}

static int no_core(void *arg)
{
	struct rlimit rl = { 0, 0 };

	(void)arg;
	MUST(chdir(dir) == 0);
	setrlimit(RLIMIT_CORE, &rl);
	abort();
}

int main(void)
{
	char pattern[128] = "";
	size_t len = 0;
	int fd = open("/proc/sys/kernel/core_pattern", O_RDONLY | O_CLOEXEC), status;
	uint8_t *c;
	pid_t pid;

	MUST(fd >= 0 && read(fd, pattern, sizeof(pattern) - 1) > 0);
	if (pattern[0] == '|' || pattern[0] == '/') {
		say("SKIP core_pattern is %s", pattern);
		return 77;
	}
	make_dir(dir, sizeof(dir));
	mark = xmap(2 * PAGE, PROT_READ | PROT_WRITE);
	for (size_t i = 0; i < 2 * PAGE; i++)
		mark[i] = (uint8_t)(i * 13 + 5);
	pid = spawn(crash, NULL);
	status = reap(pid);
	say("crash: status %#x", status);
	c = map_core(&len);
	CHECK(c && len > sizeof(Elf64_Ehdr), "a core file");
	if (c)
		inspect(c, len, pid);
	say("limit 0: status %#x", run(no_core, NULL));
	CHECK(map_core(&len) == NULL, "no core file with limit 0");
	rmdir(dir);
	return finish();
}
