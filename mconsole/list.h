/* SPDX-License-Identifier: GPL-2.0-only */
/* list.h - the instances of user-mode Linux that this host has. */
#ifndef MCONSOLE_LIST_H
#define MCONSOLE_LIST_H

#include "mconsole/commands.h"

/**
 * list_instances() - print them on stdout, a line each, or as JSON
 * @session: its options
 *
 * Return: an exit status.
 */
int list_instances(const struct session *session);

/**
 * clean_instances() - remove the folders of those that are surely dead, print what was removed
 *
 * Return: an exit status.
 */
int clean_instances(void);

/**
 * sole_instance() - the only one with a management console
 * @session: its instance is set
 *
 * Return: how many there are; the instance is set if it is one.
 */
int sole_instance(struct session *session);

/**
 * running_names() - the names of those with a management console, with commas between
 * @text: where to
 * @size: room there
 */
void running_names(char *text, size_t size);

#endif
