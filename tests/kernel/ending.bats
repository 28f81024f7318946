#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Every way in which a guest ends: the exit status tells how, nothing stays behind, the terminal
# is as it was.

# shellcheck disable=SC2016 # what is in single quotes is for other shells
load ../lib/common

count() {
	grep -aoF -- "$1" <<<"$output" | wc -l
}

# ---- the guest ends itself ------------------------------------------------------------------

@test "poweroff and halt, orderly and forced, exit 0" {
	for command in 'poweroff -f' 'halt -f' poweroff halt; do
		guest_start quiet
		guest_expect 60 'demo:.*[#$]'
		guest_send "$command"
		guest_wait 60
		[ "$status" -eq 0 ]
	done
}

@test "the guest chooses the exit status of the host process" {
	for code in 0 1 42 255; do
		guest_boot quiet run=/t/eval,exit,$code
		[ "$status" -eq "$code" ]
	done
}

@test "when the shell of the console job is killed the machine ends too" {
	guest_boot quiet run=/t/eval,kill,-9,'$PPID;exec',sleep,1000
	[ "$status" -eq 137 ]
}

@test "reboot starts afresh in the same process, with the same command line" {
	disk=$(guest_disk disk)
	guest_boot ubd0="$disk" root=/dev/ubda rw run=/t/once,reboot,-f
	[ "$status" -eq 7 ]
	[ "$(count 'Linux version 6.12.')" -eq 2 ]
	[ "$(count 'run=/t/once,reboot,-f')" -ge 2 ]
}

@test "an orderly reboot starts afresh too" {
	disk=$(guest_disk disk)
	guest_boot quiet ubd0="$disk" root=/dev/ubda rw run=/t/once,reboot,'&&',sleep,1000
	[ "$status" -eq 7 ]
	[ "$(count 'second boot')" -eq 1 ]
}

@test "noreboot: a reboot ends the process with 0" {
	disk=$(guest_disk disk)
	guest_boot noreboot ubd0="$disk" root=/dev/ubda rw run=/t/once,reboot,-f
	[ "$status" -eq 0 ]
	[ "$(count 'Linux version 6.12.')" -eq 1 ]
}

# ---- panic ----------------------------------------------------------------------------------

# The status of a panic: a failure, not a signal that killed the process, not the keeper's.
panicked() {
	[[ $output == *"Kernel panic - not syncing"* ]]
	[ "$status" -ne 0 ]
	[ "$status" -lt 124 ]
}

@test "no root: panic, non-zero after its message" {
	guest_boot root=/dev/nosuchdisk
	panicked
}

@test "no init: panic, also with quiet" {
	guest_boot quiet init=/no/such/init
	panicked
}

@test "an init that ends: panic" {
	guest_boot quiet init=/bin/false
	panicked
	[[ $output == *"Attempted to kill init"* ]]
}

@test "a panic on request of the guest's root" {
	guest_boot quiet run=/t/eval,echo,c,'>/proc/sysrq-trigger'
	panicked
}

@test "panic=1 starts afresh after the message, panic=1 noreboot ends" {
	disk=$(guest_disk disk)
	guest_boot quiet panic=1 ubd0="$disk" root=/dev/ubda rw \
		run=/t/once,echo,c,'>/proc/sysrq-trigger'
	[[ $output == *"Kernel panic - not syncing"* ]]
	[ "$(count 'second boot')" -eq 1 ]
	[ "$status" -eq 7 ]
	disk=$(guest_disk disk)
	guest_boot quiet panic=1 noreboot ubd0="$disk" root=/dev/ubda rw \
		run=/t/once,echo,c,'>/proc/sysrq-trigger'
	panicked
}

# ---- the host ends it -----------------------------------------------------------------------

@test "SIGTERM asks init for an orderly power-off" {
	guest_start quiet ubd0="$(guest_disk disk)" root=/dev/ubda rw
	guest_expect 60 'demo:.*[#$]'
	kill -TERM "$(guest_kernel_pid)"
	guest_wait 60
	[ "$status" -eq 0 ]
	[[ $output == *"The system is going down"* ]]
	run_logged e2fsck -fn "$guest_dir/disk"
	[ "$status" -eq 0 ]
	[[ $output != *"recovering journal"* ]]
}

@test "a second SIGTERM ends at once a guest that does not power off" {
	guest_start quiet init=/t/deaf
	guest_expect 60 'deaf init is up'
	kill -TERM "$(guest_kernel_pid)"
	# The first request has been taken up when it is no longer pending.
	wait_until 30 not_pending "$(guest_kernel_pid)"
	kill -TERM "$(guest_kernel_pid)"
	guest_wait 60
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	[ "$status" -ne 125 ]
}

