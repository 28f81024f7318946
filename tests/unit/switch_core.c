// SPDX-License-Identifier: GPL-2.0-only
/* switch_core.c - unit tests of uml_switch: requests, forwarding table, VLANs, rules, forwarding. */
#include <config.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "switch_memory.h"
#include "uml_switch/vlan.h"
#include "unit.h"
#include "wire/switch.h"

static void set_path(struct switch_address *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	strcpy((char *)address->path, path);
	address->length = (uint8_t)(strlen(path) + 1);
}

static void requests_of_all_versions_come_back(void)
{
	static const uint32_t versions[] = { 0, 1, 3 };
	static const size_t sizes[] = { SWITCH_V0_BYTES, SWITCH_V1_BYTES, SWITCH_V3_BYTES };

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		struct switch_request request = { .version = versions[i] }, back;
		uint8_t bytes[SWITCH_REQUEST_BYTES_MAX + 1] = { 0 };
		size_t length;

		set_path(&request.data, "/tmp/data");
		length = switch_encode_request(bytes, &request);
		CHECK_EQ(length, sizes[i]);
		CHECK_EQ(switch_decode_request(bytes, length, &back), SWITCH_GOOD);
		CHECK_EQ(back.version, versions[i]);
		CHECK_EQ(back.type, SWITCH_REQUEST_PORT);
		CHECK_EQ(back.data.length, 10);
		CHECK(!strcmp((char *)back.data.path, "/tmp/data"));
		for (size_t cut = 0; cut < length - (versions[i] == 3 ? 2 : 0); cut++)
			CHECK_EQ(switch_decode_request(bytes, cut, &back), SWITCH_SHORT);
		CHECK_EQ(switch_decode_request(bytes, length + 1, &back), SWITCH_LONG);
	}
}

/* The bytes that user-mode Linux 6.1 sends, as seen on its control connection. */
static void a_stock_request_is_understood(void)
{
	static const uint8_t head[] = { 0xce, 0xfa, 0xed, 0xfe, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0 };
	uint8_t bytes[SWITCH_V3_BYTES] = { 0 };
	struct switch_request request;

	memcpy(bytes, head, sizeof(head));
	memcpy(bytes + sizeof(head), "\x7f\0\0\x12\x34", 5);
	CHECK_EQ(switch_decode_request(bytes, sizeof(bytes), &request), SWITCH_GOOD);
	CHECK_EQ(request.version, 3);
	CHECK_EQ(request.data.length, SWITCH_PATH_BYTES);
	CHECK_EQ(request.data.path[1], 0x7f);
}

static void wrong_requests_are_told_apart(void)
{
	struct switch_request request = { .version = 3 };
	uint8_t bytes[SWITCH_REQUEST_BYTES_MAX];
	size_t length;

	set_path(&request.data, "x");
	length = switch_encode_request(bytes, &request);
	bytes[4] = 2;
	CHECK_EQ(switch_decode_request(bytes, length, &request), SWITCH_VERSION_UNKNOWN);
	CHECK_EQ(request.version, 2);
	bytes[4] = 3;
	bytes[8] = 1;
	CHECK_EQ(switch_decode_request(bytes, length, &request), SWITCH_TYPE_UNKNOWN);
	bytes[8] = 0;
	bytes[12] = 2;
	CHECK_EQ(switch_decode_request(bytes, length, &request), SWITCH_ADDRESS_BAD);
	bytes[12] = 1;
	bytes[14] = 0;
	CHECK_EQ(switch_decode_request(bytes, length, &request), SWITCH_ADDRESS_BAD);
	request = (struct switch_request){ .version = 4 };
	CHECK_EQ(switch_encode_request(bytes, &request), 0);
	request = (struct switch_request){ .type = SWITCH_REQUEST_STATUS, .form = 'j' };
	length = switch_encode_request(bytes, &request);
	CHECK_EQ(switch_decode_request(bytes, length, &request), SWITCH_GOOD);
	CHECK_EQ(request.form, SWITCH_STATUS_JSON);
	bytes[14] = 'x';
	CHECK_EQ(switch_decode_request(bytes, length, &request), SWITCH_TYPE_UNKNOWN);
}

static void replies_and_lengths_come_back(void)
{
	uint8_t bytes[SWITCH_REPLY_BYTES];
	struct switch_address address, back;

	set_path(&address, "/tmp/switch");
	switch_encode_reply(bytes, &address);
	CHECK_EQ(switch_decode_reply(bytes, sizeof(bytes), &back), SWITCH_GOOD);
	CHECK(!memcmp(&address, &back, sizeof(back)));
	CHECK_EQ(switch_decode_reply(bytes, sizeof(bytes) - 1, &back), SWITCH_SHORT);
	switch_encode_length(bytes, 0x01020304);
	CHECK(!memcmp(bytes, "\1\2\3\4", 4));
	CHECK_EQ(switch_decode_length(bytes), 0x01020304);
}

