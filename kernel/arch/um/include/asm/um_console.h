/* SPDX-License-Identifier: GPL-2.0-only */
/* um_console.h - what the port proper wants from the console's driver at the end. */
#ifndef __ASM_UM_UM_CONSOLE_H
#define __ASM_UM_UM_CONSOLE_H

/**
 * um_console_flush() - wait until the host has taken all output of the console lines
 *
 * Gives up when a line has not moved for a second.  Context: any; before the process ends.
 */
void um_console_flush(void);

#endif
