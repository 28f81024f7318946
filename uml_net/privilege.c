// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege.c - gives up what the caller prepared and all rights that are not needed.
 *
 * It works the same for a file that is set-user-ID root, for one that has the capabilities
 * CAP_NET_ADMIN and CAP_SETUID, and for root. Two processes come of it. The one that reads what the
 * caller gave is the caller's in every respect. The other has root's id, because the caller may send
 * any signal to a process with an id of the caller's, and SIGSTOP cannot be blocked; of all capabilities
 * it has CAP_NET_ADMIN alone, out of use but between privilege_raise() and privilege_lower().
 */
#include <config.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
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
	struct rlimit now, wanted;

	if (getrlimit(resource, &now) || now.rlim_cur >= least)
		return;
	wanted.rlim_cur = least;
	wanted.rlim_max = now.rlim_max < least ? least : now.rlim_max;
	/* Where it is not allowed, as much as is; what needs more fails later and is told. */
	if (setrlimit(resource, &wanted)) {
		now.rlim_cur = now.rlim_max;
		setrlimit(resource, &now);
	}
}

static void shed_limits(void)
{
	static const int endless[] = { RLIMIT_FSIZE, RLIMIT_CPU, RLIMIT_AS,
					RLIMIT_DATA,  RLIMIT_STACK, RLIMIT_SIGPENDING };
	const struct rlimit none = { 0 };

	/* A core file would hold what the caller may not read. */
	setrlimit(RLIMIT_CORE, &none);
	set_limit(RLIMIT_NOFILE, DESCRIPTORS);
	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++)
		set_limit(endless[i], RLIM_INFINITY);
}

/* A process that the caller made wait for all others would keep them waiting for what it has. */
static void shed_scheduling(void)
{
	const struct sched_param ordinary = { .sched_priority = 0 };
	cpu_set_t all;

	memset(&all, 0xff, sizeof(all));
	/* As for limits: it goes on, slowly, where these are not allowed. */
	sched_setaffinity(0, sizeof(all), &all);
	sched_setscheduler(0, SCHED_OTHER, &ordinary);
	if (getpriority(PRIO_PROCESS, 0) > 0)
		setpriority(PRIO_PROCESS, 0, 0);
}

static void shed_signals(void)
{
	const struct itimerval never = { 0 };
	sigset_t none;

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
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void privilege_shed_inheritance(void)
{
	prctl(PR_SET_DUMPABLE, 0);
	shed_signals();
	shed_limits();
	shed_scheduling();
	shed_descriptors();
	umask(077);
	if (clearenv() || chdir("/"))
		reply_die("cannot leave the caller's environment: %s", cause(errno));
}

/* ---- life ------------------------------------------------------------------------------------ */

/* The timer of this process; those of its parent are not its own. */
static timer_t life;

void privilege_limit_life(unsigned int seconds)
{
	struct sigevent death = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	const struct itimerspec limit = { .it_value.tv_sec = seconds };

	if (timer_create(CLOCK_MONOTONIC, &death, &life) ||
	    timer_settime(life, 0, &limit, NULL))
		reply_die("cannot limit its life: %s; is RLIMIT_SIGPENDING of the caller too low?",
			  cause(errno));
}

void privilege_unlimit_life(void)
{
	timer_delete(life);
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

int privilege_become_root(void)
{
	if (setresuid(0, 0, 0) || prctl(PR_SET_DUMPABLE, 0))
		return -errno;
	return 0;
}

/* Dies unless the process has these ids and no capability but those of the mask, out of use. */
static void check_rights(uid_t user, gid_t group, uint32_t capabilities)
{
	struct __user_cap_data_struct data[WORDS];
	uid_t users[3];
	gid_t groups[3];

	if (getresuid(&users[0], &users[1], &users[2]) ||
	    getresgid(&groups[0], &groups[1], &groups[2]) || get_capabilities(data))
		reply_die("cannot read its own rights: %s", cause(errno));
	for (int i = 0; i < 3; i++)
		if (users[i] != user || groups[i] != group)
			reply_die("the kernel kept foreign ids; nothing is done");
	if (data[0].permitted & ~capabilities || data[0].effective || data[0].inheritable ||
	    data[1].permitted || data[1].effective || data[1].inheritable)
		reply_die("the kernel kept foreign capabilities; nothing is done");
	if (user && !setresuid((uid_t)-1, 0, (uid_t)-1))
		reply_die("the kernel gave root's id back; nothing is done");
}

/* For good; each step's effect is checked afterwards. */
static void drop_capabilities(uint32_t kept)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) || set_capabilities(kept, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0))
		reply_die("cannot give up rights: %s", cause(errno));
}

void privilege_become_caller(const struct caller *caller)
{
	/*
	 * A change of ids can make the process one that its user may trace (fs.suid_dumpable). As long as
	 * it has capabilities nobody may who has none; they go when that is undone.
	 */
	if (prctl(PR_SET_KEEPCAPS, 1) || setresgid(caller->group, caller->group, caller->group) ||
	    setresuid(caller->user, caller->user, caller->user) || prctl(PR_SET_DUMPABLE, 0) ||
	    prctl(PR_SET_KEEPCAPS, 0))
		reply_die("cannot give up rights: %s", cause(errno));
	drop_capabilities(0);
	check_rights(caller->user, caller->group, 0);
}

void privilege_keep_net_admin(const struct caller *caller)
{
	/* The group is the caller's, and gives no rights to signal. */
	if (setresgid(caller->group, caller->group, caller->group))
		reply_die("cannot give up rights: %s", cause(errno));
	drop_capabilities(permitted_capability());
	check_rights(0, caller->group, net_admin);
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
