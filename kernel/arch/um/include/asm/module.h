/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef __ASM_UM_MODULE_H
#define __ASM_UM_MODULE_H

#include <asm-generic/module.h>

#define MODULE_PROC_FAMILY "X86_64 "

#endif