# SIGTERM (bit 14) is pending neither for the process nor for its threads.
not_pending() {
	! grep -qE '^(ShdPnd|SigPnd):.*[4-7c-f]...$' "/proc/$1/status"
}

# The kernel's own process first, then each of the others, at most 8 of them.
@test "SIGKILL to any process of a guest: it ends or goes on, nothing stays behind" {
	guest_start quiet umid=victim
	guest_expect 60 'demo:.*[#$]'
	mapfile -t pids < <(guest_pids)
	number=${#pids[@]}
	log "$number processes"
	[ "$number" -ge 1 ]
	for ((i = 0; i < number && i < 8; i++)); do
		if [ "$i" -gt 0 ]; then
			guest_start quiet umid=victim
			guest_expect 60 'demo:.*[#$]'
			mapfile -t pids < <(guest_pids)
			[ "${#pids[@]}" -gt "$i" ] || break
		fi
		log "SIGKILL to process $i of ${#pids[@]}"
		kill -KILL "${pids[i]}"
		# A guest that lost one of its programs lives on: end it.
		wait_until 5 not_running "$guest_keeper" || kill -KILL "$(guest_kernel_pid)"
		guest_wait 60
		[ "$status" -ne 124 ]
		[ "$status" -ne 125 ]
		guest_check_clean
	done
}

@test "SIGKILL in the middle of a load: nothing stays behind" {
	guest_start quiet umid=victim \
		run=/t/eval,while,:\;,do,/bin/true,\&,/bin/true\;,echo,turn\;,done
	guest_expect 60 '^turn'
	kill -KILL "$(guest_kernel_pid)"
	guest_wait 60
	[ "$status" -eq 137 ]
	guest_check_clean
}

@test "the end of input leaves a running guest alone" {
	guest_start quiet run=/t/eval,echo,begun\;,sleep,2\;,echo,survived
	exec 8>&-
	guest_expect 60 '^survived'
	guest_wait 60
	[ "$status" -eq 0 ]
}

# ---- the terminal ---------------------------------------------------------------------------

# on_terminal OPTION...: a guest on a pseudo terminal of its own. The terminal's settings before and
# after go to $guest_dir/before and after, its name to $guest_dir/tty.
on_terminal() {
	guest_prepare "$@"
	printf '%q ' "${guest_command[@]}" >"$guest_dir/command"
	cat >"$guest_dir/session" <<-EOT
		stty sane rows 24 cols 80; stty -g >$guest_dir/before; tty >$guest_dir/tty
		. $guest_dir/command; echo \$? >$guest_dir/status
		stty -g >$guest_dir/after
	EOT
	mkfifo "$guest_dir/input"
	: >"$guest_log"
	script -qfc "bash $guest_dir/session" /dev/null <"$guest_dir/input" >>"$guest_log" 2>&1 3>&- &
	guest_keeper=$!
	started+=("$guest_keeper")
	exec 8>"$guest_dir/input"
	guest_expect 60 'demo:.*[#$]'
}

# Ends the terminal's session and checks its settings and the guest's status.
terminal_restored() {
	wait_until 60 test -s "$guest_dir/after"
	[ "$(cat "$guest_dir/status")" -eq "$1" ]
	[ "$(cat "$guest_dir/before")" = "$(cat "$guest_dir/after")" ]
	guest_wait 30
}

@test "Ctrl-C reaches the guest's program and nothing else; the terminal is sane afterwards" {
	on_terminal quiet
	guest_send 'sleep 1000; echo "sleep ended with $?"'
	guest_send ''
	wait_until 30 grep -aq 'sleep 1000' "$guest_log"
	# Ctrl-C until it has been heard: the program may not have started yet.
	interrupted() {
		printf '\003' >&8
		guest_send 'echo prompt is $((40 + 2))'
		wait_until 3 grep -aq 'prompt is 42' "$guest_log"
	}
	wait_until 30 interrupted
	guest_send poweroff
	terminal_restored 0
}

@test "the guest's terminal has the size of the host's and follows it" {
	on_terminal quiet
	guest_send 'stty size'
	guest_expect 30 '^24 80'
	stty -F "$(cat "$guest_dir/tty")" rows 33 cols 101
	size_followed() {
		guest_send 'stty size'
		wait_until 2 grep -aq '^33 101' "$guest_log"
	}
	wait_until 30 size_followed
	guest_send poweroff
	terminal_restored 0
}

@test "the terminal is sane after a panic and after SIGKILL" {
	on_terminal quiet
	guest_send 'echo c >/proc/sysrq-trigger'
	wait_until 60 test -s "$guest_dir/after"
	[ "$(cat "$guest_dir/before")" = "$(cat "$guest_dir/after")" ]
	guest_wait 30
	rm -f "$guest_dir"/{before,after,input,status,pid}
	on_terminal quiet
	kill -KILL "$(guest_kernel_pid)"
	terminal_restored 137
}
