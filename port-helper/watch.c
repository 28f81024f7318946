// SPDX-License-Identifier: GPL-2.0-only
/* watch.c - the events that end a helper, each as a descriptor to poll. */
#include <config.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/report.h"
#include "port-helper/watch.h"

static const int end_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT };

int watch_start(struct watch *watch)
{
	sigset_t signals;

	watch->signal = 0;
	for (int i = 0; i < WATCHES; i++)
		watch->polls[i] = (struct pollfd){ .fd = -1, .events = POLLIN };

	/* What we have by inheritance is the kernel's or the terminal's business. */
	signal(SIGCHLD, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	for (size_t i = 0; i < sizeof(end_signals) / sizeof(end_signals[0]); i++) {
		signal(end_signals[i], SIG_DFL);
		sigaddset(&signals, end_signals[i]);
	}
	sigprocmask(SIG_SETMASK, &signals, NULL);
	watch->polls[WATCH_SIGNALS].fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	return watch->polls[WATCH_SIGNALS].fd < 0 ? -errno : 0;
}

int watch_fired(struct watch *watch)
{
	struct signalfd_siginfo signal;
	int fired = 0;

	for (int i = 0; i < WATCHES; i++) {
		if (watch->polls[i].fd >= 0 && watch->polls[i].revents)
			fired = 1;
	}
	if (watch->polls[WATCH_SIGNALS].revents &&
	    read(watch->polls[WATCH_SIGNALS].fd, &signal, sizeof(signal)) == sizeof(signal))
		watch->signal = (int)signal.ssi_signo;
	return fired;
}

_Noreturn void watch_exit(const struct watch *watch)
{
	sigset_t none;

	if (watch->signal) {
		sigemptyset(&none);
		raise(watch->signal);
		sigprocmask(SIG_SETMASK, &none, NULL);
	}
	exit(EXIT_DONE);
}