static void addresses_are_learned_move_and_age(void)
{
	struct fdb *fdb = fdb_new(64, 8, 100);
	unsigned int old = 0;

	CHECK_EQ(fdb_find(fdb, 0, 5, 1), 0);
	CHECK_EQ(fdb_learn(fdb, 0, 5, 1, 9, 1, &old), FDB_NEW);
	CHECK_EQ(fdb_learn(fdb, 0, 5, 1, 9, 2, &old), FDB_KNOWN);
	CHECK_EQ(fdb_find(fdb, 0, 5, 102), 1);
	CHECK_EQ(fdb_find(fdb, 0, 5, 103), 0);
	CHECK_EQ(fdb_find(fdb, 7, 5, 2), 0);
	CHECK_EQ(fdb_learn(fdb, 0, 5, 2, 9, 3, &old), FDB_MOVED);
	CHECK_EQ(old, 1);
	CHECK_EQ(fdb_find(fdb, 0, 5, 3), 2);
	CHECK_EQ(fdb_count(fdb, 1), 0);
	CHECK_EQ(fdb_count(fdb, 2), 1);
	fdb_forget_port(fdb, 2);
	CHECK_EQ(fdb_find(fdb, 0, 5, 3), 0);
	CHECK_EQ(fdb_learn(fdb, 0, 5, 3, 9, 3, &old), FDB_NEW);
	fdb_sweep(fdb, 500);
	CHECK_EQ(fdb_count(fdb, 0), 0);
	fdb_free(fdb);
}

static void ports_and_table_have_limits(void)
{
	struct fdb *fdb = fdb_new(16, 8, 100);
	unsigned int old = 0;

	for (uint64_t mac = 1; mac <= 4; mac++)
		CHECK_EQ(fdb_learn(fdb, 0, mac, 1, 4, 1, &old), FDB_NEW);
	CHECK_EQ(fdb_learn(fdb, 0, 99, 1, 4, 1, &old), FDB_FULL);
	CHECK_EQ(fdb_learn(fdb, 0, 1, 1, 4, 1, &old), FDB_KNOWN);
	for (uint64_t mac = 10; mac < 22; mac++)
		CHECK_EQ(fdb_learn(fdb, 0, mac, 2, 100, 1, &old), FDB_NEW);
	CHECK_EQ(fdb_learn(fdb, 0, 50, 2, 100, 1, &old), FDB_FULL);
	fdb_set_sticky(fdb, 1, true);
	CHECK_EQ(fdb_learn(fdb, 0, 1, 3, 100, 1, &old), FDB_HELD);
	CHECK_EQ(fdb_find(fdb, 0, 1, 1), 1);
	CHECK_EQ(fdb_learn(fdb, 0, 1, 3, 100, 200, &old), FDB_NEW);
	fdb_free(fdb);
}

/* A user with many ports floods a full table; another one comes before that, one after it. */
static void a_full_table_is_shared_by_users(void)
{
	enum { ROOM = 512, PORTS = 16, ATTACKERS = 12, ADDRESSES = 100 };
	struct fdb *fdb = fdb_new(ROOM, PORTS, 300);
	unsigned int old;

	for (unsigned int port = 1; port <= ATTACKERS; port++)
		fdb_set_user(fdb, port, 1001);
	fdb_set_user(fdb, 13, 1002);
	fdb_set_user(fdb, 14, 1003);
	for (uint64_t mac = 0; mac < ADDRESSES; mac++)
		CHECK_EQ(fdb_learn(fdb, 0, mac, 13, 4096, 1, &old), FDB_NEW);
	for (uint64_t round = 0, mac = 1000; round < 3; round++) {
		for (unsigned int port = 1; port <= ATTACKERS; port++) {
			for (int i = 0; i < 4096; i++)
				fdb_learn(fdb, 0, mac++, port, 4096, 2, &old);
			/* It leaves and comes back: nobody is outdated by that but itself. */
			if (port % 3 == round) {
				fdb_forget_port(fdb, port);
				fdb_set_user(fdb, port, 1001);
			}
		}
		CHECK(fdb_count(fdb, 0) <= ROOM);
		for (uint64_t other = 0; other < ADDRESSES; other++)
			CHECK_EQ(fdb_find(fdb, 0, other, 2), 13);
	}
	for (uint64_t mac = 500; mac < 500 + ADDRESSES; mac++)
		CHECK_EQ(fdb_learn(fdb, 0, mac, 14, 4096, 2, &old), FDB_NEW);
	for (uint64_t mac = 900000; mac < 910000; mac++)
		fdb_learn(fdb, 0, mac, 1, 4096, 3, &old);
	for (uint64_t mac = 0; mac < ADDRESSES; mac++) {
		CHECK_EQ(fdb_find(fdb, 0, mac, 3), 13);
		CHECK_EQ(fdb_find(fdb, 0, 500 + mac, 3), 14);
	}
	/* Its own newest address is there: the oldest one gave way. */
	CHECK_EQ(fdb_find(fdb, 0, 909999, 3), 1);
	fdb_free(fdb);
}

