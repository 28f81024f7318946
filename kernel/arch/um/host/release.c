// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's release, for --version; apart, because it changes with every commit. */
#include <generated/utsrelease.h>
#include "option_table.h"

const char host_release[] = UTS_RELEASE;
