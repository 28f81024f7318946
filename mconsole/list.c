// SPDX-License-Identifier: GPL-2.0-only
/* list.c - the instances of user-mode Linux that this host has. */
#include <config.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/printable.h"
#include "lib/report.h"
#include "mconsole/answer.h"
#include "mconsole/list.h"

/* How long each instance may take to answer where --timeout does not say it. */
enum { VERSION_TIMEOUT_S = 2 };

struct listing {
	const struct session *session;
	struct json *json;	/* NULL for lines */
};

/* What an instance says of itself. */
struct version {
	struct answer answer;
	char release[128];
	bool answered;
};

static void ask_version(const struct session *session, const struct umid *umid,
			struct version *version)
{
	unsigned int timeout_s = session->timeout_s;

	*version = (struct version){ 0 };
	if (!umid->listens)
		return;
	if (!timeout_s || timeout_s > VERSION_TIMEOUT_S)
		timeout_s = VERSION_TIMEOUT_S;
	version->answered = !answer_ask(umid, "version", timeout_s, &version->answer) &&
			    !version->answer.error;
	/* "Linux NODE RELEASE VERSION MACHINE" */
	if (version->answered && version->answer.text)
		sscanf(version->answer.text, "%*s %*s %127s", version->release);
}

static void print_json_entry(struct json *json, const struct umid *umid, const char *state,
			     const struct version *version)
{
	json_object_begin(json, NULL);
	json_string(json, "umid", umid->name);
	if (umid->pid)
		json_number(json, "pid", umid->pid);
	else
		json_string(json, "pid", NULL);
	json_string(json, "state", state);
	json_string(json, "kernel", version->release[0] ? version->release : NULL);
	if (version->answered && version->answer.text)
		json_bytes(json, "version", version->answer.text, version->answer.length);
	else
		json_string(json, "version", NULL);
	json_string(json, "socket", umid->socket);
	json_number(json, "uid", umid->owner);
	json_object_end(json);
}

static int print_line(const struct umid *umid, const char *state, const struct version *version)
{
	char *name = printable_line(umid->name), *release = printable_line(version->release);
	char pid[16] = "-";

	if (!name || !release) {
		free(name);
		free(release);
		return -ENOMEM;
	}
	if (umid->pid)
		snprintf(pid, sizeof(pid), "%d", (int)umid->pid);
	printf("%-16s %7s %-8s %s\n", name, pid, state, release[0] ? release : "-");
	free(name);
	free(release);
	return 0;
}

static int list_one(const struct umid *umid, void *context)
{
	const struct listing *listing = context;
	const char *state = umid_state_name(umid->state);
	struct version version;
	int error = 0;

	ask_version(listing->session, umid, &version);
	if (umid->listens && !version.answered)
		state = "silent";
	if (listing->json)
		print_json_entry(listing->json, umid, state, &version);
	else
		error = print_line(umid, state, &version);
	answer_free(&version.answer);
	return error;
}

int list_instances(const struct session *session)
{
	struct json json = { .out = stdout };
	struct listing listing = { .session = session, .json = session->json ? &json : NULL };
	int error;

	if (session->json)
		json_array_begin(&json, NULL);
	error = umid_each(session->force, list_one, &listing);
	if (session->json)
		json_array_end(&json);
	if (!error && fflush(stdout) != 0)
		error = -errno;
	if (error)
		die("cannot print the list: %s", cause(error));
	return EXIT_DONE;
}

static int clean_one(const struct umid *umid, void *context)
{
	int error;

	(void)context;
	if (umid->state != UMID_DEAD)
		return 0;
	error = umid_remove(umid);
	if (!error) {
		printable_write(stdout, umid->folder, strlen(umid->folder), 0);
		putchar('\n');
	} else {
		char *folder = printable_line(umid->folder);

		warn("%s: left alone: %s", folder ? folder : "?",
		     error == -EBUSY ? "it is not sure that this instance is dead" : cause(error));
		free(folder);
	}
	return 0;
}

int clean_instances(void)
{
	umid_each(false, clean_one, NULL);
	return fflush(stdout) ? EXIT_FAILED : EXIT_DONE;
}

struct census {
	struct session *session;
	int count;
};

static int count_one(const struct umid *umid, void *context)
{
	struct census *census = context;

	if (!umid->listens)
		return 0;
	if (!census->count++)
		census->session->umid = *umid;
	return 0;
}

int sole_instance(struct session *session)
{
	struct census census = { .session = session };

	umid_each(session->force, count_one, &census);
	return census.count;
}

struct names {
	char *text;
	size_t size;
};

static int add_name(const struct umid *umid, void *context)
{
	struct names *names = context;
	size_t used = strlen(names->text);
	char *name;

	if (!umid->listens)
		return 0;
	name = printable_line(umid->name);
	snprintf(names->text + used, names->size - used, "%s%s", used ? ", " : "",
		 name ? name : "?");
	free(name);
	return 0;
}

void running_names(char *text, size_t size)
{
	struct names names = { text, size };

	text[0] = '\0';
	umid_each(false, add_name, &names);
}
