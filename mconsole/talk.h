/* SPDX-License-Identifier: GPL-2.0-only */
/* talk.h - a command for the kernel: sent, its answer printed, its failure explained. */
#ifndef MCONSOLE_TALK_H
#define MCONSOLE_TALK_H

#include "mconsole/answer.h"
#include "mconsole/commands.h"

/**
 * talk() - send a line to the kernel and print what it answers
 * @session: who is talked to
 * @line: the line
 *
 * Return: EXIT_DONE, EXIT_FAILED on ERR, EXIT_NO_ANSWER.
 */
int talk(struct session *session, const char *line);

/**
 * explain() - tell why there is no answer
 * @session: who was asked
 * @error: what answer_ask() returned
 *
 * Return: an exit status.
 */
int explain(const struct session *session, int error);

#endif
