/* SPDX-License-Identifier: GPL-2.0-only */
/* status.h - the state of a running switch, as text or JSON: made, served, asked for. */
#ifndef SWITCH_STATUS_H
#define SWITCH_STATUS_H

#include <stdio.h>

#include "uml_switch/fabric.h"
#include "wire/switch.h"

/* status_allowed() - whether that user may ask */
bool status_allowed(const struct ucred *credentials);

/**
 * status_answer() - send the state over a connection, without waiting for the reader
 * @fabric: the fabric
 * @fd: the connection; closed in the end
 * @form: text or JSON
 */
void status_answer(struct fabric *fabric, int fd, enum switch_status_form form);

/* status_write() - write the state to a stream */
void status_write(const struct fabric *fabric, FILE *out, enum switch_status_form form);

/**
 * status_print() - ask a running switch for its state and print that on stdout
 * @path: its control socket
 * @form: text or JSON
 * @named: the caller has named the path, and so may be root who trusts another user's switch
 *
 * Return: the exit status; exits with a message where the switch cannot be asked.
 */
int status_print(const char *path, enum switch_status_form form, bool named);

#endif
