/* SPDX-License-Identifier: GPL-2.0-only */
/* tty.h - the tty driver of the console lines. */
#ifndef __UM_CONSOLE_TTY_H
#define __UM_CONSOLE_TTY_H

struct tty_driver;

/* NULL until it is registered. */
extern struct tty_driver *um_tty_driver;

/** um_lines_init() - give all lines their numbers and ports; before anything else. */
void um_lines_init(void);

#endif
