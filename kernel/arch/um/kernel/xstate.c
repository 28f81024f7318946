// SPDX-License-Identifier: GPL-2.0-only
/*
 * xstate.c - layout and checks of the vector and floating point state of guest tasks.
 *
 * Which components there are is the host's decision: it enabled them in XCR0, where any
 * program can read it.  The tile registers of AMX need a permission that carriers do not
 * ask for, so they are left out, as in the frames that the host writes.
 *
 * An image lies in memory that other threads of the same guest program may write at any
 * time.  Nothing here believes a word of it twice, and no harm follows from a bad one:
 * the carrier's xrstor faults, which ends that program.
 */
#include <linux/init.h>
#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/minmax.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpuid.h>
#include <asm/xsave_image.h>

#define CPUID_XSTATE		0xd
#define CPUID_1_ECX_OSXSAVE	BIT(27)
#define MXCSR_MASK_DEFAULT	0xffbf	/* of processors that leave the field 0 */

unsigned int um_xstate_size __ro_after_init = sizeof(struct um_xsave);
u64 um_xstate_mask __ro_after_init = UM_XFEATURE_FPSSE;
u32 um_mxcsr_mask __ro_after_init = MXCSR_MASK_DEFAULT;

/* Where component n lies in an image; the first two are in the legacy part. */
static struct {
	u32 offset;
	u32 size;
} component[64] __ro_after_init;

static u64 __init read_xcr0(void)
{
	u32 low, high;

	asm volatile("xgetbv" : "=a" (low), "=d" (high) : "c" (0));
	return low | (u64)high << 32;
}

static u32 __init read_mxcsr_mask(void)
{
	struct _fpstate_64 fx __aligned(16) = { };

	asm volatile("fxsave64 %0" : "=m" (fx));
	return fx.mxcsr_mask ?: MXCSR_MASK_DEFAULT;
}

static int __init um_xstate_detect(void)
{
	u32 eax, ebx, ecx, edx;
	unsigned long mask;
	unsigned int i;

	BUILD_BUG_ON(sizeof(struct um_xsave) != 576);
	um_mxcsr_mask = read_mxcsr_mask();
	if (!(cpuid_ecx(1) & CPUID_1_ECX_OSXSAVE))
		return 0;
	um_xstate_mask = (read_xcr0() & ~UM_XFEATURE_XTILE) | UM_XFEATURE_FPSSE;
	mask = um_xstate_mask & ~UM_XFEATURE_FPSSE;
	for_each_set_bit(i, &mask, 63) {
		cpuid_count(CPUID_XSTATE, i, &eax, &ebx, &ecx, &edx);
		component[i].size = eax;
		component[i].offset = ebx;
		um_xstate_size = max(um_xstate_size, eax + ebx);
	}
	return 0;
}
early_initcall(um_xstate_detect);

static u32 pkru_offset(void)
{
	return component[ilog2(UM_XFEATURE_PKRU)].offset;
}

static struct _fpx_sw_bytes software_bytes(void)
{
	return (struct _fpx_sw_bytes) {
		.magic1 = FP_XSTATE_MAGIC1,
		.extended_size = um_xstate_size + FP_XSTATE_MAGIC2_SIZE,
		.xfeatures = um_xstate_mask,
		.xstate_size = um_xstate_size,
	};
}

void um_xstate_init(void *image)
{
	struct um_xsave *x = image;

	memset(image, 0, um_xstate_size);
	x->legacy.cwd = UM_FCW_INIT;
	x->legacy.mxcsr = UM_MXCSR_INIT;
	x->legacy.mxcsr_mask = um_mxcsr_mask;
	x->legacy.sw_reserved = software_bytes();
	if (um_xstate_mask & UM_XFEATURE_PKRU) {
		x->header.xfeatures = UM_XFEATURE_PKRU;
		*(u32 *)(image + pkru_offset()) = UM_PKRU_INIT;
	}
}

/* Write the initial state of the legacy components that are not in @present. */
static void init_legacy(struct _fpstate_64 *fx, u64 present)
{
	if (!(present & UM_XFEATURE_FP)) {
		fx->cwd = UM_FCW_INIT;
		fx->swd = 0;
		fx->twd = 0;
		fx->fop = 0;
		fx->rip = 0;
		fx->rdp = 0;
		memset(fx->st_space, 0, sizeof(fx->st_space));
	}
	if (!(present & UM_XFEATURE_SSE))
		memset(fx->xmm_space, 0, sizeof(fx->xmm_space));
	if (!(present & UM_XFEATURES_MXCSR))
		fx->mxcsr = UM_MXCSR_INIT;
}

void um_xstate_export(void *to, const void *image)
{
	struct um_xsave *x = to;
	unsigned long absent;
	unsigned int i;

	if (!image) {
		um_xstate_init(to);
	} else {
		memcpy(to, image, um_xstate_size);
		memset_after(&x->header, 0, xfeatures);
		x->header.xfeatures &= um_xstate_mask;
	}
	init_legacy(&x->legacy, x->header.xfeatures);
	absent = um_xstate_mask & ~UM_XFEATURE_FPSSE & ~x->header.xfeatures;
	for_each_set_bit(i, &absent, 63)
		memset(to + component[i].offset, 0, component[i].size);
	/* Debuggers look here for the mask of what the image may hold. */
	memset(&x->legacy.sw_reserved, 0, sizeof(x->legacy.sw_reserved));
	*(u64 *)&x->legacy.sw_reserved = um_xstate_mask;
}

