// SPDX-License-Identifier: GPL-2.0-only
/*
 * reboot.c - how a guest ends.
 *
 * Power-off and halt end the host process with the status that the guest has chosen in
 * /sys/kernel/uml/exit_status, 0 by default.  Reboot begins again in place, or ends like
 * power-off with "noreboot".  A panic ends with 1 unless panic= asks for a reboot.  A
 * request from outside (SIGTERM, SIGINT, SIGHUP, SIGQUIT) asks init for an orderly
 * power-off; the second one ends at once, like a power cut.
 */
#include <linux/init.h>
#include <linux/interrupt.h>
#include <linux/kobject.h>
#include <linux/panic.h>
#include <linux/panic_notifier.h>
#include <linux/pm.h>
#include <linux/reboot.h>
#include <linux/sched/signal.h>
#include <linux/sysfs.h>
#include <host/irq.h>
#include <host/option.h>
#include <host/process.h>
#include <host/start.h>
#include <host/unit.h>
#include <asm/um_console.h>
#include <asm/um_setup.h>
#include <asm/um_user.h>

#define STATUS_PANIC	1
#define STATUS_KILLED	143	/* 128 + SIGTERM, as a shell would say */

static unsigned int exit_status;

/* What the guest has printed is still seen, as far as the terminal takes it. */
static void __noreturn end_process(int status)
{
	um_console_flush();
	host_exit(status);
}

void machine_restart(char *command)
{
	if (host_options.noreboot)
		end_process(exit_status);
	um_console_flush();
	host_restart();
}

void machine_halt(void)
{
	end_process(exit_status);
}

void machine_power_off(void)
{
	end_process(exit_status);
}

void (*pm_power_off)(void) = machine_power_off;
EXPORT_SYMBOL(pm_power_off);

/* The last of the panic notifiers: with panic=0 nobody would end the process. */
static int panic_end(struct notifier_block *block, unsigned long event, void *message)
{
	if (!panic_timeout)
		end_process(STATUS_PANIC);
	if (host_options.noreboot)
		end_process(STATUS_PANIC);
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = {
	.notifier_call = panic_end,
	.priority = INT_MIN,
};

static ssize_t exit_status_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", exit_status);
}

static ssize_t exit_status_store(struct kobject *kobj, struct kobj_attribute *attr,
				 const char *buf, size_t count)
{
	unsigned int value;
	int err = kstrtouint(buf, 0, &value);

	if (err)
		return err;
	if (value > 255)
		return -ERANGE;
	exit_status = value;
	return count;
}

static struct kobj_attribute exit_status_attr = __ATTR_RW(exit_status);

static irqreturn_t term_interrupt(int irq, void *data)
{
	static int served;

	while (served < host_term_requests) {
		if (served++)
			host_exit(STATUS_KILLED);
		pr_info("asked from outside to end: powering off\n");
		orderly_poweroff(true);
	}
	return IRQ_HANDLED;
}

/* Processes of ours were killed: so are the guest programs that they ran. */
static irqreturn_t child_interrupt(int irq, void *data)
{
	struct task_struct *g, *t;

	host_children_reap();
	if (host_zygote_death())
		panic("the zygote process has ended (%s): no guest program can be started any more",
		      host_zygote_death());
	rcu_read_lock();
	for_each_process_thread(g, t) {
		struct host_carrier *c = t->thread.carrier;

		if (c && !host_carrier_alive(c)) {
			um_say_loss(t);
			do_send_sig_info(SIGKILL, SEND_SIG_PRIV, t, PIDTYPE_TGID);
		}
	}
	rcu_read_unlock();
	return IRQ_HANDLED;
}

void __init um_panic_init(void)
{
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
}

static int __init end_init(void)
{
	struct kobject *dir = kobject_create_and_add("uml", kernel_kobj);

	if (!dir || sysfs_create_file(dir, &exit_status_attr.attr))
		pr_warn("cannot create /sys/kernel/uml/exit_status\n");
	if (request_irq(HOST_IRQ_TERM, term_interrupt, 0, "end", NULL) ||
	    request_irq(HOST_IRQ_CHILD, child_interrupt, 0, "processes", NULL))
		panic("cannot register the host's signals");
	return 0;
}
arch_initcall(end_init);
