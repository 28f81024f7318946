// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - uml_net: sets up a TAP interface for a guest kernel that an ordinary user runs.
 *
 * The program is made to be set-user-ID root, or to have the capabilities CAP_NET_ADMIN and
 * CAP_SETUID, so all that it is given may be an attacker's: words, environment, descriptors, limits,
 * signals. It works in this order:
 *
 *  1. what was inherited goes (privilege.c),
 *  2. a second process, the worker, is started with root's id, and keeps CAP_NET_ADMIN alone; the
 *     policy is opened, by a fixed path, and nothing is read,
 *  3. all rights go; the process is the caller's in every respect,
 *  4. only then the command line and the policy are read and judged (request.c, policy.c, access.c),
 *  5. the worker, which the caller cannot stop, changes the host (worker.c, lock.c, link.c, route.c,
 *     guard.c, proxy.c),
 *  6. the kernel gets its answer (reply.c).
 *
 * No program is run, at no time. SECURITY.md says what is promised to whom.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/options.h"
#include "lib/report.h"
#include "uml_net/reply.h"
#include "uml_net/worker.h"

#ifndef UML_NET_POLICY
#error "the path of the policy comes from the build"
#endif

enum {
	ID_CONFIG = 256,
	ID_CHECK,
	/* Some milliseconds of work, up to the loss of all rights. */
	START_MAX_S = 10,
};

static const char *const usage[] = {
	"4 tuntap up GATE|BRIDGE",
	"4 tuntap down DEVICE",
	"4 add|del DEVICE ADDRESS NETMASK",
	"[--config=FILE] --check",
	NULL,
};

static const struct tool_option options[] = {
	{ ID_CHECK, "check", NULL, "read the policy, say what is wrong with it, and end" },
	{ ID_CONFIG, "config", "FILE", "read the policy from FILE; not where it runs set-user-ID" },
	{ 0 },
};

static const struct tool tool = {
	.name = "uml_net",
	.purpose = "Sets up a TAP interface for a guest kernel. Guest kernels run it; it is of no\n"
		   "use by hand.",
	.usage = usage,
	.options = options,
	.notes = "Who may use it, and for which addresses, says the policy: " UML_NET_POLICY "\n",
	.stop_at_word = true,
};

static struct worker worker;
static struct caller caller;
static struct policy policy;
static int policy_fd;

static void start_and_drop(void)
{
	privilege_shed_inheritance();
	privilege_read_caller(&caller);
	privilege_limit_life(START_MAX_S);
	worker.error = privilege_become_root();
	policy_fd = access_open(UML_NET_POLICY);
	if (!worker.error)
		worker_start(&worker, &caller);
	privilege_become_caller(&caller);
	/* An answer waits as long as its reader likes. */
	privilege_unlimit_life();
}

/* Reads the options; policy_fd is the file to be read afterwards. Returns its path. */
static const char *take_options(int argc, char **argv, bool *check)
{
	const char *path = UML_NET_POLICY;
	int id;

	while ((id = options_next(&tool, argc, argv)) >= 0) {
		if (id == ID_CHECK)
			*check = true;
		if (id == ID_CONFIG)
			path = optarg;
	}
	if (!strcmp(path, UML_NET_POLICY) && !*check)
		return path;
	/* A file that the caller may not read must not be judged for them. */
	if (caller.elevated && strcmp(path, UML_NET_POLICY))
		usage_error(&tool, "--config is refused while uml_net runs with its file's rights");
	if (policy_fd >= 0)
		close(policy_fd);
	policy_fd = access_open(path);
	return path;
}

static int check_policy(const char *path)
{
	char problem[ACCESS_PROBLEM_SIZE];

	if (policy_fd == -ENOENT)
		die("cannot open %s: %s; without a policy root alone may use uml_net", path,
		    cause(ENOENT));
	if (access_read(policy_fd, path, caller.elevated || !strcmp(path, UML_NET_POLICY), &policy,
			problem))
		die("%s", problem);
	return EXIT_DONE;
}

/* What came of the request. */
struct outcome {
	char name[IFNAMSIZ];
	int tun;
	char problem[HOST_PROBLEM_SIZE];
};

/* Reads the policy and has done what is asked; outcome->problem tells why not. */
static int serve(const struct request *request, const char *path, struct outcome *outcome)
{
	int error = access_read(policy_fd, path, caller.elevated || !strcmp(path, UML_NET_POLICY),
				&policy, outcome->problem);

	if (error)
		return error;
	access_resolve(&policy, &caller);
	if (access_any(&policy, &caller))
		return worker_perform(&worker, request, &policy, outcome->name, &outcome->tun,
				      outcome->problem);
	snprintf(outcome->problem, sizeof(outcome->problem),
		 "cannot do anything for uid %u: the policy %s allows "
		 "nothing; have a line 'allow user ...' added to it",
		 caller.user, path);
	return -EPERM;
}

int main(int argc, char **argv)
{
	struct request request;
	struct outcome outcome = { .tun = -1 };
	bool check = false;
	const char *path;
	int error;

	report_name(tool.name);
	if (argc > 1)
		reply_expected(request_reply_form(argc - 1, argv + 1));
	start_and_drop();
	if (argc < 1 || !argv[0])
		die("cannot start: there is no argument, not even the program's name");
	path = take_options(argc, argv, &check);
	if (check && optind == argc)
		return check_policy(path);
	if (optind == argc || check)
		usage_error(&tool, check ? "--check takes no word"
					 : "no request; guest kernels run "
					   "uml_net, it is of no use by hand");
	argc -= optind;
	argv += optind;
	reply_expected(request_reply_form(argc, argv));
	if (request_parse(argc, argv, &request, outcome.problem)) {
		reply_failure(outcome.problem);
		return EXIT_USAGE;
	}
	error = serve(&request, path, &outcome);
	if (!error && request.operation == OPERATION_UP) {
		error = reply_interface(outcome.tun, outcome.name);
		if (error)
			snprintf(outcome.problem, sizeof(outcome.problem),
				 "cannot hand the interface over: %s; stdout must be "
				 "a Unix socket of the guest kernel",
				 cause(error));
	} else if (!error) {
		reply_done();
	}
	if (error)
		reply_failure(outcome.problem);
	return error ? EXIT_FAILED : EXIT_DONE;
}