static bool header_valid(const struct um_xsave *x)
{
	return !(x->header.xfeatures & ~um_xstate_mask) &&
	       !memchr_inv(&x->header.reserved1, 0,
			   sizeof(x->header) - sizeof(x->header.xfeatures));
}

static bool mxcsr_valid(const struct _fpstate_64 *fx)
{
	return !(fx->mxcsr & ~um_mxcsr_mask);
}

int um_xstate_import(void *image, const void *from)
{
	const struct um_xsave *x = from;
	struct um_xsave *to = image;
	u64 present;

	if (!header_valid(x))
		return -EINVAL;
	present = x->header.xfeatures;
	if ((present & UM_XFEATURES_MXCSR) && !mxcsr_valid(&x->legacy))
		return -EINVAL;
	memcpy(image, from, um_xstate_size);
	init_legacy(&to->legacy, present);
	to->legacy.sw_reserved = software_bytes();
	return 0;
}

int um_fxregs_import(void *image, const struct _fpstate_64 *from)
{
	struct um_xsave *to = image;

	if (!mxcsr_valid(from))
		return -EINVAL;
	to->legacy = *from;
	to->legacy.sw_reserved = software_bytes();
	to->header.xfeatures |= UM_XFEATURE_FPSSE;
	return 0;
}

int um_xstate_to_sigframe(void __user *to, const void *image)
{
	struct um_xsave x = { };
	const u32 magic2 = FP_XSTATE_MAGIC2;
	const size_t fixed = sizeof(x);

	if (image) {
		memcpy(&x, image, fixed);
		memset_after(&x.header, 0, xfeatures);
		x.header.xfeatures &= um_xstate_mask;
	} else if (um_xstate_mask & UM_XFEATURE_PKRU) {
		const u32 pkru = UM_PKRU_INIT;

		x.header.xfeatures = UM_XFEATURE_PKRU;
		if (copy_to_user(to + pkru_offset(), &pkru, sizeof(pkru)))
			return -EFAULT;
	}
	init_legacy(&x.legacy, x.header.xfeatures);
	x.legacy.mxcsr_mask = um_mxcsr_mask;
	x.legacy.sw_reserved = software_bytes();
	/* Old programs change these registers without a look at the header. */
	x.header.xfeatures |= UM_XFEATURE_FPSSE;
	if (copy_to_user(to, &x, fixed) ||
	    (image && copy_to_user(to + fixed, image + fixed, um_xstate_size - fixed)) ||
	    copy_to_user(to + um_xstate_size, &magic2, sizeof(magic2)))
		return -EFAULT;
	return 0;
}

/*
 * Is there more in a frame than the legacy part?  The software bytes say so, and a second
 * magic number behind the state; programs that moved only the 512 bytes they know have
 * lost that one and are served with those.  Return: 0 or 1, or -EFAULT.
 */
static int is_extended(const struct _fpx_sw_bytes *sw, const void __user *from)
{
	u32 magic2;

	if (sw->magic1 != FP_XSTATE_MAGIC1 || sw->xstate_size < sizeof(struct um_xsave) ||
	    sw->xstate_size > um_xstate_size || sw->xstate_size > sw->extended_size)
		return 0;
	if (copy_from_user(&magic2, from + sw->xstate_size, sizeof(magic2)))
		return -EFAULT;
	return magic2 == FP_XSTATE_MAGIC2;
}

/* Where the last component of a set ends. */
static size_t components_end(unsigned long features)
{
	size_t end = sizeof(struct um_xsave);
	unsigned int i;

	for_each_set_bit(i, &features, 63)
		end = max_t(size_t, end, component[i].offset + component[i].size);
	return end;
}

static int take_legacy(struct um_xsave *image, struct um_xsave *x)
{
	if (!mxcsr_valid(&x->legacy))
		return -EINVAL;
	um_xstate_init(image);
	x->header = image->header;
	x->header.xfeatures |= UM_XFEATURE_FPSSE;
	return 0;
}

/* As xrstor reads a frame: what the header has, wherever the frame is said to end. */
static int take_extended(void *image, struct um_xsave *x, const void __user *from)
{
	const u64 wanted = x->legacy.sw_reserved.xfeatures & um_xstate_mask;
	const size_t fixed = sizeof(*x);

	if (copy_from_user(&x->header, from + sizeof(x->legacy), sizeof(x->header)))
		return -EFAULT;
	if (!header_valid(x))
		return -EINVAL;
	/* What the frame does not want becomes initial; MXCSR is loaded in any case. */
	x->header.xfeatures &= wanted;
	if (!(wanted & (UM_XFEATURE_SSE | UM_XFEATURE_YMM)))
		x->legacy.mxcsr = UM_MXCSR_INIT;
	if (!mxcsr_valid(&x->legacy))
		return -EINVAL;
	if (copy_from_user(image + fixed, from + fixed, components_end(x->header.xfeatures) - fixed))
		return -EFAULT;
	return 0;
}

static int take_frame(void *image, const void __user *from)
{
	struct um_xsave x = { };
	int extended, error;

	if (copy_from_user(&x.legacy, from, sizeof(x.legacy)))
		return -EFAULT;
	extended = is_extended(&x.legacy.sw_reserved, from);
	if (extended < 0)
		return extended;
	error = extended ? take_extended(image, &x, from) : take_legacy(image, &x);
	if (error)
		return error;
	x.legacy.sw_reserved = software_bytes();
	memcpy(image, &x, sizeof(x));
	return 0;
}

int um_xstate_from_sigframe(void *image, const void __user *from)
{
	int error = 0;

	if (from)
		error = take_frame(image, from);
	if (!from || error)
		um_xstate_init(image);
	return error;
}
