// SPDX-License-Identifier: GPL-2.0-only
/*
 * uaccess.c - the kernel's access to guest memory.
 *
 * Each page is found in the guest's page table and copied through the linear map while
 * the table is locked, so that it cannot be taken away meanwhile.  A page that the guest
 * itself could not access as it stands (absent, old, clean on a write) goes through the
 * ordinary fault first, so accessed and dirty are kept as for the guest's own accesses.
 */
#include <linux/export.h>
#include <linux/kasan-checks.h>
#include <linux/mutex.h>
#include <linux/futex.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/futex.h>
#include <asm/um_user.h>
#include <asm/um_walk.h>

/* A page of guest memory that stays where it is until page_release(). */
struct guest_page {
	void *at;
	pte_t *pte;
	spinlock_t *lock;
};

static bool usable(unsigned long leaf, bool write)
{
	return um_leaf_accessible(leaf) && (!write || um_leaf_writable(leaf));
}

static void *leaf_address(unsigned long leaf, unsigned long addr, unsigned long size)
{
	return __va((leaf & PAGE_MASK) + (addr & (size - 1)));
}

static bool page_hold(struct mm_struct *mm, unsigned long addr, bool write, struct guest_page *page)
{
	unsigned long next;
	pmd_t *pmd = um_pmd_find(mm, addr, &next);

	if (!pmd)
		return false;
	if (pmd_leaf(*pmd)) {
		page->lock = pmd_lock(mm, pmd);
		page->pte = NULL;
		if (pmd_leaf(*pmd) && usable(pmd_val(*pmd), write)) {
			page->at = leaf_address(pmd_val(*pmd), addr, PMD_SIZE);
			return true;
		}
		spin_unlock(page->lock);
		return false;
	}
	page->pte = pte_offset_map_lock(mm, pmd, addr, &page->lock);
	if (!page->pte)
		return false;
	if (usable(pte_val(*page->pte), write)) {
		page->at = leaf_address(pte_val(*page->pte), addr, PAGE_SIZE);
		return true;
	}
	pte_unmap_unlock(page->pte, page->lock);
	return false;
}

static void page_release(struct guest_page *page)
{
	if (page->pte)
		pte_unmap_unlock(page->pte, page->lock);
	else
		spin_unlock(page->lock);
}

static int page_get(unsigned long addr, bool write, struct guest_page *page)
{
	struct mm_struct *mm = current->mm;
	int err;

	if (unlikely(!mm || addr >= TASK_SIZE))
		return -EFAULT;
	while (!page_hold(mm, addr, write, page)) {
		err = um_fault_in(addr, write);
		if (err)
			return err;
	}
	return 0;
}

enum direction { FROM_GUEST, TO_GUEST, CLEAR_GUEST };

/* Return: bytes that were not copied. */
static __always_inline unsigned long transfer(unsigned long addr, void *kernel, unsigned long len,
					      enum direction direction)
{
	while (len) {
		unsigned long chunk = min(len, PAGE_SIZE - (addr & ~PAGE_MASK));
		struct guest_page page;

		if (page_get(addr, direction != FROM_GUEST, &page))
			return len;
		if (direction == FROM_GUEST)
			memcpy(kernel, page.at, chunk);
		else if (direction == TO_GUEST)
			memcpy(page.at, kernel, chunk);
		else
			memset(page.at, 0, chunk);
		page_release(&page);
		addr += chunk;
		kernel += chunk;
		len -= chunk;
	}
	return 0;
}

unsigned long raw_copy_from_user(void *to, const void __user *from, unsigned long len)
{
	return transfer((unsigned long)from, to, len, FROM_GUEST);
}
EXPORT_SYMBOL(raw_copy_from_user);

unsigned long raw_copy_to_user(void __user *to, const void *from, unsigned long len)
{
	return transfer((unsigned long)to, (void *)from, len, TO_GUEST);
}
EXPORT_SYMBOL(raw_copy_to_user);

unsigned long __clear_user(void __user *to, unsigned long len)
{
	return transfer((unsigned long)to, NULL, len, CLEAR_GUEST);
}
EXPORT_SYMBOL(__clear_user);

/*
 * Length of a guest string, at most @count; the string goes to @to, if that is there, and so
 * does its end if it is found.  Return: the length, or -EFAULT.
 */
static __always_inline long string_length(char *to, unsigned long addr, long count)
{
	long done = 0;

	while (done < count) {
		unsigned long chunk = min_t(unsigned long, count - done, PAGE_SIZE - (addr & ~PAGE_MASK));
		struct guest_page page;
		unsigned long len;

		if (page_get(addr, false, &page))
			return -EFAULT;
		len = strnlen(page.at, chunk);
		if (to)
			memcpy(to + done, page.at, len);
		page_release(&page);
		done += len;
		addr += len;
		if (len < chunk) {
			if (to)
				to[done] = 0;
			break;
		}
	}
	return done;
}

long strncpy_from_user(char *to, const char __user *from, long count)
{
	kasan_check_write(to, count);
	return string_length(to, (unsigned long)from, count);
}
EXPORT_SYMBOL(strncpy_from_user);

long strnlen_user(const char __user *from, long count)
{
	long len = string_length(NULL, (unsigned long)from, count);

	/* The terminator counts; without one the result is greater than @count. */
	return len < 0 ? 0 : len + 1;
}
EXPORT_SYMBOL(strnlen_user);

/* ------------------------------------------------------------ futexes */

/* The word's next value, or false for an operation that there is not. */
static bool futex_next(int op, u32 value, u32 oparg, u32 *next)
{
	if (op == FUTEX_OP_SET)
		*next = oparg;
	else if (op == FUTEX_OP_ADD)
		*next = value + oparg;
	else if (op == FUTEX_OP_OR)
		*next = value | oparg;
	else if (op == FUTEX_OP_ANDN)
		*next = value & ~oparg;
	else if (op == FUTEX_OP_XOR)
		*next = value ^ oparg;
	else
		return false;
	return true;
}

static int futex_apply(u32 *word, int op, u32 oparg, int *oval)
{
	u32 value = READ_ONCE(*word), next;

	do
		if (!futex_next(op, value, oparg, &next))
			return -ENOSYS;
	while (!__atomic_compare_exchange_n(word, &value, next, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	*oval = value;
	return 0;
}

int arch_futex_atomic_op_inuser(int op, u32 oparg, int *oval, u32 __user *uaddr)
{
	struct guest_page page;
	int err;

	if (!access_ok(uaddr, sizeof(u32)) || page_get((unsigned long)uaddr, true, &page))
		return -EFAULT;
	err = futex_apply(page.at, op, oparg, oval);
	page_release(&page);
	return err;
}

int futex_atomic_cmpxchg_inatomic(u32 *uval, u32 __user *uaddr, u32 oldval, u32 newval)
{
	struct guest_page page;

	if (!access_ok(uaddr, sizeof(u32)) || page_get((unsigned long)uaddr, true, &page))
		return -EFAULT;
	__atomic_compare_exchange_n((u32 *)page.at, &oldval, newval, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	*uval = oldval;
	page_release(&page);
	return 0;
}