/* Of one user's ports, too, none loses addresses to one that has more. */
static void a_share_is_shared_by_ports(void)
{
	struct fdb *fdb = fdb_new(64, 4, 300);
	unsigned int old;

	for (unsigned int port = 1; port <= 3; port++)
		fdb_set_user(fdb, port, 1000);
	for (uint64_t mac = 0; mac < 1000; mac++)
		fdb_learn(fdb, 0, mac, 1, 4096, 1, &old);
	for (uint64_t mac = 2000; mac < 2020; mac++)
		CHECK_EQ(fdb_learn(fdb, 0, mac, 2, 4096, 1, &old), FDB_NEW);
	for (uint64_t mac = 3000; mac < 5000; mac++)
		fdb_learn(fdb, 0, mac, 1, 4096, 1, &old);
	for (uint64_t mac = 2000; mac < 2020; mac++)
		CHECK_EQ(fdb_find(fdb, 0, mac, 1), 2);
	CHECK_EQ(fdb_count(fdb, 2), 20);
	CHECK_EQ(fdb_count(fdb, 0), 64);
	fdb_free(fdb);
}

/* A table that is always full, with ports that come and go: counts agree with what is found. */
static void a_full_table_stays_whole(void)
{
	enum { ROOM = 128, PORTS = 9, STEPS = 200000, MACS = 600 };
	struct fdb *fdb = fdb_new(ROOM, PORTS, 40);
	unsigned int old, now = 1000;

	srandom(11);
	for (int step = 0; step < STEPS; step++) {
		unsigned int port = 1 + (unsigned int)random() % PORTS, found = 0;

		if (!(random() % 300))
			fdb_forget_port(fdb, port);
		if (!(random() % 200))
			fdb_set_user(fdb, port, (uint64_t)random() % 4);
		fdb_learn(fdb, 1, (uint64_t)random() % MACS, port, 100, now, &old);
		if (!(random() % 100))
			now++;
		if (!(random() % 3000))
			fdb_sweep(fdb, now);
		CHECK(fdb_count(fdb, 0) <= ROOM);
		if (step % 1000)
			continue;
		for (uint64_t mac = 0; mac < MACS; mac++)
			found += fdb_find(fdb, 1, mac, now) != 0;
		old = 0;
		for (port = 1; port <= PORTS; port++)
			old += fdb_count(fdb, port);
		CHECK(found <= old && old <= fdb_count(fdb, 0));
	}
	for (unsigned int port = 1; port <= PORTS; port++)
		fdb_forget_port(fdb, port);
	fdb_sweep(fdb, now);
	CHECK_EQ(fdb_count(fdb, 0), 0);
	fdb_free(fdb);
}

/* The table against an array, with random learning, ageing, leaving and sweeping. */
static void the_table_agrees_with_a_simple_one(void)
{
	enum { MACS = 300, PORTS = 5, STEPS = 40000, AGE = 50 };
	static struct { unsigned int port; uint32_t seen; } model[MACS];
	struct fdb *fdb = fdb_new(1024, PORTS, AGE);
	unsigned int old, now = 1000;

	srandom(7);
	for (int step = 0; step < STEPS; step++) {
		unsigned int mac = (unsigned int)random() % MACS;
		unsigned int port = 1 + (unsigned int)random() % PORTS;
		unsigned int alive = now - model[mac].seen <= AGE ? model[mac].port : 0;

		CHECK_EQ(fdb_find(fdb, 3, mac, now), alive);
		if (random() % 3) {
			fdb_learn(fdb, 3, mac, port, MACS, now, &old);
			model[mac].port = port;
			model[mac].seen = now;
		}
		if (!(random() % 50))
			now += 3;
		if (!(random() % 100))
			fdb_sweep(fdb, now);
		if (!(random() % 500)) {
			fdb_forget_port(fdb, port);
			for (int i = 0; i < MACS; i++)
				if (model[i].port == port)
					model[i].port = 0;
		}
	}
	fdb_sweep(fdb, now + 1000);
	CHECK_EQ(fdb_count(fdb, 0), 0);
	for (unsigned int port = 1; port <= PORTS; port++)
		CHECK_EQ(fdb_count(fdb, port), 0);
	fdb_free(fdb);
}

