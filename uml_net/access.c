// SPDX-License-Identifier: GPL-2.0-only
/* access.c - reads the policy file and answers what it allows the caller. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/io.h"
#include "lib/parse.h"
#include "lib/report.h"
#include "uml_net/access.h"

int access_open(const char *path)
{
	/* No waiting for the other end of a fifo. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

static bool only_root_writes(const struct stat *status)
{
	return status->st_uid == 0 && !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static bool folder_trusted(const char *path)
{
	char copy[4096];
	struct stat status;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return false;
	return !stat(dirname(copy), &status) && only_root_writes(&status);
}

static int check_file(int fd, const char *path, bool trusted, char problem[ACCESS_PROBLEM_SIZE])
{
	struct stat status;

	if (fstat(fd, &status)) {
		snprintf(problem, ACCESS_PROBLEM_SIZE, "cannot read %s: %s", path, cause(errno));
		return -errno;
	}
	if (!S_ISREG(status.st_mode)) {
		snprintf(problem, ACCESS_PROBLEM_SIZE,
			 "cannot read %s: it is no regular file; "
			 "put the policy there",
			 path);
		return -EINVAL;
	}
	if (trusted && (!only_root_writes(&status) || !folder_trusted(path))) {
		snprintf(problem, ACCESS_PROBLEM_SIZE,
			 "cannot trust %s: others than root may "
			 "write it or its folder; chown root and chmod go-w both",
			 path);
		return -EPERM;
	}
	return 0;
}

static int read_text(int fd, const char *path, struct policy *policy,
		     char problem[ACCESS_PROBLEM_SIZE])
{
	static char text[POLICY_SIZE_MAX + 1];
	struct policy_problem reason;
	ssize_t got = read_full_at(fd, text, sizeof(text), 0);

	if (got < 0) {
		snprintf(problem, ACCESS_PROBLEM_SIZE, "cannot read %s: %s", path, cause((int)got));
		return (int)got;
	}
	if (got > POLICY_SIZE_MAX) {
		snprintf(problem, ACCESS_PROBLEM_SIZE,
			 "cannot read %s: it is longer than %d "
			 "bytes; shorten it",
			 path, POLICY_SIZE_MAX);
		return -EFBIG;
	}
	if (!policy_parse(text, (size_t)got, policy, &reason))
		return 0;
	snprintf(problem, ACCESS_PROBLEM_SIZE, "cannot use %s: line %u: %s", path, reason.line,
		 reason.what);
	return -EINVAL;
}

int access_read(int fd, const char *path, bool trusted, struct policy *policy,
		char problem[ACCESS_PROBLEM_SIZE])
{
	int error;

	policy_default(policy);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0) {
		snprintf(problem, ACCESS_PROBLEM_SIZE,
			 "cannot open %s: %s; it must be a regular "
			 "file of root's, readable by uml_net",
			 path, cause(fd));
		return fd;
	}
	error = check_file(fd, path, trusted, problem);
	if (!error)
		error = read_text(fd, path, policy, problem);
	close(fd);
	return error;
}

/* ---- who ------------------------------------------------------------------------------------- */

static bool is_user(const char *name, uid_t user)
{
	const struct passwd *entry;
	uint64_t id;

	if (!parse_number(name, UINT32_MAX - 1, &id))
		return id == user;
	entry = getpwnam(name);
	return entry && entry->pw_uid == user;
}

static bool has_group(const struct caller *caller, gid_t group)
{
	for (size_t i = 0; i < caller->group_count; i++)
		if (caller->groups[i] == group)
			return true;
	return caller->group == group;
}

static bool in_group(const char *name, const struct caller *caller)
{
	const struct group *entry;
	uint64_t id;

	if (!parse_number(name, UINT32_MAX - 1, &id))
		return has_group(caller, (gid_t)id);
	entry = getgrnam(name);
	return entry && has_group(caller, entry->gr_gid);
}

void access_resolve(struct policy *policy, const struct caller *caller)
{
	for (unsigned int i = 0; i < policy->grant_count; i++) {
		struct policy_grant *grant = &policy->grants[i];

		grant->applies = grant->group ? in_group(grant->name, caller)
					      : is_user(grant->name, caller->user);
	}
}

/* ---- what ------------------------------------------------------------------------------------ */

bool access_any(const struct policy *policy, const struct caller *caller)
{
	for (unsigned int i = 0; i < policy->grant_count; i++)
		if (policy->grants[i].applies)
			return true;
	return caller->user == 0;
}

static bool grant_has_address(const struct policy_grant *grant, uint32_t address)
{
	for (unsigned int i = 0; i < grant->range_count; i++)
		if (address >= grant->ranges[i].first && address <= grant->ranges[i].last)
			return true;
	return false;
}

bool access_address(const struct policy *policy, const struct caller *caller, uint32_t address)
{
	for (unsigned int i = 0; i < policy->grant_count; i++)
		if (policy->grants[i].applies && grant_has_address(&policy->grants[i], address))
			return true;
	return caller->user == 0;
}

static bool grant_has_bridge(const struct policy_grant *grant, const char *name)
{
	for (unsigned int i = 0; i < grant->bridge_count; i++)
		if (!strcmp(grant->bridges[i], name))
			return true;
	return false;
}

bool access_bridge(const struct policy *policy, const struct caller *caller, const char *name)
{
	for (unsigned int i = 0; i < policy->grant_count; i++)
		if (policy->grants[i].applies && grant_has_bridge(&policy->grants[i], name))
			return true;
	return caller->user == 0;
}

const char *access_bridge_at(const struct policy *policy, const struct caller *caller,
			     unsigned int number)
{
	const struct policy_grant *grant = &policy->grants[number / POLICY_BRIDGES_MAX];
	unsigned int place = number % POLICY_BRIDGES_MAX;

	if (number / POLICY_BRIDGES_MAX >= policy->grant_count)
		return NULL;
	if (place >= grant->bridge_count || (caller->user && !grant->applies))
		return "";
	return grant->bridges[place];
}
