// SPDX-License-Identifier: GPL-2.0-only
/*
 * pcitest - a PCI device for tests, served over vhost-user and the messages of
 * <linux/virtio_pcidev.h>: the endpoint that Linux's driver pci_endpoint_test wants.
 *
 * usage: pcitest SOCKET
 *
 * Listens on SOCKET, serves the first that connects and ends with it. BAR 0 has the driver's
 * registers, BAR 1 is one of I/O ports, BARs 2 (64 bits) and 4 are memory, BAR 5 has the MSI-X
 * table.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <linux/pci_regs.h>
#include <linux/virtio_ring.h>

/* ------------------------------------------------------------- the device */

enum { OP_CFG_READ = 1, OP_CFG_WRITE, OP_READ, OP_WRITE, OP_FILL, OP_INT, OP_MSI };

struct message {
	uint8_t op;
	uint8_t bar;
	uint16_t reserved;
	uint32_t size;
	uint64_t addr;
	uint8_t data[4096];
};
#define MESSAGE_HEAD	16

/* Registers in BAR 0, as indices of words. */
enum {
	REG_MAGIC, REG_COMMAND, REG_STATUS, REG_SRC, REG_SRC_HIGH, REG_DST, REG_DST_HIGH, REG_SIZE,
	REG_CHECKSUM, REG_IRQ_TYPE, REG_IRQ_NUMBER, REG_FLAGS
};

enum { IRQ_INTX, IRQ_MSI, IRQ_MSIX };

#define COMMAND_INTX		0x01
#define COMMAND_MSI		0x02
#define COMMAND_MSIX		0x04
#define COMMAND_READ		0x08
#define COMMAND_WRITE		0x10
#define COMMAND_COPY		0x20

#define STATUS_READ_OK		0x001
#define STATUS_READ_BAD		0x002
#define STATUS_WRITE_OK		0x004
#define STATUS_WRITE_BAD	0x008
#define STATUS_COPY_OK		0x010
#define STATUS_COPY_BAD		0x020
#define STATUS_IRQ_RAISED	0x040

#define CAP_MSI			0x50
#define CAP_MSIX		0x70
#define MSIX_VECTORS		16
#define MSIX_PENDING		0x800

static const struct bar {
	uint32_t size;
	uint32_t flags;
} bars[6] = {
	{ 1 << 20, PCI_BASE_ADDRESS_SPACE_MEMORY },
	{ 256, PCI_BASE_ADDRESS_SPACE_IO },
	{ 2 << 20, PCI_BASE_ADDRESS_MEM_TYPE_64 | PCI_BASE_ADDRESS_MEM_PREFETCH },
	{ 0, 0 },
	{ 4096, PCI_BASE_ADDRESS_SPACE_MEMORY },
	{ 4096, PCI_BASE_ADDRESS_SPACE_MEMORY },
};

static uint8_t config[256], writable[256];
static uint8_t *bar_memory[6];

