// SPDX-License-Identifier: GPL-2.0-only
/*
 * gate.c - the vsyscall page, as /proc shows it.
 *
 * Old programs call three functions at fixed addresses above every address space.  The
 * host holds those calls like any other; there is nothing to map.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include <uapi/asm/vsyscall.h>

static const char *gate_name(struct vm_area_struct *vma)
{
	return "[vsyscall]";
}

static const struct vm_operations_struct gate_ops = {
	.name = gate_name,
};

static struct vm_area_struct gate_vma = {
	.vm_start = VSYSCALL_ADDR,
	.vm_end = VSYSCALL_ADDR + PAGE_SIZE,
	.vm_ops = &gate_ops,
};

static int __init gate_init(void)
{
	vm_flags_init(&gate_vma, VM_EXEC);
	return 0;
}
core_initcall(gate_init);

struct vm_area_struct *get_gate_vma(struct mm_struct *mm)
{
	return &gate_vma;
}

int in_gate_area_no_mm(unsigned long addr)
{
	return (addr & PAGE_MASK) == VSYSCALL_ADDR;
}

int in_gate_area(struct mm_struct *mm, unsigned long addr)
{
	return in_gate_area_no_mm(addr);
}
