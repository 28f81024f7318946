// SPDX-License-Identifier: GPL-2.0-only
/* main.c - uml_mconsole: the command line, and which instance it means. */
#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/options.h"
#include "lib/parse.h"
#include "lib/report.h"
#include "lib/signals.h"
#include "mconsole/commands.h"
#include "mconsole/list.h"
#include "mconsole/prompt.h"
#include "mconsole/talk.h"
#include "wire/mconsole.h"

enum { TIMEOUT_S = 10, TIMEOUT_MAX_S = 86400 };

static const char *const usage[] = {
	"[OPTION]... [UMID|SOCKET] [COMMAND [ARGUMENT]...]",
	"--list [--json] [--timeout=SECONDS] [--force]",
	"--clean",
	NULL,
};

static const struct tool_option option_table[] = {
	{ 'l', "list", NULL, "list the instances: umid, process, state, kernel" },
	{ 'j', "json", NULL, "print the list, or an answer, as JSON" },
	{ 't', "timeout", "SECONDS", "wait at most so long for an answer (10; 0: for ever)" },
	{ 'f', "force", NULL, "also talk to an instance of another user" },
	{ 'c', "clean", NULL, "remove the folders of instances that are surely dead" },
	{ 0 },
};

static struct tool tool = {
	.name = "uml_mconsole",
	.purpose = "Manages a running user-mode Linux kernel through its management console.\n"
		   "Without COMMAND it reads commands at a prompt.",
	.usage = usage,
	.options = option_table,
	.stop_at_word = true,
};

/* The text behind the options: where instances are found, and the table of the commands. */
static char *make_notes(void)
{
	char *notes = NULL;
	size_t length;
	FILE *out = open_memstream(&notes, &length);

	if (!out)
		return NULL;
	fputs("UMID is looked for in ~/.uml, $TMPDIR/uml and /tmp/uml. It may be left out where\n"
	      "one instance runs.\n\nCommands:\n", out);
	commands_list(out, false);
	fputs("\nExit status: 0 done, 1 failed or ERR, 2 wrong usage, 3 no answer.\n", out);
	return fclose(out) ? NULL : notes;
}

/* Several words of the command line are one command. */
static char *join_words(char **words)
{
	char *line = NULL;
	size_t length;
	FILE *out = open_memstream(&line, &length);

	for (int i = 0; out && words[i]; i++)
		fprintf(out, "%s%s", i ? " " : "", words[i]);
	if (!out || fclose(out) != 0)
		die("cannot make the command: %s", cause(ENOMEM));
	return line;
}

static void need_sole_instance(struct session *session)
{
	char names[512];

	switch (sole_instance(session)) {
	case 1:
		return;
	case 0:
		die("no instance runs: none has a management console in ~/.uml, $TMPDIR/uml or "
		    "/tmp/uml; start one, or name its socket");
	default:
		running_names(names, sizeof(names));
		usage_error(&tool, "which instance? there are %s", names);
	}
}

/* Which instance do the words mean? Return: how many of them name it, 0 or 1. */
static int choose_instance(struct session *session, char **words)
{
	const char *argument;
	const struct command *command;
	int error;

	if (!words[0]) {
		need_sole_instance(session);
		return 0;
	}
	error = umid_find(words[0], session->force, &session->umid);
	if (!error)
		return 1;
	command = command_find(words[0], &argument);
	if (error == -ENOENT && command && !argument[0]) {
		if (!command->alone)
			need_sole_instance(session);
		return 0;
	}
	if (error == -ENOENT || error == -ENOTDIR)
		die("%s: no such instance in ~/.uml, $TMPDIR/uml or /tmp/uml, and no such socket; "
		    "uml_mconsole --list shows those that there are", words[0]);
	die("%s: not the socket of a management console: %s", words[0], cause(error));
}

static int run(struct session *session, char **words)
{
	char *line;
	int status;

	words += choose_instance(session, words);
	if (session->umid.state == UMID_FOREIGN)
		return explain(session, -EPERM);
	if (!words[0]) {
		if (!session->umid.listens)
			return explain(session, -ECONNREFUSED);
		return prompt_run(session);
	}
	line = join_words(words);
	status = command_run(session, line);
	free(line);
	return fflush(stdout) ? EXIT_FAILED : status;
}

int main(int argc, char **argv)
{
	struct session session = { .timeout_s = TIMEOUT_S };
	bool list = false, clean = false;
	uint64_t number;
	int id;

	signals_begin();
	setlocale(LC_CTYPE, "");
	tool.notes = make_notes();
	while ((id = options_next(&tool, argc, argv)) != -1) {
		switch (id) {
		case 'l':
			list = true;
			break;
		case 'j':
			session.json = true;
			break;
		case 'f':
			session.force = true;
			break;
		case 'c':
			clean = true;
			break;
		case 't':
			if (parse_number(optarg, TIMEOUT_MAX_S, &number))
				usage_error(&tool, "--timeout=%s: not a number of seconds up to %d",
					    optarg, TIMEOUT_MAX_S);
			session.timeout_s = (unsigned int)number;
		}
	}
	if (list && clean)
		usage_error(&tool, "--list and --clean exclude each other");
	if ((list || clean) && optind < argc)
		usage_error(&tool, "%s: no word is allowed here", argv[optind]);
	if (clean)
		return clean_instances();
	return list ? list_instances(&session) : run(&session, argv + optind);
}
