/* SPDX-License-Identifier: GPL-2.0-only */
/* unit.h - checks of the unit tests: each failure is told, and the program ends with 1. */
#ifndef __UNIT_H
#define __UNIT_H

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static int unit_failures;

#define CHECK(cond)									\
	do {										\
		if (!(cond)) {								\
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__,	\
				__func__, #cond);					\
			unit_failures++;						\
		}									\
	} while (0)

#define CHECK_EQ(got, wanted)								\
	do {										\
		long long got_ = (long long)(got), wanted_ = (long long)(wanted);	\
											\
		if (got_ != wanted_) {							\
			fprintf(stderr, "%s:%d: %s: %s is %lld, not %lld\n", __FILE__,	\
				__LINE__, __func__, #got, got_, wanted_);		\
			unit_failures++;						\
		}									\
	} while (0)

/* Wait until a condition holds; fail after 20 seconds.  Once it has held it is not looked at again. */
#define CHECK_SOON(cond)								\
	do {										\
		bool held_ = false;							\
											\
		for (int left_ = 20000; !held_ && left_; left_--) {			\
			held_ = (cond);							\
			if (!held_)							\
				nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL); \
		}									\
		if (!held_) {								\
			fprintf(stderr, "%s:%d: %s: not so within 20 s: %s\n", __FILE__,	\
				__LINE__, __func__, #cond);				\
			unit_failures++;						\
		}									\
	} while (0)

#define UNIT_RESULT()	(unit_failures ? 1 : 0)

#endif
