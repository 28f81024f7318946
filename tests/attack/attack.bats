#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Hostile programs inside a guest: whatever they do, only they suffer. The guest looks after itself
# in attack.sh; here the host does: its canary lives and is unchanged.

load ../lib/common

guest_limit_s=600

# attack PROGRAM...: boots a guest that runs them.
attack() {
	local canary ready=$BATS_TEST_TMPDIR/canary.ready
	local canary_status=0 job=/t/attack/attack.sh program
	for program; do
		job=$job,$program
	done
	# The guest's processes and the canary belong to the same user of the host.
	chmod 1777 "$BATS_TEST_TMPDIR"
	${guest_user:+setpriv --reuid=65534 --regid=65534 --clear-groups --} \
		"$UML_BUILD/tests/bin/attack/canary" "$ready" 3>&- &
	canary=$!
	started+=("$canary")
	wait_until 10 test -e "$ready"
	guest_boot quiet run="$job"
	kill -TERM "$canary" || {
		log "the host's canary has died"
		return 1
	}
	wait "$canary" || canary_status=$?
	[ "$canary_status" -eq 0 ]
	[ "$status" -eq 0 ]
	[[ "$output" == *"attack.sh: all attacks held"* ]]
	[[ "$output" != *FAIL* ]]
	guest_check_clean
}

@test "the programs refuse to run on the host" {
	for program in calls jumps stub sigreturn; do
		run_logged "$UML_BUILD/tests/bin/attack/attack-$program" --inside
		[ "$status" -eq 2 ]
		[[ "$output" == *"only inside a guest"* ]]
	done
}

@test "every system call number, by every way into the kernel" {
	attack attack-calls
}

@test "jumps to every byte of the host layer's code" {
	attack attack-jumps
}

@test "system calls from the host layer's own call instructions" {
	attack attack-stub
}

@test "forged signal frames" {
	attack attack-sigreturn
}

@test "all of them as an ordinary user of the host, one after the other" {
	guest_as_user
	attack attack-sigreturn:300 attack-stub attack-jumps:1 attack-calls
}
