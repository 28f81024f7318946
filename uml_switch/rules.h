/* SPDX-License-Identifier: GPL-2.0-only */
/* rules.h - what a port may do, chosen by rules of the command line: --port=MATCH,SETTING,... */
#ifndef SWITCH_RULES_H
#define SWITCH_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "uml_switch/vlan.h"

/* What a port may do. */
struct port_settings {
	bool isolated;		/* no frames between isolated ports */
	bool sticky;		/* its addresses do not move to another port */
	bool mirror;		/* gets a copy of every frame, and nothing else */
	struct vlans vlans;
	uint64_t bits_per_second;	/* of frames it sends, 0 for no limit */
	uint64_t frames_per_second;
	uint64_t floods_per_second;	/* of those that go to several ports */
	uint32_t mac_limit;
};

/* What a port is, for rules to match; texts may be NULL. */
struct port_identity {
	const char *kind;	/* unix, seqpacket, stream, tap */
	unsigned int number;
	const char *device;
	const char *umid;
	const char *listener;	/* path of the socket at which it came */
	const char *path;	/* path of its own data socket */
	bool has_uid;
	uid_t uid;
};

struct rule;

struct rules {
	struct rule *first;
	bool vlans;		/* some rule tells of VLANs: the switch knows them */
	bool umids;		/* some rule is for a umid: ports need theirs from the beginning */
};

/**
 * rules_add() - add a rule; later ones take precedence
 * @rules: the rules
 * @text: MATCH,SETTING,...
 * @problem: set to what is wrong with it
 *
 * Return: 0 or -EINVAL.
 */
int rules_add(struct rules *rules, const char *text, const char **problem);

/**
 * rules_apply() - the settings of a port
 * @rules: the rules
 * @identity: what the port is
 * @settings: changed as the rules that match say
 */
void rules_apply(const struct rules *rules, const struct port_identity *identity,
		 struct port_settings *settings);

void rules_free(struct rules *rules);

#endif
