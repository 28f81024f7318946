// SPDX-License-Identifier: GPL-2.0-only
/*
 * tty.c - the tty driver of the console lines: /dev/tty0 and those that con<n>= connects.
 */
#include <linux/err.h>
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/kd.h>
#include <linux/major.h>
#include <linux/printk.h>
#include <linux/tty.h>
#include <linux/tty_driver.h>
#include <linux/tty_port.h>
#include <linux/workqueue.h>
#include <host/irq.h>
#include <host/tty.h>
#include "line.h"
#include "tty.h"

struct tty_driver *um_tty_driver;

static int line_activate(struct tty_port *port, struct tty_struct *tty)
{
	um_line_start_input(container_of(port, struct um_line, port));
	return 0;
}

static void line_shutdown(struct tty_port *port)
{
	um_line_stop_input(container_of(port, struct um_line, port));
}

static const struct tty_port_operations port_ops = {
	.activate = line_activate,
	.shutdown = line_shutdown,
};

/*
 * A line that leads to a file or a pipe has no carriage to return: whatever a program
 * asks for, what is logged there is plain text.
 */
static void without_carriage(struct tty_struct *tty)
{
	const struct um_line *line = tty->driver_data;
	u16 rows, cols;

	if (line->out.fd >= 0 && host_tty_size(line->out.fd, &rows, &cols) == -ENOTTY)
		tty->termios.c_oflag &= ~ONLCR;
}

static void tty_line_set_termios(struct tty_struct *tty, const struct ktermios *old)
{
	without_carriage(tty);
}

static int tty_line_install(struct tty_driver *driver, struct tty_struct *tty)
{
	struct um_line *line = &um_lines[tty->index];
	u16 rows, cols;
	int ret;

	ret = um_line_open(line);
	if (ret)
		return ret;
	ret = tty_port_install(&line->port, driver, tty);
	if (ret)
		return ret;
	tty->driver_data = line;
	if (line->out.fd >= 0 && host_tty_size(line->out.fd, &rows, &cols) == 0) {
		tty->winsize.ws_row = rows;
		tty->winsize.ws_col = cols;
	}
	without_carriage(tty);
	return 0;
}

static int tty_line_open(struct tty_struct *tty, struct file *filp)
{
	struct um_line *line = tty->driver_data;

	return tty_port_open(&line->port, tty, filp);
}

static void tty_line_close(struct tty_struct *tty, struct file *filp)
{
	struct um_line *line = tty->driver_data;

	tty_port_close(&line->port, tty, filp);
}

static void tty_line_hangup(struct tty_struct *tty)
{
	struct um_line *line = tty->driver_data;

	tty_port_hangup(&line->port);
}

static ssize_t tty_line_write(struct tty_struct *tty, const u8 *buf, size_t count)
{
	return um_line_write(tty->driver_data, buf, count);
}

static unsigned int tty_line_write_room(struct tty_struct *tty)
{
	return um_line_room(tty->driver_data);
}

static unsigned int tty_line_chars_in_buffer(struct tty_struct *tty)
{
	return um_line_pending(tty->driver_data);
}

static void tty_line_throttle(struct tty_struct *tty)
{
	um_line_throttle(tty->driver_data, true);
}

static void tty_line_unthrottle(struct tty_struct *tty)
{
	um_line_throttle(tty->driver_data, false);
}

/* systemd asks tty0 to tell it of a key for which there is no keyboard: never pressed. */
static int tty_line_ioctl(struct tty_struct *tty, unsigned int cmd, unsigned long arg)
{
	return cmd == KDSIGACCEPT ? 0 : -ENOIOCTLCMD;
}

static const struct tty_operations tty_ops = {
	.install = tty_line_install,
	.open = tty_line_open,
	.close = tty_line_close,
	.hangup = tty_line_hangup,
	.write = tty_line_write,
	.write_room = tty_line_write_room,
	.chars_in_buffer = tty_line_chars_in_buffer,
	.throttle = tty_line_throttle,
	.unthrottle = tty_line_unthrottle,
	.set_termios = tty_line_set_termios,
	.ioctl = tty_line_ioctl,
};

/* -------------------------------------------------------- size of the window */

static void resize_lines(struct work_struct *work)
{
	for (int i = 0; i < HOST_CONSOLES; i++)
		um_line_resized(&um_lines[i]);
}

static DECLARE_WORK(resize_work, resize_lines);

static irqreturn_t winch_interrupt(int irq, void *data)
{
	schedule_work(&resize_work);
	return IRQ_HANDLED;
}

/* --------------------------------------------------------------- beginning */

void __init um_lines_init(void)
{
	for (unsigned int i = 0; i < HOST_CONSOLES; i++) {
		tty_port_init(&um_lines[i].port);
		um_lines[i].port.ops = &port_ops;
		um_lines[i].index = i;
		um_lines[i].in.fd = -1;
		um_lines[i].out.fd = -1;
	}
}

static bool connected(unsigned int index)
{
	return host_consoles[index].in.kind != HOST_CHANNEL_NONE &&
	       host_consoles[index].out.kind != HOST_CHANNEL_NONE;
}

static int __init um_tty_init(void)
{
	struct tty_driver *driver;
	int ret;

	driver = tty_alloc_driver(HOST_CONSOLES, TTY_DRIVER_REAL_RAW | TTY_DRIVER_DYNAMIC_DEV);
	if (IS_ERR(driver))
		return PTR_ERR(driver);
	driver->driver_name = "um_console";
	driver->name = "tty";
	driver->major = TTY_MAJOR;
	driver->minor_start = 0;
	driver->type = TTY_DRIVER_TYPE_CONSOLE;
	driver->init_termios = tty_std_termios;
	tty_set_operations(driver, &tty_ops);
	ret = tty_register_driver(driver);
	if (ret) {
		pr_err("um_console: cannot register the tty driver: %d\n", ret);
		tty_driver_kref_put(driver);
		return ret;
	}
	um_tty_driver = driver;
	for (unsigned int i = 0; i < HOST_CONSOLES; i++) {
		if (connected(i))
			tty_port_register_device(&um_lines[i].port, driver, i, NULL);
	}
	ret = request_irq(HOST_IRQ_WINCH, winch_interrupt, 0, "winch", NULL);
	if (ret)
		pr_warn("um_console: the window size will not follow the terminal's: %d\n", ret);
	return 0;
}
device_initcall(um_tty_init);
