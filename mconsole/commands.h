/* SPDX-License-Identifier: GPL-2.0-only */
/* commands.h - the commands of uml_mconsole: those of the kernel and its own. */
#ifndef MCONSOLE_COMMANDS_H
#define MCONSOLE_COMMANDS_H

#include <stdbool.h>
#include <stdio.h>

#include "lib/umid.h"

/* Exit statuses besides those of lib/report.h. */
enum { EXIT_NO_ANSWER = 3 };

/* What a command's argument may be completed to. */
enum argument_kind { ARGUMENT_NONE, ARGUMENT_DEVICE, ARGUMENT_SYSRQ, ARGUMENT_PROC,
		     ARGUMENT_FILE, ARGUMENT_UMID };

/* Who is talked to and how. */
struct session {
	struct umid umid;
	unsigned int timeout_s;
	bool force;
	bool json;
	bool ended;		/* quit was given */
};

/**
 * struct command - one command
 * @name: its first word
 * @flag: the word that its argument begins with, or NULL
 * @argument: what else it takes, for the help
 * @help: what it does
 * @kind: what @argument may be
 * @run: how it is run; NULL: the kernel is told. Returns an exit status.
 * @local: it is this program's, not the kernel's
 * @alone: it needs no instance
 */
struct command {
	const char *name;
	const char *flag;
	const char *argument;
	const char *help;
	enum argument_kind kind;
	int (*run)(struct session *session, const char *line, const char *argument);
	bool local;
	bool alone;
};

/* All commands; a NULL name ends the table. */
extern const struct command commands[];

/**
 * command_find() - the command that a line begins with
 * @line: the line
 * @argument: set to what follows the name, and the flag if it has one
 *
 * Return: the command, or NULL where the table has none by that name.
 */
const struct command *command_find(const char *line, const char **argument);

/**
 * command_run() - run a line; one that is not in the table goes to the kernel as it is
 * @session: who is talked to
 * @line: the line
 *
 * Return: an exit status.
 */
int command_run(struct session *session, const char *line);

/**
 * commands_list() - print the table as the help has it
 * @out: where to
 * @local_only: leave out the kernel's
 */
void commands_list(FILE *out, bool local_only);

#endif
