/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * option_table.h - how an option family is described: one const table each.
 *
 * A new option is one row; a new family is one table, named in option_families[].
 */
#ifndef __UM_HOST_OPTION_TABLE_H
#define __UM_HOST_OPTION_TABLE_H

#include <linux/types.h>

/**
 * struct host_option - one option
 * @name: the whole word, or its beginning up to and with "="
 * @syntax: how it is written, for --help
 * @help: what it does, for --help; lines are separated by \n
 * @match: NULL, or decides in place of @name whether a word is this option
 * @parse: takes what follows @name; ends the process if it is wrong.  NULL: only passed on
 */
struct host_option {
	const char *name;
	const char *syntax;
	const char *help;
	bool (*match)(const char *word);
	void (*parse)(const char *value);
};

/**
 * struct host_option_family - the options of one part
 * @title: its heading in --help
 * @options: the table
 * @count: number of rows
 * @help_more: NULL, or prints more of --help
 */
struct host_option_family {
	const char *title;
	const struct host_option *options;
	size_t count;
	void (*help_more)(void);
};

extern const struct host_option_family host_ubd_options;
extern const struct host_option_family host_con_options;
extern const struct host_option_family host_vhost_options;

/* Made by the build: the kernel's release, and the text of its configuration. */
extern const char host_release[];
extern const char host_config[], host_config_end[];

/** host_option_row() - print a row of --help. */
void host_option_row(const char *syntax, const char *help);

#endif
