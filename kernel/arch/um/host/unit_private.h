/* SPDX-License-Identifier: GPL-2.0-only */
/* unit_private.h - what the files of units, their lists and their processes share. */
#ifndef __UM_HOST_UNIT_PRIVATE_H
#define __UM_HOST_UNIT_PRIVATE_H

#include <host/layout.h>
#include <host/unit.h>

#define UNITS_MAX	16384
#define LISTENERS	(UNIT_CARRIERS + FD_FIRST_LISTENER)

/* An operation of a request list, as the stub's interpreter reads it. */
struct list_op {
	u64 nr;
	u64 arg[6];
	u64 control;
};

#define LIST_MAX	((LIST_DATA - LIST_OPS) / OP_SIZE - 8)

/**
 * struct host_unit - one host address space
 * @id: number of its slot in the control memory
 * @agent: host process id of the agent
 * @ack: the agent's eventfd
 * @ro: the kernel's view of U_REQ and the C_RO pages
 * @rw: the kernel's view of the C_RW areas
 * @nops: operations queued and not yet posted
 * @acks_asked: lists posted that end with an acknowledgement
 * @acks_seen: of these, so many were acknowledged
 * @trouble_seen: host_trouble_count when this unit was looked at last
 * @answering: the carrier that the posted list answers, until it is known to be done
 * @unacked: that list ends without an acknowledgement: the carrier's next stop shows that it is done
 * @release_due: the queue holds what gives up a carrier's resources, which must not be dropped
 * @failed: the error of the posted list, or 0
 * @failures: how many lists in a row have had one
 * @maps: areas that the host has for the guest's mappings, at most
 * @emptied: nothing of the guest's is mapped, and its page tables do not know
 * @running: how many of its carriers run
 * @dead: agent and carriers are killed and reaped
 * @said: somebody has been told for what reason
 * @used: belongs to an mm
 * @dirty: guest mappings of the last user are still there
 * @ncarriers: carriers that exist
 * @nparked: of these, free for a new task
 * @next: in the pool
 * @listeners: descriptor numbers in use in the agent
 * @top: carriers ever made: the tables below are valid up to here
 * @mapped: a bit for each that has its C_RO and C_RW mapped
 * @high: longest list since the last user
 * @parked: indices of parked carriers
 * @free: indices of carriers that were ended
 */
struct host_unit {
	int id;
	int agent;
	int ack;
	u8 *ro;
	u8 *rw;
	unsigned int nops;
	u32 acks_asked;
	u32 acks_seen;
	unsigned long trouble_seen;
	struct host_carrier *answering;
	int failed;
	unsigned int failures;
	unsigned int maps;
	unsigned int running;
	bool unacked;
	bool release_due;
	bool emptied;
	bool dead;
	bool said;
	bool used;
	bool dirty;
	unsigned int ncarriers;
	unsigned int nparked;
	unsigned int nfree;
	unsigned int top;
	unsigned int high;
	struct host_unit *next;
	u64 listeners[(LISTENERS + 63) / 64];
	u64 mapped[UNIT_CARRIERS / 64];
	u16 parked[UNIT_CARRIERS];
	u16 free[UNIT_CARRIERS];
	struct host_carrier carrier[UNIT_CARRIERS];
};

extern int host_ctl_fd;
extern u8 *host_ctl;
extern int host_unit_socket;

/* Addresses of stub symbols in the unit. */
extern const char stub_text[], stub_text_end[], stub_zygote[], stub_handler[];
extern const char stub_report_ip[], stub_bases_ip[];
#define STUB_ADDR(sym)	(STUB_TEXT + (u64)((sym) - stub_text))

/* list.c */
struct list_op *host_list_op(struct list_op *op, u64 control, u64 nr, u64 a0, u64 a1, u64 a2,
			     u64 a3, u64 a4, u64 a5);
void host_list_post(u8 *list);
void host_list_settle(struct host_unit *unit);
void host_list_abort(struct host_unit *unit);
void host_list_answer(struct host_carrier *c, u64 request, u64 resp_addr);
void host_unit_queue(struct host_unit *unit, u64 control, u64 nr, u64 a0, u64 a1, u64 a2, u64 a3,
		     u64 a4, u64 a5);
/* The -errno in what an eventfd said, or 0. */
int host_ack_error(u64 value);
/* Look after the unit if a child died or a list failed since it was done last. */
void host_unit_trouble(struct host_unit *unit);
/* Unmap all of the guest's memory now: the page tables hear of it by host_unit_emptied(). */
void host_unit_empty(struct host_unit *unit);
void host_maps_count(struct host_unit *unit, int more);
u64 host_maps_total(void);

/* message.c */
int host_unit_messages(void);
u32 host_unit_serial(void);
u64 host_unit_message(struct host_unit *unit, u32 serial, int fd);
int host_unit_receive(struct host_unit *unit, u32 serial, int error_fd, int *fd, int *pid);
bool host_descriptor_left(void);

/* zygote.c: start it; have it make the agent of a unit whose list is written; end it. */
int host_zygote_start(void);
int host_zygote_agent(struct host_unit *unit, u32 serial);
int host_zygote_pid(void);
void host_zygote_kill(void);

/* unit.c */
u64 host_units_max(void);
bool host_pool_shrink(void);
int host_unit_refused(int err);
bool host_unit_died(int pid);
void host_kill_and_reap(int pid);
/* End all processes of a unit, and with them whoever uses it. */
void host_unit_kill(struct host_unit *unit, const char *why);
/* Bind the zygote and all agents and carriers to one host CPU. */
void host_units_bind(u32 cpu);

/* carrier.c */
bool host_carrier_clean(struct host_carrier *c);
/* Kill and reap: whatever it did, it does nothing any more. */
void host_carrier_kill(struct host_carrier *c, const char *why);
int host_carrier_first(struct host_unit *unit);
bool host_carrier_mapped(const struct host_unit *unit, unsigned int index);
/* Give up one that waits for a task.  Return: false if there is none. */
bool host_carrier_unpark(struct host_unit *unit);

/*
 * children.c: while a process for a unit is being made: has that one, or one of those that make
 * it, ended?
 */
bool host_maker_died(const struct host_unit *unit);

#endif
