/* SPDX-License-Identifier: GPL-2.0-only */
/* Stands for the kernel's own linux/stdarg.h when the host layer is built for a test. */
#include <stdarg.h>
