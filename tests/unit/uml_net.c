// SPDX-License-Identifier: GPL-2.0-only
/*
 * uml_net.c - what uml_net takes for a request and for a policy, what a policy allows, and which
 * frames pass the filters.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uml_net/access.h"
#include "uml_net/filter.h"
#include "uml_net/request.h"
#include "unit.h"

enum { WORDS_MAX = 8 };

#define IPV4(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))

static char problem[PROBLEM_SIZE];

/* Reads a request from one text with blanks between its words. */
static int ask(const char *text, struct request *request)
{
	char *copy = strdup(text), *words[WORDS_MAX + 1] = { NULL };
	int error, count = 0;

	for (char *word = strtok(copy, " "); word && count < WORDS_MAX; word = strtok(NULL, " "))
		words[count++] = word;
	error = request_parse(count, words, request, problem);
	free(copy);
	return error;
}

static void requests_of_guest_kernels(void)
{
	struct request request;

	CHECK_EQ(ask("4 tuntap up 192.168.7.1", &request), 0);
	CHECK_EQ(request.operation, OPERATION_UP);
	CHECK_EQ(request.address, IPV4(192, 168, 7, 1));
	CHECK(!*request.device);
	CHECK_EQ(ask("4 tuntap up br0", &request), 0);
	CHECK(!strcmp(request.device, "br0"));
	CHECK_EQ(request.address, 0);
	CHECK_EQ(ask("4 add tap12 10.0.0.2 255.0.0.0", &request), 0);
	CHECK_EQ(request.operation, OPERATION_ADD);
	CHECK_EQ(request.address, IPV4(10, 0, 0, 2));
	CHECK_EQ(request.netmask, IPV4(255, 0, 0, 0));
	CHECK(!strcmp(request.device, "tap12"));
	CHECK_EQ(ask("4 del tap0 10.0.0.2 255.255.255.255", &request), 0);
	CHECK_EQ(request.operation, OPERATION_DELETE);
	CHECK_EQ(ask("4 tuntap down tap0", &request), 0);
	CHECK_EQ(request.operation, OPERATION_DOWN);
}

static void other_words_are_refused(void)
{
	static const char *const texts[] = {
		"",
		"4",
		"5 tuntap up 10.0.0.1",
		"-4 tuntap up 10.0.0.1",
		"x",
		"4x add",
		"4 tuntap",
		"4 tuntap up",
		"4 tuntap up 10.0.0.1 3",
		"4 tuntap up 10.0.0",
		"4 tuntap up 10.0.0.256",
		"4 tuntap up 010.0.0.1",
		"4 tuntap up 0.0.0.0",
		"4 tuntap up 127.0.0.1",
		"4 tuntap up 224.0.0.1",
		"4 tuntap up 255.255.255.255",
		"4 tuntap up ../br0",
		"4 tuntap up 0123456789abcdef",
		"4 tuntap down",
		"4 tuntap down lo",
		"4 tuntap down tap",
		"4 tuntap down tap0x",
		"4 tuntap down tap123456",
		"4 tuntap sideways tap0",
		"4 add tap0 10.0.0.2",
		"4 add eth0 10.0.0.2 255.0.0.0",
		"4 add tap0 10.0.0.2 255.0.0.1",
		"4 add tap0 10.0.0.2 0.0.0.0",
		"4 add tap0 10.0.0.2 24",
		"4 add tap0 host 255.0.0.0",
		"4 add tap0 10.0.0.2 255.0.0.0 x",
		"4 slip up 10.0.0.1 10.0.0.2",
		"4 ethertap tap0 3 10.0.0.1",
		"4 slirp",
		"4 bogus",
	};
	struct request request;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		*problem = '\0';
		CHECK_EQ(ask(texts[i], &request), -EINVAL);
		CHECK(*problem);
	}
	ask("4 slip up", &request);
	CHECK(strstr(problem, "eth0=tuntap"));
	ask("4 add \x1b[31m\x01 10.0.0.1 255.0.0.0", &request);
	CHECK(!strpbrk(problem, "\x1b\x01"));
}

static int read_policy(const char *text, struct policy *policy, struct policy_problem *reason)
{
	return policy_parse(text, strlen(text), policy, reason);
}

