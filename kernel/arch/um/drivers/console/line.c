// SPDX-License-Identifier: GPL-2.0-only
/*
 * line.c - moves characters between console lines and the host.
 *
 * Theory of operation.  Neither direction ever makes the virtual CPU wait for a terminal.
 * Input: the poll thread of the host layer says that there is some; it is read in the
 * interrupt and handed to the tty layer, and the watch is armed again only while that
 * layer has room.  Output: programs and printk fill one buffer, so that their order is
 * kept; what the host does not take at once goes when the poll thread says that it will.
 * If the buffer is full programs wait in the tty layer, and printk counts what is lost
 * (the kernel's log has it all).  Only a kernel that is about to end waits for the host,
 * and not for long.
 */
#include <linux/kernel.h>
#include <linux/panic.h>
#include <linux/slab.h>
#include <linux/tty.h>
#include <linux/tty_flip.h>
#include <host/file.h>
#include <host/tty.h>
#include "line.h"

#define READ_BYTES	512
#define PUMP_BYTES	16384	/* at most at once: interrupts are off meanwhile */
#define STUCK_MS	1000

struct um_line um_lines[HOST_CONSOLES];

/* -------------------------------------------------------------- output */

/* Give the host what it takes now.  Return: whether there is nothing left. */
static bool pump(struct um_line *line)
{
	unsigned int moved = 0;

	while (!kfifo_is_empty(&line->tx)) {
		u8 *from;
		unsigned int len = kfifo_out_linear_ptr(&line->tx, &from, PUMP_BYTES);
		ssize_t ret = moved < PUMP_BYTES ?
			      host_file_write_now(line->out.fd, from, len) : -EAGAIN;

		if (ret == -EAGAIN) {
			um_fd_watch_arm(&line->out);
			return false;
		}
		if (ret < 0) {
			line->out_ended = true;
			kfifo_reset(&line->tx);
			return true;
		}
		kfifo_skip_count(&line->tx, ret);
		line->stuck = false;
		moved += ret;
	}
	return true;
}

static bool takes_output(const struct um_line *line)
{
	return line->out.fd >= 0 && !line->out_ended;
}

static void queue_text(struct um_line *line, const char *text, size_t len)
{
	unsigned int taken = kfifo_in(&line->tx, (const u8 *)text, len);

	line->lost += len - taken;
}

static void report_lost(struct um_line *line)
{
	char text[80];
	int len;

	if (!line->lost || kfifo_avail(&line->tx) < sizeof(text))
		return;
	len = scnprintf(text, sizeof(text), "\r\n** %lu bytes of messages are not shown **\r\n",
			line->lost);
	line->lost = 0;
	queue_text(line, text, len);
}

static void output_ready(struct um_fd_watch *watch, u32 revents)
{
	struct um_line *line = container_of(watch, struct um_line, out);
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	pump(line);
	report_lost(line);
	pump(line);
	spin_unlock_irqrestore(&line->lock, flags);
	tty_port_tty_wakeup(&line->port);
}

size_t um_line_write(struct um_line *line, const u8 *buf, size_t len_bytes)
{
	unsigned long flags;
	unsigned int room;
	size_t taken;

	if (!takes_output(line))
		return len_bytes;
	spin_lock_irqsave(&line->lock, flags);
	room = LINE_TTY_BYTES - min_t(unsigned int, kfifo_len(&line->tx), LINE_TTY_BYTES);
	taken = kfifo_in(&line->tx, buf, min_t(size_t, len_bytes, room));
	pump(line);
	spin_unlock_irqrestore(&line->lock, flags);
	return taken;
}

unsigned int um_line_room(struct um_line *line)
{
	return LINE_TTY_BYTES - min_t(unsigned int, um_line_pending(line), LINE_TTY_BYTES);
}

unsigned int um_line_pending(struct um_line *line)
{
	return takes_output(line) ? kfifo_len(&line->tx) : 0;
}

/* Wait for the host, unless this line has been waited for in vain. */
static void drain(struct um_line *line)
{
	while (takes_output(line) && !line->stuck && !pump(line)) {
		if (host_file_wait(line->out.fd, HOST_POLL_OUT, STUCK_MS) <= 0)
			line->stuck = true;
	}
}

static bool lock_for_print(struct um_line *line, unsigned long *flags)
{
	if (oops_in_progress)
		return spin_trylock_irqsave(&line->lock, *flags);
	spin_lock_irqsave(&line->lock, *flags);
	return true;
}

void um_line_print(struct um_line *line, const char *text, size_t len_bytes, bool wait)
{
	const char *end = text + len_bytes;
	unsigned long flags;
	bool locked;

	if (!takes_output(line))
		return;
	locked = lock_for_print(line, &flags);
	while (text < end) {
		const char *stop = line->crlf ? memchr(text, '\n', end - text) : NULL;

		queue_text(line, text, (stop ? stop : end) - text);
		if (stop)
			queue_text(line, "\r\n", 2);
		text = stop ? stop + 1 : end;
	}
	if (wait)
		drain(line);
	else
		pump(line);
	if (locked)
		spin_unlock_irqrestore(&line->lock, flags);
}

