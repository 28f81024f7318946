// SPDX-License-Identifier: GPL-2.0-only
/* rate.c - token buckets. */
#include <config.h>
#include "uml_switch/rate.h"

#define SECOND_NS	1000000000ull

static void refill(struct rate *rate, uint64_t now_ns)
{
	uint64_t burst = rate->per_second * RATE_BURST_MS / 1000, passed = now_ns - rate->last_ns;
	uint64_t earned;

	if (!burst)
		burst = 1;
	if (!rate->last_ns) {
		rate->tokens = (int64_t)burst;
		rate->last_ns = now_ns;
		return;
	}
	earned = (uint64_t)((unsigned __int128)rate->per_second * passed / SECOND_NS);
	if (!earned)
		return;
	rate->last_ns = now_ns;
	rate->tokens += (int64_t)earned;
	if (rate->tokens > (int64_t)burst)
		rate->tokens = (int64_t)burst;
}

bool rate_allows(struct rate *rate, uint64_t units, uint64_t now_ns)
{
	if (!rate->per_second)
		return true;
	refill(rate, now_ns);
	if (rate->tokens <= 0)
		return false;
	rate->tokens -= (int64_t)units;
	return true;
}
