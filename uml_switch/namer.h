/* SPDX-License-Identifier: GPL-2.0-only */
/* namer.h - asks for the umid of a client's process without waiting for it. */
#ifndef SWITCH_NAMER_H
#define SWITCH_NAMER_H

#include <sys/socket.h>

#include "uml_switch/loop.h"

struct helper;

/**
 * struct question - who is the process at the other end of a connection?
 * @credentials: of that process
 * @connection: the connection; must stay open until the answer
 * @known: called once with its umid, "" where it has none or none is found in time; also from within
 *	namer_ask()
 */
struct question {
	struct ucred credentials;
	int connection;
	void (*known)(struct question *question, const char *umid);
	/* The namer's own: */
	struct question *next;
	struct helper *helper;
	uint64_t begin_ns;
	bool asked;
};

/* namer_open() - questions are answered from now on, in this loop; before, each is answered with "" */
void namer_open(struct loop *loop);

/* namer_ask() - ask; the question is the namer's until the answer or namer_forget() */
void namer_ask(struct question *question);

/* namer_forget() - want no answer any more; nothing where none is due */
void namer_forget(struct question *question);

/* namer_second() - what is done once a second: answers that do not come */
void namer_second(void);

/* namer_close() - end all helpers; questions that are open get no answer */
void namer_close(void);

#endif