static void vlan_lists_are_parsed(void)
{
	static const char *const wrong[] = { "", "0", "4095", "1+", "+1", "3-2", "1-", "x", "1,2" };
	struct vlans vlans = { 0 };

	CHECK_EQ(vlans_parse("1+10-12+4094", &vlans), 0);
	CHECK(vlans_have(&vlans, 1) && vlans_have(&vlans, 10) && vlans_have(&vlans, 12));
	CHECK(vlans_have(&vlans, 4094) && !vlans_have(&vlans, 13) && !vlans_have(&vlans, 2));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK_EQ(vlans_parse(wrong[i], &vlans), -EINVAL);
	CHECK_EQ(vlans_parse("all", &vlans), 0);
	CHECK(vlans_have(&vlans, 2));
}

static uint8_t untagged_bytes[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
				      0x08, 0x00, 'd' };
static uint8_t tagged_bytes[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
				    0x81, 0x00, 0xe0, 20, 0x08, 0x00, 'd' };
static uint8_t priority_bytes[64] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1,
				      0x81, 0x00, 0xa0, 0, 0x08, 0x00, 'd' };

static void tags_are_classified(void)
{
	struct vlans access = { .untagged = 10 }, trunk = { .trunk = true };
	struct frame untagged = { .bytes = untagged_bytes, .length = 60 };
	struct frame tagged = { .bytes = tagged_bytes, .length = 64 };
	struct frame priority = { .bytes = priority_bytes, .length = 64 };
	struct frame cut = { .bytes = tagged_bytes, .length = 17 };

	vlans_add(&access, 10);
	vlans_add(&trunk, 20);
	CHECK(vlans_classify(&access, &untagged));
	CHECK_EQ(untagged.vlan, 10);
	CHECK(!vlans_classify(&access, &tagged));
	CHECK(vlans_classify(&access, &priority));
	CHECK_EQ(priority.vlan, 10);
	CHECK(!vlans_classify(&trunk, &untagged));
	CHECK(vlans_classify(&trunk, &tagged));
	CHECK_EQ(tagged.vlan, 20);
	/* The type of a tag, and no tag: not for those who read on. */
	CHECK(!vlans_classify(&access, &cut));
	CHECK(!cut.tagged);
}

static void join(const struct packet *packet, uint8_t *bytes)
{
	for (uint32_t i = 0; i < packet->part_count; i++) {
		memcpy(bytes, packet->parts[i].iov_base, packet->parts[i].iov_len);
		bytes += packet->parts[i].iov_len;
	}
}

static void tags_are_put_on_and_taken_off(void)
{
	struct frame frame = { .bytes = untagged_bytes, .length = 60, .vlan = 20 };
	struct packet packet;
	uint8_t bytes[64];

	frame_parts(&frame, FRAME_UNTAGGED, &packet);
	CHECK_EQ(packet.length, 60);
	frame_parts(&frame, FRAME_TAGGED, &packet);
	CHECK_EQ(packet.length, 64);
	join(&packet, bytes);
	CHECK(!memcmp(bytes + 12, "\x81\0\0\x14\x08\0d", 7));
	frame = (struct frame){ .bytes = tagged_bytes, .length = 64, .vlan = 20, .tagged = true };
	frame_parts(&frame, FRAME_UNTAGGED, &packet);
	CHECK_EQ(packet.length, 60);
	join(&packet, bytes);
	CHECK(!memcmp(bytes, untagged_bytes, 60));
	/* A priority stays when the VLAN is put in. */
	frame = (struct frame){ .bytes = priority_bytes, .length = 64, .vlan = 20, .tagged = true };
	frame_parts(&frame, FRAME_TAGGED, &packet);
	join(&packet, bytes);
	CHECK(!memcmp(bytes + 12, "\x81\0\xa0\x14\x08\0d", 7));
}

static void rules_match_and_override(void)
{
	struct port_identity identity = { .kind = "unix", .number = 3, .umid = "red",
					  .listener = "/run/a.ctl", .path = "/tmp/x1",
					  .has_uid = true, .uid = 1000 };
	struct port_settings settings = { .mac_limit = 5 };
	struct rules rules = { 0 };
	const char *problem;

	CHECK_EQ(rules_add(&rules, "all,rate=10M,vlan=7", &problem), 0);
	CHECK_EQ(rules_add(&rules, "tap0,vlan=8", &problem), 0);
	CHECK_EQ(rules_add(&rules, "umid:red,trunk=1+5,native=5", &problem), 0);
	CHECK_EQ(rules_add(&rules, "uid:1000,isolated", &problem), 0);
	CHECK_EQ(rules_add(&rules, "/tmp/x*,pps=2k", &problem), 0);
	CHECK_EQ(rules_add(&rules, "/run/*,flood=9", &problem), 0);
	CHECK_EQ(rules_add(&rules, "4,mirror", &problem), 0);
	rules_apply(&rules, &identity, &settings);
	CHECK_EQ(settings.bits_per_second, 10000000);
	CHECK_EQ(settings.frames_per_second, 2000);
	CHECK_EQ(settings.floods_per_second, 9);
	CHECK_EQ(settings.vlans.untagged, 5);
	CHECK(settings.vlans.trunk && vlans_have(&settings.vlans, 1));
	CHECK(settings.isolated && !settings.mirror && !settings.sticky);
	CHECK_EQ(settings.mac_limit, 5);
	CHECK(rules.vlans);
	rules_free(&rules);
}

