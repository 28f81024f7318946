// SPDX-License-Identifier: GPL-2.0-only
/* uml_net.c - what uml_net takes for a request and for a policy, and what a policy allows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "uml_net/access.h"
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
	CHECK(access_names_bridge(&policy, "br1"));
	CHECK(!access_names_bridge(&policy, "br2"));
	caller.user = caller.group = 2000;
	caller.group_count = 0;
	access_resolve(&policy, &caller);
	CHECK(!access_any(&policy, &caller));
	CHECK(!access_address(&policy, &caller, IPV4(10, 0, 0, 9)));
	caller.user = 0;
	access_resolve(&policy, &caller);
	CHECK(access_address(&policy, &caller, IPV4(192, 0, 2, 1)));
}

int main(void)
{
	requests_of_guest_kernels();
	other_words_are_refused();
	a_policy_is_read();
	a_mistake_voids_a_policy();
	grants_are_of_users_and_groups();
	return UNIT_RESULT();
}