static void die(const char *what)
{
	fprintf(stderr, "pcitest: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t get32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, 4);
	return value;
}

/* A field of the configuration: its value, and which of its bits can be written. */
static void field(unsigned int at, unsigned int size, uint32_t value, uint32_t mask)
{
	memcpy(config + at, &value, size);
	memcpy(writable + at, &mask, size);
}

static void make_config(void)
{
	field(PCI_VENDOR_ID, 4, 0xb500104c, 0);
	field(PCI_COMMAND, 2, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
	      PCI_COMMAND_INTX_DISABLE);
	field(PCI_STATUS, 2, PCI_STATUS_CAP_LIST, 0);
	field(PCI_CLASS_REVISION, 4, 0xff000001, 0);
	field(PCI_CAPABILITY_LIST, 1, CAP_MSI, 0);
	field(PCI_INTERRUPT_LINE, 2, 0x0100, 0xff);
	for (int i = 0; i < 6; i++) {
		if (!bars[i].size)
			continue;
		bar_memory[i] = calloc(1, bars[i].size);
		field(PCI_BASE_ADDRESS_0 + 4 * (unsigned int)i, 4, bars[i].flags, ~(bars[i].size - 1));
		if (bars[i].flags & PCI_BASE_ADDRESS_MEM_TYPE_64)
			field(PCI_BASE_ADDRESS_0 + 4 * (unsigned int)i + 4, 4, 0, ~0U);
	}
	field(CAP_MSI, 2, PCI_CAP_ID_MSI | CAP_MSIX << 8, 0);
	field(CAP_MSI + PCI_MSI_FLAGS, 2, PCI_MSI_FLAGS_64BIT | 5 << 1,
	      PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	field(CAP_MSI + PCI_MSI_ADDRESS_LO, 4, 0, ~3U);
	field(CAP_MSI + PCI_MSI_ADDRESS_HI, 4, 0, ~0U);
	field(CAP_MSI + PCI_MSI_DATA_64, 2, 0, 0xffff);
	field(CAP_MSIX, 2, PCI_CAP_ID_MSIX, 0);
	field(CAP_MSIX + PCI_MSIX_FLAGS, 2, MSIX_VECTORS - 1,
	      PCI_MSIX_FLAGS_ENABLE | PCI_MSIX_FLAGS_MASKALL);
	field(CAP_MSIX + PCI_MSIX_TABLE, 4, 5, 0);
	field(CAP_MSIX + PCI_MSIX_PBA, 4, MSIX_PENDING | 5, 0);
}

/* ---------------------------------------------------------------- rings */

static struct {
	uint64_t guest, size, user;
	uint8_t *at;
} regions[8];
static unsigned int region_count;

static struct ring {
	struct vring vring;
	uint16_t seen;
	int kick, call;
	bool started;
} rings[2];

static void *translate(uint64_t addr, uint64_t len, bool user)
{
	for (unsigned int i = 0; i < region_count; i++) {
		uint64_t base = user ? regions[i].user : regions[i].guest;

		if (addr >= base && len <= regions[i].size && addr - base <= regions[i].size - len)
			return regions[i].at + (addr - base);
	}
	fprintf(stderr, "pcitest: no memory at %llx\n", (unsigned long long)addr);
	exit(1);
}

/* The chain of a head: bytes that can be read, and those that can be written, in one piece each. */
static bool next_chain(struct ring *ring, uint16_t *head, struct vring_desc *out,
		       struct vring_desc *in)
{
	const struct vring *v = &ring->vring;
	const struct vring_desc *desc = v->desc;
	unsigned int at;

	if (ring->seen == __atomic_load_n(&v->avail->idx, __ATOMIC_ACQUIRE))
		return false;
	*head = v->avail->ring[ring->seen++ % v->num];
	*out = *in = (struct vring_desc){ 0 };
	at = *head;
	if (desc[at].flags & VRING_DESC_F_INDIRECT) {
		desc = translate(desc[at].addr, desc[at].len, false);
		at = 0;
	}
	for (;; at = desc[at].next) {
		*(desc[at].flags & VRING_DESC_F_WRITE ? in : out) = desc[at];
		if (!(desc[at].flags & VRING_DESC_F_NEXT))
			return true;
	}
}

static void use(struct ring *ring, uint16_t head, uint32_t len)
{
	struct vring_used *used = ring->vring.used;
	const uint64_t one = 1;

	used->ring[used->idx % ring->vring.num] = (struct vring_used_elem){ head, len };
	__atomic_store_n(&used->idx, (uint16_t)(used->idx + 1), __ATOMIC_RELEASE);
	if (ring->call >= 0 && write(ring->call, &one, sizeof(one)) < 0)
		die("call");
}

/* ------------------------------------------------------------ interrupts */

static void send_event(uint8_t op, uint32_t size, uint64_t addr, uint32_t data)
{
	struct message event = { .op = op, .size = size, .addr = addr };
	struct vring_desc out, in;
	uint16_t head;

	memcpy(event.data, &data, 4);
	if (!rings[1].started || !next_chain(&rings[1], &head, &out, &in)) {
		fprintf(stderr, "pcitest: no buffer for an interrupt\n");
		return;
	}
	memcpy(translate(in.addr, in.len, false), &event, MESSAGE_HEAD + size);
	use(&rings[1], head, MESSAGE_HEAD + size);
}

static void raise_irq(uint32_t type, uint32_t number)
{
	const uint8_t *entry = bar_memory[5] + (number - 1) * PCI_MSIX_ENTRY_SIZE;
	uint32_t *reg = (uint32_t *)bar_memory[0];

	reg[REG_STATUS] |= STATUS_IRQ_RAISED;
	if (type == IRQ_INTX)
		send_event(OP_INT, 0, 1, 0);
	else if (type == IRQ_MSI && (config[CAP_MSI + PCI_MSI_FLAGS] & PCI_MSI_FLAGS_ENABLE))
		send_event(OP_MSI, 2, get32(config + CAP_MSI + PCI_MSI_ADDRESS_LO),
			   (get32(config + CAP_MSI + PCI_MSI_DATA_64) & 0xffff) + number - 1);
	else if (type == IRQ_MSIX && number >= 1 && number <= MSIX_VECTORS &&
		 !(entry[PCI_MSIX_ENTRY_VECTOR_CTRL] & PCI_MSIX_ENTRY_CTRL_MASKBIT))
		send_event(OP_MSI, 4, get32(entry + PCI_MSIX_ENTRY_LOWER_ADDR),
			   get32(entry + PCI_MSIX_ENTRY_DATA));
}

/* ----------------------------------------------------------- the commands */

/* As Linux's crc32_le(~0, ...). */
static uint32_t crc32(const uint8_t *at, uint32_t size)
{
	uint32_t crc = ~0U;

	while (size--) {
		crc ^= *at++;
		for (int i = 0; i < 8; i++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

static void run_command(void)
{
	uint32_t *reg = (uint32_t *)bar_memory[0];
	const uint32_t command = reg[REG_COMMAND], size = reg[REG_SIZE];
	const uint64_t src = reg[REG_SRC] | (uint64_t)reg[REG_SRC_HIGH] << 32;
	const uint64_t dst = reg[REG_DST] | (uint64_t)reg[REG_DST_HIGH] << 32;
	uint8_t *to;

	reg[REG_COMMAND] = 0;
	reg[REG_STATUS] = 0;
	switch (command) {
	case COMMAND_READ:
		reg[REG_STATUS] = crc32(translate(src, size, false), size) == reg[REG_CHECKSUM] ?
			STATUS_READ_OK : STATUS_READ_BAD;
		break;
	case COMMAND_WRITE:
		to = translate(dst, size, false);
		for (uint32_t i = 0; i < size; i++)
			to[i] = (uint8_t)rand();
		reg[REG_CHECKSUM] = crc32(to, size);
		reg[REG_STATUS] = STATUS_WRITE_OK;
		break;
	case COMMAND_COPY:
		memcpy(translate(dst, size, false), translate(src, size, false), size);
		reg[REG_STATUS] = STATUS_COPY_OK;
		break;
	}
	if (command)
		raise_irq(reg[REG_IRQ_TYPE], reg[REG_IRQ_NUMBER]);
}

static bool inside(const struct message *m)
{
	uint32_t size = sizeof(config);

	if (m->op >= OP_READ)
		size = m->bar < 6 ? bars[m->bar].size : 0;
	return m->size <= size && m->addr <= size - m->size;
}

static void serve_command(struct message *m, uint8_t *answer)
{
	if (!inside(m)) {
		fprintf(stderr, "pcitest: op %u of %u bytes at %llx of BAR %u\n", m->op, m->size,
			(unsigned long long)m->addr, m->bar);
		exit(1);
	}
	switch (m->op) {
	case OP_CFG_READ:
		memcpy(answer, config + m->addr, m->size);
		break;
	case OP_CFG_WRITE:
		for (uint64_t i = 0; i < m->size; i++) {
			uint8_t mask = writable[m->addr + i], *at = &config[m->addr + i];

			*at = (*at & (uint8_t)~mask) | (m->data[i] & mask);
		}
		break;
	case OP_READ:
		memcpy(answer, bar_memory[m->bar] + m->addr, m->size);
		break;
	case OP_WRITE:
		memcpy(bar_memory[m->bar] + m->addr, m->data, m->size);
		if (m->bar == 0 && m->addr == REG_COMMAND * 4)
			run_command();
		break;
	case OP_FILL:
		memset(bar_memory[m->bar] + m->addr, m->data[0], m->size);
		break;
	}
}

static void serve_ring(struct ring *ring)
{
	static struct message m;
	struct vring_desc out, in;
	uint16_t head;
	uint64_t count;

	if (read(ring->kick, &count, sizeof(count)) < 0)
		die("kick");
	ring->started = true;
	if (ring == &rings[1])
		return;
	while (next_chain(ring, &head, &out, &in)) {
		if (out.len < MESSAGE_HEAD || out.len > sizeof(m))
			exit(1);
		memcpy(&m, translate(out.addr, out.len, false), out.len);
		serve_command(&m, in.len >= m.size ? translate(in.addr, in.len, false) : NULL);
		use(ring, head, in.len);
	}
}

/* ------------------------------------------------------------- vhost-user */

enum {
	GET_FEATURES = 1, SET_FEATURES, SET_OWNER, SET_MEM_TABLE = 5, SET_VRING_NUM = 8,
	SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL,
	GET_PROTOCOL_FEATURES = 15, SET_PROTOCOL_FEATURES, SET_VRING_ENABLE = 18
};

struct request {
	uint32_t what, flags, size;
	union {
		uint64_t number;
		struct { uint32_t index, num; } state;
		struct { uint32_t index, flags; uint64_t desc, used, avail, log; } addr;
		struct {
			uint32_t count, pad;
			struct { uint64_t guest, size, user, offset; } region[8];
		} memory;
	};
} __attribute__((packed));
#define REQUEST_HEAD	12

static void map_memory(const struct request *r, const int *fds)
{
	region_count = r->memory.count;
	for (unsigned int i = 0; i < region_count; i++) {
		uint64_t offset = r->memory.region[i].offset, size = r->memory.region[i].size;
		uint8_t *at = mmap(NULL, size + offset, PROT_READ | PROT_WRITE, MAP_SHARED, fds[i], 0);

		if (at == MAP_FAILED)
			die("guest memory");
		close(fds[i]);
		regions[i].guest = r->memory.region[i].guest;
		regions[i].user = r->memory.region[i].user;
		regions[i].size = size;
		regions[i].at = at + offset;
	}
}

/* Return: size of the answer, which is in the request's place, or 0. */
static uint32_t serve_request(struct request *r, const int *fds)
{
	struct ring *ring = &rings[r->state.index & 1];

	switch (r->what) {
	case GET_FEATURES:	/* VERSION_1, INDIRECT_DESC, protocol features */
		r->number = 1ULL << 32 | 1ULL << 28 | 1ULL << 30;
		return 8;
	case GET_PROTOCOL_FEATURES:	/* REPLY_ACK */
		r->number = 1ULL << 3;
		return 8;
	case SET_MEM_TABLE:
		map_memory(r, fds);
		break;
	case SET_VRING_NUM:
		ring->vring.num = r->state.num;
		break;
	case SET_VRING_BASE:
		ring->seen = (uint16_t)r->state.num;
		break;
	case GET_VRING_BASE:
		ring->started = false;
		r->state.num = ring->seen;
		return 8;
	case SET_VRING_ADDR:
		ring->vring.desc = translate(r->addr.desc, 16ULL * ring->vring.num, true);
		ring->vring.avail = translate(r->addr.avail, 4 + 2ULL * ring->vring.num, true);
		ring->vring.used = translate(r->addr.used, 4 + 8ULL * ring->vring.num, true);
		break;
	case SET_VRING_KICK:
		ring->kick = r->number & 0x100 ? -1 : fds[0];
		break;
	case SET_VRING_CALL:
		ring->call = r->number & 0x100 ? -1 : fds[0];
		break;
	}
	return 0;
}

static void serve_socket(int fd)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(8 * sizeof(int))];
	} control;
	struct request r;
	struct iovec iov = { &r, REQUEST_HEAD };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
			      .msg_controllen = sizeof(control) };
	int fds[8] = { -1 };
	uint32_t size;

	if (recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_WAITALL) != REQUEST_HEAD)
		exit(0);
	if (msg.msg_controllen)
		memcpy(fds, CMSG_DATA(&control.head), control.head.cmsg_len - CMSG_LEN(0));
	if (r.size > sizeof(r) - REQUEST_HEAD ||
	    (r.size && recv(fd, &r.number, r.size, MSG_WAITALL) != (ssize_t)r.size))
		exit(1);
	size = serve_request(&r, fds);
	if (!size && (r.flags & 8)) {
		r.number = 0;
		size = 8;
	}
	if (!size)
		return;
	r.flags = 5;
	r.size = size;
	if (send(fd, &r, REQUEST_HEAD + size, MSG_NOSIGNAL) < 0)
		die("answer");
}

int main(int argc, char **argv)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct pollfd pfd[3];
	int listener, fd;

	if (argc != 2 || strlen(argv[1]) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "usage: pcitest SOCKET\n");
		return 2;
	}
	strcpy(addr.sun_path, argv[1]);
	make_config();
	rings[0].kick = rings[0].call = rings[1].kick = rings[1].call = -1;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) || listen(listener, 1))
		die(argv[1]);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		die(argv[1]);
	unlink(argv[1]);
	for (;;) {
		pfd[0] = (struct pollfd){ .fd = fd, .events = POLLIN };
		for (int i = 0; i < 2; i++)
			pfd[i + 1] = (struct pollfd){ .fd = rings[i].kick, .events = POLLIN };
		if (poll(pfd, 3, -1) < 0)
			die("poll");
		for (int i = 0; i < 2; i++) {
			if (pfd[i + 1].revents & POLLIN)
				serve_ring(&rings[i]);
		}
		if (pfd[0].revents)
			serve_socket(fd);
	}
}
