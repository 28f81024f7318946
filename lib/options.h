/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h - one table of options a tool: parsed, and printed by --help. */
#ifndef LIB_OPTIONS_H
#define LIB_OPTIONS_H

#include <stdbool.h>

/**
 * struct tool_option - one option of a tool
 * @id: what options_next() returns for it: its letter for options that have one, else 256 or more;
 *	0 ends the table
 * @name: long name without dashes, or NULL
 * @argument: name of its argument in the help, `[NAME]` where it may be left out, NULL for none
 * @help: what it does, one line; NULL leaves the option out of the help
 */
struct tool_option {
	int id;
	const char *name;
	const char *argument;
	const char *help;
};

/**
 * struct tool - what a tool's command line is
 * @name: its name
 * @purpose: one line
 * @usage: forms of its arguments, one a string, without the tool's name; NULL ends the list
 * @options: its options; --help, with -h unless that is one of them, and --version come on top
 * @notes: text after the options, with its newlines, or NULL
 * @one_dash: long options are taken behind a single dash too
 * @stop_at_word: options behind the first word that is none are left alone
 */
struct tool {
	const char *name;
	const char *purpose;
	const char *const *usage;
	const struct tool_option *options;
	const char *notes;
	bool one_dash;
	bool stop_at_word;
};

/**
 * options_next() - the next option of the command line
 * @tool: the tool; the same one in each call
 * @argc: count of arguments as main() has it
 * @argv: arguments as main() has them; reordered so that words that are no options come last
 *
 * Prints the help or the version and exits with 0 on --help and --version, and on -h where that is no
 * option of the tool's own; exits with 1 where they cannot be printed. Complains and exits with 2 on an
 * unknown option or a missing argument. Sets report_name() in its first call.
 *
 * Return: the option's id, its argument in optarg; -1 at the end, with optind as getopt(3) has it.
 */
int options_next(const struct tool *tool, int argc, char **argv);

/**
 * usage_error() - print one line about wrong usage and the usage on stderr, exit with status 2
 * @tool: the tool
 * @format: what is wrong
 */
_Noreturn void usage_error(const struct tool *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
