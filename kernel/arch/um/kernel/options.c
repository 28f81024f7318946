// SPDX-License-Identifier: GPL-2.0-only
/*
 * options.c - Linux also reads the options that the host layer has taken: here they are
 * recognised, so that they are neither reported as unknown nor passed on to init.
 */
#include <linux/init.h>
#include <host/option.h>

/* The empty name matches every word; those for which 0 is returned go on to others. */
static int __init take_host_option(char *word)
{
	return host_option_known(word);
}
__setup("", take_host_option);
