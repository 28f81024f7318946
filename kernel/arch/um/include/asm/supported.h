/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * supported.h - configurations that would build, and go wrong at run time.
 *
 * The first object of every build includes it.  What a line refuses rests on one virtual CPU
 * that kernel code leaves only where it says so: operations on page table entries are plain loads
 * and stores, notes for the host are kept without a lock, and whoever changes page tables knows
 * that no carrier runs (mm/context.c, asm/pgtable.h).
 */
#ifndef __ASM_UM_SUPPORTED_H
#define __ASM_UM_SUPPORTED_H

#ifdef CONFIG_SMP
#error "CONFIG_SMP: user-mode Linux has one virtual CPU; its page tables are not safe with more"
#endif

#ifdef CONFIG_PREEMPT_RT
#error "CONFIG_PREEMPT_RT: page table locks must not sleep here; choose CONFIG_PREEMPT_NONE"
#endif

#ifdef CONFIG_PREEMPTION
#error "CONFIG_PREEMPTION: page tables are not safe if kernel code can be preempted; choose CONFIG_PREEMPT_NONE or CONFIG_PREEMPT_VOLUNTARY"
#endif

#if CONFIG_NR_CPUS != 1
#error "CONFIG_NR_CPUS: user-mode Linux has one virtual CPU"
#endif

#if CONFIG_PAGE_SHIFT != 12 || CONFIG_PGTABLE_LEVELS != 4
#error "CONFIG_PAGE_SHIFT, CONFIG_PGTABLE_LEVELS: the host has pages of 4 KiB in tables of four levels"
#endif

#ifdef CONFIG_HIGHPTE
#error "CONFIG_HIGHPTE: page tables lie in the linear map here"
#endif

#endif
