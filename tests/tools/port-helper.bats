#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# port-helper without a kernel: tests/lib/port_helper.py plays the kernel, the terminal program and the
# telnet client.

load ../lib/common
load ../lib/tools

setup() {
	guest_setup
	ours=$(tool port-helper)
}

teardown() {
	netns_remove
}

# play CASE [PROGRAM]: one case, in a network namespace of the test. Sets status, out and err.
play() {
	split in_netns python3 "$UML_TESTS/lib/port_helper.py" "$1" "${2:-$ours}"
}

# holds CASE: the case ends well.
holds() {
	play "$1"
	[ "$status" -eq 0 ]
}

# as_peer CASE: ours and the peer's give the same facts.
as_peer() {
	local facts
	play "$1" "$(peer_tool port-helper)"
	[ "$status" -eq 0 ]
	facts=$out
	[ -n "$facts" ]
	holds "$1"
	[ "$out" = "$facts" ]
}

@test "port-helper: hands over what the peer does, and ends as it does, in each of its forms" {
	as_peer fd3
	as_peer path
	as_peer pipe
	as_peer controlling
	as_peer no_socket
}

@test "port-helper: the terminal's settings come back, whoever ends it" {
	holds settings
	holds term_signal
}

@test "port-helper: ends with its terminal, its parent and its kernel" {
	holds hangup
	holds parent
	holds kernel
}

@test "port-helper: takes no socket but the kernel's" {
	need_root "gives a socket to another user"
	holds path_checks
	holds no_kernel
}

@test "port-helper: wrong usage, and names that a telnet client makes up, exit 2" {
	split "$ours" word
	[ "$status" -eq 2 ]
	split "$ours" -h localhost -p -uml-socket /tmp/socket
	[ "$status" -eq 2 ]
	split "$ours" --telnet --uml-socket=/tmp/socket
	[ "$status" -eq 2 ]
	# A telnet daemon passes the client's user name on.
	split "$ours" -h localhost -p -- -uml-socket
	[ "$status" -eq 1 ]
	[[ $err == *"no socket of a kernel on descriptor 3"* ]]
}

@test "in.telnetd: character mode, window size, keys, output" {
	holds telnet
	holds keys
}

@test "in.telnetd: a client that says nothing, or goes before it has" {
	holds silent
	holds gone_early
}

@test "in.telnetd: no output is lost as the guest closes its console" {
	holds last_output
	holds guest_end
}

@test "in.telnetd: ends with the kernel, keeps none of its files, asks for signs of life" {
	holds kernel_killed
	holds settings_of_client
}

@test "in.telnetd: a slow client holds up the guest, a slow guest the client, neither an interrupt" {
	holds slow_reader
	holds slow_guest
}

@test "in.telnetd: hostile clients cost no memory" {
	holds hostile
}

@test "in.telnetd: a client that closes its half gets an answer" {
	holds half_closed
}

@test "in.telnetd: clients come and go in every way" {
	holds many
}
