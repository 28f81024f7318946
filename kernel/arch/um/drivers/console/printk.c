// SPDX-License-Identifier: GPL-2.0-only
/*
 * printk.c - the kernel's messages on console lines: at first straight to the host, then
 * through the line's buffer.
 */
#include <linux/console.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/tty_driver.h>
#include <host/channel.h>
#include <host/file.h>
#include <host/tty.h>
#include <asm/um_console.h>
#include <asm/um_setup.h>
#include "line.h"
#include "tty.h"

/* ------------------------------------------------- before there are lines */

static void early_write(struct console *con, const char *text, unsigned int len)
{
	int fd = host_consoles[0].out.fd;
	const char *end = text + len;

	if (host_consoles[0].out.kind != HOST_CHANNEL_FD)
		return;
	while (host_tty_is_raw(fd) && text < end) {
		const char *stop = memchr(text, '\n', end - text);

		host_file_write(fd, text, (stop ? stop : end) - text, -1);
		if (stop)
			host_file_write(fd, "\r\n", 2, -1);
		text = stop ? stop + 1 : end;
	}
	if (text < end)
		host_file_write(fd, text, end - text, -1);
}

static struct console boot_console = {
	.name = "umboot",
	.write = early_write,
	.flags = CON_BOOT | CON_PRINTBUFFER | CON_ANYTIME,
	.index = -1,
};

void __init um_early_console_init(void)
{
	register_console(&boot_console);
}

/* ------------------------------------------------------------- line <n> */

static void line_write(struct console *con, const char *text, unsigned int len)
{
	um_line_print(&um_lines[con->index], text, len, oops_in_progress || panic_in_progress());
}

static struct tty_driver *line_device(struct console *con, int *index)
{
	*index = con->index;
	return um_tty_driver;
}

static int line_setup(struct console *con, char *options)
{
	if (con->index < 0)
		con->index = 0;
	if (con->index >= HOST_CONSOLES)
		return -ENODEV;
	return um_line_open(&um_lines[con->index]);
}

static struct console line_console = {
	.name = "tty",
	.write = line_write,
	.device = line_device,
	.setup = line_setup,
	.flags = CON_PRINTBUFFER | CON_ANYTIME,
	.index = -1,
};

static int __init line_console_init(void)
{
	um_lines_init();
	register_console(&line_console);
	return 0;
}
console_initcall(line_console_init);

void um_console_flush(void)
{
	for (int i = 0; i < HOST_CONSOLES; i++)
		um_line_flush(&um_lines[i]);
}