static void wrong_rules_are_refused(void)
{
	static const char *const wrong[] = { "", "all", ",vlan=1", "all,", "all,vlan", "all,vlan=0",
		"all,vlan=4095", "all,native=5", "all,rate=0", "all,rate=-1", "all,rate=1x",
		"all,rate=9999999999999", "all,isolated=1", "all,nothing=1", "uid:nobody-there,mirror",
		"all,trunk=1,native=x", "all,rate=", "all,rate=M" };
	struct rules rules = { 0 };
	const char *problem;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(rules_add(&rules, wrong[i], &problem) < 0);
	CHECK(!rules.first);
	rules_free(&rules);
}

static void rates_refill(void)
{
	struct rate rate;
	uint64_t second = 1000000000;
	int passed = 0;

	rate_set(&rate, 0);
	CHECK(rate_allows(&rate, 1u << 30, 1));
	rate_set(&rate, 1000);
	for (uint64_t now = second; now < 3 * second; now += 100000)
		passed += rate_allows(&rate, 1, now);
	CHECK(passed >= 2000 && passed <= 2101);
	/* One that is larger than the bucket is paid for by what follows. */
	rate_set(&rate, 1000);
	CHECK(rate_allows(&rate, 5000, second));
	CHECK(!rate_allows(&rate, 1, 4 * second));
	CHECK(rate_allows(&rate, 1, 7 * second));
}

static void a_backlog_leaves_room_for_all(void)
{
	static uint8_t bytes[1000];
	struct packet packet = { .parts = { { bytes, sizeof(bytes) } }, .part_count = 1,
				 .length = sizeof(bytes) };
	struct packet front[4];
	struct backlog backlog = { 0 };
	unsigned int flooder = 0;

	while (backlog_add(&backlog, &packet, 1))
		flooder++;
	CHECK_EQ(flooder, BACKLOG_FRAMES / 2);
	for (uint64_t source = 2; source < 12; source++)
		for (int i = 0; i < 4; i++)
			CHECK(backlog_add(&backlog, &packet, source));
	CHECK(!backlog_add(&backlog, &packet, 1));
	CHECK_EQ(backlog_packets(&backlog, front, 4), 4);
	backlog_drop(&backlog, 4);
	CHECK_EQ(backlog.count, flooder + 36);
	backlog_free(&backlog);
	CHECK_EQ(backlog.count, 0);
	CHECK_EQ(backlog.bytes, 0);
}

/* ---- forwarding ------------------------------------------------------------------------------ */

struct bench {
	struct loop loop;
	struct settings settings;
	struct fabric fabric;
	struct memory_port *ports[5];	/* by number, from 1 */
};

/* The last of the rules is NULL. */
static void bench_open_with(struct bench *bench, const char *const *rules)
{
	const char *problem;

	memset(bench, 0, sizeof(*bench));
	settings_default(&bench->settings);
	for (; *rules; rules++)
		CHECK_EQ(rules_add(&bench->settings.rules, *rules, &problem), 0);
	CHECK_EQ(loop_open(&bench->loop), 0);
	CHECK_EQ(fabric_open(&bench->fabric, &bench->loop, &bench->settings, 8), 0);
	for (int i = 1; i <= 4; i++)
		bench->ports[i] = memory_attach(&bench->fabric);
}

static void bench_open(struct bench *bench, const char *rule, const char *rule2)
{
	bench_open_with(bench, (const char *const[]){ rule, rule2, NULL });
}

static void bench_close(struct bench *bench)
{
	fabric_close(&bench->fabric);
	loop_close(&bench->loop);
	settings_free(&bench->settings);
}

static void send_to(struct bench *bench, unsigned int port, unsigned int to, unsigned int from)
{
	uint8_t bytes[60] = { 2, 0, 0, 0, 0, (uint8_t)to, 2, 0, 0, 0, 0, (uint8_t)from, 8, 0 };

	if (!to)
		memset(bytes, 0xff, 6);
	memory_feed(bench->ports[port], bytes, sizeof(bytes), 1);
}

