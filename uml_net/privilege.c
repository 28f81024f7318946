// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege.c - gives up what the caller prepared and all rights that are not needed.
 *
 * It works the same for a file that is set-user-ID root, for one that has the capability
 * CAP_NET_ADMIN, and for root: after privilege_drop() the process has the caller's ids and this one
 * capability, out of use but between privilege_raise() and privilege_lower().
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "lib/report.h"
#include "uml_net/privilege.h"
#include "uml_net/reply.h"

enum {
	/* Descriptors that this program may need at a time. */
	DESCRIPTORS = 32,
	WORDS = _LINUX_CAPABILITY_U32S_3,
};

static const uint32_t net_admin = CAP_TO_MASK(CAP_NET_ADMIN);

/* ---- inheritance ----------------------------------------------------------------------------- */

/* 0, 1 and 2 are open, so that nothing opened later gets into their place; no other is. */
static void shed_descriptors(void)
{
	int fd;

	if (close_range(STDERR_FILENO + 1, ~0U, 0))
		reply_die("cannot close foreign descriptors: %s; Linux 5.9 is needed",
			  cause(errno));
	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		reply_die("cannot open /dev/null: %s; is /dev mounted?", cause(errno));
	close(fd);
}

static void set_limit(int resource, rlim_t least)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) || limit.rlim_cur >= least)
		return;
	limit.rlim_cur = least;
	if (limit.rlim_max < least)
		limit.rlim_max = least;
	/* Where it is not allowed, what needs it fails later and is told. */
	setrlimit(resource, &limit);
}

static void shed_limits(void)
{
	const struct rlimit none = { 0 };

	/* A core file would hold what the caller may not read. */
	setrlimit(RLIMIT_CORE, &none);
	set_limit(RLIMIT_NOFILE, DESCRIPTORS);
	set_limit(RLIMIT_FSIZE, RLIM_INFINITY);
}

static void shed_signals(void)
{
	const struct itimerval never = { 0 };

	setitimer(ITIMER_REAL, &never, NULL);
	setitimer(ITIMER_VIRTUAL, &never, NULL);
	setitimer(ITIMER_PROF, &never, NULL);
	for (int number = 1; number < NSIG; number++) {
		/* To ignore one drops those that wait. */
		signal(number, SIG_IGN);
		signal(number, SIG_DFL);
	}
	/* Who asked and went away costs an error, not the process. */
	signal(SIGPIPE, SIG_IGN);
	privilege_unblock_signals();
}

void privilege_block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

void privilege_unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void privilege_shed_inheritance(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	shed_signals();
	shed_limits();
	shed_descriptors();
	umask(077);
	if (clearenv() || chdir("/"))
		reply_die("cannot leave the caller's environment: %s", cause(errno));
}

/* ---- rights ---------------------------------------------------------------------------------- */

void privilege_read_caller(struct caller *caller)
{
	int count = getgroups(NGROUPS_MAX, caller->groups);

	if (count < 0)
		reply_die("cannot read the caller's groups: %s", cause(errno));
	caller->group_count = (size_t)count;
	caller->user = getuid();
	caller->group = getgid();
	caller->elevated = getauxval(AT_SECURE) != 0;
}

static int get_capabilities(struct __user_cap_data_struct data[WORDS])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	memset(data, 0, WORDS * sizeof(*data));
	return syscall(SYS_capget, &header, data) ? -errno : 0;
}

static int set_capabilities(uint32_t permitted, uint32_t effective)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[WORDS] = {
		{ .permitted = permitted, .effective = effective },
	};

	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

static uint32_t permitted_capability(void)
{
	struct __user_cap_data_struct data[WORDS];

	return get_capabilities(data) ? 0 : data[0].permitted & net_admin;
}

/* Dies unless the process is what privilege_drop() promises. */
static void check_dropped(const struct caller *caller)
{
	struct __user_cap_data_struct data[WORDS];
	uid_t users[3];
	gid_t groups[3];

	if (getresuid(&users[0], &users[1], &users[2]) ||
	    getresgid(&groups[0], &groups[1], &groups[2]) || get_capabilities(data))
		reply_die("cannot read its own rights: %s", cause(errno));
	for (int i = 0; i < 3; i++)
		if (users[i] != caller->user || groups[i] != caller->group)
			reply_die("the kernel kept foreign ids; nothing is done");
	if (data[0].permitted & ~net_admin || data[0].effective || data[0].inheritable ||
	    data[1].permitted || data[1].effective || data[1].inheritable)
		reply_die("the kernel kept foreign capabilities; nothing is done");
	if (caller->user && !setresuid((uid_t)-1, 0, (uid_t)-1))
		reply_die("the kernel gave root's id back; nothing is done");
}

void privilege_drop(const struct caller *caller)
{
	/* Not all of these can fail, and all are checked by their effect. */
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(caller->group, caller->group, caller->group) ||
	    setresuid(caller->user, caller->user, caller->user) || prctl(PR_SET_KEEPCAPS, 0) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) ||
	    set_capabilities(permitted_capability(), 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_DUMPABLE, 0))
		reply_die("cannot give up rights: %s", cause(errno));
	check_dropped(caller);
}

int privilege_raise(void)
{
	uint32_t permitted = permitted_capability();

	if (!permitted)
		return -EPERM;
	return set_capabilities(permitted, permitted);
}

void privilege_lower(void)
{
	if (set_capabilities(permitted_capability(), 0))
		reply_die("cannot give up rights: %s", cause(errno));
}
