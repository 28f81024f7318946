/* SPDX-License-Identifier: GPL-2.0-only */
/* umid.h - the name that a kernel got on its command line. */
#ifndef SWITCH_UMID_H
#define SWITCH_UMID_H

#include <stddef.h>
#include <sys/types.h>

/**
 * umid_of_process() - find the word umid=NAME on a process's command line
 * @pid: the process
 * @umid: set to NAME, empty where there is none
 * @size: room there; a longer name is none
 *
 * The process itself writes what stands there, and can make the reader wait.
 *
 * Return: who the process belongs to, as /proc has it; (uid_t)-1 where there is no such process.
 */
uid_t umid_of_process(pid_t pid, char *umid, size_t size);

/**
 * umid_in_words() - the same in words that each end with a NUL; a name has no blanks and slashes
 * @words: the words
 * @length: bytes of all
 */
void umid_in_words(const char *words, size_t length, char *umid, size_t size);

#endif
