// SPDX-License-Identifier: GPL-2.0-only
/* moo.c - uml_moo: merges a COW file with its backing file, into a new file or in place. */
#include <config.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/options.h"
#include "lib/report.h"
#include "lib/signals.h"
#include "moo/check.h"
#include "moo/merge.h"
#include "moo/output.h"

enum { ID_CHECK = 256, ID_JSON };

static const char *const usage[] = {
	"[-b BACKING] [-f] [-q] [-z] COW NEW",
	"[-b BACKING] [-f] [-q] -d COW",
	"[-b BACKING] [--json] --check COW",
	NULL
};

static const struct tool_option options[] = {
	{ 'b', "backing", "FILE", "the backing file, instead of the one that COW names" },
	{ 'd', "in-place", NULL, "merge into the backing file itself" },
	{ 'z', "gzip", NULL, "compress NEW as gzip does" },
	{ 'f', "force", NULL, "merge what does not match, is in use or cut short" },
	{ 'q', "quiet", NULL, "no progress bar" },
	{ ID_CHECK, "check", NULL, "print the header of COW and verify it" },
	{ ID_JSON, "json", NULL, "with --check: print JSON" },
	{ 0 },
};

static const struct tool tool = {
	.name = "uml_moo",
	.purpose = "Merges COW, which holds the changed sectors of a disk, with its backing file.",
	.usage = usage,
	.options = options,
	.notes = "-d changes the backing file: other COW files that use it are worth nothing then.\n",
};

struct request {
	const char *backing;
	const char *cow;
	const char *new_file;
	bool in_place, gzip, force, quiet, check, json;
};

static struct request parse(int argc, char **argv)
{
	struct request request = { 0 };
	int id, wanted;

	while ((id = options_next(&tool, argc, argv)) >= 0) {
		switch (id) {
		case 'b':
			request.backing = optarg;
			break;
		case 'd':
			request.in_place = true;
			break;
		case 'z':
			request.gzip = true;
			break;
		case 'f':
			request.force = true;
			break;
		case 'q':
			request.quiet = true;
			break;
		case ID_CHECK:
			request.check = true;
			break;
		case ID_JSON:
			request.json = true;
			break;
		}
	}
	wanted = request.in_place || request.check ? 1 : 2;
	if (argc - optind != wanted)
		usage_error(&tool, "%s", wanted == 1 ? "COW, and nothing else, must be named" :
			    "COW and NEW, and nothing else, must be named");
	if (request.check && (request.in_place || request.gzip || request.force))
		usage_error(&tool, "--check goes with -b and --json only");
	if (request.json && !request.check)
		usage_error(&tool, "--json goes with --check only");
	if (request.in_place && request.gzip)
		usage_error(&tool, "-z does not go with -d");
	request.cow = argv[optind];
	request.new_file = wanted == 2 ? argv[optind + 1] : NULL;
	return request;
}

static _Noreturn void fail(const struct problem *problem)
{
	int number = progress_signal();

	warn("%s", problem->text);
	/* The caller learns of the signal; its handler is no longer there. */
	if (number)
		signals_die(number);
	exit(EXIT_FAILED);
}

/* Ends with the first doubt, or tells of all and goes on. */
static void settle(const struct doubts *doubts, unsigned int ignored, bool force)
{
	for (unsigned int i = 0; i < DOUBTS; i++) {
		if (!(doubts->set & ~ignored & 1U << i))
			continue;
		if (!force)
			die("%s, or use --force", doubts->problems[i].text);
		warn("%s (ignored: --force)", doubts->problems[i].text);
	}
}

static int check(struct image *image, const struct request *request)
{
	struct problem problem, missing;
	struct doubts doubts;
	bool absent, ok;

	if (image_open(image, request->cow, false, &problem) < 0)
		die("%s", problem.text);
	absent = image_open_backing(image, request->backing, false, &missing) < 0;
	if (absent)
		disk_close(&image->backing);
	image_doubts(image, &doubts);
	ok = check_print(image, &doubts, absent ? &missing : NULL, request->json, stdout);
	if (fflush(stdout))
		die("cannot write the output: %s; check where it goes", cause(errno));
	return ok ? EXIT_DONE : EXIT_FAILED;
}

