/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * umid.h - finds user-mode Linux instances by their names.
 *
 * A running kernel has a folder named by its umid, with a file "pid" and the socket "mconsole" of
 * its management console, in ~/.uml, $TMPDIR/uml or /tmp/uml. Folders in /tmp are anybody's: one
 * whose link, folder or socket belongs to another ordinary user is foreign, and is not touched
 * unless the caller says so.
 */
#ifndef LIB_UMID_H
#define LIB_UMID_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

enum umid_state {
	UMID_RUNNING,	/* its process lives, or somebody listens on its socket */
	UMID_DEAD,	/* no process, nobody listens */
	UMID_FOREIGN,	/* another user's, not looked at */
	UMID_UNKNOWN,	/* this host does not tell */
};

/**
 * struct umid - one instance as it was found
 * @name: its umid, or the path that it was found by
 * @folder: its folder, empty where only the socket is known
 * @socket: path of its console's socket, which need not exist
 * @state: what is known of it
 * @listens: somebody listens on the socket
 * @pid: the process id that its pid file has, 0 for none
 * @owner: the other user, where it is foreign, else who the folder or the socket belongs to
 * @foreign: it belongs to another ordinary user
 * @force: the caller takes foreign ones as well
 */
struct umid {
	char name[PATH_MAX];
	char folder[PATH_MAX];
	char socket[PATH_MAX];
	enum umid_state state;
	bool listens;
	pid_t pid;
	uid_t owner;
	bool foreign;
	bool force;
};

/**
 * umid_each() - visit all instances, in the order in which they are searched
 * @force: look at those of other users too
 * @visit: called for each; a result other than 0 ends the walk
 * @context: passed to @visit
 *
 * Return: what the last @visit returned, 0 where there was none.
 */
int umid_each(bool force, int (*visit)(const struct umid *umid, void *context), void *context);

/**
 * umid_find() - find an instance by its umid or its socket's path
 * @word: the umid or path
 * @force: take one of another user too
 * @umid: set on success
 *
 * Of several with the same umid it takes the first that runs, else the first.
 *
 * Return: 0, -ENOENT where there is none, -ENOTSOCK where a path leads to something else.
 */
int umid_find(const char *word, bool force, struct umid *umid);

/**
 * umid_connect() - open a datagram socket to an instance's console
 * @umid: the instance
 *
 * The socket has an address of its own and takes datagrams from that console alone; messages
 * received have the sender's credentials.
 *
 * Return: the descriptor, non-blocking; -EPERM where the console is another user's, -ECONNREFUSED
 * where nobody listens, or another -errno.
 */
int umid_connect(const struct umid *umid);

/**
 * umid_pidfd() - a descriptor of the instance's process
 * @umid: the instance
 * @proven: set to whether /proc shows that this process holds the console's socket
 *
 * Without proof the number may be another process's by now.
 *
 * Return: the descriptor, or -errno; -ESRCH where there is no such process.
 */
int umid_pidfd(const struct umid *umid, bool *proven);

/**
 * umid_remove() - remove the folder of an instance that is surely dead
 * @umid: the instance
 *
 * Return: 0; -EBUSY where something speaks against it, or another -errno.
 */
int umid_remove(const struct umid *umid);

/**
 * umid_state_name() - one word for a state
 * @state: the state
 */
const char *umid_state_name(enum umid_state state);

#endif
