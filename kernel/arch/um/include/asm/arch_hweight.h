/* SPDX-License-Identifier: GPL-2.0-only */
/* Alternatives are not patched here: count bits in C. */
#include <asm-generic/bitops/arch_hweight.h>
