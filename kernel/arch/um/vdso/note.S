/* SPDX-License-Identifier: GPL-2.0-only */
/* note.S - the kernel version that the vDSO belongs to, for the dynamic loader. */
#include <linux/build-salt.h>
#include <linux/elfnote.h>
#include <linux/uts.h>
#include <linux/version.h>

ELFNOTE_START(Linux, 0, "a")
	.long LINUX_VERSION_CODE
ELFNOTE_END

BUILD_SALT

	.section .note.GNU-stack, "", @progbits
