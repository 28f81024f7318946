// SPDX-License-Identifier: GPL-2.0-only
/* uml_net_policy.c - fuzzes the parser of uml_net's policy file. */
#include <stdlib.h>
#include <string.h>

#include "lib/netlink.h"
#include "uml_net/policy.h"

#define ALWAYS(condition)         \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void judge_grant(const struct policy_grant *grant)
{
	ALWAYS(memchr(grant->name, '\0', sizeof(grant->name)) && *grant->name);
	ALWAYS(grant->range_count <= POLICY_RANGES_MAX);
	ALWAYS(grant->bridge_count <= POLICY_BRIDGES_MAX);
	ALWAYS(grant->range_count || grant->bridge_count);
	ALWAYS(!grant->applies);
	for (unsigned int i = 0; i < grant->range_count; i++)
		ALWAYS(grant->ranges[i].first <= grant->ranges[i].last);
	for (unsigned int i = 0; i < grant->bridge_count; i++)
		ALWAYS(netlink_name_valid(grant->bridges[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy policy;
	struct policy_problem problem = { 0 };
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	/* Of exactly this size, so that a step beyond it is seen. */
	if (size)
		memcpy(text, data, size);
	if (policy_parse(text, size, &policy, &problem)) {
		ALWAYS(problem.what && problem.line);
	} else {
		ALWAYS(policy.grant_count <= POLICY_GRANTS_MAX);
		ALWAYS(policy.interfaces <= POLICY_INTERFACES_MAX);
		for (unsigned int i = 0; i < policy.grant_count; i++)
			judge_grant(&policy.grants[i]);
	}
	free(text);
	return 0;
}
