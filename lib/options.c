// SPDX-License-Identifier: GPL-2.0-only
/* options.c - options of the tools, parsed by getopt_long(3) from the table that --help prints. */
#include <config.h>
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/options.h"
#include "lib/report.h"

enum {
	OPTIONS_MAX = 64,
	ID_HELP = 0x10000,
	ID_VERSION,
	/* Column at which the help texts begin. */
	HELP_COLUMN = 28,
};

static const struct tool_option common_options[] = {
	{ ID_HELP, "help", NULL, "print this help" },
	{ ID_VERSION, "version", NULL, "print the version" },
	{ 0 },
};

/* The table in getopt's form. */
struct getopt_form {
	char letters[3 * OPTIONS_MAX + 4];
	struct option words[OPTIONS_MAX + 1];
};

static int argument_kind(const struct tool_option *option)
{
	if (!option->argument)
		return no_argument;
	return option->argument[0] == '[' ? optional_argument : required_argument;
}

static void add_options(struct getopt_form *form, const struct tool_option *option)
{
	char *letter = form->letters + strlen(form->letters);
	struct option *word = form->words;

	while (word->name)
		word++;
	for (; option->id; option++) {
		int kind = argument_kind(option);

		if (option->id < 256) {
			*letter++ = (char)option->id;
			for (int colons = kind; colons; colons--)
				*letter++ = ':';
		}
		assert(word < form->words + OPTIONS_MAX);
		if (option->name)
			*word++ = (struct option){ option->name, kind, NULL, option->id };
	}
	*letter = '\0';
}

static void print_usage(const struct tool *tool, FILE *out)
{
	for (int i = 0; tool->usage[i]; i++)
		fprintf(out, "%s %s%s%s\n", i ? "      " : "usage:", tool->name,
			tool->usage[i][0] ? " " : "", tool->usage[i]);
}

static void print_option(const struct tool_option *option, bool letter, FILE *out)
{
	int column;

	if (!option->help)
		return;
	column = fprintf(out, "  ");
	if (option->id < 256)
		column += fprintf(out, "-%c%s", option->id, option->name ? ", " : "");
	else
		column += fprintf(out, letter ? "-h, " : "    ");
	if (option->name)
		column += fprintf(out, "--%s", option->name);
	if (option->argument && option->argument[0] == '[')
		column += fprintf(out, "[%s%s", option->name ? "=" : "", option->argument + 1);
	else if (option->argument)
		column += fprintf(out, "%s%s", option->name ? "=" : " ", option->argument);
	if (column >= HELP_COLUMN) {
		fprintf(out, "\n");
		column = 0;
	}
	fprintf(out, "%*s%s\n", HELP_COLUMN - column, "", option->help);
}

/* -h stands for help where it stands for nothing else. */
static bool has_help_letter(const struct tool *tool)
{
	for (const struct tool_option *option = tool->options; option->id; option++)
		if (option->id == 'h')
			return false;
	return true;
}

static void write_help(const struct tool *tool, FILE *out)
{
	print_usage(tool, out);
	fprintf(out, "\n%s\n\n", tool->purpose);
	for (const struct tool_option *option = tool->options; option->id; option++)
		print_option(option, false, out);
	for (const struct tool_option *option = common_options; option->id; option++)
		print_option(option, option->id == ID_HELP && has_help_letter(tool), out);
	if (tool->notes)
		fprintf(out, "\n%s", tool->notes);
}

static void write_version(const struct tool *tool, FILE *out)
{
	fprintf(out, "%s (%s) %s\n", tool->name, PACKAGE_NAME, PACKAGE_VERSION);
}

/* Prints a text as a whole, so that what hinders it is known, and ends. */
static _Noreturn void print_and_exit(const struct tool *tool, const char *what,
				     void (*write_text)(const struct tool *tool, FILE *out))
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	int error = -ENOMEM;

	if (out) {
		write_text(tool, out);
		error = fclose(out) ? -ENOMEM : write_full(STDOUT_FILENO, text, length);
	}
	free(text);
	if (error)
		die("cannot print the %s: %s", what, cause(error));
	exit(EXIT_DONE);
}

void usage_error(const struct tool *tool, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	warn("%s", text);
	print_usage(tool, stderr);
	exit(EXIT_USAGE);
}

/* The word of the command line that getopt stopped at. */
static _Noreturn void bad_option(const struct tool *tool, char **argv, bool missing)
{
	const char *word = argv[optind - 1];

	if (missing)
		usage_error(tool, "option '%s' needs an argument", word);
	if (optopt && optopt < 256 && strncmp(word, "--", 2))
		usage_error(tool, "unknown option '-%c'", optopt);
	if (optopt)
		usage_error(tool, "option '%s' takes no argument", word);
	usage_error(tool, "unknown or ambiguous option '%s'", word);
}

int options_next(const struct tool *tool, int argc, char **argv)
{
	static struct getopt_form form;
	int id;

	if (!form.words[0].name) {
		report_name(tool->name);
		strcpy(form.letters, tool->stop_at_word ? "+:" : ":");
		add_options(&form, tool->options);
		add_options(&form, common_options);
		if (has_help_letter(tool))
			strcat(form.letters, "h");
		opterr = 0;
	}
	if (tool->one_dash)
		id = getopt_long_only(argc, argv, form.letters, form.words, NULL);
	else
		id = getopt_long(argc, argv, form.letters, form.words, NULL);
	if (id == 'h' && has_help_letter(tool))
		id = ID_HELP;
	switch (id) {
	case ID_HELP:
		print_and_exit(tool, "help", write_help);
	case ID_VERSION:
		print_and_exit(tool, "version", write_version);
	case ':':
	case '?':
		bad_option(tool, argv, id == ':');
	default:
		return id;
	}
}
