// SPDX-License-Identifier: GPL-2.0-only
/* main.c - port-helper: the command line. */
#include <config.h>
#include <string.h>
#include <unistd.h>

#include "lib/options.h"
#include "lib/report.h"
#include "port-helper/session.h"
#include "port-helper/terminal.h"

enum { ID_UML_SOCKET = 256, ID_TELNET };

static const char *const usage[] = {
	"",
	"-uml-socket PATH",
	"--telnet",
	NULL,
};

static const struct tool_option options[] = {
	{ ID_UML_SOCKET, "uml-socket", "PATH", "Unix socket of the kernel, default: descriptor 3" },
	{ ID_TELNET, "telnet", NULL, "serve the telnet client on standard input" },
	/* What a telnet daemon passes to its login program, and the kernel to a telnet daemon. */
	{ 'f', NULL, "NAME", NULL },
	{ 'h', NULL, "HOST", NULL },
	{ 'p', NULL, NULL, NULL },
	{ 'L', NULL, "PROGRAM", NULL },
	{ 0 },
};

static const struct tool tool = {
	.name = "port-helper",
	.purpose = "Hands a terminal to a user-mode Linux kernel as its console.",
	.usage = usage,
	.options = options,
	.notes = "The kernel starts it for consoles like con1=port:9000 and con1=xterm. Under the name\n"
		 "in.telnetd it does --telnet, so that no telnet daemon is needed; see the manual.\n",
	.one_dash = true,
};

static bool is_telnetd(const char *name)
{
	const char *slash = strrchr(name, '/');

	return !strcmp(slash ? slash + 1 : name, "in.telnetd");
}

int main(int argc, char **argv)
{
	bool telnet = is_telnetd(argv[0] ? argv[0] : ""), is_login = false;
	const char *path = NULL;
	int id;

	while ((id = options_next(&tool, argc, argv)) != -1) {
		switch (id) {
		case ID_UML_SOCKET:
			path = optarg;
			break;
		case ID_TELNET:
			telnet = true;
			break;
		case 'f':
		case 'h':
		case 'p':
			is_login = true;
			break;
		}
	}
	/* As a login program we get a name that the client chose; it must not become an option. */
	if (path && (telnet || is_login))
		usage_error(&tool, "option '--uml-socket' does not go with the others");
	if (optind < argc && !is_login)
		usage_error(&tool, "unexpected argument '%s'", argv[optind]);
	if (telnet)
		session_serve();
	terminal_serve(path);
}