/* How many packets each port got, as decimal digits. */
static unsigned int sent(const struct bench *bench)
{
	return bench->ports[1]->sent * 1000 + bench->ports[2]->sent * 100 +
	       bench->ports[3]->sent * 10 + bench->ports[4]->sent;
}

static void frames_go_where_they_should(void)
{
	struct bench bench;

	bench_open(&bench, NULL, NULL);
	send_to(&bench, 1, 0, 1);
	CHECK_EQ(sent(&bench), 111);
	send_to(&bench, 2, 1, 2);
	CHECK_EQ(sent(&bench), 1111);
	send_to(&bench, 3, 9, 3);
	CHECK_EQ(sent(&bench), 2212);
	/* To itself: to nobody. */
	send_to(&bench, 3, 3, 3);
	CHECK_EQ(sent(&bench), 2212);
	/* The station moves. */
	send_to(&bench, 4, 2, 1);
	send_to(&bench, 2, 1, 2);
	CHECK_EQ(sent(&bench), 2313);
	/* Its port goes, and with it what was learned. */
	port_remove(&bench.ports[4]->port, NULL);
	send_to(&bench, 2, 1, 2);
	CHECK_EQ(bench.ports[1]->sent, 3);
	bench_close(&bench);
}

static void a_hub_sends_to_all(void)
{
	struct bench bench;

	bench_open(&bench, NULL, NULL);
	bench.settings.hub = true;
	send_to(&bench, 1, 0, 1);
	send_to(&bench, 2, 1, 2);
	CHECK_EQ(sent(&bench), 1122);
	bench_close(&bench);
}

static void isolated_ports_reach_only_others(void)
{
	struct bench bench;

	bench_open(&bench, "1,isolated", "2,isolated");
	send_to(&bench, 1, 0, 1);
	CHECK_EQ(sent(&bench), 11);
	send_to(&bench, 2, 1, 2);
	CHECK_EQ(sent(&bench), 11);
	send_to(&bench, 3, 0, 3);
	CHECK_EQ(sent(&bench), 1112);
	bench_close(&bench);
}

static void vlans_are_apart(void)
{
	struct bench bench;

	bench_open(&bench, "1,vlan=20", "2,trunk=20+30");
	memory_feed(bench.ports[1], untagged_bytes, 60, 1);
	CHECK_EQ(sent(&bench), 100);
	CHECK_EQ(bench.ports[2]->sent_length, 64);
	CHECK(!memcmp(bench.ports[2]->sent_bytes + 12, "\x81\0\0\x14", 4));
	memory_feed(bench.ports[2], tagged_bytes, 64, 1);
	CHECK_EQ(sent(&bench), 1100);
	CHECK_EQ(bench.ports[1]->sent_length, 60);
	CHECK(!memcmp(bench.ports[1]->sent_bytes, untagged_bytes, 60));
	/* Who has VLAN 20 gets nothing of VLAN 1 and puts nothing there. */
	memory_feed(bench.ports[3], untagged_bytes, 60, 1);
	CHECK_EQ(sent(&bench), 1101);
	memory_feed(bench.ports[1], tagged_bytes, 64, 1);
	CHECK_EQ(sent(&bench), 1101);
	CHECK_EQ(bench.ports[1]->port.counters.drop_vlan, 1);
	bench_close(&bench);
}

/*
 * What stands where a tag may stand: nothing, or a type and a VLAN. Of two places each way of filling
 * them is sent into a port of each kind. What comes out must be in no other VLAN than the one it
 * entered, for whoever reads it next: an access port's frames begin with no tag of any kind.
 */
static const uint32_t tags[] = { 0, 0x81000000, 0x8100000a, 0x81000014, 0x8100e014, 0x81000fff,
				 0x88a80014, 0x88a80000, 0x91000014, 0x92000014, 0x93000014 };

static uint32_t fill_tags(uint8_t *bytes, uint32_t first, uint32_t second, bool cut)
{
	uint32_t length = 12;

	memset(bytes, 0xff, 6);
	memcpy(bytes + 6, "\2\0\0\0\0\1", 6);
	for (int place = 0; place < 2; place++) {
		uint32_t tag = place ? second : first;

		for (int i = 0; tag && i < 4; i++)
			bytes[length++] = (uint8_t)(tag >> (24 - 8 * i));
	}
	if (cut)
		return length < 16 ? 14 : length - 2;
	memcpy(bytes + length, "\x88\xb5text", 6);
	return length + 6;
}

static bool begins_with_tag(const struct memory_port *memory)
{
	uint16_t type = (uint16_t)(memory->sent_bytes[12] << 8 | memory->sent_bytes[13]);

	return type == 0x8100 || type == 0x88a8 || (type & 0xfcff) == 0x9000;
}

