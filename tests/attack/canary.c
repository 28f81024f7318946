// SPDX-License-Identifier: GPL-2.0-only
/*
 * canary: a process that attacks must not touch.
 *
 * Fills 4 MiB of its own, a pipe and a socket's queue, which are pages of the kernel, with a
 * pattern, says "ready" by creating FILE, and looks at its memory again and again.  On SIGTERM it
 * looks once more, also at what the kernel holds for it, and exits 0 when all is as it was, 1 when
 * not.
 *
 * usage: canary FILE
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define WORDS (4UL << 20 >> 3)

enum { QUEUED = 512 }; /* words in each of pipe and socket */

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

static bool queue(int to)
{
	uint64_t words[QUEUED];

	for (uint64_t i = 0; i < QUEUED; i++)
		words[i] = pattern(~i);
	return write(to, words, sizeof(words)) == (ssize_t)sizeof(words);
}

static bool queue_intact(int from, const char *name)
{
	uint64_t words[QUEUED];

	if (read(from, words, sizeof(words)) != (ssize_t)sizeof(words)) {
		fprintf(stderr, "canary: the %s is not as full as it was\n", name);
		return false;
	}
	for (uint64_t i = 0; i < QUEUED; i++)
		if (words[i] != pattern(~i)) {
			fprintf(stderr, "canary: word %llu of the %s changed\n",
				(unsigned long long)i, name);
			return false;
		}
	return true;
}

static bool memory_intact(const uint64_t *p)
{
	for (uint64_t i = 0; i < WORDS; i++)
		if (p[i] != pattern(i)) {
			fprintf(stderr, "canary: word %llu changed\n", (unsigned long long)i);
			return false;
		}
	return true;
}

int main(int argc, char **argv)
{
	uint64_t *p =
		mmap(NULL, WORDS * 8, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct timespec nap = { 0, 20000000 };
	int fd, pipes[2], sockets[2];
	pid_t me = getpid();

	if (argc != 2) {
		fprintf(stderr, "usage: canary FILE\n");
		return 2;
	}
	signal(SIGTERM, on_term);
	if (p == MAP_FAILED || pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) ||
	    !queue(pipes[1]) || !queue(sockets[1])) {
		perror("canary");
		return 1;
	}
	for (uint64_t i = 0; i < WORDS; i++)
		p[i] = pattern(i);
	fd = open(argv[1], O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	for (;;) {
		bool last = asked;

		if (!memory_intact(p))
			return 1;
		if (getpid() != me || fcntl(fd, F_GETFD) != FD_CLOEXEC) {
			fprintf(stderr, "canary: not what it was\n");
			return 1;
		}
		if (last)
			return !queue_intact(pipes[0], "pipe") ||
			       !queue_intact(sockets[0], "socket");
		nanosleep(&nap, NULL);
	}
}
