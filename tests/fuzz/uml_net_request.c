// SPDX-License-Identifier: GPL-2.0-only
/* uml_net_request.c - fuzzes the request parser of uml_net: words, each ended by a zero byte. */
#include <stdlib.h>
#include <string.h>

#include "lib/netlink.h"
#include "uml_net/request.h"

enum { WORDS_MAX = 12 };

#define ALWAYS(condition)         \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

/* What a request that was taken must be. */
static void judge(const struct request *request)
{
	uint32_t first = request->address >> 24, mask = request->netmask;

	switch (request->operation) {
	case OPERATION_UP:
		ALWAYS(!*request->device || netlink_name_valid(request->device));
		ALWAYS(!*request->device == !!request->address);
		break;
	case OPERATION_DOWN:
		ALWAYS(request_device_valid(request->device));
		return;
	case OPERATION_ADD:
	case OPERATION_DELETE:
		ALWAYS(request_device_valid(request->device));
		ALWAYS(mask >> 31 && !(~mask & (~mask + 1)));
		ALWAYS(request->address);
		break;
	default:
		abort();
	}
	ALWAYS(!request->address || (first && first != 127 && first < 224));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy = malloc(size + 1), *words[WORDS_MAX + 1] = { NULL };
	char problem[PROBLEM_SIZE] = "";
	struct request request;
	int count = 0;

	if (!copy)
		return 0;
	if (size)
		memcpy(copy, data, size);
	copy[size] = '\0';
	for (size_t at = 0; at < size && count < WORDS_MAX; at += strlen(copy + at) + 1)
		words[count++] = copy + at;
	request_reply_form(count, words);
	if (!request_parse(count, words, &request, problem)) {
		judge(&request);
	} else {
		ALWAYS(*problem && memchr(problem, '\0', sizeof(problem)));
		for (const char *byte = problem; *byte; byte++)
			ALWAYS(*byte >= ' ' && *byte <= '~');
	}
	free(copy);
	return 0;
}
