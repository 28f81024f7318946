// SPDX-License-Identifier: GPL-2.0-only
/*
 * attack-vmalloc: has the kernel map more memory for itself than the host has mappings for.
 *
 * The kernel's memory that is contiguous only by its page tables costs a host mapping for each run
 * of pages.  An ordinary user first scatters the free memory, then wants packet rings and rings of
 * io_uring until there is hardly any, and has the kernel use all of it at a time.  It must neither
 * panic nor mix anything up: every packet and every completion is looked at.
 *
 * usage: attack-vmalloc --inside [ROUNDS]
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/io_uring.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include "attack.h"

enum {
	RINGS = 64,
	RING_BYTES = 8 << 20,
	FRAME = 4096,
	FRAMES = RING_BYTES / FRAME,
	PAYLOAD = 1000,
	URINGS = 700,
	URING_ENTRIES = 4096,
	URING_BYTES = 1 << 20,
	SPARE_BYTES = 64 << 20,
};

/* What the attacker has seen: his output goes nowhere. */
static struct result {
	uint64_t rings, frames, urings, completions, free_mb;
	const char *wrong;
	int error;
} *result;

static long rounds = 1;

static int fail(const char *what)
{
	result->wrong = what;
	result->error = errno;
	return 1;
}

/* A file in memory that has every other page of it. */
static int scatter(void)
{
	static char buf[1 << 20];
	struct sysinfo si;
	size_t bytes;
	int fd = memfd_create("scattered", MFD_CLOEXEC);

	sysinfo(&si);
	bytes = (size_t)si.freeram * si.mem_unit;
	bytes = bytes > SPARE_BYTES ? (bytes - SPARE_BYTES) & ~(sizeof(buf) - 1) : 0;
	memset(buf, 1, sizeof(buf));
	for (size_t at = 0; at < bytes; at += sizeof(buf))
		if (pwrite(fd, buf, sizeof(buf), (off_t)at) != (ssize_t)sizeof(buf))
			return fail("memory is filled");
	for (size_t at = 0; at < bytes; at += 2 * PAGE)
		if (fallocate(fd, 1 | 2 /* KEEP_SIZE | PUNCH_HOLE */, (off_t)at, PAGE))
			return fail("every other page is given back");
	sysinfo(&si);
	result->free_mb = si.freeram * si.mem_unit >> 20;
	return 0;
}

/*
 * How many of a kind, at @bytes each with all that belongs to it: what does not fit into memory ends
 * in the death of some process.
 */
static uint64_t room_for(uint64_t most, uint64_t bytes)
{
	uint64_t room = (result->free_mb << 20) / 4 * 3 / bytes;

	return room < most ? room : most;
}

/* ------------------------------------------------------------ packets */

static int loopback_up(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int err = s < 0 || ioctl(s, SIOCGIFFLAGS, &ifr);

	ifr.ifr_flags |= IFF_UP;
	err = err || ioctl(s, SIOCSIFFLAGS, &ifr);
	close(s);
	return err;
}

static int ring_open(void)
{
	struct tpacket_req want = { RING_BYTES, 1, FRAME, FRAMES };
	struct sockaddr_ll lo = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex("lo"),
	};
	int one = 1, s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (s < 0)
		return -1;
	if (setsockopt(s, SOL_PACKET, PACKET_RX_RING, &want, sizeof(want)) ||
	    setsockopt(s, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    bind(s, (struct sockaddr *)&lo, sizeof(lo))) {
		int err = errno;

		close(s);
		errno = err;
		return -1;
	}
	return s;
}

/* What the host has given is used at random, so that little of it can stay where it is. */
static int send_packets(uint64_t n)
{
	struct {
		struct ethhdr eth;
		uint8_t data[PAYLOAD];
	} __attribute__((packed)) packet = { .eth.h_proto = htons(0x88b5) };
	struct sockaddr_ll lo = {
		.sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex("lo"),
		.sll_halen = ETH_ALEN,
	};
	int s = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	for (uint64_t i = 0; i < n; i++) {
		memset(packet.data, (int)(i * 7), sizeof(packet.data));
		memcpy(packet.data, &i, sizeof(i));
		if (sendto(s, &packet, sizeof(packet), 0, (struct sockaddr *)&lo, sizeof(lo)) !=
		    (ssize_t)sizeof(packet))
			return fail("a packet is sent");
		tried(1);
	}
	close(s);
	return 0;
}

static bool frame_right(const uint8_t *frame, uint64_t number)
{
	const struct tpacket_hdr *head = (const void *)frame;
	const uint8_t *data = frame + head->tp_mac + sizeof(struct ethhdr);
	uint64_t got;

	if (!(head->tp_status & TP_STATUS_USER) || head->tp_len != PAYLOAD + sizeof(struct ethhdr))
		return false;
	memcpy(&got, data, sizeof(got));
	if (got != number)
		return false;
	for (size_t i = sizeof(got); i < PAYLOAD; i++)
		if (data[i] != (uint8_t)(number * 7))
			return false;
	return true;
}

/* The ring's packets are those from @first on; it is empty afterwards. */
static int check_ring(int s, uint64_t first)
{
	uint8_t *ring = mmap(NULL, RING_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, s, 0);

	if (ring == MAP_FAILED)
		return fail("a ring is mapped");
	for (uint64_t i = 0; i < FRAMES; i++) {
		struct tpacket_hdr *head = (void *)(ring + i * FRAME);

		if (!frame_right(ring + i * FRAME, first + i))
			return fail("a frame is the one that was sent");
		head->tp_status = TP_STATUS_KERNEL;
		result->frames++;
	}
	munmap(ring, RING_BYTES);
	return 0;
}

