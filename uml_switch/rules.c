// SPDX-License-Identifier: GPL-2.0-only
/*
 * rules.c - rules for ports.
 *
 * A rule is a match and settings. The settings of a rule are a struct port_settings of which only
 * those that the rule names count; each setting is one row of a table. For a port all rules are
 * gone through in their order.
 */
#include <config.h>
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "lib/parse.h"
#include "uml_switch/rules.h"

enum match_kind { MATCH_ALL, MATCH_KIND, MATCH_NUMBER, MATCH_UID, MATCH_UMID, MATCH_PATH,
		  MATCH_DEVICE };

enum { PORT_NUMBER_MAX = 65535 };

struct rule {
	struct rule *next;
	enum match_kind match;
	char *text;		/* MATCH_KIND, MATCH_UMID, MATCH_PATH, MATCH_DEVICE */
	uint64_t number;	/* MATCH_NUMBER, MATCH_UID */
	unsigned int named;	/* bits of the settings that it names, by their place in the table */
	struct port_settings settings;
};

static int set_vlan(struct port_settings *settings, const char *value)
{
	uint64_t id;

	if (parse_number(value, VLAN_ID_MAX, &id) || !id)
		return -EINVAL;
	memset(&settings->vlans, 0, sizeof(settings->vlans));
	settings->vlans.untagged = (uint16_t)id;
	vlans_add(&settings->vlans, (unsigned int)id);
	return 0;
}

static int set_trunk(struct port_settings *settings, const char *value)
{
	memset(&settings->vlans, 0, sizeof(settings->vlans));
	settings->vlans.trunk = true;
	return vlans_parse(value, &settings->vlans);
}

static int set_native(struct port_settings *settings, const char *value)
{
	uint64_t id;

	if (!settings->vlans.trunk || parse_number(value, VLAN_ID_MAX, &id) || !id)
		return -EINVAL;
	settings->vlans.untagged = (uint16_t)id;
	vlans_add(&settings->vlans, (unsigned int)id);
	return 0;
}

/* A count a second: a number with k, M or G for powers of 1000. */
static int parse_per_second(const char *text, uint64_t *number)
{
	static const char suffixes[] = "kmg";
	size_t length = strlen(text);
	const char *suffix = length > 1 ? strchr(suffixes, tolower((unsigned char)text[length - 1]))
					: NULL;
	char digits[24];
	uint64_t factor = 1;

	if (suffix && !*suffix)
		suffix = NULL;
	length -= !!suffix;
	if (length >= sizeof(digits))
		return -EINVAL;
	memcpy(digits, text, length);
	digits[length] = '\0';
	for (const char *step = suffixes; suffix && step <= suffix; step++)
		factor *= 1000;
	if (parse_number(digits, 1000000000000ull / factor, number) || !*number)
		return -EINVAL;
	*number *= factor;
	return 0;
}

static int set_rate(struct port_settings *settings, const char *value)
{
	return parse_per_second(value, &settings->bits_per_second);
}

static int set_pps(struct port_settings *settings, const char *value)
{
	return parse_per_second(value, &settings->frames_per_second);
}

static int set_flood(struct port_settings *settings, const char *value)
{
	return parse_per_second(value, &settings->floods_per_second);
}

static int set_mac_limit(struct port_settings *settings, const char *value)
{
	uint64_t limit;

	if (parse_number(value, UINT32_MAX, &limit))
		return -EINVAL;
	settings->mac_limit = (uint32_t)limit;
	return 0;
}

static int set_isolated(struct port_settings *settings, const char *value)
{
	(void)value;
	settings->isolated = true;
	return 0;
}

static int set_sticky(struct port_settings *settings, const char *value)
{
	(void)value;
	settings->sticky = true;
	return 0;
}

static int set_mirror(struct port_settings *settings, const char *value)
{
	(void)value;
	settings->mirror = true;
	return 0;
}

/* All settings; where they stand and how much they are, for a rule to pass them on. */
#define FIELD(member)	offsetof(struct port_settings, member), \
			sizeof(((struct port_settings *)NULL)->member)

static const struct setting {
	const char *name;
	int (*set)(struct port_settings *settings, const char *value);
	size_t offset, size;
	bool has_value;
	const char *problem;
} settings_table[] = {
	{ "vlan", set_vlan, FIELD(vlans), true, "vlan= needs a VLAN, 1 to 4094" },
	{ "trunk", set_trunk, FIELD(vlans), true,
	  "trunk= needs VLANs such as 10+20-29, or \"all\"" },
	{ "native", set_native, FIELD(vlans), true,
	  "native= needs a VLAN, 1 to 4094, and trunk= before it" },
	{ "rate", set_rate, FIELD(bits_per_second), true, "rate= needs bits a second such as 10M" },
	{ "pps", set_pps, FIELD(frames_per_second), true, "pps= needs frames a second such as 5k" },
	{ "flood", set_flood, FIELD(floods_per_second), true, "flood= needs frames a second such as 500" },
	{ "mac-limit", set_mac_limit, FIELD(mac_limit), true, "mac-limit= needs a number" },
	{ "isolated", set_isolated, FIELD(isolated), false, "isolated takes no value" },
	{ "sticky", set_sticky, FIELD(sticky), false, "sticky takes no value" },
	{ "mirror", set_mirror, FIELD(mirror), false, "mirror takes no value" },
};

