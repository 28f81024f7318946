#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The programs of tests/guest run natively and in the guest: output and exit status must agree, and
# no check may fail on either side.

load ../lib/common

families="proc mem sig fp fsgs thr time ptrace watch marks"

# family NAME: all programs NAME and NAME-*; tells of each that does not agree before it fails.
family() {
	local program name wrong=0 count=0
	for program in "$UML_BUILD/tests/bin/guest/$1" "$UML_BUILD/tests/bin/guest/$1"-*; do
		[ -x "$program" ] || continue
		name=${program##*/}
		count=$((count + 1))
		agrees "$name" || {
			log "=== $name does not agree"
			wrong=$((wrong + 1))
		}
	done
	log "$count programs, $wrong wrong"
	[ "$count" -gt 0 ]
	[ "$wrong" -eq 0 ]
}

# One guest a program: one that brings the kernel down takes no other with it.
agrees() {
	local host=$guest_dir/$1.host guest=$guest_dir/$1.guest
	mkdir -p "$BATS_TEST_TMPDIR/work"
	TMPDIR=$BATS_TEST_TMPDIR/work sh "$UML_TESTS/guest/run.sh" "$UML_BUILD/tests/bin/guest" "$1" \
		>"$host" 2>&1 || true
	truncate -s 1M "$guest"
	guest_boot quiet mem=512M ubd1="$guest" \
		run=/t/to-disk,sh,/t/guest/run.sh,/t/guest,"$1"
	tr -d '\0' <"$guest" >"$guest.text"
	diff -a -u --label host --label guest "$host" "$guest.text" || return 1
	grep -aqx "$1: exit 0" "$host" || return 1
	! grep -a '^FAIL' "$host" || return 1
	guest_check_clean
}

@test "every program of tests/guest belongs to a family that is tested here" {
	for program in "$UML_SOURCE"/tests/guest/*.c; do
		name=$(basename "$program" .c)
		[[ " $families " == *" ${name%%-*} "* ]] || {
			log "$name: no such family"
			return 1
		}
	done
}

@test "processes" {
	family proc
}

@test "memory" {
	family mem
}

@test "signals" {
	family sig
}

@test "floating point and vector state" {
	family fp
}

# From the environment: UML_KICKS, how many (1000).
@test "every register of a program that is preempted ${UML_KICKS:-1000} times" {
	[ -z "${UML_KICKS:-}" ] || guest_limit_s=$((120 + UML_KICKS / 200))
	guest_boot quiet mem=512M run=/t/guest/fp-kick,"${UML_KICKS:-1000}"
	[ "$status" -eq 0 ]
	[[ $output != *FAIL* ]]
}

# From the environment: UML_BUSY_ROUNDS, how many (2).
@test "loops beside direct writes, neither of which may end" {
	truncate -s 256M "$guest_dir/disk"
	[ -z "${UML_BUSY_ROUNDS:-}" ] || guest_limit_s=$((120 + UML_BUSY_ROUNDS * 60))
	guest_boot quiet mem=256M ubd1="$guest_dir/disk" run=/t/busy-io,"${UML_BUSY_ROUNDS:-2}",500
	[ "$status" -eq 0 ]
	[[ $output == *"busy-io: all lived"* ]]
}

@test "fs and gs base" {
	family fsgs
}

@test "fs and gs base where there are no instructions for them" {
	for program in fsgs thr-basic sig-frame fp-state proc-fork ptrace-call; do
		[ -x "$UML_BUILD/tests/bin/guest/$program" ]
		guest_boot quiet mem=512M nofsgsbase run=/t/guest/"$program"
		[ "$status" -eq 0 ]
		[[ $output != *FAIL* ]]
		[ "$program" != fsgs ] || [[ $output == *"HWCAP2 offers fsgsbase: 0"* ]]
		guest_check_clean
	done
}

@test "threads" {
	family thr
}

@test "time" {
	family time
}

@test "ptrace" {
	family ptrace
}

@test "debug registers, whether the host has some or not" {
	guest_boot quiet mem=512M run=/t/guest/watch-debugreg
	[ "$status" -eq 0 ]
	[[ $output != *FAIL* ]]
}

@test "which pages were written, whether the host can tell or not" {
	guest_boot quiet mem=512M run=/t/guest/marks-written
	[ "$status" -eq 0 ]
	[[ $output != *FAIL* ]]
	[ "$(grep -ac '^ok ' <<<"$output")" -eq 17 ]
}
