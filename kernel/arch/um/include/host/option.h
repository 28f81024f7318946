/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * option.h - the host's command line: our options, and what is left for Linux.
 */
#ifndef __HOST_OPTION_H
#define __HOST_OPTION_H

#include <linux/types.h>

#define HOST_COMMAND_LINE_BYTES	4096	/* Linux's COMMAND_LINE_SIZE */
#define HOST_UMID_BYTES		64
#define HOST_MEM_MIN		(32UL << 20)
#define HOST_MEM_MAX		(1UL << 40)
#define HOST_MEM_DEFAULT	(256UL << 20)

/**
 * struct host_options - what the command line says
 * @command_line: for Linux; all words, ours too, in order; those with blanks are quoted
 * @mem_bytes: mem=, a multiple of 2 MiB
 * @initrd_path: initrd=, or NULL
 * @initrd_fd: the file, open for reading, or -1
 * @initrd_bytes: its size
 * @umid: umid=, or a random one
 * @uml_dir: uml_dir=, NULL for the default
 * @umid_given: the user has named the umid
 * @noreboot: a reboot ends the kernel instead
 * @nofsgsbase: as on a host without instructions for fs and gs base
 * @fail_map: for tests: of so many changes of programs' mappings one fails; 0: none does
 * @fail_answer: likewise, of so many answers of agents
 */
struct host_options {
	char command_line[HOST_COMMAND_LINE_BYTES];
	u64 mem_bytes;
	const char *initrd_path;
	int initrd_fd;
	u64 initrd_bytes;
	char umid[HOST_UMID_BYTES];
	const char *uml_dir;
	bool umid_given;
	bool noreboot;
	bool nofsgsbase;
	unsigned int fail_map;
	unsigned int fail_answer;
};

extern struct host_options host_options;

/**
 * host_options_parse() - read the command line and check all that it names
 * @argc: as the host gave it
 * @argv: as the host gave it; the strings stay in use
 * @envp: as the host gave it
 *
 * Opens (and locks) the disks and the initrd.  Ends the process after --help, --version
 * and --showconfig, and with status 1 after one line on standard error if anything is
 * wrong.  The first call into the host layer.
 */
void host_options_parse(int argc, char **argv, char **envp);

/**
 * host_option_known() - is a word of Linux's command line one of ours?
 * @word: the word, with its value if it has one
 *
 * Return: true if nobody else should complain about it.
 */
bool host_option_known(const char *word);

/**
 * host_umid_claim() - make the umid folder and the pid file in it
 *
 * After host_guardian_start().  Ends the process with status 1 and one line on standard
 * error if the umid is in use; does without a folder if nobody asked for one and none
 * can be made.
 */
void host_umid_claim(void);

/**
 * host_umid_folder() - the umid folder of this kernel
 *
 * Return: its name, without a slash at the end, or "" if there is none.
 */
const char *host_umid_folder(void);

#endif
