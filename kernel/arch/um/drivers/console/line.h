/* SPDX-License-Identifier: GPL-2.0-only */
/* line.h - a console line: what its channels, the tty driver and the printk console share. */
#ifndef __UM_CONSOLE_LINE_H
#define __UM_CONSOLE_LINE_H

#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/tty_port.h>
#include <host/channel.h>
#include <asm/fdwatch.h>

#define LINE_TX_BYTES	65536	/* what a line holds back when its terminal stands still */
#define LINE_TTY_BYTES	8192	/* of that, what programs may fill; the rest is for printk */

/**
 * struct um_line - one console line
 * @port: the tty layer's half
 * @index: its number, /dev/tty<index>
 * @opened: its channels are open
 * @crlf: the host's terminal wants \r\n at the end of a line
 * @in: watch of the input; its fd is -1 if there is none
 * @out: watch of the output; its fd is -1 if there is none
 * @in_user_fd: the descriptor that the user named: whose settings are the terminal's
 * @lock: guards what follows, against interrupts
 * @active: programs have it open: input is wanted
 * @throttled: the tty layer has no room for input
 * @in_ended: end of file or an error: no input any more
 * @out_ended: nobody takes the output any more: it is thrown away
 * @stuck: the output has not moved for a second, nor since
 * @lost: bytes of printk for which there was no room
 * @tx: output that the host has not taken yet
 * @retry: looks again whether the tty layer has room
 */
struct um_line {
	struct tty_port port;
	unsigned int index;
	bool opened;
	bool crlf;
	struct um_fd_watch in;
	struct um_fd_watch out;
	int in_user_fd;
	spinlock_t lock;
	bool active;
	bool throttled;
	bool in_ended;
	bool out_ended;
	bool stuck;
	unsigned long lost;
	DECLARE_KFIFO_PTR(tx, u8);
	struct timer_list retry;
};

extern struct um_line um_lines[HOST_CONSOLES];

/**
 * um_channel_open() - open one direction of a line
 * @channel: what it is connected to
 * @output: the direction
 * @fd: where a host descriptor of our own is stored; -1 for a channel without one
 *
 * Return: 0, -ENODEV if there is no such line, or -errno.
 */
int um_channel_open(const struct host_channel *channel, bool output, int *fd);

/**
 * um_line_open() - open the channels of a line, unless they are open already
 * @line: the line
 *
 * They stay open.  Return: 0 or -errno.  Context: process.
 */
int um_line_open(struct um_line *line);

/** um_line_start_input() - a program has opened the line: terminal into raw mode, input on. */
void um_line_start_input(struct um_line *line);

/** um_line_stop_input() - the last program has closed the line. */
void um_line_stop_input(struct um_line *line);

/** um_line_throttle() - the tty layer has no room for input, or has some again. */
void um_line_throttle(struct um_line *line, bool throttled);

/**
 * um_line_write() - output of a program
 * @line: an open line
 * @buf: what
 * @len_bytes: how much
 *
 * Return: how much was taken.  Never waits.  Context: any.
 */
size_t um_line_write(struct um_line *line, const u8 *buf, size_t len_bytes);

/** um_line_room() - how much um_line_write() would take. */
unsigned int um_line_room(struct um_line *line);

/** um_line_pending() - how much output the host has not taken yet. */
unsigned int um_line_pending(struct um_line *line);

/**
 * um_line_print() - output of printk
 * @line: an open line
 * @text: what; lines end in \n
 * @len_bytes: how much
 * @wait: the kernel may be about to end: wait until the host has taken it
 *
 * Context: any.
 */
void um_line_print(struct um_line *line, const char *text, size_t len_bytes, bool wait);

/** um_line_flush() - wait until the host has taken all output; give up after a second. */
void um_line_flush(struct um_line *line);

/** um_line_resized() - the host's terminal may have another size or other settings now. */
void um_line_resized(struct um_line *line);

#endif
