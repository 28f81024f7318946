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
 * Descriptors, environment, folder, file mode mask, limits, scheduling and signals.
 */
void privilege_shed_inheritance(void);

/**
 * privilege_limit_life() - let the kernel kill this process in so many seconds
 * @seconds: how many
 *
 * A process that was stopped before it got root's id stays so, and its user can neither wake nor kill
 * it: without an end they could fill the host with them. Children have no such limit.
 */
void privilege_limit_life(unsigned int seconds);
void privilege_unlimit_life(void);

/* Learns who called. To be used before the ids change. */
void privilege_read_caller(struct caller *caller);

/**
 * privilege_become_root() - have root's user id in place of the caller's
 *
 * From then on the caller can neither signal the process nor change its limits. Its capabilities stay.
 *
 * Return: 0, or -EPERM where the file gives no such right.
 */
int privilege_become_root(void);

/* Becomes the caller, without any capability. Dies if the kernel does not do as told. */
void privilege_become_caller(const struct caller *caller);

/* Stays root by id, and keeps of all capabilities CAP_NET_ADMIN, out of use. Dies like that one. */
void privilege_keep_net_admin(const struct caller *caller);

/* Between these two CAP_NET_ADMIN is in use. Returns 0 or -EPERM where this process never had it. */
int privilege_raise(void);
void privilege_lower(void);

#endif
