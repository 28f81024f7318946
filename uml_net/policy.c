// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy.c - reads the policy file, strictly: what is not understood voids the file, so that a
 * mistyped line never allows more, or takes back less, than it was meant to.
 */
#include <errno.h>
#include <string.h>

#include "lib/netlink.h"
#include "lib/parse.h"
#include "uml_net/policy.h"

enum {
	LINE_SIZE = 1024,
	WORDS_MAX = 80,
};

/* One line, cut into words. */
struct line {
	char text[LINE_SIZE];
	char *words[WORDS_MAX];
	unsigned int count;
};

/* Settings that the file may give once; a bit of seen each. */
enum { SEEN_INTERFACES = 1, SEEN_FORWARDING = 2, SEEN_PROXY_ARP = 4 };

struct parser {
	struct policy *policy;
	struct policy_problem *problem;
	struct line line;
	unsigned int seen;
};

static int wrong(struct parser *parser, const char *what)
{
	parser->problem->what = what;
	return -EINVAL;
}

static bool name_valid(const char *name)
{
	size_t length = strlen(name);

	if (!length || length >= POLICY_NAME_SIZE || *name == '-')
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.@-") ==
	       length;
}

/* word is cut at its separator. */
static int parse_range(char *word, struct policy_range *range)
{
	char *rest = strpbrk(word, "/-");
	char separator = rest ? *rest : '\0';
	uint64_t bits;
	uint32_t host;

	if (rest)
		*rest++ = '\0';
	if (parse_ipv4(word, &range->first))
		return -EINVAL;
	range->last = range->first;
	if (separator == '-')
		return parse_ipv4(rest, &range->last) || range->last < range->first ? -EINVAL : 0;
	if (!separator)
		return 0;
	if (parse_number(rest, 32, &bits))
		return -EINVAL;
	host = bits == 32 ? 0 : UINT32_MAX >> bits;
	if (range->first & host)
		return -EINVAL;
	range->last = range->first | host;
	return 0;
}

static int add_range(struct parser *parser, struct policy_grant *grant, char *word)
{
	if (grant->range_count == POLICY_RANGES_MAX)
		return wrong(parser, "too many ranges; make two lines of it");
	if (parse_range(word, &grant->ranges[grant->range_count++]))
		return wrong(parser, "not a range: 192.0.2.1, 192.0.2.0/24 and "
				     "192.0.2.8-192.0.2.15 are, bits behind the prefix being 0");
	return 0;
}

static int add_bridge(struct parser *parser, struct policy_grant *grant, const char *word)
{
	if (grant->bridge_count == POLICY_BRIDGES_MAX)
		return wrong(parser, "too many bridges; make two lines of it");
	if (!netlink_name_valid(word))
		return wrong(parser, "not an interface's name after 'bridge'");
	strcpy(grant->bridges[grant->bridge_count++], word);
	return 0;
}

static int parse_allow(struct parser *parser)
{
	struct line *line = &parser->line;
	struct policy *policy = parser->policy;
	struct policy_grant *grant = &policy->grants[policy->grant_count];
	const char *kind = NULL;
	int error = 0;

	if (policy->grant_count == POLICY_GRANTS_MAX)
		return wrong(parser, "too many 'allow' lines");
	memset(grant, 0, sizeof(*grant));
	if (line->count < 5)
		return wrong(parser, "the form is: allow user|group NAME "
				     "[address RANGE...] [bridge NAME...]");
	grant->group = !strcmp(line->words[1], "group");
	if (!grant->group && strcmp(line->words[1], "user"))
		return wrong(parser, "'user' or 'group' must follow 'allow'");
	if (!name_valid(line->words[2]))
		return wrong(parser, "not the name of a user or group");
	strcpy(grant->name, line->words[2]);
	for (unsigned int i = 3; i < line->count && !error; i++) {
		char *word = line->words[i];

		if (!strcmp(word, "address") || !strcmp(word, "bridge")) {
			kind = word;
			if (i + 1 == line->count)
				return wrong(parser,
					     "'address' or 'bridge' at the end of the line");
		} else if (!kind) {
			return wrong(parser, "'address' or 'bridge' must follow the name");
		} else if (*kind == 'a') {
			error = add_range(parser, grant, word);
		} else {
			error = add_bridge(parser, grant, word);
		}
	}
	policy->grant_count++;
	return error;
}

