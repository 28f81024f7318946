// SPDX-License-Identifier: GPL-2.0-only
/*
 * switch_frames.c - fuzzes frames on their way through the whole switch, with and without VLANs,
 * ports that block, come and go.
 *
 * The first byte chooses the settings. Then each step has a head of four bytes: what to do, at which
 * port, and the length of a frame that follows.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/switch_memory.h"

enum { PORTS = 6, HEAD = 4, STEPS_MAX = 200 };

static const char *const rule_sets[][3] = {
	{ NULL, NULL, NULL },
	{ "1,vlan=10", "2,trunk=all,native=1", "3,trunk=10+20" },
	{ "1,isolated", "2,isolated", "3,mirror" },
	{ "1,sticky,mac-limit=2", "2,pps=3,flood=1", "3,trunk=1,rate=1k" },
};

struct bench {
	struct loop loop;
	struct settings settings;
	struct fabric fabric;
};

static void add_rules(struct bench *bench, unsigned int set)
{
	const char *problem;

	for (int i = 0; i < 3; i++)
		if (rule_sets[set][i] &&
		    rules_add(&bench->settings.rules, rule_sets[set][i], &problem))
			abort();
}

static void step(struct bench *bench, const uint8_t *head, const uint8_t *bytes, uint32_t length)
{
	struct port *port = bench->fabric.ports[head[1] % PORTS];
	struct memory_port *memory;

	if (!port) {
		memory_attach(&bench->fabric);
		return;
	}
	memory = container_of(port, struct memory_port, port);
	switch (head[0] % 8) {
	case 0:
		port_remove(port, NULL);
		break;
	case 1:
		memory->room = head[2];
		break;
	case 2:
		loop_turn(&bench->loop, 0);
		fabric_turn(&bench->fabric);
		break;
	case 3:
		bench->loop.now_ns += (uint64_t)head[2] << 32;
		fabric_second(&bench->fabric);
		break;
	default:
		if (!port->held_for)
			memory_feed(memory, bytes, length, 1u + head[0] / 8);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct bench bench = { 0 };

	if (length < 1)
		return 0;
	settings_default(&bench.settings);
	bench.settings.max_frame = 1600;
	bench.settings.hub = bytes[0] & 0x80;
	add_rules(&bench, bytes[0] % 4);
	if (loop_open(&bench.loop) ||
	    fabric_open(&bench.fabric, &bench.loop, &bench.settings, PORTS))
		abort();
	for (int i = 0; i < PORTS; i++)
		memory_attach(&bench.fabric);
	bytes++, length--;
	for (int steps = 0; length >= HEAD && steps < STEPS_MAX; steps++) {
		const uint8_t *head = bytes;
		size_t frame = (size_t)head[2] << 3 | head[3] % 8;

		bytes += HEAD, length -= HEAD;
		if (frame > length)
			frame = length;
		step(&bench, head, bytes, (uint32_t)frame);
		bytes += frame, length -= frame;
	}
	fabric_close(&bench.fabric);
	loop_close(&bench.loop);
	settings_free(&bench.settings);
	return 0;
}
