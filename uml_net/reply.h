/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reply.h - what the asking kernel reads on stdout.
 *
 * For 'tuntap' it waits for one message on a datagram socket: the name of the interface, 16 bytes
 * with zeros behind it, with the descriptor as SCM_RIGHTS; or a text that ends with a zero byte, and
 * no descriptor. It waits until one comes, so there must be one after each failure.
 *
 * For all other requests it reads the length of a text, 4 bytes in its own byte order, and the text, which
 * ends with a zero byte; length 0 where there is nothing to say. Each is one write. For 'ethertap'
 * a byte comes before that, 0 after a failure.
 *
 * Where stdout is neither a socket nor a pipe somebody calls by hand: texts go to stderr.
 */
#ifndef UML_NET_REPLY_H
#define UML_NET_REPLY_H

#include <net/if.h>

#include "uml_net/request.h"

/* Says in what form the kernel waits for its answer. */
void reply_expected(enum reply_form form);

/* Says on stdout that the request failed: `uml_net: problem`. */
void reply_failure(const char *problem);

/* The same, and exits with 1. */
_Noreturn void reply_die(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Hands over an interface. Returns 0 or -errno. */
int reply_interface(int fd, const char name[IFNAMSIZ]);

/* Says that the request was done. */
void reply_done(void);

#endif
