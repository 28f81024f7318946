// SPDX-License-Identifier: GPL-2.0-only
/* switch_request.c - fuzzes requests, replies, rules and command lines that uml_switch reads. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "uml_switch/rules.h"
#include "uml_switch/umid.h"
#include "wire/switch.h"

static void check_address(const struct switch_address *address)
{
	if (address->length < 1 || address->length > SWITCH_PATH_BYTES)
		abort();
	/* A path ends where its length says, or has no end at all. */
	if (address->path[0] && memchr(address->path, 0, address->length - 1u))
		abort();
}

static void fuzz_request(const uint8_t *bytes, size_t length)
{
	struct switch_request request, back;
	uint8_t again[SWITCH_REQUEST_BYTES_MAX];
	size_t size;

	if (switch_decode_request(bytes, length, &request))
		return;
	if (request.type == SWITCH_REQUEST_PORT)
		check_address(&request.data);
	size = switch_encode_request(again, &request);
	if (switch_decode_request(again, size, &back) || back.type != request.type ||
	    back.version != request.version)
		abort();
	if (request.type == SWITCH_REQUEST_PORT &&
	    memcmp(&request.data, &back.data, sizeof(back.data)))
		abort();
}

static void fuzz_rule(const char *text)
{
	struct port_identity identity = { .kind = "unix", .number = 1, .umid = "a",
					  .listener = "/a/b", .path = "/tmp/x", .has_uid = true };
	struct port_settings settings = { 0 };
	struct rules rules = { 0 };
	const char *problem;

	if (!rules_add(&rules, text, &problem)) {
		rules_apply(&rules, &identity, &settings);
		if (settings.vlans.untagged > VLAN_ID_MAX)
			abort();
	} else if (!problem || !*problem) {
		abort();
	}
	rules_free(&rules);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct switch_address address;
	char umid[16], *text;

	fuzz_request(bytes, length);
	if (!switch_decode_reply(bytes, length, &address))
		check_address(&address);
	umid_in_words((const char *)bytes, length, umid, sizeof(umid));
	if (strlen(umid) >= sizeof(umid))
		abort();
	text = malloc(length + 1);
	memcpy(text, bytes, length);
	text[length] = '\0';
	/* Names of users would be looked up over and over. */
	if (!strstr(text, "uid:"))
		fuzz_rule(text);
	free(text);
	return 0;
}
