// SPDX-License-Identifier: GPL-2.0-only
/* line_edit.c - lines typed at the prompt, by libedit: history and completion. */
#include <config.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <editline/readline.h>

#include "mconsole/commands.h"
#include "mconsole/history.h"
#include "mconsole/line.h"

enum { DEVICES = 16, CANDIDATE_BYTES = 32 };

/* What a word may be completed to; the strings are malloc()ed. */
struct candidates {
	char **words;
	size_t count;
	size_t next;
};

static struct candidates candidates;
static const char *history_file;

static void add_candidate(const char *word)
{
	char **grown = realloc(candidates.words, (candidates.count + 1) * sizeof(*grown));

	if (!grown)
		return;
	candidates.words = grown;
	grown[candidates.count] = strdup(word);
	if (grown[candidates.count])
		candidates.count++;
}

static void clear_candidates(void)
{
	while (candidates.count)
		free(candidates.words[--candidates.count]);
	free(candidates.words);
	candidates = (struct candidates){ 0 };
}

static void add_commands(void)
{
	for (const struct command *command = commands; command->name; command++)
		if (!command->flag)
			add_candidate(command->name);
}

/* The kernel does not tell which devices it could have: the first of each family. */
static void add_devices(void)
{
	static const char *const families[] = { "con", "eth", "ssl", "ubd", "vec" };
	char device[CANDIDATE_BYTES];

	add_candidate("mem");
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		for (int number = 0; number < DEVICES; number++) {
			snprintf(device, sizeof(device), "%s%d", families[i], number);
			add_candidate(device);
		}
}

static void add_letters(void)
{
	for (char letter[2] = "0"; letter[0] <= 'z'; letter[0]++)
		if (letter[0] <= '9' || letter[0] >= 'a')
			add_candidate(letter);
}

static void add_proc_files(void)
{
	static const char *const files[] = { "cmdline", "cpuinfo", "devices", "filesystems",
		"interrupts", "kallsyms", "loadavg", "meminfo", "modules", "mounts", "partitions",
		"slabinfo", "stat", "swaps", "uptime", "version", "vmstat", "zoneinfo" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		add_candidate(files[i]);
}

static int add_umid(const struct umid *umid, void *context)
{
	(void)context;
	if (umid->listens)
		add_candidate(umid->name);
	return 0;
}

static char *next_candidate(const char *text, int state)
{
	if (!state)
		candidates.next = 0;
	while (candidates.next < candidates.count) {
		const char *word = candidates.words[candidates.next++];

		if (!strncmp(word, text, strlen(text)))
			return strdup(word);
	}
	return NULL;
}

/* Candidates for the first word of a command's argument; false where files are wanted. */
static bool add_arguments(const struct command *command)
{
	switch (command->kind) {
	case ARGUMENT_DEVICE:
		add_devices();
		/* =VALUE often follows. */
		rl_completion_append_character = '\0';
		return true;
	case ARGUMENT_SYSRQ:
		add_letters();
		return true;
	case ARGUMENT_PROC:
		add_proc_files();
		return true;
	case ARGUMENT_UMID:
		umid_each(false, add_umid, NULL);
		return true;
	case ARGUMENT_FILE:
		return false;
	default:
		return true;
	}
}

static char **complete(const char *text, int start, int end)
{
	char *before = strndup(rl_line_buffer, (size_t)start);
	const struct command *command;
	bool words = true;
	const char *argument = "";

	(void)end;
	clear_candidates();
	rl_completion_append_character = ' ';
	if (!before)
		return NULL;
	command = command_find(before, &argument);
	if (!before[strspn(before, " \t")])
		add_commands();
	else if (strchr(before, '=') && command && command->kind == ARGUMENT_DEVICE)
		words = false;
	else if (command && !argument[0])
		words = add_arguments(command);
	free(before);
	/* Files are what the library completes to by itself. */
	rl_attempted_completion_over = words;
	return words ? rl_completion_matches(text, next_candidate) : NULL;
}

static void remember(const char *line)
{
	add_history(line);
}

/* By itself the library prints the prompt first, and Ctrl-D typed in between would be lost. */
static int take_terminal(void)
{
	rl_prep_terminal(1);
	return 0;
}

void line_begin(const char *history)
{
	rl_readline_name = "uml_mconsole";
	rl_attempted_completion_function = complete;
	rl_pre_input_hook = take_terminal;
	rl_basic_word_break_characters = " \t=,";
	using_history();
	stifle_history(HISTORY_LINES);
	history_file = history;
	if (history)
		history_read(history, remember);
}

/* The library shows neither a prompt nor the line where it has no terminal to edit on. */
char *line_read(const char *prompt)
{
	return isatty(STDIN_FILENO) ? readline(prompt) : line_read_plain(prompt);
}

void line_keep(const char *line)
{
	const HIST_ENTRY *last = history_length ? history_get(history_base + history_length - 1) :
						  NULL;

	if (last && !strcmp(last->line, line))
		return;
	add_history(line);
	if (history_file)
		history_append(history_file, line);
}