static void a_policy_is_read(void)
{
	static struct policy policy;
	struct policy_problem reason;

	CHECK_EQ(read_policy("# nothing\n\n \t\n", &policy, &reason), 0);
	CHECK_EQ(policy.grant_count, 0);
	CHECK_EQ(policy.interfaces, POLICY_INTERFACES);
	CHECK(policy.forwarding && policy.proxy_arp);
	CHECK_EQ(read_policy("allow user alice address 10.0.0.0/8 192.168.7.1 bridge br0 br1\n"
			     "allow group 100 bridge br2 address 10.1.0.4-10.1.0.9 # some\n"
			     "interfaces 3\nforwarding no\nproxy-arp no",
			     &policy, &reason),
		 0);
	CHECK_EQ(policy.grant_count, 2);
	CHECK_EQ(policy.grants[0].range_count, 2);
	CHECK_EQ(policy.grants[0].ranges[0].first, IPV4(10, 0, 0, 0));
	CHECK_EQ(policy.grants[0].ranges[0].last, IPV4(10, 255, 255, 255));
	CHECK_EQ(policy.grants[0].ranges[1].last, IPV4(192, 168, 7, 1));
	CHECK_EQ(policy.grants[0].bridge_count, 2);
	CHECK(!policy.grants[0].group && policy.grants[1].group);
	CHECK_EQ(policy.grants[1].ranges[0].first, IPV4(10, 1, 0, 4));
	CHECK_EQ(policy.grants[1].ranges[0].last, IPV4(10, 1, 0, 9));
	CHECK_EQ(policy.interfaces, 3);
	CHECK(!policy.forwarding && !policy.proxy_arp);
	CHECK_EQ(read_policy("allow user a address 0.0.0.0/0", &policy, &reason), 0);
	CHECK_EQ(policy.grants[0].ranges[0].last, UINT32_MAX);
}

static void a_mistake_voids_a_policy(void)
{
	static const char *const lines[] = {
		"alow user a address 10.0.0.0/8",
		"allow",
		"allow user a",
		"allow user a address",
		"allow users a address 10.0.0.1",
		"allow user a 10.0.0.1",
		"allow user a address 10.0.0.1 bridge",
		"allow user a address 10.0.0.1/8",
		"allow user a address 10.0.0.0/33",
		"allow user a address 10.0.0.0/",
		"allow user a address 10.0.0.9-10.0.0.1",
		"allow user a address 10.0.0",
		"allow user a address 10.0.0.1#",
		"allow user -a address 10.0.0.1",
		"allow user a:b address 10.0.0.1",
		"allow user a bridge br/0",
		"allow user a bridge 0123456789abcdef",
		"interfaces",
		"interfaces many",
		"interfaces 4097",
		"interfaces -1",
		"interfaces 1 2",
		"forwarding maybe",
		"forwarding",
		"proxy-arp 1",
		"allow user a address 10.0.0.1\r",
		"\x80",
		"\x01",
		"forwarding yes\nforwarding yes",
		"interfaces 1\ninterfaces 1",
	};
	static struct policy policy;
	struct policy_problem reason;
	char text[256];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		snprintf(text, sizeof(text), "# line 1\n%s\n", lines[i]);
		CHECK_EQ(read_policy(text, &policy, &reason), -EINVAL);
		CHECK_EQ(reason.line, strchr(lines[i], '\n') ? 3 : 2);
		CHECK(reason.what);
	}
	CHECK_EQ(policy_parse("\0", 1, &policy, &reason), -EINVAL);
}

static unsigned int count_bridges(const struct policy *policy, const struct caller *caller)
{
	unsigned int count = 0;
	const char *name;

	for (unsigned int i = 0; (name = access_bridge_at(policy, caller, i)); i++)
		count += !!*name;
	return count;
}

static void grants_are_of_users_and_groups(void)
{
	static struct caller caller = {
		.user = 1000, .group = 1000, .groups = { 44, 100 }, .group_count = 2
	};
	static struct policy policy;
	struct policy_problem reason;

	read_policy("allow user 1000 address 10.0.0.0/24\n"
		    "allow group 100 address 10.0.1.0/24 bridge br0\n"
		    "allow group 1000 address 10.0.2.0/24\n"
		    "allow user 100 address 10.0.3.0/24\n"
		    "allow group 45 address 10.0.4.0/24 bridge br1\n"
		    "allow user no-such-user address 10.0.5.0/24\n"
		    "allow user root address 10.0.6.0/24",
		    &policy, &reason);
	access_resolve(&policy, &caller);
	CHECK(access_any(&policy, &caller));
	for (unsigned int i = 0; i < 7; i++)
		CHECK_EQ(access_address(&policy, &caller, IPV4(10, 0, i, 9)), i < 3);
	CHECK(access_bridge(&policy, &caller, "br0"));
	CHECK(!access_bridge(&policy, &caller, "br1"));
	CHECK_EQ(count_bridges(&policy, &caller), 1);
	caller.user = caller.group = 2000;
	caller.group_count = 0;
	access_resolve(&policy, &caller);
	CHECK(!access_any(&policy, &caller));
	CHECK(!access_address(&policy, &caller, IPV4(10, 0, 0, 9)));
	caller.user = 0;
	access_resolve(&policy, &caller);
	CHECK(access_address(&policy, &caller, IPV4(192, 0, 2, 1)));
	CHECK_EQ(count_bridges(&policy, &caller), 2);
}