/* Who has the file, without the remedy for those who must not go on. */
static void tell_user(const char *text)
{
	const char *remedy = strrchr(text, ';');

	warn("%.*s; NEW is made all the same, and sound if nothing is written meanwhile",
	     (int)(remedy ? (size_t)(remedy - text) : strlen(text)), text);
}

/* Both files, ready to be merged. */
static void open_image(struct image *image, const struct request *request)
{
	bool write = request->in_place;
	struct doubts doubts, users = { 0 };
	struct problem problem;

	if (image_open(image, request->cow, write, &problem) < 0 ||
	    image_open_backing(image, request->backing, write, &problem) < 0)
		die("%s", problem.text);
	image_doubts(image, &doubts);
	if (!request->backing)
		image_doubt_owner(image, write, &doubts);
	settle(&doubts, 1U << DOUBT_STRAY, request->force);
	image_lock(image, write, &users);
	/* Reading beside a guest does no harm: some back up one that is stopped. */
	if (users.set && !write)
		tell_user(users.problems[DOUBT_USER].text);
	else
		settle(&users, 0, request->force);
}

static void merge_into_backing(struct image *image, const struct request *request)
{
	struct problem problem;

	if (merge_in_place(image, !request->quiet, &problem) < 0)
		fail(&problem);
}

static void refuse_inputs(const struct image *image, const struct output *output)
{
	struct disk new_file = { .stat = output->replaced };

	if (!output->replaced.st_mode)
		return;
	if (disk_same(&new_file, &image->cow))
		die("%s: is the COW file; name another file", output->path);
	if (disk_same(&new_file, &image->backing))
		die("%s: is the backing file; merge into it with -d", output->path);
}

/* Sets the size, and takes over the backing file's blocks where the file system can share them. */
static int prepare(const struct image *image, struct output *output, struct sink *sink,
		   struct problem *problem)
{
	uint64_t size = image->header.size_bytes;

	if (sink->kind == &sink_gzip)
		return 0;
	if (output->device && output->size_bytes < size)
		return problem_set(problem, "%" PRIu64 " bytes are too few for a device of %" PRIu64
				   "; use a larger one", output->size_bytes, size);
	if (output->device)
		return 0;
	if (image->backing.size_bytes && ioctl(sink->fd, FICLONE, image->backing.fd) == 0) {
		sink->kind = &sink_over;
		sink->clones = true;
	}
	if (ftruncate(sink->fd, (off_t)size) < 0)
		return problem_set(problem, "cannot make it %" PRIu64 " bytes long: %s; use a file "
				   "system, and a limit, for larger files", size, cause(errno));
	return 0;
}

static void merge_into_new(struct image *image, const struct request *request)
{
	struct sink sink = { .kind = &sink_fresh };
	struct progress progress;
	struct problem problem;
	struct output output;
	int failed;

	if (output_open(&output, request->new_file, 0644, &problem) < 0)
		die("%s", problem.text);
	refuse_inputs(image, &output);
	sink.fd = output.fd;
	sink.direct = !request->gzip;
	if (request->gzip)
		sink.kind = &sink_gzip;
	else if (output.device)
		sink.kind = &sink_over;
	failed = prepare(image, &output, &sink, &problem);
	progress_begin(&progress, output.path,
		       sink.clones ? image->survey.changed_bytes : image->header.size_bytes,
		       !request->quiet);
	if (!failed && sink.clones)
		failed = merge_changes(image, &sink, &progress, &problem);
	else if (!failed)
		failed = merge_all(image, &sink, &progress, &problem);
	if (!failed) {
		int error = sink.kind->end(&sink);

		if (error)
			failed = problem_set(&problem, "cannot write: %s; check its disk", cause(error));
	}
	progress_end(&progress);
	sink.kind->drop(&sink);
	if (failed) {
		struct problem whole;

		output_discard(&output);
		problem_set(&whole, "%.300s: %.400s", output.path, problem.text);
		fail(&whole);
	}
	if (output_commit(&output, true, &problem) < 0)
		fail(&problem);
}

int main(int argc, char **argv)
{
	static struct image image;
	struct request request;

	signals_begin();
	request = parse(argc, argv);
	if (request.check)
		return check(&image, &request);
	open_image(&image, &request);
	progress_catch_signals();
	if (request.in_place)
		merge_into_backing(&image, &request);
	else
		merge_into_new(&image, &request);
	image_close(&image);
	return EXIT_DONE;
}
