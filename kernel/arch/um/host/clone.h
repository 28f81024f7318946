/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clone.h - start a host thread or process on a stack of its own.
 *
 * Even a child with its own memory must not run on the caller's stack: kernel stacks lie
 * in guest RAM, which parent and child share.
 */
#ifndef __UM_HOST_CLONE_H
#define __UM_HOST_CLONE_H

#include "raw.h"

/**
 * host_clone() - clone(2) whose child calls a function
 * @flags: CLONE_* bits and the signal at its end
 * @stack_top: end of the child's stack, aligned to 16 bytes
 * @run: what the child calls; must not return
 * @arg: its argument
 *
 * Return: the child's id or -errno.
 */
static inline long host_clone(unsigned long flags, void *stack_top, void (*run)(void *arg),
			      void *arg)
{
	void **sp = stack_top;
	register long tid asm("r10") = 0;
	register long tls asm("r8") = 0;
	long ret;

	*--sp = arg;
	*--sp = (void *)run;
	asm volatile("syscall\n\t"
		     "testq %%rax, %%rax\n\t"
		     "jnz 1f\n\t"
		     "xorl %%ebp, %%ebp\n\t"
		     "popq %%rax\n\t"
		     "popq %%rdi\n\t"
		     "callq *%%rax\n\t"
		     "hlt\n"
		     "1:"
		     : "=a" (ret)
		     : "0" ((long)__NR_clone), "D" (flags), "S" (sp), "d" (0L), "r" (tid), "r" (tls)
		     : "rcx", "r11", "memory");
	return ret;
}

#endif
