/* SPDX-License-Identifier: GPL-2.0-only */
/* rate.h - a limit on units a second with room for bursts: a token bucket. */
#ifndef SWITCH_RATE_H
#define SWITCH_RATE_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: no limit. */
struct rate {
	uint64_t per_second;
	int64_t tokens;
	uint64_t last_ns;
};

enum { RATE_BURST_MS = 100 };

/* rate_set() - @per_second units a second, 0 for no limit; a tenth of that at once */
static inline void rate_set(struct rate *rate, uint64_t per_second)
{
	*rate = (struct rate){ .per_second = per_second };
}

/**
 * rate_allows() - take units from the bucket
 * @rate: the limit
 * @units: how many
 * @now_ns: the time
 *
 * The last taker may overdraw, so that a unit larger than the bucket gets through too.
 *
 * Return: false where the bucket is empty; nothing is taken then.
 */
bool rate_allows(struct rate *rate, uint64_t units, uint64_t now_ns);

#endif
