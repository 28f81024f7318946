// SPDX-License-Identifier: GPL-2.0-only
/* commands.c - the commands of uml_mconsole: one table, and what its own commands do. */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/printable.h"
#include "lib/report.h"
#include "mconsole/commands.h"
#include "mconsole/talk.h"
#include "wire/mconsole.h"

static int run_help(struct session *session, const char *line, const char *argument)
{
	int status = talk(session, line);

	(void)argument;
	if (session->json)
		return status;
	printf("\nCommands of uml_mconsole itself:\n");
	commands_list(stdout, true);
	return status;
}

static int run_quit(struct session *session, const char *line, const char *argument)
{
	(void)line, (void)argument;
	session->ended = true;
	return EXIT_DONE;
}

static int run_switch(struct session *session, const char *line, const char *argument)
{
	struct session other = *session;
	int error;

	(void)line;
	if (!argument[0]) {
		warn("switch: a umid or the path of a socket is missing");
		return EXIT_FAILED;
	}
	error = umid_find(argument, session->force, &other.umid);
	if (error) {
		warn("%s: no such instance: %s; uml_mconsole --list shows those that run", argument,
		     cause(error));
		return EXIT_FAILED;
	}
	if (other.umid.state == UMID_FOREIGN)
		return explain(&other, -EPERM);
	if (!other.umid.listens)
		return explain(&other, -ECONNREFUSED);
	session->umid = other.umid;
	fputs("Switched to '", stdout);
	printable_write(stdout, argument, strlen(argument), 0);
	puts("'");
	return EXIT_DONE;
}

/* Sends text that may be longer than one message in pieces that end where lines do. */
static int log_lines(struct session *session, const char *text, size_t length)
{
	char line[MCONSOLE_COMMAND_MAX + 1] = "log ";
	const size_t prefix = strlen(line), room = MCONSOLE_COMMAND_MAX - prefix;
	int status = EXIT_DONE;

	while (length && status == EXIT_DONE) {
		size_t piece = length < room ? length : room;
		const char *end = length > room ? memrchr(text, '\n', room) : NULL;

		if (end)
			piece = (size_t)(end - text) + 1;
		memcpy(line + prefix, text, piece);
		line[prefix + piece] = '\0';
		status = talk(session, line);
		text += piece;
		length -= piece;
	}
	return status;
}

static int run_log_file(struct session *session, const char *line, const char *argument)
{
	/* A line that is longer than a message stays in the buffer until it ends. */
	char buffer[32 * MCONSOLE_DATA_BYTES];
	int status = EXIT_DONE;
	size_t length;
	FILE *file;

	(void)line;
	if (!argument[0]) {
		warn("log -f: the name of a file is missing");
		return EXIT_FAILED;
	}
	file = fopen(argument, "re");
	if (!file) {
		warn("cannot open %s: %s", argument, cause(errno));
		return EXIT_FAILED;
	}
	while (status == EXIT_DONE && !feof(file) && !ferror(file) &&
	       (length = fread(buffer, 1, sizeof(buffer), file)) > 0) {
		const char *end = feof(file) ? NULL : memrchr(buffer, '\n', length);
		size_t whole = end ? (size_t)(end - buffer) + 1 : length;

		/* What stands behind the last whole line is read again. */
		if (whole < length && fseek(file, -(long)(length - whole), SEEK_CUR) < 0)
			whole = length;
		for (size_t i = 0; i < whole; i++)
			if (!buffer[i])
				buffer[i] = ' ';
		status = log_lines(session, buffer, whole);
	}
	if (ferror(file)) {
		warn("cannot read %s: %s", argument, cause(errno));
		status = EXIT_FAILED;
	}
	fclose(file);
	return status;
}

static int run_client_version(struct session *session, const char *line, const char *argument)
{
	(void)session, (void)line, (void)argument;
	printf("uml_mconsole client version %d\n", MCONSOLE_VERSION);
	return EXIT_DONE;
}

/* Does the console answer, and is it that process which does? */
static bool is_answered_by(const struct session *session, pid_t pid)
{
	struct answer answer;
	bool same = !answer_ask(&session->umid, "version", session->timeout_s, &answer) &&
		    answer.sender == pid;

	answer_free(&answer);
	return same;
}