static unsigned int tag_of(const struct memory_port *memory)
{
	return (memory->sent_bytes[14] << 8 | memory->sent_bytes[15]) & VLAN_ID_MASK;
}

static void no_frame_leaves_in_another_vlan(void)
{
	enum { COUNT = sizeof(tags) / sizeof(tags[0]) };
	struct bench bench;
	uint8_t bytes[64] = { 0 };

	/* Access and trunk with a native VLAN, and both as ways out; VLAN 20 is not the first two's. */
	bench_open_with(&bench, (const char *const[]){ "1,vlan=10", "2,trunk=10+30,native=10",
						       "3,trunk=10+20+30", "4,vlan=20", NULL });
	for (unsigned int i = 0; i < 2 * COUNT * COUNT; i++) {
		uint32_t length = fill_tags(bytes, tags[i / 2 / COUNT], tags[i / 2 % COUNT], i & 1);

		for (int from = 1; from <= 2; from++) {
			unsigned int before = bench.ports[3]->sent, victim = bench.ports[4]->sent;
			unsigned int other = bench.ports[3 - from]->sent;

			memory_feed(bench.ports[from], bytes, length, 1);
			CHECK_EQ(bench.ports[4]->sent, victim);
			if (bench.ports[3 - from]->sent != other)
				CHECK(!begins_with_tag(bench.ports[3 - from]));
			if (bench.ports[3]->sent != before)
				CHECK_EQ(tag_of(bench.ports[3]), 10);
		}
	}
	CHECK(bench.ports[3]->sent > 2);
	bench_close(&bench);
}

static void a_second_tag_passes_between_trunks(void)
{
	struct bench bench;
	uint8_t bytes[64] = { 0 };

	bench_open_with(&bench, (const char *const[]){ "1,trunk=20", "2,trunk=20", "3,vlan=20",
						       NULL });
	memory_feed(bench.ports[1], bytes, fill_tags(bytes, 0x81000014, 0x8100001e, false), 1);
	CHECK_EQ(sent(&bench), 100);
	CHECK(!memcmp(bench.ports[2]->sent_bytes, bytes, 26));
	CHECK_EQ(bench.ports[3]->port.counters.drop_error, 1);
	bench_close(&bench);
}

static void without_vlans_tags_pass(void)
{
	struct bench bench;

	bench_open(&bench, NULL, NULL);
	memory_feed(bench.ports[1], tagged_bytes, 64, 1);
	CHECK_EQ(sent(&bench), 111);
	CHECK(!memcmp(bench.ports[4]->sent_bytes, tagged_bytes, 64));
	bench_close(&bench);
}

static void a_mirror_sees_all_and_says_nothing(void)
{
	struct bench bench;

	bench_open(&bench, "4,mirror", NULL);
	send_to(&bench, 1, 0, 1);
	send_to(&bench, 2, 1, 2);
	CHECK_EQ(sent(&bench), 1112);
	send_to(&bench, 4, 0, 9);
	CHECK_EQ(sent(&bench), 1112);
	CHECK_EQ(bench.ports[4]->port.counters.drop_mirror, 1);
	bench_close(&bench);
}

static void limits_are_kept(void)
{
	struct bench bench;

	bench_open(&bench, "1,pps=100", "2,flood=50");
	memory_feed(bench.ports[1], untagged_bytes, 60, 1000);
	while (bench.ports[1]->repeat)
		port_pump(&bench.ports[1]->port);
	CHECK_EQ(bench.ports[3]->sent, 10);
	CHECK_EQ(bench.ports[1]->port.counters.drop_rate, 990);
	memory_feed(bench.ports[2], untagged_bytes, 60, 1000);
	while (bench.ports[2]->repeat)
		port_pump(&bench.ports[2]->port);
	CHECK_EQ(bench.ports[3]->sent, 15);
	bench_close(&bench);
}

static void a_full_port_gets_its_frames_later_and_in_order(void)
{
	struct bench bench;
	struct memory_port *slow;

	bench_open(&bench, NULL, NULL);
	slow = bench.ports[2];
	slow->room = 3;
	send_to(&bench, 2, 0, 2);
	for (unsigned int i = 10; i < 20; i++)
		send_to(&bench, 1, 2, i);
	CHECK_EQ(slow->sent, 3);
	CHECK_EQ(slow->port.backlog.count, 7);
	CHECK(slow->port.blocked);
	slow->room = 5;
	/* An eventfd can be written at once. */
	loop_turn(&bench.loop, 0);
	CHECK_EQ(slow->sent, 8);
	CHECK_EQ(slow->sent_bytes[11], 17);
	slow->room = 100;
	loop_turn(&bench.loop, 0);
	CHECK_EQ(slow->sent, 10);
	CHECK(!slow->port.blocked);
	bench_close(&bench);
}

