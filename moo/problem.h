/* SPDX-License-Identifier: GPL-2.0-only */
/* problem.h - why an operation failed, in words; the programs print it and choose the status. */
#ifndef MOO_PROBLEM_H
#define MOO_PROBLEM_H

struct problem {
	char text[768];	/* `what failed: cause; remedy` */
};

/**
 * problem_set() - put the reason in words
 * @problem: set
 * @format: the text, without a tool's name and the final newline
 *
 * Return: -1, for the caller to return in turn.
 */
int problem_set(struct problem *problem, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
