/* SPDX-License-Identifier: GPL-2.0-only */
/* prompt.h - commands read one by one at a prompt. */
#ifndef MCONSOLE_PROMPT_H
#define MCONSOLE_PROMPT_H

#include "mconsole/commands.h"

/**
 * prompt_run() - read commands and run them until quit or the end of the input
 * @session: who is talked to
 *
 * Return: the exit status of the last command.
 */
int prompt_run(struct session *session);

#endif
