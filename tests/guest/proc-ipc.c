// SPDX-License-Identifier: GPL-2.0-only
/* proc-ipc: pipes, sockets, epoll, eventfd, inotify, System V IPC, POSIX message queues. */
#include "guest.h"
#include <mqueue.h>
#include <netinet/in.h>
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/sendfile.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

static uint64_t hash(uint64_t h, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3;
	return h;
}

static void pipes(void)
{
	static uint8_t buf[70000];
	uint64_t h = 0xcbf29ce484222325;
	size_t total = 0;
	ssize_t n;
	int fd[2];
	pid_t pid;

	MUST(pipe2(fd, O_CLOEXEC) == 0);
	pid = fork();
	if (!pid) {
		uint64_t seed = 3;

		close(fd[0]);
		for (int i = 0; i < 40; i++) {
			size_t len = 1 + xorshift(&seed) % sizeof(buf), off = 0;

			for (size_t j = 0; j < len; j++)
				buf[j] = (uint8_t)(seed >> (j & 31)) ^ (uint8_t)j;
			while (off < len) {
				n = write(fd[1], buf + off, len - off);
				if (n <= 0)
					_exit(1);
				off += (size_t)n;
			}
		}
		_exit(0);
	}
	close(fd[1]);
	while ((n = read(fd[0], buf, sizeof(buf))) > 0) {
		h = hash(h, buf, (size_t)n);
		total += (size_t)n;
	}
	CHECK(exited(reap(pid), 0), "writer");
	say("pipe: %zu bytes, hash %016llx", total, (unsigned long long)h);
	close(fd[0]);
	MUST(pipe2(fd, O_NONBLOCK) == 0);
	CHECK(read(fd[0], buf, 1) == -1 && errno == EAGAIN, "empty: EAGAIN");
	total = 0;
	while ((n = write(fd[1], buf, 4096)) > 0)
		total += (size_t)n;
	say("a full pipe holds %zu bytes, errno %d", total, errno);
	close(fd[0]);
	signal(SIGPIPE, SIG_IGN);
	CHECK(write(fd[1], buf, 1) == -1 && errno == EPIPE, "no reader: EPIPE");
	signal(SIGPIPE, SIG_DFL);
	close(fd[1]);
}

static void splices(void)
{
	static uint8_t buf[32768], back[32768];
	int in = make_file(0), out = make_file(0), p[2];
	loff_t off = 0;

	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)(i * 7 + (i >> 8));
	MUST(write(in, buf, sizeof(buf)) == (ssize_t)sizeof(buf) && pipe(p) == 0);
	CHECK(splice(in, &off, p[1], NULL, sizeof(buf), 0) == (ssize_t)sizeof(buf) &&
		      splice(p[0], NULL, out, NULL, sizeof(buf), 0) == (ssize_t)sizeof(buf),
	      "splice through a pipe");
	CHECK(pread(out, back, sizeof(back), 0) == (ssize_t)sizeof(back) &&
		      !memcmp(buf, back, sizeof(buf)),
	      "the copy is right");
	off = 100;
	CHECK(sendfile(out, in, &off, 5000) == 5000 && off == 5100, "sendfile");
	struct iovec v = { buf, 12000 };

	CHECK(vmsplice(p[1], &v, 1, 0) == 12000 && read(p[0], back, sizeof(back)) == 12000 &&
		      !memcmp(back, buf, 12000),
	      "vmsplice");
	close(in);
	close(out);
	close(p[0]);
	close(p[1]);
}

static int echo(void *arg)
{
	int fd = *(int *)arg;
	static uint8_t buf[8192];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (write(fd, buf, (size_t)n) != n)
			return 1;
	return 0;
}

static void unix_sockets(void)
{
	char data[100], control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec io = { (char *)"fd", 2 };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	struct ucred cred;
	socklen_t len = sizeof(cred);
	int sv[2], fd[2], got = -1;

	MUST(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == 0 && pipe(fd) == 0);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd[1], sizeof(int));
	CHECK(sendmsg(sv[0], &m, 0) == 2, "send a descriptor");
	memset(control, 0, sizeof(control));
	io.iov_base = data;
	CHECK(recvmsg(sv[1], &m, MSG_CMSG_CLOEXEC) == 2 && (c = CMSG_FIRSTHDR(&m)), "receive it");
	if (c)
		memcpy(&got, CMSG_DATA(c), sizeof(int));
	CHECK(got > 0 && write(got, "via", 3) == 3 && read(fd[0], data, 10) == 3 &&
		      !memcmp(data, "via", 3),
	      "it is the same pipe");
	CHECK(getsockopt(sv[0], SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.pid == getpid(),
	      "PEERCRED");
	CHECK(send(sv[0], "one", 3, 0) == 3 && send(sv[0], "three", 5, 0) == 5 &&
		      recv(sv[1], data, 100, 0) == 3 && recv(sv[1], data, 100, 0) == 5,
	      "packets keep their ends");
	close(sv[0]);
	CHECK(recv(sv[1], data, 100, 0) == 0, "end of file");
	close(sv[1]);
	close(got);
	close(fd[0]);
	close(fd[1]);
}

