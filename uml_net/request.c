// SPDX-License-Identifier: GPL-2.0-only
/* request.c - reads what a guest kernel asks for; every word may be an attacker's. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/netlink.h"
#include "lib/parse.h"
#include "uml_net/request.h"

enum {
	/* As much of a foreign word as a message shows. */
	SHOWN_MAX = 32,
	/* "tap" and what a kernel appends to it at most. */
	DEVICE_PREFIX = 3,
	DEVICE_MAX = DEVICE_PREFIX + 5,
};

/* A foreign word as it may be shown on a console. */
static const char *shown(const char *word)
{
	static char text[SHOWN_MAX + 1];
	size_t length = 0;

	for (; word[length] && length < SHOWN_MAX; length++)
		text[length] = word[length] >= ' ' && word[length] <= '~' ? word[length] : '?';
	text[length] = '\0';
	return text;
}

/* Addresses that one machine can have: not 0/8, 127/8, 224/4 and above. */
static bool is_unicast(uint32_t address)
{
	uint32_t first = address >> 24;

	return first != 0 && first != 127 && first < 224;
}

/* Ones before zeros, at least one of them. */
static bool netmask_valid(uint32_t netmask)
{
	return netmask && !(~netmask & (~netmask + 1));
}

static int parse_unicast(const char *word, uint32_t *address, char problem[PROBLEM_SIZE])
{
	if (!parse_ipv4(word, address) && is_unicast(*address))
		return 0;
	snprintf(problem, PROBLEM_SIZE, "'%s' is no IPv4 address of a machine; 192.0.2.1 is",
		 shown(word));
	return -EINVAL;
}

bool request_device_valid(const char *name)
{
	size_t length = strnlen(name, DEVICE_MAX + 1);

	return length > DEVICE_PREFIX && length <= DEVICE_MAX &&
	       !strncmp(name, "tap", DEVICE_PREFIX) &&
	       strspn(name + DEVICE_PREFIX, "0123456789") == length - DEVICE_PREFIX;
}

static int parse_device(const char *word, struct request *request, char problem[PROBLEM_SIZE])
{
	if (!request_device_valid(word)) {
		snprintf(problem, PROBLEM_SIZE, "'%s' is no interface of uml_net; tap0 may be one",
			 shown(word));
		return -EINVAL;
	}
	strcpy(request->device, word);
	return 0;
}

static int parse_up(char *const *words, struct request *request, char problem[PROBLEM_SIZE])
{
	const char *gate = words[0];

	request->operation = OPERATION_UP;
	/* What begins like an address is none of a bridge's name. */
	if (strspn(gate, "0123456789.") == strlen(gate) || !netlink_name_valid(gate))
		return parse_unicast(gate, &request->address, problem);
	strcpy(request->device, gate);
	return 0;
}

static int parse_down(char *const *words, struct request *request, char problem[PROBLEM_SIZE])
{
	request->operation = OPERATION_DOWN;
	return parse_device(words[0], request, problem);
}

static int parse_change(char *const *words, struct request *request, char problem[PROBLEM_SIZE])
{
	if (parse_device(words[0], request, problem) ||
	    parse_unicast(words[1], &request->address, problem))
		return -EINVAL;
	if (parse_ipv4(words[2], &request->netmask) || !netmask_valid(request->netmask)) {
		snprintf(problem, PROBLEM_SIZE, "'%s' is no netmask; 255.255.255.0 is",
			 shown(words[2]));
		return -EINVAL;
	}
	return 0;
}

static int parse_add(char *const *words, struct request *request, char problem[PROBLEM_SIZE])
{
	request->operation = OPERATION_ADD;
	return parse_change(words, request, problem);
}

static int parse_delete(char *const *words, struct request *request, char problem[PROBLEM_SIZE])
{
	request->operation = OPERATION_DELETE;
	return parse_change(words, request, problem);
}

/* Requests by their first words after the version, and what they take after those. */
static const struct form {
	const char *words[2];
	int arguments;
	int (*parse)(char *const *words, struct request *request, char problem[PROBLEM_SIZE]);
	const char *usage;
} forms[] = {
	{ { "tuntap", "up" }, 1, parse_up, "tuntap up GATE" },
	{ { "tuntap", "down" }, 1, parse_down, "tuntap down DEVICE" },
	{ { "add", NULL }, 3, parse_add, "add DEVICE ADDRESS NETMASK" },
	{ { "del", NULL }, 3, parse_delete, "del DEVICE ADDRESS NETMASK" },
};

/* What kernels could ask for once. */
static const char *const gone[] = { "ethertap", "slip", "slirp" };

static int parse_form(int count, char *const *words, struct request *request,
		      char problem[PROBLEM_SIZE])
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct form *form = &forms[i];
		int named = form->words[1] ? 2 : 1;

		if (count < named || strcmp(words[0], form->words[0]) ||
		    (form->words[1] && strcmp(words[1], form->words[1])))
			continue;
		if (count == named + form->arguments)
			return form->parse(words + named, request, problem);
		snprintf(problem, PROBLEM_SIZE, "wrong count of words; the form is '%d %s'",
			 REQUEST_VERSION, form->usage);
		return -EINVAL;
	}
	for (size_t i = 0; count && i < sizeof(gone) / sizeof(gone[0]); i++) {
		if (strcmp(words[0], gone[i]))
			continue;
		snprintf(problem, PROBLEM_SIZE,
			 "the host no longer has '%s' interfaces; give the "
			 "guest eth0=tuntap,,,GATE",
			 gone[i]);
		return -EINVAL;
	}
	snprintf(problem, PROBLEM_SIZE, "'%s' is no request; give the guest eth0=tuntap,,,GATE",
		 count ? shown(words[0]) : "");
	return -EINVAL;
}

int request_parse(int count, char *const *words, struct request *request,
		  char problem[PROBLEM_SIZE])
{
	uint64_t version;

	memset(request, 0, sizeof(*request));
	if (count < 1 || parse_number(words[0], UINT32_MAX, &version)) {
		snprintf(problem, PROBLEM_SIZE, "'%s' is no version; guest kernels give %d",
			 count < 1 ? "" : shown(words[0]), REQUEST_VERSION);
		return -EINVAL;
	}
	if (version != REQUEST_VERSION) {
		snprintf(problem, PROBLEM_SIZE,
			 "version %s of the requests is none of ours; use a "
			 "guest kernel that has version %d",
			 shown(words[0]), REQUEST_VERSION);
		return -EINVAL;
	}
	return parse_form(count - 1, words + 1, request, problem);
}

bool request_sound(const struct request *request)
{
	size_t length = strnlen(request->device, sizeof(request->device));

	if (length == sizeof(request->device) || (length && !netlink_name_valid(request->device)))
		return false;
	switch (request->operation) {
	case OPERATION_UP:
		return length ? !request->address : is_unicast(request->address);
	case OPERATION_DOWN:
		return request_device_valid(request->device);
	case OPERATION_ADD:
	case OPERATION_DELETE:
		return request_device_valid(request->device) && is_unicast(request->address) &&
		       netmask_valid(request->netmask);
	}
	return false;
}

enum reply_form request_reply_form(int count, char *const *words)
{
	if (count > 1 && !strcmp(words[1], "tuntap"))
		return REPLY_MESSAGE;
	return count > 1 && !strcmp(words[1], "ethertap") ? REPLY_FLAG_AND_TEXT : REPLY_TEXT;
}