void um_line_flush(struct um_line *line)
{
	unsigned long flags;
	bool locked;

	if (!line->opened)
		return;
	locked = lock_for_print(line, &flags);
	drain(line);
	if (locked)
		spin_unlock_irqrestore(&line->lock, flags);
}

/* --------------------------------------------------------------- input */

static void want_input(struct um_line *line)
{
	if (line->active && !line->throttled && !line->in_ended)
		um_fd_watch_arm(&line->in);
}

static void input_ready(struct um_fd_watch *watch, u32 revents)
{
	struct um_line *line = container_of(watch, struct um_line, in);
	u8 buf[READ_BYTES];
	unsigned long flags;
	ssize_t len;
	int room;

	spin_lock_irqsave(&line->lock, flags);
	if (!line->active || line->throttled)
		goto out;
	room = tty_buffer_space_avail(&line->port);
	if (room <= 0) {
		mod_timer(&line->retry, jiffies + 1);
		goto out;
	}
	len = host_file_read(watch->fd, buf, min_t(int, room, sizeof(buf)), -1);
	if (len > 0) {
		tty_insert_flip_string(&line->port, buf, len);
		tty_flip_buffer_push(&line->port);
	} else if (len != -EAGAIN) {
		/* The end of the input is no error: the line goes on as an output. */
		line->in_ended = true;
	}
	want_input(line);
out:
	spin_unlock_irqrestore(&line->lock, flags);
}

static void look_for_room(struct timer_list *timer)
{
	struct um_line *line = from_timer(line, timer, retry);
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	want_input(line);
	spin_unlock_irqrestore(&line->lock, flags);
}

void um_line_throttle(struct um_line *line, bool throttled)
{
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	line->throttled = throttled;
	want_input(line);
	spin_unlock_irqrestore(&line->lock, flags);
}

/*
 * Raw mode only where the terminal's keys reach the guest: with other input, Ctrl-C must
 * go on to end the kernel's process.
 */
static void set_terminal(struct um_line *line)
{
	if (line->in.fd >= 0)
		host_tty_raw(line->in_user_fd);
	line->crlf = line->out.fd >= 0 && host_tty_is_raw(line->out.fd);
}

void um_line_start_input(struct um_line *line)
{
	unsigned long flags;

	set_terminal(line);
	spin_lock_irqsave(&line->lock, flags);
	line->active = true;
	line->throttled = false;
	want_input(line);
	spin_unlock_irqrestore(&line->lock, flags);
}

void um_line_stop_input(struct um_line *line)
{
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	line->active = false;
	spin_unlock_irqrestore(&line->lock, flags);
}

void um_line_resized(struct um_line *line)
{
	struct winsize size = { };
	struct tty_struct *tty;

	if (!line->active)
		return;
	/* A shell that had stopped us has put its own settings in place. */
	set_terminal(line);
	if (line->out.fd < 0 || host_tty_size(line->out.fd, &size.ws_row, &size.ws_col) < 0)
		return;
	tty = tty_port_tty_get(&line->port);
	if (tty) {
		tty_do_resize(tty, &size);
		tty_kref_put(tty);
	}
}

/* -------------------------------------------------------------- opening */

static int open_watch(struct um_fd_watch *watch, const struct host_channel *channel, bool output)
{
	int ret = um_channel_open(channel, output, &watch->fd);

	if (ret < 0 || watch->fd < 0)
		return ret;
	watch->events = output ? HOST_POLL_OUT : HOST_POLL_IN;
	watch->ready = output ? output_ready : input_ready;
	ret = um_fd_watch_add(watch);
	if (ret < 0)
		host_file_close(watch->fd);
	return ret;
}

static void close_watch(struct um_fd_watch *watch)
{
	if (watch->fd < 0)
		return;
	um_fd_watch_remove(watch);
	host_file_close(watch->fd);
}

int um_line_open(struct um_line *line)
{
	const struct host_console *console = &host_consoles[line->index];
	int ret;

	if (line->opened)
		return 0;
	ret = kfifo_alloc(&line->tx, LINE_TX_BYTES, GFP_KERNEL);
	if (ret)
		return ret;
	spin_lock_init(&line->lock);
	timer_setup(&line->retry, look_for_room, 0);
	ret = open_watch(&line->in, &console->in, false);
	if (ret)
		goto no_in;
	ret = open_watch(&line->out, &console->out, true);
	if (ret)
		goto no_out;
	line->in_user_fd = console->in.fd;
	line->in_ended = line->in.fd < 0;
	line->crlf = line->out.fd >= 0 && host_tty_is_raw(line->out.fd);
	line->opened = true;
	return 0;
no_out:
	close_watch(&line->in);
no_in:
	kfifo_free(&line->tx);
	return ret;
}
