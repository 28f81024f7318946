#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# ./demo with a finished build: the tour without a terminal, the shell on one.

# shellcheck disable=SC2016 # what is in single quotes is for other shells
load ../lib/common

setup() {
	guest_setup
	[ -f "$UML_BUILD/rootfs/demo.ext4" ] || skip "this build has no demo root"
	export TMPDIR=$guest_dir/tmp HOME=$guest_dir/home
}

@test "without a terminal: the tour, exit 0, nothing left behind" {
	run_logged "$keeper" -t 300 "$UML_SOURCE/demo" --no-build </dev/null
	[ "$status" -eq 0 ]
	[[ $output == *"\$ uname -a"*"Linux demo 6.12."* ]]
	[[ $output == *"\$ cat /proc/cpuinfo"*processor* ]]
	[[ $output == *"\$ free -m"*Mem:* ]]
	[[ $output == *"\$ cat /proc/partitions"*ubda* ]]
	[[ $output == *"\$ ps"*init* ]]
	[[ $output == *"300 processes started and ended"* ]]
	[[ $output == *"run: /usr/share/demo/tour: exit status 0"* ]]
	[[ $output != *$'\n'"tour: "* ]]
}

@test "options reach the guest; its exit status is the command's" {
	run_logged "$keeper" -t 300 "$UML_SOURCE/demo" --no-build mem=128M run=/bin/false </dev/null
	[ "$status" -ne 0 ]
	[ "$status" -lt 124 ]
}

@test "on a terminal: a shell; exit ends with 0 and leaves nothing behind" {
	mkfifo "$guest_dir/input"
	: >"$guest_log"
	"$keeper" -t 300 script -qefc "'$UML_SOURCE/demo' --no-build" /dev/null \
		<"$guest_dir/input" >>"$guest_log" 2>&1 3>&- &
	guest_keeper=$!
	started+=("$guest_keeper")
	exec 8>"$guest_dir/input"
	guest_expect 60 'demo:.*[#$]'
	guest_send 'tty; echo $((6 * 7))'
	guest_expect 30 '^/dev/tty0'
	guest_expect 30 '^42'
	guest_send exit
	guest_wait 60
	[ "$status" -eq 0 ]
}

@test "a build that is not there is named" {
	UML_BUILD=/no/such/build run_logged "$UML_SOURCE/demo" --no-build
	[ "$status" -eq 1 ]
	[[ $output == "demo: /no/such/build/kernel/linux is not there; "* ]]
}
