// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command line: the tables of our options, and the line that Linux gets.
 *
 * Everything that a user can get wrong here is found before anything starts.  Linux gets
 * all words, so that /proc/cmdline shows what the user wrote; what follows "--" is for
 * init alone.
 */
#include <linux/types.h>
#include <uapi/asm-generic/errno.h>
#include <host/err.h>
#include <host/file.h>
#include <host/option.h>
#include <host/print.h>
#include <host/process.h>
#include <host/string.h>
#include "option_table.h"
#include "raw.h"

#define MEM_STEP	(2UL << 20)
#define SYNTAX_COLUMN	26

struct host_options host_options = {
	.mem_bytes = HOST_MEM_DEFAULT,
	.initrd_fd = -1,
};

/* --------------------------------------------------------------- the options */

/* Return: the number, or -EINVAL. */
static s64 parse_size(const char *text)
{
	static const struct { char letter; int shift; } units[] = {
		{ 'k', 10 }, { 'K', 10 }, { 'm', 20 }, { 'M', 20 }, { 'g', 30 }, { 'G', 30 },
	};
	s64 value = 0;
	size_t i = 0;

	for (; text[i] >= '0' && text[i] <= '9'; i++) {
		if (value > (1LL << 62) / 10 - 10)
			return -EINVAL;
		value = value * 10 + text[i] - '0';
	}
	if (i == 0)
		return -EINVAL;
	if (!text[i])
		return value;
	for (size_t u = 0; u < ARRAY_LEN(units); u++) {
		if (text[i] == units[u].letter && !text[i + 1])
			return value >> (62 - units[u].shift) ? -EINVAL : value << units[u].shift;
	}
	return -EINVAL;
}

static void parse_mem(const char *value)
{
	s64 bytes = parse_size(value);

	if (bytes < 0)
		host_die("mem=%s: no size; write a number with k, M or G, such as mem=512M", value);
	if ((u64)bytes < HOST_MEM_MIN || (u64)bytes > HOST_MEM_MAX)
		host_die("mem=%s: out of range; write a size from %luM to %luG, such as mem=512M",
			 value, HOST_MEM_MIN >> 20, HOST_MEM_MAX >> 30);
	host_options.mem_bytes = ((u64)bytes + MEM_STEP - 1) & ~(MEM_STEP - 1);
}

static void parse_initrd(const char *value)
{
	int fd, ret;

	if (host_options.initrd_fd >= 0)
		host_die("initrd=%s: given twice; name one file", value);
	fd = host_file_open(value, 0);
	if (fd < 0)
		host_die("initrd=%s: cannot open: %s; name a readable file", value,
			 host_strerror(fd));
	ret = host_file_size(fd, &host_options.initrd_bytes);
	if (ret < 0)
		host_die("initrd=%s: cannot read: %s; name a regular file", value,
			 host_strerror(ret));
	if (host_options.initrd_bytes == 0)
		host_die("initrd=%s: the file is empty; make it by cpio or mkinitramfs", value);
	host_options.initrd_path = value;
	host_options.initrd_fd = fd;
}

static void parse_umid(const char *value)
{
	size_t len = strlen(value);

	if (len == 0 || len >= HOST_UMID_BYTES)
		host_die("umid=%s: a name of 1 to %d characters is needed", value,
			 HOST_UMID_BYTES - 1);
	for (size_t i = 0; i < len; i++) {
		if (value[i] <= ' ' || value[i] == '/' || value[i] == 127)
			host_die("umid=%s: neither / nor blanks may stand in it; rename it", value);
	}
	if (value[0] == '.')
		host_die("umid=%s: it cannot begin with a dot; choose another name", value);
	memcpy(host_options.umid, value, len + 1);
	host_options.umid_given = true;
}

static void parse_uml_dir(const char *value)
{
	if (!*value)
		host_die("uml_dir=: no folder is named; write uml_dir=<folder>");
	host_options.uml_dir = value;
}

static void parse_noreboot(const char *value)
{
	(void)value;
	host_options.noreboot = true;
}

static unsigned int parse_every(const char *option, const char *value)
{
	u64 n = 0;
	const char *s = value;

	while (*s >= '0' && *s <= '9' && n < 1000000000)
		n = n * 10 + (*s++ - '0');
	if (*s || !n)
		host_die("%s%s: a number from 1 to 1000000000 is wanted", option, value);
	return n;
}

static void parse_fail_map(const char *value)
{
	host_options.fail_map = parse_every("fail_map=", value);
}

static void parse_fail_answer(const char *value)
{
	host_options.fail_answer = parse_every("fail_answer=", value);
}

static void parse_nofsgsbase(const char *value)
{
	(void)value;
	host_options.nofsgsbase = true;
}

static void print_help(const char *value);

static void print_version(const char *value)
{
	(void)value;
	host_print(1, "%s\n", host_release);
	host_exit(0);
}

static void print_config(const char *value)
{
	(void)value;
	for (const char *at = host_config; at < host_config_end;) {
		long done = host_file_write(1, at, (size_t)(host_config_end - at), -1);

		if (done <= 0)
			host_exit(1);
		at += done;
	}
	host_exit(0);
}