static int once(struct parser *parser, unsigned int setting)
{
	if (parser->seen & setting)
		return wrong(parser, "the setting is given twice");
	if (parser->line.count != 2)
		return wrong(parser, "a setting has exactly one value");
	parser->seen |= setting;
	return 0;
}

static int parse_yes_no(struct parser *parser, unsigned int setting, bool *value)
{
	const char *word = parser->line.words[1];

	if (once(parser, setting))
		return -EINVAL;
	if (strcmp(word, "yes") && strcmp(word, "no"))
		return wrong(parser, "neither 'yes' nor 'no'");
	*value = *word == 'y';
	return 0;
}

static int parse_interfaces(struct parser *parser)
{
	uint64_t count;

	if (once(parser, SEEN_INTERFACES))
		return -EINVAL;
	if (parse_number(parser->line.words[1], POLICY_INTERFACES_MAX, &count))
		return wrong(parser, "not a count of interfaces from 0 to 4096");
	parser->policy->interfaces = (unsigned int)count;
	return 0;
}

static int parse_words(struct parser *parser)
{
	const char *word = parser->line.words[0];

	if (!strcmp(word, "allow"))
		return parse_allow(parser);
	if (!strcmp(word, "interfaces"))
		return parse_interfaces(parser);
	if (!strcmp(word, "forwarding"))
		return parse_yes_no(parser, SEEN_FORWARDING, &parser->policy->forwarding);
	if (!strcmp(word, "proxy-arp"))
		return parse_yes_no(parser, SEEN_PROXY_ARP, &parser->policy->proxy_arp);
	return wrong(parser, "unknown word at its begin; known are allow, interfaces, forwarding "
			     "and proxy-arp");
}

/* Cuts the line's text into words, up to a comment. */
static int split(struct parser *parser)
{
	struct line *line = &parser->line;
	char *at = line->text;

	line->count = 0;
	for (;;) {
		at += strspn(at, " \t");
		if (!*at || *at == '#')
			return 0;
		if (line->count == WORDS_MAX)
			return wrong(parser, "too many words");
		line->words[line->count++] = at;
		at += strcspn(at, " \t#");
		if (*at == '#')
			return wrong(parser, "a comment needs a blank before its '#'");
		if (*at)
			*at++ = '\0';
	}
}

static int parse_line(struct parser *parser, const char *text, size_t length)
{
	if (length >= LINE_SIZE)
		return wrong(parser, "the line is too long");
	for (size_t i = 0; i < length; i++)
		if ((text[i] < ' ' && text[i] != '\t') || text[i] > '~')
			return wrong(parser, "a byte that is no printable ASCII character");
	memcpy(parser->line.text, text, length);
	parser->line.text[length] = '\0';
	if (split(parser))
		return -EINVAL;
	return parser->line.count ? parse_words(parser) : 0;
}

void policy_default(struct policy *policy)
{
	policy->forwarding = true;
	policy->proxy_arp = true;
	policy->interfaces = POLICY_INTERFACES;
	policy->grant_count = 0;
}

int policy_parse(const char *text, size_t length, struct policy *policy,
		 struct policy_problem *problem)
{
	struct parser parser = { .policy = policy, .problem = problem };

	policy_default(policy);
	problem->line = 0;
	while (length) {
		const char *end = memchr(text, '\n', length);
		size_t line = end ? (size_t)(end - text) : length;

		problem->line++;
		if (parse_line(&parser, text, line))
			return -EINVAL;
		line += !!end;
		text += line;
		length -= line;
	}
	return 0;
}

static bool grant_sound(const struct policy_grant *grant)
{
	if (grant->range_count > POLICY_RANGES_MAX || grant->bridge_count > POLICY_BRIDGES_MAX)
		return false;
	for (unsigned int i = 0; i < grant->bridge_count; i++)
		if (strnlen(grant->bridges[i], IFNAMSIZ) == IFNAMSIZ ||
		    !netlink_name_valid(grant->bridges[i]))
			return false;
	return true;
}

bool policy_sound(const struct policy *policy)
{
	if (policy->grant_count > POLICY_GRANTS_MAX || policy->interfaces > POLICY_INTERFACES_MAX)
		return false;
	for (unsigned int i = 0; i < policy->grant_count; i++)
		if (!grant_sound(&policy->grants[i]))
			return false;
	return true;
}
