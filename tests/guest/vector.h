/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vector.h - all vector and x87 registers that the processor has: loaded from a pattern in memory,
 * stored again and compared, by assembly without compiled code in between.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include "guest.h"
#include <cpuid.h>

struct image {
	uint8_t z[32][64]; /* 16 bytes of each for SSE, 32 for AVX, all for AVX-512 */
	uint64_t k[8];
	uint8_t x87[112]; /* fnsave has 108 */
	uint32_t mxcsr;
} __attribute__((aligned(64)));

static enum { SSE = 16, AVX = 32, AVX512 = 64 } width;
static int nregs;

static inline void detect(void)
{
	uint32_t a, b, c, d, lo, hi;

	width = SSE;
	nregs = 16;
	__cpuid(1, a, b, c, d);
	if (!(c & 1u << 27))
		return;
	__asm__("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	if ((c & 1u << 28) && (lo & 6) == 6)
		width = AVX;
	__cpuid_count(7, 0, a, b, c, d);
	if ((b & 1u << 16) && (b & 1u << 30) && (lo & 0xe6) == 0xe6) {
		width = AVX512;
		nregs = 32;
	}
}

#define R8(X, a) X(a##0) X(a##1) X(a##2) X(a##3) X(a##4) X(a##5) X(a##6) X(a##7)
#define R16(X)	 R8(X, ) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#define R32(X) \
	R16(X) \
	X(16)  \
	X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31)
#define LZ(i)	    "vmovdqu64 64*" #i "(%%rsi), %%zmm" #i "\n"
#define SZ(i)	    "vmovdqu64 %%zmm" #i ", 64*" #i "(%%rdi)\n"
#define LY(i)	    "vmovdqu 64*" #i "(%%rsi), %%ymm" #i "\n"
#define SY(i)	    "vmovdqu %%ymm" #i ", 64*" #i "(%%rdi)\n"
#define LX(i)	    "movdqu 64*" #i "(%%rsi), %%xmm" #i "\n"
#define SX(i)	    "movdqu %%xmm" #i ", 64*" #i "(%%rdi)\n"
#define LK(i)	    "kmovq 2048+8*" #i "(%%rsi), %%k" #i "\n"
#define SK(i)	    "kmovq %%k" #i ", 2048+8*" #i "(%%rdi)\n"
#define LEGACY_LOAD "frstor 2112(%%rsi)\n ldmxcsr 2224(%%rsi)\n"
#define LEGACY_SAVE "fnsave 2112(%%rdi)\n stmxcsr 2224(%%rdi)\n"
#define CLOBBERS    "rax", "rcx", "rdx", "r11", "rbx", "memory", "cc"
_Static_assert(__builtin_offsetof(struct image, k) == 2048, "layout used by the assembly");
_Static_assert(__builtin_offsetof(struct image, x87) == 2112, "layout used by the assembly");
_Static_assert(__builtin_offsetof(struct image, mxcsr) == 2224, "layout used by the assembly");

static inline void make(struct image *m, uint64_t seed)
{
	double d[8];
	uint32_t normal = 0x1f80;

	seed = seed * 0x9e3779b97f4a7c15 + 1;
	memset(m, 0, sizeof(*m));
	for (int i = 0; i < nregs; i++)
		for (int j = 0; j < (int)width; j += 8) {
			uint64_t v = xorshift(&seed);

			memcpy(&m->z[i][j], &v, 8);
		}
	if (width == AVX512)
		for (int i = 0; i < 8; i++)
			m->k[i] = xorshift(&seed);
	for (int i = 0; i < 8; i++)
		d[i] = (double)(int64_t)xorshift(&seed);
	__asm__ volatile(
		"fninit; fldl (%0); fldl 8(%0); fldl 16(%0); fldl 24(%0); fldl 32(%0); fldl 40(%0);"
		"fldl 48(%0); fldl 56(%0); fnsave (%1); fninit"
		:
		: "r"(d), "r"(m->x87)
		: "memory");
	m->x87[1] = (uint8_t)(0x03 | (seed & 0xc)); /* rounding mode */
	m->mxcsr = (uint32_t)(0x1f80 | (seed & 0x6000));
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
}

/* Differences between what was loaded and what came back. */
static inline int differ(const struct image *in, const struct image *out)
{
	int bad = 0;

	for (int i = 0; i < nregs; i++)
		bad += memcmp(in->z[i], out->z[i], width) != 0;
	bad += memcmp(in->k, out->k, sizeof(in->k)) != 0;
	bad += in->x87[0] != out->x87[0] || in->x87[1] != out->x87[1]; /* control */
	bad += memcmp(in->x87 + 28, out->x87 + 28, 80) != 0;	       /* registers */
	bad += in->mxcsr != out->mxcsr;
	return bad;
}

#endif
