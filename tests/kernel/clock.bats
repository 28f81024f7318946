#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The guest's clock when its host stops: the process alone, or the machine that it runs on.

load ../lib/common

# Far more than any guest here runs for, in counts of any processor.
far=100000000000000

clock_start() {
	guest_start quiet
	guest_expect 60 'demo:.*[#$]'
	guest_send 'date +now-%s'
	guest_expect 30 '^now-[0-9]'
}

# agrees: the guest's time goes on and is the host's, to a second or two.
agrees() {
	local before guest host
	before=$(grep -ac '^now-' "$guest_log")
	guest_send 'sleep 1; date +now-%s'
	wait_until 30 more_than "$before"
	host=$(date +%s)
	guest=$(grep -ao '^now-[0-9]*' "$guest_log" | tail -n 1)
	guest=${guest#now-}
	log "guest $guest, host $host"
	[ $((host - guest)) -ge -2 ]
	[ $((host - guest)) -le 2 ]
}

more_than() {
	[ "$(grep -ac '^now-' "$guest_log")" -gt "$1" ]
}

clock_end() {
	guest_send exit
	guest_wait 30
	[ "$status" -eq 0 ]
}

@test "the clock is right after the host has stopped the process" {
	clock_start
	kill -STOP "$(guest_kernel_pid)"
	sleep 8
	kill -CONT "$(guest_kernel_pid)"
	agrees
	clock_end
}

@test "the clock goes on when the host's counter jumps, ahead or back" {
	need_root "writes to the memory of the kernel process"
	clock_start
	for jump in "-$far" "$far" "$far"; do
		"$UML_TESTS/lib/jump.py" "$guest_kernel" "$(guest_kernel_pid)" "$jump"
		agrees
	done
	clock_end
}