static void what_comes_from_another_process_is_looked_at(void)
{
	static struct policy policy;
	struct policy_problem reason;
	struct request request;

	CHECK_EQ(ask("4 tuntap up br0", &request), 0);
	CHECK(request_sound(&request));
	memset(request.device, 'x', sizeof(request.device));
	CHECK(!request_sound(&request));
	CHECK_EQ(ask("4 add tap12 10.0.0.2 255.0.0.0", &request), 0);
	CHECK(request_sound(&request));
	request.netmask = 1;
	CHECK(!request_sound(&request));
	request.netmask = UINT32_MAX;
	request.address = IPV4(127, 0, 0, 1);
	CHECK(!request_sound(&request));
	CHECK_EQ(ask("4 tuntap down tap0", &request), 0);
	CHECK(request_sound(&request));
	request.operation = (enum operation)77;
	CHECK(!request_sound(&request));
	CHECK_EQ(read_policy("allow user a bridge br0", &policy, &reason), 0);
	CHECK(policy_sound(&policy));
	memset(policy.grants[0].bridges[0], 'x', IFNAMSIZ);
	CHECK(!policy_sound(&policy));
	CHECK_EQ(read_policy("allow user a address 10.0.0.1", &policy, &reason), 0);
	policy.grants[0].range_count = POLICY_RANGES_MAX + 1;
	CHECK(!policy_sound(&policy));
	policy.grants[0].range_count = 1;
	policy.grant_count = POLICY_GRANTS_MAX + 1;
	CHECK(!policy_sound(&policy));
}

/* ---- filters --------------------------------------------------------------------------------- */

/* A pair of sockets, the second of which has the filter as an interface would have it. */
static void open_filtered(const struct filter *filter, int ends[2])
{
	const struct sock_fprog program = { filter->length, (struct sock_filter *)filter->program };

	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends), 0);
	CHECK_EQ(setsockopt(ends[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)), 0);
}

static bool passes(const struct filter *filter, const uint8_t *frame, size_t length)
{
	uint8_t copy[256];
	int ends[2];
	bool passed;

	open_filtered(filter, ends);
	/* What is not taken is thrown away, or refused. */
	passed = send(ends[0], frame, length, 0) == (ssize_t)length &&
		 recv(ends[1], copy, sizeof(copy), 0) == (ssize_t)length;
	close(ends[0]);
	close(ends[1]);
	return passed;
}

enum { FRAME_SIZE = 64, IP_AT = 14 };

static void put_ipv4(uint8_t *at, uint32_t address)
{
	address = htonl(address);
	memcpy(at, &address, sizeof(address));
}

static void make_ipv4(uint8_t frame[FRAME_SIZE], uint32_t source, uint8_t protocol)
{
	memset(frame, 0, FRAME_SIZE);
	frame[12] = 0x08;
	frame[IP_AT] = 0x45;
	frame[IP_AT + 9] = protocol;
	put_ipv4(frame + IP_AT + 12, source);
	put_ipv4(frame + IP_AT + 16, IPV4(192, 0, 2, 7));
}

static void make_arp(uint8_t frame[FRAME_SIZE], uint32_t source)
{
	static const uint8_t head[] = { 0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 1 };

	memset(frame, 0, FRAME_SIZE);
	memcpy(frame + 12, head, sizeof(head));
	put_ipv4(frame + 28, source);
}

