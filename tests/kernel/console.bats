#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Console lines: input and output complete and in order, other lines, an output that stands still.

# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell
load ../lib/common

# Options that make the guest run a shell script.
script_options() {
	printf '%s\nexit $?\n' "$1" >"$guest_dir/script"
	script_options=(quiet ubd15r="$guest_dir/script" "run=/bin/sh,/dev/ubdp")
}

@test "output to a pipe or a file is complete, in order and plain text" {
	script_options 'i=0; while [ $i -lt 5000 ]; do echo "line $i of the output"; i=$((i + 1)); done'
	guest_boot "${script_options[@]}"
	[ "$status" -eq 0 ]
	[ "$(grep -ac '^line [0-9]* of the output$' <<<"$output")" -eq 5000 ]
	grep -a '^line ' <<<"$output" | cut -d' ' -f2 | sort -n -c
	[[ $output != *$'\r'* ]]
}

@test "input of any size reaches the program complete" {
	head -c 300000 /dev/urandom | base64 >"$guest_dir/text"
	sum=$(sha256sum <"$guest_dir/text" | cut -d' ' -f1)
	script_options "stty raw -echo
		echo ready
		head -c $(stat -c %s "$guest_dir/text") | sha256sum"
	guest_start "${script_options[@]}"
	guest_expect 60 '^ready'
	cat "$guest_dir/text" >&8
	guest_expect 60 "^$sum"
	guest_wait 60
	[ "$status" -eq 0 ]
}

@test "boot messages stand there once" {
	guest_boot run=/bin/true
	[ "$(grep -ac 'Linux version 6' <<<"$output")" -eq 1 ]
	[ "$(grep -ac 'Kernel command line:' <<<"$output")" -eq 1 ]
}

@test "console=tty0 and console=tty name the console" {
	for name in tty0 tty; do
		guest_boot console=$name run=/bin/cat,/proc/consoles
		[ "$status" -eq 0 ]
		[[ $output == *"tty0 "*"-W- (EC"* ]]
		[ "$(grep -ac 'Linux version 6' <<<"$output")" -eq 1 ]
	done
}

@test "con1= connects another line; con0=null,fd:2 shows messages on standard error" {
	mkfifo "$guest_dir/line"
	script_options 'read -r word </dev/tty1; echo "got $word" >/dev/tty1
		[ ! -e /dev/tty2 ]'
	guest_prepare "${script_options[@]}" con1=fd:7,fd:9 con0=null,fd:2
	(sleep 1; echo hello) >"$guest_dir/line" 3>&- &
	run_logged bash -c '"$@" 7<"$0/line" 9>"$0/answer" 2>"$0/errors"' "$guest_dir" \
		"${guest_command[@]}"
	[ "$status" -eq 0 ]
	grep -q '^got hello' "$guest_dir/answer"
	grep -q 'exit status 0' "$guest_dir/errors"
	[ -z "$output" ]
}

@test "a reader that stands still stops programs that print, not the guest" {
	disk=$guest_dir/disk
	truncate -s 4096 "$disk"
	mkfifo "$guest_dir/still"
	exec 9<>"$guest_dir/still"
	# More messages than pipe and buffer hold, then a program in the way of its own output.
	script_options 'i=0; while [ $i -lt 3000 ]; do
			echo "<1>message $i: more than the buffer of the console can hold, by far" >/dev/kmsg
			i=$((i + 1))
		done
		echo done >/dev/ubdb; sync
		poweroff -f'
	guest_prepare "${script_options[@]}" ubd1="$disk"
	run_logged bash -c 'exec timeout 60 "$@" </dev/null >&9' - "${guest_command[@]}"
	exec 9>&-
	[ "$status" -eq 0 ]
	[ "$(head -c 4 "$disk")" = "done" ]
}

@test "a reader that goes away is no reason to end" {
	disk=$guest_dir/disk
	truncate -s 4096 "$disk"
	script_options 'i=0; while [ $i -lt 1000 ]; do echo "line $i"; i=$((i + 1)); done
		echo done >/dev/ubdb; sync; exit 5'
	guest_prepare "${script_options[@]}" ubd1="$disk"
	run_logged bash -c 'set -o pipefail; "$@" </dev/null | head -n 1' - "${guest_command[@]}"
	[ "$status" -eq 5 ]
	[ "$(head -c 4 "$disk")" = "done" ]
}

@test "a terminal that a shell has used meanwhile is raw again after the guest is continued" {
	guest_prepare quiet
	printf '%q ' "${guest_command[@]}" >"$guest_dir/command"
	printf 'tty >%q; stty -g >%q; . %q; stty -g >%q\n' "$guest_dir/tty" "$guest_dir/before" \
		"$guest_dir/command" "$guest_dir/after" >"$guest_dir/session"
	mkfifo "$guest_dir/input"
	: >"$guest_log"
	script -qfc "bash $guest_dir/session" /dev/null <"$guest_dir/input" >>"$guest_log" 2>&1 3>&- &
	started+=("$!")
	exec 8>"$guest_dir/input"
	guest_expect 60 'demo:.*[#$]'
	tty=$(cat "$guest_dir/tty")
	is_raw() {
		[[ $(stty -F "$tty" -a) == *" -icanon"*" -echo "* ]]
	}
	is_raw
	kill -STOP "$(guest_kernel_pid)"
	stty -F "$tty" sane
	run is_raw
	[ "$status" -ne 0 ]
	kill -CONT "$(guest_kernel_pid)"
	wait_until 20 is_raw
	guest_send 'poweroff -f'
	wait_until 60 test -s "$guest_dir/after"
	[ "$(cat "$guest_dir/before")" = "$(cat "$guest_dir/after")" ]
}
