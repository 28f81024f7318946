/* SPDX-License-Identifier: GPL-2.0-only */
/* Tasks as the port sees them: kernel stack, carrier, and what a fault left behind. */
#ifndef __ASM_UM_PROCESSOR_H
#define __ASM_UM_PROCESSOR_H

#include <linux/cache.h>
#include <linux/types.h>
#include <asm/ptrace.h>
#include <asm/cpufeature.h>
#include <asm/page.h>
#include <asm/memory_layout.h>
#include <asm/processor-flags.h>
#include <asm/vdso/processor.h>
#include <host/space.h>

struct task_struct;
struct mm_struct;
struct host_carrier;
struct um_watch;

/*
 * A program's addresses end where those of the host's programs do. The last part of them, the host
 * layer's, holds no mapping of the guest's: there is none to be found there, taken away or made.
 */
#define TASK_SIZE		host_user_end
#define TASK_SIZE_MAX		TASK_SIZE
#define TASK_MAP_END		host_stub_base
#define TASK_UNMAPPED_BASE	PAGE_ALIGN(TASK_MAP_END / 3)
#define STACK_TOP		TASK_MAP_END
#define STACK_TOP_MAX		TASK_MAP_END
#define DEFAULT_MAP_WINDOW	TASK_MAP_END
#define arch_get_mmap_end(addr, len, flags)	TASK_MAP_END
/* Where a mapping is wanted at an address of its own; for all others there is the end above. */
#define arch_mmap_check(addr, len, flags)					\
	((flags) & MAP_FIXED && ((len) > TASK_MAP_END || (addr) > TASK_MAP_END - (len)) ? -ENOMEM : 0)

/**
 * struct thread_struct - the port's part of a task
 * @sp: kernel stack pointer while the task is switched out
 * @carrier: the host process that runs its guest code, or NULL
 * @full_regs: task_pt_regs() holds the whole register file, the carrier a signal frame
 * @fsbase: fs base, while @full_regs
 * @gsbase: gs base, while @full_regs
 * @cr2: address of the last fault
 * @error_code: its error code, x86 bits
 * @trap_nr: its x86 vector
 * @stepping: the trap flag is set on behalf of a tracer
 * @watching: it is set for the debug registers, the tracer asked for no step
 * @watch: debug registers, or NULL while all are 0
 * @dr6: the one that tells what the last trap was, without its reserved bits
 * @evictions: how many there had been when its stack was last seen in the host (mm/kernel_map.c)
 */
struct thread_struct {
	unsigned long sp;
	struct host_carrier *carrier;
	bool full_regs;
	bool stepping;
	bool watching;
	unsigned long fsbase;
	unsigned long gsbase;
	unsigned long cr2;
	unsigned long error_code;
	unsigned long trap_nr;
	struct um_watch *watch;
	unsigned long dr6;
	unsigned long evictions;
};

#define INIT_THREAD	{ }

#define task_pt_regs(tsk)							\
	((struct pt_regs *)(task_stack_page(tsk) + THREAD_SIZE) - 1)

#define on_thread_stack()							\
	((unsigned long)__builtin_frame_address(0) - (unsigned long)task_stack_page(current) < THREAD_SIZE)

#define KSTK_EIP(tsk)		(task_pt_regs(tsk)->ip)
#define KSTK_ESP(tsk)		(task_pt_regs(tsk)->sp)

void start_thread(struct pt_regs *regs, unsigned long ip, unsigned long sp);
unsigned long __get_wchan(struct task_struct *tsk);
void exit_thread(struct task_struct *tsk);
void flush_thread(void);

struct cpuinfo_um {
	unsigned long loops_per_jiffy;
};
extern struct cpuinfo_um um_cpu;

#define cpu_data(cpu)		um_cpu
#define current_cpu_data	um_cpu
#define cache_line_size()	L1_CACHE_BYTES

/* The x86 helpers that the borrowed headers expect. */
static __always_inline void native_pause(void)
{
	asm volatile("pause" ::: "memory");
}

static inline void cpu_relax_yield(void)	{ native_pause(); }

#define ARCH_HAS_PREFETCH
static inline void prefetch(const void *p)	{ __builtin_prefetch(p); }
#define ARCH_HAS_PREFETCHW
static inline void prefetchw(const void *p)	{ __builtin_prefetch(p, 1); }
#define ARCH_HAS_SPINLOCK_PREFETCH
#define spin_lock_prefetch(x)	prefetchw(x)

#endif
