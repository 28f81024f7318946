#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A kernel with lockdep, checks for sleep in atomic context, and kmemleak: each finds what it
# should, and nothing in the port.

# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell
load ../lib/common
load common

# Lays what has leaked in /tmp/leaks. Memory younger than 5 seconds is not looked at, and what moves
# while it is scanned may seem lost until the next scan.
scan='for round in 1 2 3; do
		sleep 6
		echo scan >/sys/kernel/debug/kmemleak
	done
	cat /sys/kernel/debug/kmemleak >/tmp/leaks'

setup() {
	debug_setup lockdep
}

@test "a kernel with lockdep and kmemleak is built" {
	debug_build "lockdep kmemleak" DEBUG_LOCKING_API_SELFTESTS=y SAMPLES=y SAMPLE_KMEMLEAK=m
}

@test "the programs of tests/guest pass, nothing is reported, nothing has leaked" {
	debug_programs "$scan
		cat /tmp/leaks
		grep -E 'debug_locks: +1' /proc/lockdep_stats && ! [ -s /tmp/leaks ]"
}

@test "Linux's own tests of the locks: each wrong use is found" {
	guest_boot mem=1G run=/bin/true
	[ "$status" -eq 0 ]
	[[ $output =~ "Good, all "[0-9]+" testcases passed!" ]]
}

@test "a module that may sleep where it must not is reported" {
	cp "$UML_TESTS/debug/atomic.c" "$BATS_TEST_TMPDIR"
	echo 'obj-m := atomic.o' >"$BATS_TEST_TMPDIR/Makefile"
	debug_make M="$BATS_TEST_TMPDIR" modules
	debug_script 'insmod atomic.ko' "$BATS_TEST_TMPDIR/atomic.ko"
	[[ $output == *"BUG: sleeping function called from invalid context"* ]]
	[[ $output == *atomic_init* ]]
}

@test "Linux's own module of leaks: memory of kmalloc, vmalloc and per CPU is found" {
	debug_script "insmod kmemleak-test.ko && rmmod kmemleak_test || exit 3
		$scan
		cat /tmp/leaks >/dev/ubdb" "$objects/samples/kmemleak/kmemleak-test.ko"
	[ "$status" -eq 0 ]
	leaks=$(debug_result)
	log "$leaks"
	for size in 32 64 192 512 1024 2048 4096; do
		[[ $leaks == *"(size $size)"* ]]
	done
	[[ $leaks == *"unreferenced object 0x1"???????????" (size 4096)"* ]]	# of vmalloc
}