static void stream(int domain, const char *name)
{
	static uint8_t out[8192], in[8192];
	int sv[2], l;
	uint64_t seed = 9, h = 1, want = 1;
	pid_t pid;

	if (domain == AF_UNIX) {
		MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, sv) == 0);
	} else {
		struct sockaddr_in a = { .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		socklen_t len = sizeof(a);

		l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (l < 0 || bind(l, (void *)&a, len) || listen(l, 5) ||
		    getsockname(l, (void *)&a, &len)) {
			CHECK(false, "%s: listen", name);
			return;
		}
		sv[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(sv[0], (void *)&a, len) || (sv[1] = accept(l, NULL, NULL)) < 0) {
			CHECK(false, "%s: connect over loopback", name);
			return;
		}
		close(l);
	}
	pid = fork();
	if (!pid) {
		close(sv[0]);
		_exit(echo(&sv[1]));
	}
	close(sv[1]);
	for (int i = 0; i < 200; i++) {
		size_t n = 1 + xorshift(&seed) % sizeof(out), off = 0;

		for (size_t j = 0; j < n; j++)
			out[j] = (uint8_t)xorshift(&seed);
		MUST(write(sv[0], out, n) == (ssize_t)n);
		want = hash(want, out, n);
		while (off < n) {
			ssize_t r = read(sv[0], in + off, n - off);

			MUST(r > 0);
			off += (size_t)r;
		}
		h = hash(h, in, n);
	}
	shutdown(sv[0], SHUT_WR);
	CHECK(h == want && exited(reap(pid), 0), "%s: 200 messages there and back", name);
	close(sv[0]);
}

static void epolls(void)
{
	struct epoll_event ev = { .events = EPOLLIN }, out[8];
	int ep = epoll_create1(EPOLL_CLOEXEC), a = eventfd(0, EFD_NONBLOCK), b[2];
	uint64_t v = 3;

	MUST(ep >= 0 && a >= 0 && pipe(b) == 0);
	ev.data.u64 = 1;
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev) == 0);
	ev.data.u64 = 2;
	ev.events = EPOLLIN | EPOLLET;
	MUST(epoll_ctl(ep, EPOLL_CTL_ADD, b[0], &ev) == 0);
	CHECK(epoll_ctl(ep, EPOLL_CTL_ADD, a, &ev) == -1 && errno == EEXIST, "epoll: EEXIST");
	CHECK(epoll_wait(ep, out, 8, 0) == 0, "epoll: nothing");
	MUST(write(a, &v, 8) == 8 && write(b[1], "x", 1) == 1);
	int n = epoll_wait(ep, out, 8, 1000);
	say("epoll: %d events", n);
	n = epoll_wait(ep, out, 8, 0);
	say("epoll: %d stay, the level-triggered one: %llu", n,
	    (unsigned long long)out[0].data.u64);
	MUST(write(b[1], "y", 1) == 1);
	n = epoll_wait(ep, out, 8, 1000);
	say("epoll: after a new edge %d", n);
	v = 0;
	CHECK(read(a, &v, 8) == 8 && v == 3, "eventfd: value 3");
	CHECK(read(a, &v, 8) == -1 && errno == EAGAIN, "eventfd: empty");
	v = ~0ull;
	CHECK(write(a, &v, 8) == -1 && errno == EINVAL, "eventfd: too much");
	close(b[1]);
	n = epoll_wait(ep, out, 8, 1000);
	say("epoll: hang-up %d events %#x", n, n > 0 ? out[0].events : 0);
	close(ep);
	close(a);
	close(b[0]);
	a = eventfd(5, EFD_SEMAPHORE | EFD_NONBLOCK);
	for (n = 0; read(a, &v, 8) == 8 && v == 1; n++)
		;
	say("eventfd semaphore: %d units", n);
	close(a);
}

