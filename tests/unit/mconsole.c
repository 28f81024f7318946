// SPDX-License-Identifier: GPL-2.0-only
/* mconsole.c - unit tests of uml_mconsole: answers of several parts, escapes, the table. */
#include <config.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/printable.h"
#include "mconsole/answer.h"
#include "mconsole/commands.h"
#include "unit.h"
#include "wire/mconsole.h"

static int ends[2];

static void put(uint32_t error, bool more, const char *text)
{
	struct mconsole_reply reply = { error, more, text, (uint32_t)strlen(text) };
	uint8_t out[MCONSOLE_REPLY_BYTES];

	CHECK(send(ends[1], out, mconsole_encode_reply(out, &reply), MSG_DONTWAIT) > 0);
}

static int get(struct answer *answer)
{
	*answer = (struct answer){ 0 };
	return answer_receive(ends[0], 0, NULL, answer);
}

static void parts_are_put_together(void)
{
	struct answer answer;

	put(0, true, "ab");
	put(0, true, "");
	put(7, false, "cd");
	put(0, false, "another answer");
	CHECK_EQ(get(&answer), 0);
	CHECK(answer.text && !strcmp(answer.text, "abcd"));
	CHECK_EQ(answer.length, 4);
	CHECK_EQ(answer.error, 7);
	answer_free(&answer);
	CHECK_EQ(get(&answer), 0);
	answer_free(&answer);
}

static void what_ends_too_early_is_told(void)
{
	struct answer answer;

	CHECK_EQ(get(&answer), -ETIMEDOUT);
	put(0, true, "ab");
	CHECK_EQ(get(&answer), -ETIMEDOUT);
	CHECK(answer.text && !strcmp(answer.text, "ab"));
	answer_free(&answer);
	CHECK_EQ(send(ends[1], "short", 5, 0), 5);
	CHECK_EQ(get(&answer), -EPROTO);
	answer_free(&answer);
}

static void what_never_ends_is_given_up(void)
{
	struct answer answer;
	char text[500];
	pid_t pid = fork();

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	if (!pid) {
		close(ends[0]);
		for (;;) {
			struct mconsole_reply reply = { 0, true, text, sizeof(text) - 1 };
			uint8_t out[MCONSOLE_REPLY_BYTES];

			if (send(ends[1], out, mconsole_encode_reply(out, &reply),
				 MSG_NOSIGNAL) < 0)
				_exit(0);
		}
	}
	answer = (struct answer){ 0 };
	CHECK_EQ(answer_receive(ends[0], 60000, NULL, &answer), -EFBIG);
	CHECK(answer.length <= ANSWER_MAX_BYTES && answer.length > ANSWER_MAX_BYTES - 1000);
	answer_free(&answer);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void empty_parts_end_too(void)
{
	struct answer answer = { .parts = ANSWER_MAX_PARTS - 2 };

	for (int i = 0; i < 4; i++)
		put(0, true, "");
	CHECK_EQ(answer_receive(ends[0], 0, NULL, &answer), -EFBIG);
	answer_free(&answer);
	CHECK_EQ(get(&answer), -ETIMEDOUT);
	answer_free(&answer);
}

static void control_characters_are_shown(void)
{
	static const char text[] = "a\tb\n\033]0;title\a\r\x9b\0z";
	char *shown = NULL, *line;
	size_t length;
	FILE *out = open_memstream(&shown, &length);

	printable_write(out, text, sizeof(text) - 1, PRINTABLE_LINES);
	fclose(out);
	CHECK(!strcmp(shown, "a\tb\n\\x1b]0;title\\x07\\x0d\\x9b\\x00z"));
	free(shown);
	line = printable_line("a\tb\nc\xc3\xa4");
	CHECK(!strcmp(line, "a\\x09b\\x0ac\xc3\xa4"));
	free(line);
	/* The control characters of the second set, and a character that is cut off. */
	line = printable_line("\xc2\x9b \xc3");
	CHECK(!strcmp(line, "\\xc2\\x9b \\xc3"));
	free(line);
}

static void lines_are_found_in_the_table(void)
{
	static const struct {
		const char *line, *name, *argument;
		bool local;
	} cases[] = {
		{ "version", "version", "", false },
		{ "log  some text", "log", "some text", false },
		{ "log -f some file", "log", "some file", true },
		{ "log -fsome", "log", "-fsome", false },
		{ "log -f", "log", "", true },
		{ "log", "log", "", false },
		{ "mconsole-version", "mconsole-version", "", true },
		{ "versions", NULL, NULL, false },
		{ "", NULL, NULL, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *argument = NULL;
		const struct command *command = command_find(cases[i].line, &argument);

		CHECK_EQ(!command, !cases[i].name);
		if (!command || !cases[i].name)
			continue;
		CHECK(!strcmp(command->name, cases[i].name));
		CHECK(!strcmp(argument, cases[i].argument));
		CHECK_EQ(command->local, cases[i].local);
	}
}

int main(void)
{
	setenv("LC_ALL", "C.UTF-8", 1);
	CHECK(setlocale(LC_CTYPE, ""));
	CHECK_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	parts_are_put_together();
	what_ends_too_early_is_told();
	empty_parts_end_too();
	what_never_ends_is_given_up();
	control_characters_are_shown();
	lines_are_found_in_the_table();
	return UNIT_RESULT();
}