static int use_rings(void *arg)
{
	int ring[RINGS];
	uint64_t n, want;

	(void)arg;
	if (scatter() || unshare(CLONE_NEWUSER | CLONE_NEWNET) || loopback_up())
		return fail("a network of its own");
	want = room_for(RINGS, RING_BYTES);
	for (n = 0; n < want; n++) {
		ring[n] = ring_open();
		if (ring[n] < 0)
			break;
	}
	if (n < want && errno != ENOMEM)
		return fail("a ring, or ENOMEM");
	result->rings = n;
	for (long round = 0; round < rounds; round++) {
		if (send_packets(FRAMES))
			return 1;
		for (uint64_t i = 0; i < n; i++)
			if (check_ring(ring[i], 0))
				return 1;
	}
	/* Giving it all back at once is part of it. */
	return 0;
}

/* ------------------------------------------------------------ io_uring */

struct uring {
	int fd;
	uint8_t *rings;
	struct io_uring_sqe *sqes;
	struct io_uring_params p;
};

static bool uring_open(struct uring *u)
{
	size_t bytes, array_end;

	memset(u, 0, sizeof(*u));
	u->fd = (int)syscall(__NR_io_uring_setup, URING_ENTRIES, &u->p);
	if (u->fd < 0)
		return false;
	bytes = u->p.cq_off.cqes + u->p.cq_entries * sizeof(struct io_uring_cqe);
	array_end = u->p.sq_off.array + u->p.sq_entries * sizeof(uint32_t);
	bytes = bytes > array_end ? bytes : array_end;
	u->rings = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, u->fd, IORING_OFF_SQ_RING);
	u->sqes = mmap(NULL, URING_ENTRIES * sizeof(*u->sqes), PROT_READ | PROT_WRITE, MAP_SHARED,
		       u->fd, IORING_OFF_SQES);
	if (u->rings == MAP_FAILED || u->sqes == MAP_FAILED) {
		close(u->fd);
		return false;
	}
	return true;
}

static uint32_t *word(struct uring *u, uint32_t offset)
{
	return (uint32_t *)(u->rings + offset);
}

static int uring_use(struct uring *u, uint64_t mark)
{
	uint32_t *array = word(u, u->p.sq_off.array), head;
	struct io_uring_cqe *cqes = (void *)(u->rings + u->p.cq_off.cqes);

	for (uint32_t i = 0; i < URING_ENTRIES; i++) {
		u->sqes[i] = (struct io_uring_sqe){ .opcode = IORING_OP_NOP, .user_data = mark + i };
		array[i] = i;
	}
	__atomic_store_n(word(u, u->p.sq_off.tail), *word(u, u->p.sq_off.tail) + URING_ENTRIES,
			 __ATOMIC_RELEASE);
	if (syscall(__NR_io_uring_enter, u->fd, URING_ENTRIES, 0, 0, NULL, 0) != URING_ENTRIES)
		return fail("entries are taken");
	head = *word(u, u->p.cq_off.head);
	for (uint32_t i = 0; i < URING_ENTRIES; i++) {
		const struct io_uring_cqe *cqe = &cqes[(head + i) & (u->p.cq_entries - 1)];

		if (cqe->user_data != mark + i || cqe->res)
			return fail("a completion is the entry's");
		result->completions++;
	}
	__atomic_store_n(word(u, u->p.cq_off.head), head + URING_ENTRIES, __ATOMIC_RELEASE);
	tried(URING_ENTRIES);
	return 0;
}

static int use_urings(void *arg)
{
	static struct uring uring[URINGS];
	uint64_t n, want;

	(void)arg;
	if (scatter())
		return 1;
	want = room_for(URINGS, URING_BYTES);
	for (n = 0; n < want && uring_open(&uring[n]); n++)
		;
	if (!n || (n < want && errno != ENOMEM))
		return fail("an io_uring, or ENOMEM");
	result->urings = n;
	for (long round = 0; round < rounds; round++)
		for (uint64_t i = 0; i < n; i++)
			if (uring_use(&uring[i], (uint64_t)round << 32 | i << 16))
				return 1;
	return 0;
}

/* ------------------------------------------------------------ what root sees */

static unsigned long counter(const char *name)
{
	char path[128], value[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/module/kernel_map/parameters/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	MUST(fd >= 0 && read(fd, value, sizeof(value) - 1) > 0);
	close(fd);
	return strtoul(value, NULL, 10);
}

static void held(int (*fn)(void *), const char *what)
{
	int status;

	*result = (struct result){ .wrong = NULL };
	status = attack(fn, NULL, 280000);
	say("%s: %llu MB were scattered; %llu packet rings, %llu frames; %llu io_urings, %llu completions",
	    what, (unsigned long long)result->free_mb, (unsigned long long)result->rings,
	    (unsigned long long)result->frames, (unsigned long long)result->urings,
	    (unsigned long long)result->completions);
	say("runs %lu of %lu, evictions %lu, faults %lu", counter("runs"), counter("limit"),
	    counter("evictions"), counter("faults"));
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "%s: %s (errno %d, status %#x)", what,
	      result->wrong ? result->wrong : "to the end", result->error, status);
	end_attackers();
}

int main(int argc, char **argv)
{
	attack_begin(argc, argv);
	if (argc > 2)
		rounds = atol(argv[2]);
	result = xshared(PAGE);
	attacker_limit.space_bytes = attacker_limit.file_bytes = 8UL << 30;
	held(use_rings, "packet rings");
	held(use_urings, "io_uring");
	if (counter("limit") < 10000)
		CHECK(counter("evictions") > 0, "the limit was met");
	return attack_end();
}
