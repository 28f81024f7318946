#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A kernel with KASAN, UBSAN and KCOV, as fuzzers use it: each finds what it should, and nothing in
# the port.

load ../lib/common
load common

setup() {
	debug_setup kasan
}

@test "a kernel with KASAN, UBSAN and KCOV is built" {
	debug_build "kasan ubsan kcov" KUNIT=y KUNIT_DEFAULT_ENABLED=n KASAN_KUNIT_TEST=y FTRACE=y \
		ENABLE_DEFAULT_TRACERS=y TEST_UBSAN=m KCOV_SELFTEST=y
}

@test "the programs of tests/guest pass, nothing is reported" {
	debug_programs
	[[ $output == *"KernelAddressSanitizer initialized"* ]]
	[[ $output == *"kcov: running self test"* ]]
}

@test "Linux's own tests of KASAN: each wrong access is found" {
	guest_boot mem=1G kunit.enable=1 kunit.filter_glob=kasan run=/bin/true
	[ "$status" -eq 0 ]
	[[ $output == *"ok 1 kasan"* ]]
	[[ $output != *"not ok"* ]]
	[ "$(grep -ac 'BUG: KASAN: ' <<<"$output")" -gt 30 ]
}

# What GCC looks for of it: shifts by too much, not those that overflow; bools, not enums.
@test "Linux's own module of undefined behaviour: each kind is reported" {
	local kind
	debug_script 'insmod test_ubsan.ko' "$objects/lib/test_ubsan.ko"
	[ "$status" -eq 0 ]
	for kind in 1:shift-out-of-bounds 2:array-index-out-of-bounds 1:invalid-load; do
		[ "$(grep -ac "UBSAN: ${kind#*:}" <<<"$output")" -eq "${kind%%:*}" ]
	done
}

@test "KCOV: the trace of one getppid() is that of getppid()" {
	gcc -static -O2 -Wall -o "$guest_dir/kcov" "$UML_SOURCE/tests/debug/kcov.c"
	debug_script './kcov >/dev/ubdb' "$guest_dir/kcov"
	[ "$status" -eq 0 ]
	debug_result | sed -n 's/^pc //p' >"$guest_dir/trace"
	[ -s "$guest_dir/trace" ]
	functions=$(addr2line -f -e "$objects/vmlinux" <"$guest_dir/trace" | grep -v :)
	log "$functions"
	[[ $functions == *sys_getppid* ]]
	[[ $functions != *host_* ]]
}