enum { SETTING_COUNT = sizeof(settings_table) / sizeof(settings_table[0]), 
       /* The first three. */
       SETTING_VLANS = 7 };

static const char *const kinds[] = { "unix", "seqpacket", "stream", "tap" };

static int parse_uid(const char *text, uint64_t *uid)
{
	const struct passwd *user;

	if (!parse_number(text, UINT32_MAX, uid))
		return 0;
	user = getpwnam(text);
	if (!user)
		return -EINVAL;
	*uid = user->pw_uid;
	return 0;
}

static int parse_match(struct rule *rule, const char *text, const char **problem)
{
	*problem = "no port is named";
	if (!*text)
		return -EINVAL;
	rule->match = MATCH_DEVICE;
	if (!strcmp(text, "all"))
		rule->match = MATCH_ALL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(text, kinds[i]))
			rule->match = MATCH_KIND;
	if (!parse_number(text, PORT_NUMBER_MAX, &rule->number)) {
		rule->match = MATCH_NUMBER;
	} else if (!strncmp(text, "uid:", 4)) {
		rule->match = MATCH_UID;
		*problem = "no such user";
		if (parse_uid(text + 4, &rule->number))
			return -EINVAL;
	} else if (!strncmp(text, "umid:", 5)) {
		rule->match = MATCH_UMID;
		text += 5;
	} else if (strchr(text, '/')) {
		rule->match = MATCH_PATH;
	}
	*problem = "out of memory";
	rule->text = strdup(text);
	return rule->text ? 0 : -ENOMEM;
}

static int parse_setting(struct rule *rule, char *word, const char **problem)
{
	char *value = strchr(word, '=');

	if (value)
		*value++ = '\0';
	for (unsigned int i = 0; i < SETTING_COUNT; i++) {
		const struct setting *setting = &settings_table[i];

		if (strcmp(word, setting->name))
			continue;
		*problem = setting->problem;
		rule->named |= 1u << i;
		if (setting->has_value != !!value)
			return -EINVAL;
		return setting->set(&rule->settings, value);
	}
	*problem = "unknown setting";
	return -EINVAL;
}

static void rule_free(struct rule *rule)
{
	free(rule->text);
	free(rule);
}

int rules_add(struct rules *rules, const char *text, const char **problem)
{
	struct rule *rule = calloc(1, sizeof(*rule)), **last = &rules->first;
	char *copy = strdup(text), *rest = copy, *word;
	int error = -ENOMEM;

	*problem = "out of memory";
	if (rule && copy)
		error = parse_match(rule, strsep(&rest, ","), problem);
	if (!error && !rest) {
		*problem = "no setting behind the port";
		error = -EINVAL;
	}
	while (!error && (word = strsep(&rest, ",")))
		error = parse_setting(rule, word, problem);
	free(copy);
	if (error) {
		if (rule)
			rule_free(rule);
		return error;
	}
	while (*last)
		last = &(*last)->next;
	*last = rule;
	rules->vlans |= !!(rule->named & SETTING_VLANS);
	rules->umids |= rule->match == MATCH_UMID;
	return 0;
}

static bool same(const char *text, const char *other)
{
	return other && !strcmp(text, other);
}

static bool path_matches(const char *pattern, const char *path)
{
	return path && !fnmatch(pattern, path, FNM_PATHNAME);
}

static bool rule_matches(const struct rule *rule, const struct port_identity *identity)
{
	switch (rule->match) {
	case MATCH_ALL:
		return true;
	case MATCH_KIND:
		return same(rule->text, identity->kind);
	case MATCH_NUMBER:
		return rule->number == identity->number;
	case MATCH_UID:
		return identity->has_uid && rule->number == identity->uid;
	case MATCH_UMID:
		return same(rule->text, identity->umid);
	case MATCH_PATH:
		return path_matches(rule->text, identity->listener) ||
		       path_matches(rule->text, identity->path);
	case MATCH_DEVICE:
		return same(rule->text, identity->device);
	}
	return false;
}

void rules_apply(const struct rules *rules, const struct port_identity *identity,
		 struct port_settings *settings)
{
	for (const struct rule *rule = rules->first; rule; rule = rule->next) {
		if (!rule_matches(rule, identity))
			continue;
		for (unsigned int i = 0; i < SETTING_COUNT; i++) {
			const struct setting *setting = &settings_table[i];

			if (rule->named >> i & 1)
				memcpy((char *)settings + setting->offset,
				       (const char *)&rule->settings + setting->offset,
				       setting->size);
		}
	}
}

void rules_free(struct rules *rules)
{
	while (rules->first) {
		struct rule *rule = rules->first;

		rules->first = rule->next;
		rule_free(rule);
	}
}