static void inotify(void)
{
	char dir[200], path[256], to[256], buf[4096] __attribute__((aligned(8)));
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), f;
	ssize_t n;

	MUST(fd >= 0);
	make_dir(dir, sizeof(dir));
	MUST(inotify_add_watch(fd, dir, IN_ALL_EVENTS) >= 0);
	snprintf(path, sizeof(path), "%s/a", dir);
	snprintf(to, sizeof(to), "%s/b", dir);
	f = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	MUST(write(f, "x", 1) == 1);
	close(f);
	rename(path, to);
	unlink(to);
	rmdir(dir);
	n = read(fd, buf, sizeof(buf));
	for (char *p = buf; p < buf + n;) {
		struct inotify_event *e = (void *)p;

		say("inotify: %#x %s", e->mask, e->len ? e->name : "");
		p += sizeof(*e) + e->len;
	}
	close(fd);
}

static int sysv_child(void *arg)
{
	int *id = arg;
	volatile int *p = shmat(id[0], NULL, 0);
	struct sembuf down = { 0, -1, 0 }, up = { 1, 1, 0 };
	struct {
		long type;
		char text[16];
	} m = { 5, "from child" };

	if (p == (void *)-1 || semop(id[1], &down, 1))
		return 1;
	p[1] = p[0] + 1;
	msgsnd(id[2], &m, sizeof(m.text), 0);
	return semop(id[1], &up, 1) ? 2 : 0;
}

static void system_v(void)
{
	int id[3] = { shmget(IPC_PRIVATE, 3 * PAGE, IPC_CREAT | 0600),
		      semget(IPC_PRIVATE, 2, IPC_CREAT | 0600),
		      msgget(IPC_PRIVATE, IPC_CREAT | 0600) };
	struct {
		long type;
		char text[16];
	} m = { 0, "" };
	struct sembuf up = { 0, 1, 0 }, down = { 1, -1, 0 };
	struct shmid_ds ds;
	volatile int *p;
	pid_t pid;

	CHECK(id[0] >= 0 && id[1] >= 0 && id[2] >= 0, "System V objects");
	if (id[0] < 0 || id[1] < 0 || id[2] < 0)
		return;
	p = shmat(id[0], NULL, 0);
	MUST(p != (void *)-1);
	CHECK(p[0] == 0, "shared memory is zero");
	pid = spawn(sysv_child, id);
	p[0] = 41;
	MUST(semop(id[1], &up, 1) == 0 && semop(id[1], &down, 1) == 0);
	CHECK(p[1] == 42, "shared memory and semaphores between processes");
	CHECK(msgrcv(id[2], &m, sizeof(m.text), 5, 0) == (ssize_t)sizeof(m.text) &&
		      !strcmp(m.text, "from child"),
	      "a message by type");
	CHECK(exited(reap(pid), 0), "child");
	CHECK(shmctl(id[0], IPC_STAT, &ds) == 0 && ds.shm_segsz == 3 * PAGE && ds.shm_nattch == 1,
	      "IPC_STAT");
	CHECK(shmdt((void *)p) == 0, "detach");
	shmctl(id[0], IPC_RMID, NULL);
	semctl(id[1], 0, IPC_RMID);
	msgctl(id[2], IPC_RMID, NULL);
	CHECK(shmat(id[0], NULL, 0) == (void *)-1 && errno == EINVAL, "removed");
}

static void message_queues(void)
{
	struct mq_attr at = { .mq_maxmsg = 5, .mq_msgsize = 64 };
	char name[64], buf[64];
	unsigned int prio;
	mqd_t q;

	snprintf(name, sizeof(name), "/guest.%d", getpid());
	q = mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &at);
	CHECK(q >= 0, "mq_open");
	if (q < 0)
		return;
	mq_unlink(name);
	mq_send(q, "low", 4, 1);
	mq_send(q, "high", 5, 9);
	mq_send(q, "middle", 7, 5);
	for (int i = 0; i < 3; i++) {
		ssize_t n = mq_receive(q, buf, sizeof(buf), &prio);

		say("message queue: %zd bytes, priority %u, %s", n, prio, n > 0 ? buf : "");
	}
	CHECK(mq_receive(q, buf, sizeof(buf), &prio) == -1 && errno == EAGAIN, "empty: EAGAIN");
	mq_close(q);
}

static void limits(void)
{
	struct rlimit rl, old;
	int fd[20], n = 0;

	getrlimit(RLIMIT_NOFILE, &old);
	rl = old;
	rl.rlim_cur = 16;
	setrlimit(RLIMIT_NOFILE, &rl);
	while (n < 20 && (fd[n] = dup(1)) >= 0)
		n++;
	CHECK(n < 20 && errno == EMFILE, "EMFILE");
	while (n-- > 0)
		close(fd[n]);
	setrlimit(RLIMIT_NOFILE, &old);
}

int main(void)
{
	pipes();
	splices();
	unix_sockets();
	stream(AF_UNIX, "unix stream");
	stream(AF_INET, "TCP");
	epolls();
	inotify();
	system_v();
	message_queues();
	limits();
	return finish();
}
