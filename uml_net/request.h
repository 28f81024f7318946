/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * request.h - what a guest kernel asks of uml_net, as words of its command line.
 *
 *	4 tuntap up GATE		make an interface; its descriptor goes out on stdout
 *	4 tuntap down DEVICE		remove it
 *	4 add DEVICE ADDRESS NETMASK	the guest has this address on it
 *	4 del DEVICE ADDRESS NETMASK	it has it no more
 *
 * The first word is the version of this protocol. GATE is the host's address on the interface, or
 * the name of a bridge. Addresses are numbers in the host's byte order.
 */
#ifndef UML_NET_REQUEST_H
#define UML_NET_REQUEST_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	REQUEST_VERSION = 4,
	/* Room for the explanation of a bad request. */
	PROBLEM_SIZE = 256,
};

enum operation { OPERATION_UP, OPERATION_DOWN, OPERATION_ADD, OPERATION_DELETE };

/**
 * struct request - a request that is well formed
 * @operation: what to do
 * @device: the interface; the bridge, or empty, where it is to be made
 * @address: of the guest; of the host where the interface is to be made, 0 with a bridge
 * @netmask: of the guest's network
 */
struct request {
	enum operation operation;
	char device[IFNAMSIZ];
	uint32_t address;
	uint32_t netmask;
};

/**
 * request_parse() - read a request
 * @count: count of words
 * @words: the words, the version first
 * @request: set on success
 * @problem: set otherwise, in the form `what is wrong; what helps`
 *
 * Return: 0 or -EINVAL.
 */
int request_parse(int count, char *const *words, struct request *request,
		  char problem[PROBLEM_SIZE]);

/* Whether a request is one that request_parse() could have made: it comes from another process. */
bool request_sound(const struct request *request);

/* How the asking kernel reads its answer; reply.h tells about each. */
enum reply_form { REPLY_TEXT, REPLY_MESSAGE, REPLY_FLAG_AND_TEXT };

/**
 * request_reply_form() - how the kernel that asks so reads its answer
 * @count: count of words
 * @words: the words, the version first; they need not be well formed
 */
enum reply_form request_reply_form(int count, char *const *words);

/* Whether @name is one that uml_net gives to interfaces: tap and a number. */
bool request_device_valid(const char *name);

#endif
