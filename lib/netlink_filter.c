// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink_filter.c - filters of the frames that come in by an interface, by rtnetlink(7).
 *
 * They are classifiers "bpf" of tc(8) with programs of classic BPF, which need CAP_NET_ADMIN alone,
 * at the place where the kernel looks at a frame first: before bridges, protocols and their settings.
 * They live and end with the interface, and no change of a packet filter's rules touches them.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "lib/netlink_message.h"

enum { FILTER_HANDLE = 1 };

static struct tcmsg *begin(struct nl_message *message, uint16_t type, uint16_t flags, int index)
{
	struct tcmsg *info = nl_begin(message, type, flags, sizeof(*info));

	info->tcm_family = AF_UNSPEC;
	info->tcm_ifindex = index;
	return info;
}

int netlink_ingress_add(struct netlink *netlink, int index)
{
	static const char kind[] = "clsact";
	struct nl_message message;
	struct tcmsg *info = begin(&message, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, index);

	info->tcm_parent = TC_H_CLSACT;
	info->tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0);
	nl_put(&message, TCA_KIND, kind, sizeof(kind));
	return nl_change(netlink, &message);
}

int netlink_filter_set(struct netlink *netlink, int index, const struct netlink_filter *filter)
{
	static const char kind[] = "bpf";
	struct nl_message message;
	struct tcmsg *info = begin(&message, RTM_NEWTFILTER, NLM_F_CREATE, index);
	size_t options;

	info->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	info->tcm_handle = FILTER_HANDLE;
	info->tcm_info = TC_H_MAKE((uint32_t)filter->priority << 16, htons(ETH_P_ALL));
	nl_put(&message, TCA_KIND, kind, sizeof(kind));
	options = nl_nest_begin(&message, TCA_OPTIONS);
	nl_put(&message, TCA_BPF_OPS_LEN, &filter->length, sizeof(filter->length));
	nl_put(&message, TCA_BPF_OPS, filter->program, filter->length * sizeof(*filter->program));
	/* Without actions a frame that is taken passes. */
	if (filter->verdict)
		nl_put_u32(&message, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
	nl_nest_end(&message, options);
	return nl_change(netlink, &message);
}