static const struct host_option core_options[] = {
	{ "mem=", "mem=<size>",
	  "memory of the guest, with k, M or G; default 256M.\n"
	  "The host gives memory only as the guest uses it.", NULL, parse_mem },
	{ "initrd=", "initrd=<file>",
	  "initial root file system: a cpio archive, also compressed", NULL, parse_initrd },
	{ "umid=", "umid=<name>",
	  "name of this kernel for the host's tools; default: a random one", NULL, parse_umid },
	{ "uml_dir=", "uml_dir=<folder>",
	  "where the folder <name> with the pid file is made;\n"
	  "default ~/.uml, or $TMPDIR/uml without a home", NULL, parse_uml_dir },
	{ "noreboot", "noreboot", "a reboot of the guest ends the kernel", NULL, parse_noreboot },
	{ "nofsgsbase", "nofsgsbase", "do without the instructions that read and write fs and gs base",
	  NULL, parse_nofsgsbase },
	{ "fail_map=", "fail_map=N", "for tests: of N changes of a program's mappings one fails",
	  NULL, parse_fail_map },
	{ "fail_answer=", "fail_answer=N", "for tests: of N answers that agents give one is lost, and its program ends",
	  NULL, parse_fail_answer },
	{ "quiet", "quiet", "show only warnings and errors of the kernel", NULL, NULL },
	{ "--help", "--help", "print this text", NULL, print_help },
	{ "--version", "--version", "print the kernel's release", NULL, print_version },
	{ "--showconfig", "--showconfig", "print the configuration that the kernel was built with",
	  NULL, print_config },
};

static const struct host_option_family core_family = {
	.title = "Kernel and host",
	.options = core_options,
	.count = ARRAY_LEN(core_options),
};

static const struct host_option_family *const option_families[] = {
	&core_family,
	&host_ubd_options,
	&host_con_options,
#ifdef CONFIG_VIRTIO_UML
	&host_vhost_options,
#endif
};

/* ----------------------------------------------------------------- the help */

void host_option_row(const char *syntax, const char *help)
{
	const char *end;

	host_print(1, "  %-*s", SYNTAX_COLUMN, syntax);
	if (strlen(syntax) >= SYNTAX_COLUMN)
		host_print(1, "\n  %-*s", SYNTAX_COLUMN, "");
	while ((end = strchr(help, '\n'))) {
		char line[128];

		host_format(line, sizeof(line), "%s", help);
		if ((size_t)(end - help) < sizeof(line))
			line[end - help] = 0;
		host_print(1, "%s\n  %-*s", line, SYNTAX_COLUMN, "");
		help = end + 1;
	}
	host_print(1, "%s\n", help);
}

static void print_help(const char *value)
{
	(void)value;
	host_print(1, "usage: linux [OPTION]...\n\n"
		   "Linux %s as an ordinary process of this host. Options that are not listed here\n"
		   "are Linux's own, such as root=/dev/ubda, init= or console=.\n", host_release);
	for (size_t f = 0; f < ARRAY_LEN(option_families); f++) {
		const struct host_option_family *family = option_families[f];

		host_print(1, "\n%s:\n", family->title);
		for (size_t i = 0; i < family->count; i++)
			host_option_row(family->options[i].syntax, family->options[i].help);
		if (family->help_more)
			family->help_more();
	}
	host_exit(0);
}

/* --------------------------------------------------------- the command line */

static bool names(const struct host_option *option, const char *word)
{
	size_t len = strlen(option->name);

	if (option->match)
		return option->match(word);
	if (option->name[len - 1] == '=')
		return strncmp(word, option->name, len) == 0;
	return strcmp(word, option->name) == 0;
}

static const struct host_option *find_option(const char *word)
{
	for (size_t f = 0; f < ARRAY_LEN(option_families); f++) {
		const struct host_option_family *family = option_families[f];

		for (size_t i = 0; i < family->count; i++) {
			if (names(&family->options[i], word))
				return &family->options[i];
		}
	}
	return NULL;
}

bool host_option_known(const char *word)
{
	return find_option(word) != NULL;
}

static size_t line_len;

static void add_char(char c)
{
	if (line_len >= HOST_COMMAND_LINE_BYTES - 1)
		host_die("command line: longer than %d characters; shorten it",
			 HOST_COMMAND_LINE_BYTES - 1);
	host_options.command_line[line_len++] = c;
}

/*
 * Linux takes quotes around a value or a whole word, and none inside.  A word that brings
 * its own is passed on as it is.
 */
static void add_word(const char *word)
{
	bool blank = false, quoted = strchr(word, '"') != NULL;
	const char *value = strchr(word, '=');

	for (const char *at = word; *at; at++)
		blank |= *at == ' ' || *at == '\t' || *at == '\n';
	for (const char *at = word; value && at < value; at++) {
		if (*at == ' ' || *at == '\t' || *at == '\n')
			value = NULL;
	}
	if (line_len)
		add_char(' ');
	if (quoted || (!blank && *word)) {
		while (*word)
			add_char(*word++);
		return;
	}
	while (value && word <= value)
		add_char(*word++);
	add_char('"');
	while (*word)
		add_char(*word++);
	add_char('"');
}

static void parse_word(const char *word)
{
	const struct host_option *option = find_option(word);

	if (!option) {
		if (word[0] == '-' && word[1] == '-')
			host_die("%s: unknown option; linux --help lists them", word);
		return;
	}
	if (option->parse)
		option->parse(word + strlen(option->name));
}

void host_options_parse(int argc, char **argv, char **envp)
{
	bool for_init = false;

	host_process_init(argc, argv, envp);
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			for_init = true;
		if (!for_init)
			parse_word(argv[i]);
		add_word(argv[i]);
	}
	if (host_options.initrd_bytes > host_options.mem_bytes / 2)
		host_die("initrd=%s: too large for mem=%luM; give the guest more memory by mem=",
			 host_options.initrd_path, (unsigned long)(host_options.mem_bytes >> 20));
}
