/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The x86 feature bits that shared code asks for.  The kernel itself uses none of them:
 * vector registers belong to the guest's programs.
 */
#ifndef __ASM_UM_CPUFEATURE_H
#define __ASM_UM_CPUFEATURE_H

#include <asm/cpufeatures.h>

#define boot_cpu_has(bit)		((void)(bit), false)
#define cpu_has(c, bit)			((void)(bit), false)
#define static_cpu_has(bit)		((void)(bit), false)
#define cpu_feature_enabled(bit)	((void)(bit), false)

#endif
