// SPDX-License-Identifier: GPL-2.0-only
/*
 * The console options: which channel of the host each console line is connected to.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <uapi/asm-generic/fcntl.h>
#include <host/channel.h>
#include <host/err.h>
#include <host/print.h>
#include <host/string.h>
#include "option_table.h"
#include "raw.h"

struct host_console host_consoles[HOST_CONSOLES] = {
	[0] = {
		.in = { HOST_CHANNEL_FD, 0 },
		.out = { HOST_CHANNEL_FD, 1 },
	},
};

/* Lines that con<n>= has named: con= does not change them. */
static u32 given;

/**
 * struct channel_type - one kind of channel
 * @name: the word, or its beginning up to and with ":"
 * @syntax: how it is written, for --help
 * @help: what it does
 * @kind: what it becomes
 * @parse: NULL, or takes what follows @name; returns 0 or -errno with a reason
 */
struct channel_type {
	const char *name;
	const char *syntax;
	const char *help;
	enum host_channel_kind kind;
	int (*parse)(const char *text, bool output, struct host_channel *channel, char *error,
		     size_t size);
};

static int parse_fd(const char *text, bool output, struct host_channel *channel, char *error,
		    size_t size)
{
	int fd = 0, mode;
	size_t i = 0;

	for (; i < 6 && text[i] >= '0' && text[i] <= '9'; i++)
		fd = fd * 10 + text[i] - '0';
	if (i == 0 || text[i]) {
		host_format(error, size, "fd:%s: no descriptor; write a number, as in fd:3", text);
		return -EINVAL;
	}
	mode = (int)host_call(fcntl, fd, F_GETFL);
	if (mode < 0) {
		host_format(error, size, "fd:%d: %s; open it in the shell, for example by %d<>file",
			    fd, host_strerror(mode), fd);
		return mode;
	}
	if ((mode & O_ACCMODE) == (output ? O_RDONLY : O_WRONLY)) {
		host_format(error, size, "fd:%d: not open for %s; name another descriptor", fd,
			    output ? "writing" : "reading");
		return -EBADF;
	}
	channel->fd = fd;
	return 0;
}

static const struct channel_type channel_types[] = {
	{ "none", "none", "the line cannot be opened", HOST_CHANNEL_NONE, NULL },
	{ "null", "null", "output vanishes, input never comes", HOST_CHANNEL_NULL, NULL },
	{ "fd:", "fd:<n>", "descriptor <n> that the kernel was started with", HOST_CHANNEL_FD,
	  parse_fd },
};

static int parse_channel(const char *text, bool output, struct host_channel *channel, char *error,
			 size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(channel_types); i++) {
		const struct channel_type *type = &channel_types[i];
		size_t len = strlen(type->name);

		*channel = (struct host_channel){ .kind = type->kind, .fd = -1 };
		if (type->parse && strncmp(text, type->name, len) == 0)
			return type->parse(text + len, output, channel, error, size);
		if (!type->parse && strcmp(text, type->name) == 0)
			return 0;
	}
	host_format(error, size, "no such channel: %s; linux --help lists them", text);
	return -EINVAL;
}

int host_console_parse(const char *text, struct host_console *console, char *error, size_t size)
{
	const char *comma = strchr(text, ',');
	const char *second = comma ? comma + 1 : text;
	size_t len = comma ? (size_t)(comma - text) : strlen(text);
	char first[128], number[16];
	int ret;

	if (len >= sizeof(first)) {
		host_format(error, size, "too long; linux --help lists the channels");
		return -ENAMETOOLONG;
	}
	memcpy(first, text, len);
	first[len] = 0;
	/* fd:0,1 is short for fd:0,fd:1. */
	if (comma && strncmp(first, "fd:", 3) == 0 && *second >= '0' && *second <= '9') {
		host_format(number, sizeof(number), "fd:%s", second);
		second = number;
	}
	ret = parse_channel(first, false, &console->in, error, size);
	if (ret == 0)
		ret = parse_channel(second, true, &console->out, error, size);
	return ret;
}

/* ------------------------------------------------------------- the options */

static void parse_all(const char *value)
{
	struct host_console console;
	char error[256];

	if (host_console_parse(value, &console, error, sizeof(error)) < 0)
		host_die("con=%s: %s", value, error);
	for (int i = 0; i < HOST_CONSOLES; i++) {
		if (!(given & (1U << i)))
			host_consoles[i] = console;
	}
}

static bool match_one(const char *word)
{
	return strncmp(word, "con", 3) == 0 && word[3] >= '0' && word[3] <= '9';
}

static void parse_one(const char *value)
{
	unsigned int number = 0;
	char error[256];
	size_t i = 0;

	for (; i < 4 && value[i] >= '0' && value[i] <= '9'; i++)
		number = number * 10 + (unsigned int)(value[i] - '0');
	if (number >= HOST_CONSOLES || value[i] != '=')
		host_die("con%s: no such line; write con<n>=<channel> with n from 0 to %d", value,
			 HOST_CONSOLES - 1);
	if (host_console_parse(value + i + 1, &host_consoles[number], error, sizeof(error)) < 0)
		host_die("con%s: %s", value, error);
	given |= 1U << number;
}

static void help_channels(void)
{
	for (size_t i = 0; i < ARRAY_LEN(channel_types); i++) {
		char syntax[32];

		host_format(syntax, sizeof(syntax), "  %s", channel_types[i].syntax);
		host_option_row(syntax, channel_types[i].help);
	}
}

static const struct host_option con_options[] = {
	{ "con=", "con=<channel>", "connect all console lines that no con<n>= names", NULL,
	  parse_all },
	{ "con", "con<n>=<in>[,<out>]",
	  "connect line <n>, 0 to 15, the guest's /dev/tty<n>: input and output,\n"
	  "or one channel for both; default con0=fd:0,fd:1 and none for the others", match_one,
	  parse_one },
};

const struct host_option_family host_con_options = {
	.title = "Console lines; a channel is one of those below",
	.options = con_options,
	.count = ARRAY_LEN(con_options),
	.help_more = help_channels,
};