static int run_int(struct session *session, const char *line, const char *argument)
{
	struct umid now;
	bool proven;
	int pidfd, status = EXIT_DONE;

	(void)line, (void)argument;
	if (umid_find(session->umid.name, session->force, &now))
		return explain(session, -ECONNREFUSED);
	if (now.foreign && !now.force)
		return explain(session, -EPERM);
	if (!now.pid) {
		warn("int: no signal sent: %s has no pid file", now.name);
		return EXIT_FAILED;
	}
	pidfd = umid_pidfd(&now, &proven);
	if (pidfd == -ESRCH)
		return explain(session, -ECONNREFUSED);
	if (pidfd < 0) {
		warn("int: no signal sent: process %d: %s", (int)now.pid, cause(pidfd));
		return EXIT_FAILED;
	}
	if (!proven && !is_answered_by(session, now.pid)) {
		warn("int: no signal sent: nothing shows that process %d, which the pid file "
		     "names, is %s", (int)now.pid, now.name);
		status = EXIT_FAILED;
	} else if (syscall(SYS_pidfd_send_signal, pidfd, SIGINT, NULL, 0) < 0) {
		warn("int: no signal sent to process %d: %s", (int)now.pid, cause(errno));
		status = EXIT_FAILED;
	}
	close(pidfd);
	return status;
}

#define KERNELS(name_, argument_, kind_, help_)						\
	{ .name = (name_), .argument = (argument_), .kind = (kind_), .help = (help_) }
#define OURS(name_, flag_, argument_, kind_, run_, help_)				\
	{ .name = (name_), .flag = (flag_), .argument = (argument_), .kind = (kind_),	\
	  .run = (run_), .local = true, .help = (help_) }

const struct command commands[] = {
	KERNELS("version", "", ARGUMENT_NONE, "tell the kernel's name, release and version"),
	{ .name = "help", .argument = "", .run = run_help, .help = "list the commands" },
	KERNELS("halt", "", ARGUMENT_NONE, "end the machine at once; disks are not synced"),
	KERNELS("reboot", "", ARGUMENT_NONE, "restart the machine at once; disks are not synced"),
	KERNELS("config", "DEVICE[=VALUE]", ARGUMENT_DEVICE,
		"tell a device's configuration; with =VALUE add or change it"),
	KERNELS("remove", "DEVICE", ARGUMENT_DEVICE, "take a device away"),
	KERNELS("sysrq", "LETTER", ARGUMENT_SYSRQ, "do what the SysRq key with that letter does"),
	KERNELS("cad", "", ARGUMENT_NONE, "press Ctrl-Alt-Delete: an orderly end or restart"),
	KERNELS("stop", "", ARGUMENT_NONE, "pause the machine"),
	KERNELS("go", "", ARGUMENT_NONE, "go on after stop"),
	KERNELS("log", "TEXT", ARGUMENT_NONE, "put a text into the kernel's log"),
	KERNELS("proc", "FILE", ARGUMENT_PROC, "show a file of the guest's /proc"),
	KERNELS("stack", "PID", ARGUMENT_NONE, "show the kernel stack of a guest process"),
	OURS("log", "-f", "FILE", ARGUMENT_FILE, run_log_file,
	     "put the lines of a file of the host into the kernel's log"),
	OURS("int", NULL, "", ARGUMENT_NONE, run_int,
	     "send SIGINT to the kernel's process, for a debugger there"),
	OURS("switch", NULL, "UMID|SOCKET", ARGUMENT_UMID, run_switch, "go to another instance"),
	{ .name = "mconsole-version", .argument = "", .run = run_client_version, .local = true,
	  .alone = true, .help = "tell the protocol version of this program" },
	OURS("quit", NULL, "", ARGUMENT_NONE, run_quit, "leave the prompt"),
	{ 0 },
};

/* The rest of a line behind a word that it begins with, blanks skipped, or NULL. */
static const char *behind(const char *line, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(line, word, length) || (line[length] && !strchr(" \t", line[length])))
		return NULL;
	return line + length + strspn(line + length, " \t");
}

const struct command *command_find(const char *line, const char **argument)
{
	const struct command *found = NULL;

	for (const struct command *command = commands; command->name; command++) {
		const char *rest = behind(line, command->name);

		if (rest && command->flag)
			rest = behind(rest, command->flag);
		if (!rest || (found && !command->flag))
			continue;
		found = command;
		*argument = rest;
	}
	return found;
}

int command_run(struct session *session, const char *line)
{
	const char *argument;
	const struct command *command = command_find(line, &argument);

	if (!command || !command->run)
		return talk(session, line);
	return command->run(session, line, argument);
}

void commands_list(FILE *out, bool local_only)
{
	for (const struct command *command = commands; command->name; command++) {
		int column;

		if (local_only && !command->local)
			continue;
		column = fprintf(out, "  %s%s%s%s%s", command->name, command->flag ? " " : "",
				 command->flag ? command->flag : "",
				 command->argument[0] ? " " : "", command->argument);
		fprintf(out, "%*s %s\n", column < 26 ? 26 - column : 0, "", command->help);
	}
}
