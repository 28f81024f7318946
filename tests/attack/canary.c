// SPDX-License-Identifier: GPL-2.0-only
/*
 * canary: a process that attacks must not touch.
 *
 * Fills 4 MiB and its registers with a pattern, says "ready" by creating FILE, and looks at all of
 * it again and again.  On SIGTERM it looks once more and exits 0 when all is as it was, 1 when not.
 *
 * usage: canary FILE
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define WORDS (4UL << 20 >> 3)

static volatile sig_atomic_t asked;

static void on_term(int sig)
{
	(void)sig;
	asked = 1;
}

static uint64_t pattern(uint64_t i)
{
	i = (i + 0x5eed) * 0x9e3779b97f4a7c15;
	return i ^ i >> 29;
}

int main(int argc, char **argv)
{
	uint64_t *p =
		mmap(NULL, WORDS * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timespec nap = { 0, 20000000 };
	pid_t me = getpid();
	int fd;

	if (argc != 2) {
		fprintf(stderr, "usage: canary FILE\n");
		return 2;
	}
	signal(SIGTERM, on_term);
	if (p == MAP_FAILED)
		return 1;
	for (uint64_t i = 0; i < WORDS; i++)
		p[i] = pattern(i);
	fd = open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	for (;;) {
		int last = asked;

		for (uint64_t i = 0; i < WORDS; i++)
			if (p[i] != pattern(i)) {
				fprintf(stderr, "canary: word %llu changed\n",
					(unsigned long long)i);
				return 1;
			}
		if (getpid() != me || fcntl(fd, F_GETFD) != FD_CLOEXEC) {
			fprintf(stderr, "canary: not what it was\n");
			return 1;
		}
		if (last)
			return 0;
		nanosleep(&nap, NULL);
	}
}
