#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# gdb on the kernel itself, as on any program of the host.

load ../lib/common

setup() {
	guest_setup
	commands=$guest_dir/commands
	# Signals that the kernel takes for interrupts, as doc/debugging.md has it.
	cat >"$commands" <<-'EOT'
		set pagination off
		set confirm off
		handle SIGUSR1 SIGUSR2 SIGALRM SIGIO SIGCHLD nostop noprint pass
	EOT
}

# under_gdb OPTION...: boots a guest whose kernel gdb starts, with what is in $commands.
under_gdb() {
	cat >"$guest_dir/gdb" <<-EOT
		#!/bin/sh
		exec gdb -nx -batch -x "$commands" --args "$guest_kernel" "\$@"
	EOT
	chmod a+x "$guest_dir/gdb"
	guest_kernel=$guest_dir/gdb
	guest_boot "$@"
}

@test "from the first instruction through start_kernel and a system call to the power-off" {
	cat >>"$commands" <<-'EOT'
		starti
		info symbol $pc
		break start_kernel
		continue
		backtrace
		break sys_getppid
		continue
		backtrace
		delete
		continue
	EOT
	under_gdb quiet run=/bin/sh,-c,exit
	[ "$status" -eq 0 ]
	[[ $output == *"_start in section .text"* ]]
	grep -A3 '^#0 .* start_kernel ()' <<<"$output" | grep -q '^#2 .* host_start ()'
	grep -A3 '^#0 .* sys_getppid ()' <<<"$output" | grep -q '^#2 .* um_user_loop ()'
	[[ $output == *"[Inferior 1 (process "*") exited normally]"* ]]
}

@test "a running guest: attached, stopped for a while, let go on" {
	cat >>"$commands" <<-'EOT'
		info symbol $pc
		backtrace
		shell sleep 2
		detach
	EOT
	guest_start quiet run=/bin/sh
	guest_send 'echo r""eady'
	guest_expect 20 '^ready'
	run_logged timeout 60 gdb -nx -batch -x "$commands" -p "$(guest_kernel_pid)"
	[ "$status" -eq 0 ]
	[[ $output == *" in section .text"* ]]
	[[ $output == *"detached]"* ]]
	guest_send 'echo a""live; exit 3'
	guest_expect 20 '^alive'
	guest_wait 20
	[ "$status" -eq 3 ]
}
