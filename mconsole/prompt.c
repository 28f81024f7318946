// SPDX-License-Identifier: GPL-2.0-only
/* prompt.c - commands read one by one at a prompt; where their history is kept. */
#include <config.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/printable.h"
#include "lib/report.h"
#include "mconsole/line.h"
#include "mconsole/prompt.h"

static bool make_folder(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

/*
 * The file of the history, its folder made. False where there is no place for it, or where the
 * place is another user's: root by sudo must not leave files of root in there.
 */
static bool history_path(char path[PATH_MAX])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	struct stat st;
	int length;

	if (state && state[0] == '/') {
		snprintf(path, PATH_MAX, "%s", state);
	} else {
		if (!home || home[0] != '/' || stat(home, &st) < 0 || st.st_uid != geteuid())
			return false;
		snprintf(path, PATH_MAX, "%s/.local", home);
		if (!make_folder(path))
			return false;
		snprintf(path, PATH_MAX, "%s/.local/state", home);
	}
	length = (int)strlen(path);
	if (!make_folder(path) || stat(path, &st) < 0 || st.st_uid != geteuid() ||
	    length > PATH_MAX - 32)
		return false;
	strcpy(path + length, "/uml");
	if (!make_folder(path))
		return false;
	strcpy(path + length, "/uml/mconsole_history");
	return true;
}

static char *make_prompt(const struct session *session)
{
	char *name = printable_line(session->umid.name), *prompt = NULL;

	if (!name || asprintf(&prompt, "(%s) ", name) < 0)
		die("cannot make the prompt: %s", cause(ENOMEM));
	free(name);
	return prompt;
}

int prompt_run(struct session *session)
{
	char history[PATH_MAX];
	bool interactive = isatty(STDIN_FILENO);
	int status = EXIT_DONE;

	/* What was typed is the user's own. */
	umask(077);
	line_begin(interactive && history_path(history) ? history : NULL);
	while (!session->ended) {
		char *prompt = make_prompt(session), *line = line_read(prompt), *command;

		free(prompt);
		if (!line) {
			putchar('\n');
			break;
		}
		command = line + strspn(line, " \t");
		for (size_t end = strlen(command); end && strchr(" \t\r", command[end - 1]); end--)
			command[end - 1] = '\0';
		if (command[0]) {
			if (interactive)
				line_keep(command);
			status = command_run(session, command);
			fflush(stdout);
		}
		free(line);
	}
	return fflush(stdout) ? EXIT_FAILED : status;
}
