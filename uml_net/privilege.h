/* SPDX-License-Identifier: GPL-2.0-only */
/* privilege.h - who called, and giving up all that the call does not need. */
#ifndef UML_NET_PRIVILEGE_H
#define UML_NET_PRIVILEGE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * struct caller - the process that started this one, as the kernel tells
 * @user: its real user id
 * @group: its real group id
 * @groups: its other groups
 * @group_count: how many
 * @elevated: this process got rights from its file that the caller does not have
 */
struct caller {
	uid_t user;
	gid_t group;
	gid_t groups[NGROUPS_MAX];
	size_t group_count;
	bool elevated;
};

/**
 * privilege_shed_inheritance() - undo what a caller can prepare for a process that it starts
 *
 * Descriptors, environment, folder, file mode mask, limits and signals.
 */
void privilege_shed_inheritance(void);

/* Between these two what is begun on the host is brought to its end. */
void privilege_block_signals(void);
void privilege_unblock_signals(void);

/* Learns who called. To be used before privilege_drop(). */
void privilege_read_caller(struct caller *caller);

/**
 * privilege_drop() - become the caller, and keep of all capabilities CAP_NET_ADMIN alone
 * @caller: whom to become
 *
 * That one is kept out of use until privilege_raise(). Dies if the kernel does not do as told.
 */
void privilege_drop(const struct caller *caller);

/* Between these two CAP_NET_ADMIN is in use. Returns 0 or -EPERM where this process never had it. */
int privilege_raise(void);
void privilege_lower(void);

#endif