static void who_floods_a_full_port_is_held_for_a_moment(void)
{
	struct bench bench;
	uint8_t bytes[60] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0 };

	bench_open(&bench, NULL, NULL);
	bench.ports[2]->room = 1;
	send_to(&bench, 2, 0, 2);
	memory_feed(bench.ports[1], bytes, sizeof(bytes), 1000);
	CHECK(bench.ports[1]->port.held_for == &bench.ports[2]->port);
	/* Others are served. */
	send_to(&bench, 3, 1, 3);
	CHECK_EQ(bench.ports[1]->sent, 2);
	bench.loop.now_ns += 2000000;
	fabric_turn(&bench.fabric);
	CHECK(!bench.ports[1]->port.held_for);
	/* A port that takes nothing holds nobody. */
	bench.loop.now_ns += 50000000;
	while (bench.ports[1]->repeat) {
		port_pump(&bench.ports[1]->port);
		CHECK(!bench.ports[1]->port.held_for);
	}
	CHECK(bench.ports[2]->port.counters.drop_full > 0);
	/* The port that is waited for goes away. */
	bench.ports[2]->room = 0;
	bench.ports[2]->port.progress_ns = bench.loop.now_ns;
	memory_feed(bench.ports[1], bytes, sizeof(bytes), 1000);
	CHECK(bench.ports[1]->port.held_for);
	port_remove(&bench.ports[2]->port, NULL);
	CHECK(!bench.ports[1]->port.held_for);
	CHECK_EQ(bench.fabric.held_count, 0);
	/* The port that waits goes away, and its memory before the next look at those that wait. */
	bench.ports[3]->room = 0;
	bench.ports[3]->port.progress_ns = bench.loop.now_ns;
	send_to(&bench, 3, 1, 3);
	bytes[5] = 3;
	memory_feed(bench.ports[1], bytes, sizeof(bytes), 1000);
	CHECK(bench.ports[1]->port.held_for == &bench.ports[3]->port);
	port_remove(&bench.ports[1]->port, NULL);
	CHECK_EQ(bench.fabric.held_count, 0);
	loop_turn(&bench.loop, 0);
	fabric_turn(&bench.fabric);
	bench_close(&bench);
}

static void a_port_that_fails_is_removed(void)
{
	struct bench bench;

	bench_open(&bench, NULL, NULL);
	bench.ports[2]->error = -EPIPE;
	send_to(&bench, 1, 0, 1);
	CHECK_EQ(bench.fabric.active_count, 3);
	CHECK(!bench.fabric.ports[1]);
	loop_turn(&bench.loop, 0);
	bench.ports[2] = memory_attach(&bench.fabric);
	CHECK_EQ(bench.ports[2]->port.number, 2);
	send_to(&bench, 1, 0, 1);
	CHECK_EQ(bench.ports[2]->sent, 1);
	bench_close(&bench);
}

static void runts_and_giants_are_counted(void)
{
	struct bench bench;
	static uint8_t bytes[70000] = { 0xff };

	bench_open(&bench, NULL, NULL);
	memory_feed(bench.ports[1], bytes, 13, 2);
	memory_feed(bench.ports[1], bytes, FRAME_BYTES_MAX + 1, 3);
	memory_feed(bench.ports[1], bytes, FRAME_BYTES_MAX, 1);
	CHECK_EQ(sent(&bench), 111);
	CHECK_EQ(bench.ports[1]->port.counters.drop_runt, 2);
	CHECK_EQ(bench.ports[1]->port.counters.drop_oversize, 3);
	bench_close(&bench);
}

int main(void)
{
	requests_of_all_versions_come_back();
	a_stock_request_is_understood();
	wrong_requests_are_told_apart();
	replies_and_lengths_come_back();
	addresses_are_learned_move_and_age();
	ports_and_table_have_limits();
	a_full_table_is_shared_by_users();
	a_share_is_shared_by_ports();
	a_full_table_stays_whole();
	the_table_agrees_with_a_simple_one();
	vlan_lists_are_parsed();
	tags_are_classified();
	tags_are_put_on_and_taken_off();
	rules_match_and_override();
	wrong_rules_are_refused();
	rates_refill();
	a_backlog_leaves_room_for_all();
	frames_go_where_they_should();
	a_hub_sends_to_all();
	isolated_ports_reach_only_others();
	vlans_are_apart();
	no_frame_leaves_in_another_vlan();
	a_second_tag_passes_between_trunks();
	without_vlans_tags_pass();
	a_mirror_sees_all_and_says_nothing();
	limits_are_kept();
	a_full_port_gets_its_frames_later_and_in_order();
	who_floods_a_full_port_is_held_for_a_moment();
	a_port_that_fails_is_removed();
	runts_and_giants_are_counted();
	return UNIT_RESULT();
}