static void a_guest_sends_from_its_addresses_alone(void)
{
	const uint32_t addresses[] = { IPV4(10, 0, 0, 2), IPV4(10, 0, 0, 200) };
	uint8_t frame[FRAME_SIZE];
	struct filter filter;

	for (size_t count = 0; count <= 2; count++) {
		filter_addresses(&filter, addresses, count);
		for (uint32_t last = 0; last < 256; last++) {
			bool own = (count > 0 && last == 2) || (count > 1 && last == 200);

			make_ipv4(frame, IPV4(10, 0, 0, last), 17);
			CHECK_EQ(passes(&filter, frame, sizeof(frame)), own);
			make_arp(frame, IPV4(10, 0, 0, last));
			CHECK_EQ(passes(&filter, frame, sizeof(frame)), own);
		}
	}
	make_ipv4(frame, IPV4(10, 0, 0, 2), 17);
	/* The kernel itself drops those that end between the destination's first byte and the header's end. */
	for (size_t length = 14; length <= IP_AT + 20; length++)
		CHECK_EQ(passes(&filter, frame, length), length > IP_AT + 16);
	make_arp(frame, IPV4(10, 0, 0, 2));
	for (size_t length = 14; length <= 32; length++)
		CHECK_EQ(passes(&filter, frame, length), length >= 32);
	/* Each other protocol, by both bytes of its number. */
	for (unsigned int type = 0; type < 65536; type += type % 256 ? 251 : 1) {
		make_ipv4(frame, IPV4(10, 0, 0, 2), 17);
		frame[12] = (uint8_t)(type >> 8);
		frame[13] = (uint8_t)type;
		CHECK_EQ(passes(&filter, frame, sizeof(frame)), type == 0x0800);
	}
	/* ARP for other kinds of addresses has the sender elsewhere. */
	for (size_t at = 14; at < 20; at++) {
		make_arp(frame, IPV4(10, 0, 0, 2));
		frame[at] ^= 1;
		CHECK(!passes(&filter, frame, sizeof(frame)));
	}
}

static void a_guest_sends_no_redirects(void)
{
	const uint32_t own = IPV4(10, 0, 0, 2);
	uint8_t frame[FRAME_SIZE];
	struct filter filter;

	filter_addresses(&filter, &own, 1);
	for (unsigned int words = 5; words < 12; words++) {
		for (unsigned int type = 0; type < 256; type++) {
			make_ipv4(frame, own, 1);
			frame[IP_AT] = (uint8_t)(0x40 | words);
			frame[IP_AT + 4 * words] = (uint8_t)type;
			CHECK_EQ(passes(&filter, frame, sizeof(frame)), type != 5 && type != 9);
			/* The first fragment of several. */
			frame[IP_AT + 6] = 0x20;
			CHECK_EQ(passes(&filter, frame, sizeof(frame)), type != 5 && type != 9);
			/* The others have no type. */
			frame[IP_AT + 7] = 1;
			CHECK(passes(&filter, frame, sizeof(frame)));
		}
	}
	/* A message whose type is not there. */
	make_ipv4(frame, own, 1);
	CHECK(!passes(&filter, frame, IP_AT + 20));
	make_ipv4(frame, own, 17);
	put_ipv4(frame + IP_AT + 16, IPV4(127, 0, 0, 1));
	CHECK(!passes(&filter, frame, sizeof(frame)));
}

static void a_filter_has_room_for_all_addresses(void)
{
	static uint32_t addresses[FILTER_ADDRESSES_MAX + 1];
	uint8_t frame[FRAME_SIZE];
	struct filter filter;

	for (unsigned int i = 0; i <= FILTER_ADDRESSES_MAX; i++)
		addresses[i] = IPV4(10, 0, 1, i);
	filter_addresses(&filter, addresses, FILTER_ADDRESSES_MAX + 1);
	for (unsigned int i = 0; i <= FILTER_ADDRESSES_MAX; i++) {
		make_ipv4(frame, addresses[i], 17);
		CHECK_EQ(passes(&filter, frame, sizeof(frame)), i < FILTER_ADDRESSES_MAX);
	}
}

static void a_port_sends_nothing_past_the_bridge(void)
{
	static const uint8_t group[] = { 0x01, 0x80, 0xc2, 0, 0, 0 };
	uint8_t frame[FRAME_SIZE];
	struct filter filter;

	filter_port(&filter);
	make_ipv4(frame, IPV4(8, 8, 8, 8), 1);
	CHECK(passes(&filter, frame, sizeof(frame)));
	for (unsigned int last = 0; last < 256; last++) {
		memcpy(frame, group, sizeof(group));
		frame[5] = (uint8_t)last;
		CHECK_EQ(passes(&filter, frame, sizeof(frame)), last >= 16);
		frame[0] = 0x03;
		CHECK(passes(&filter, frame, sizeof(frame)));
	}
	filter_rest(&filter);
	CHECK_EQ(filter.program[0].k, 2);
}

int main(void)
{
	requests_of_guest_kernels();
	other_words_are_refused();
	a_policy_is_read();
	a_mistake_voids_a_policy();
	grants_are_of_users_and_groups();
	what_comes_from_another_process_is_looked_at();
	a_guest_sends_from_its_addresses_alone();
	a_guest_sends_no_redirects();
	a_filter_has_room_for_all_addresses();
	a_port_sends_nothing_past_the_bridge();
	return UNIT_RESULT();
}
