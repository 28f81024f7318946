/* SPDX-License-Identifier: GPL-2.0-only */
/* service.h - the switch as a service: sockets of the service manager, notes to it, background. */
#ifndef SWITCH_SERVICE_H
#define SWITCH_SERVICE_H

/**
 * service_socket_count() - how many sockets the service manager passed to this process
 *
 * They are the descriptors from SERVICE_FIRST_SOCKET on. The variables are removed from the
 * environment by the first call; later ones give the same count.
 */
unsigned int service_socket_count(void);

enum { SERVICE_FIRST_SOCKET = 3 };

/* service_socket_name() - the name of one of them, by its place from 0; "" without */
const char *service_socket_name(unsigned int place);

/**
 * service_notify() - tell the service manager, where there is one
 * @state: as sd_notify(3) has it, for example "READY=1"
 */
void service_notify(const char *state);

/**
 * service_background() - go on in the background as a new process
 *
 * The first process ends with status 0. Return: 0 or -errno.
 */
int service_background(void);

/**
 * service_become() - be that user from now on
 * @user: name or number
 *
 * Return: 0 or -errno; -ENOENT for an unknown user.
 */
int service_become(const char *user);

#endif
