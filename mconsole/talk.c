// SPDX-License-Identifier: GPL-2.0-only
/* talk.c - a command for the kernel: sent, its answer printed, its failure explained. */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/printable.h"
#include "lib/report.h"
#include "mconsole/talk.h"
#include "wire/mconsole.h"

static int explain_dead(const struct session *session, const char *name)
{
	const struct umid *umid = &session->umid;
	struct umid now;

	if (!umid_find(umid->name, umid->force, &now) && now.state == UMID_RUNNING && now.pid &&
	    !now.listens)
		warn("%s: process %d runs, but nobody listens on its management console %s; was "
		     "the kernel built with CONFIG_MCONSOLE, and is it up?",
		     name, (int)now.pid, umid->socket);
	else
		warn("%s: this instance is dead: nobody listens on %s; uml_mconsole --list shows "
		     "those that run", name, umid->socket);
	return EXIT_NO_ANSWER;
}

/* Answers come to an address that only our network namespace has. */
static bool is_in_another_netns(pid_t pid)
{
	struct stat ours, theirs;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	return pid && !stat("/proc/self/ns/net", &ours) && !stat(path, &theirs) &&
	       ours.st_ino != theirs.st_ino;
}

static int explain_silence(const struct session *session, const char *name)
{
	pid_t pid = session->umid.pid;

	if (is_in_another_netns(pid))
		warn("%s: no answer within %u s: process %d is in another network namespace; use "
		     "nsenter --net --target %d uml_mconsole", name, session->timeout_s, (int)pid,
		     (int)pid);
	else
		warn("%s: no whole answer within %u s: is the kernel busy or its process stopped? "
		     "--timeout sets the limit", name, session->timeout_s);
	return EXIT_NO_ANSWER;
}

static int explain_foreign(const struct session *session, const char *name)
{
	uid_t owner = session->umid.owner;
	const struct passwd *user = getpwuid(owner);

	warn("%s: not contacted: it belongs to the user %s (%u); use --force if you trust them",
	     name, user ? user->pw_name : "?", (unsigned int)owner);
	return EXIT_FAILED;
}

int explain(const struct session *session, int error)
{
	char *escaped = printable_line(session->umid.name);
	const char *name = escaped ? escaped : "?";
	int status = EXIT_FAILED;

	switch (error) {
	case -ECONNREFUSED:
		status = explain_dead(session, name);
		break;
	case -ECONNRESET:
		warn("%s: the kernel ended and left no answer", name);
		status = EXIT_NO_ANSWER;
		break;
	case -ETIMEDOUT:
		status = explain_silence(session, name);
		break;
	case -EPERM:
		status = explain_foreign(session, name);
		break;
	case -EMSGSIZE:
		warn("command not sent: it has more than %d bytes; shorten it",
		     MCONSOLE_COMMAND_MAX);
		break;
	case -EPROTO:
		warn("%s: what came is no reply of protocol version %d; is %s a management "
		     "console?", name, MCONSOLE_VERSION, session->umid.socket);
		break;
	case -EPROTOTYPE:
		warn("%s: not a management console: it is a socket of another type", name);
		break;
	case -EFBIG:
		warn("%s: the reply does not end: given up after %d MiB or %d parts", name,
		     ANSWER_MAX_BYTES >> 20, ANSWER_MAX_PARTS);
		break;
	default:
		warn("%s: cannot talk to %s: %s", name, session->umid.socket, cause(error));
	}
	free(escaped);
	return status;
}

static void print_json(const struct session *session, const char *line, const struct answer *answer)
{
	struct json json = { .out = stdout };

	json_object_begin(&json, NULL);
	json_string(&json, "umid", session->umid.name);
	json_string(&json, "command", line);
	json_number(&json, "error", (int32_t)answer->error);
	json_bytes(&json, "reply", answer->text ? answer->text : "", answer->length);
	json_object_end(&json);
}

static void print_body(const struct answer *answer)
{
	if (!answer->text)
		return;
	if (isatty(STDOUT_FILENO))
		printable_write(stdout, answer->text, answer->length, PRINTABLE_LINES);
	else
		fwrite(answer->text, 1, answer->length, stdout);
}

static void print_answer(const struct session *session, const char *line,
			 const struct answer *answer)
{
	if (session->json) {
		print_json(session, line, answer);
		return;
	}
	fputs(answer->error ? "ERR " : "OK ", stdout);
	print_body(answer);
	putchar('\n');
}

int talk(struct session *session, const char *line)
{
	struct answer answer;
	int status, error = answer_ask(&session->umid, line, session->timeout_s, &answer);

	if (!error) {
		print_answer(session, line, &answer);
		status = answer.error ? EXIT_FAILED : EXIT_DONE;
	} else {
		/* What came of one that broke off is worth reading; it has neither OK nor ERR. */
		if ((error == -ETIMEDOUT || error == -ECONNRESET) && !session->json)
			print_body(&answer);
		fflush(stdout);
		status = explain(session, error);
	}
	answer_free(&answer);
	if (fflush(stdout) != 0)
		die("cannot write the answer: %s; is the disk full?", cause(errno));
	return status;
}
