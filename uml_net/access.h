/* SPDX-License-Identifier: GPL-2.0-only */
/* access.h - the policy file on disk, and what it allows the caller. */
#ifndef UML_NET_ACCESS_H
#define UML_NET_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "uml_net/policy.h"
#include "uml_net/privilege.h"

/* Room for a message about the policy. */
enum { ACCESS_PROBLEM_SIZE = 512 };

/**
 * access_open() - open a policy file
 * @path: its path
 *
 * Return: a descriptor or -errno.
 */
int access_open(const char *path);

/**
 * access_read() - read and check an open policy file
 * @fd: from access_open(), or what that returned instead; closed
 * @path: for messages
 * @trusted: the file must belong to root and be writable by root alone, and so must its folder
 * @policy: filled in; nobody is allowed anything where there is no file
 * @problem: set on failure, `what failed: cause; remedy`
 *
 * Return: 0 or -errno.
 */
int access_read(int fd, const char *path, bool trusted, struct policy *policy,
		char problem[ACCESS_PROBLEM_SIZE]);

/* Finds out which grants are the caller's. A name that the host does not know is nobody's. */
void access_resolve(struct policy *policy, const struct caller *caller);

/* Root is allowed all; others what a grant of theirs says. To be used after access_resolve(). */
bool access_any(const struct policy *policy, const struct caller *caller);
bool access_address(const struct policy *policy, const struct caller *caller, uint32_t address);
bool access_bridge(const struct policy *policy, const struct caller *caller, const char *name);

/**
 * access_bridge_at() - one of the bridges that the policy names and the caller may use
 * @policy: the policy
 * @caller: who asks
 * @number: from 0 on
 *
 * Return: its name; an empty one where this number has none; NULL behind the last.
 */
const char *access_bridge_at(const struct policy *policy, const struct caller *caller,
			     unsigned int number);

#endif
