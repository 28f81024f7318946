#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Processes of a working guest are killed on the host: only that guest process, or the whole guest,
# ends, in order, and nothing stays behind.
#
# From the environment: UML_CHAOS, the number of kills (10).

load ../lib/common

kills=${UML_CHAOS:-10}
guest_limit_s=600

# The number of the last line "turn N lost M", or of the processes lost by then.
turn() {
	sed -n 's/^turn \([0-9]*\) lost .*/\1/p' "$guest_log" | tail -n 1
}

lost() {
	sed -n 's/^turn [0-9]* lost \([0-9]*\).*/\1/p' "$guest_log" | tail -n 1
}

# chaos_start: a guest at work. The log is kept for the next one.
chaos_start() {
	[ ! -e "$guest_log" ] || mv "$guest_log" "$guest_log.before"
	guest_start quiet mem=256M umid=chaos run=/t/attack/load
	guest_expect 60 '^turn 2 '
}

# One of the guest's processes, all of them children of the kernel; the kernel is one of them too.
victim() {
	local kernel pids
	kernel=$(guest_kernel_pid)
	mapfile -t pids < <(echo "$kernel"; ps -o pid= --ppid "$kernel")
	echo "${pids[RANDOM % ${#pids[@]}]}"
}

ended_or_beyond() {
	not_running "$guest_keeper" || [ "$(turn)" -gt "$1" ]
}

# The guest has ended: by that kill, in order.
ended_in_order() {
	guest_wait 60
	[ "$status" -ne 124 ]
	[ "$status" -ne 125 ]
	guest_check_clean
}

# A process that waits to be used again is missed only when it is: so each kill costs at most one
# guest process, then or later.
chaos() {
	local i pid turn ends=0 losses=0 since=0
	RANDOM=$1
	chaos_start
	for ((i = 0; i < $2; i++)); do
		pid=$(victim)
		turn=$(turn)
		kill -KILL "$pid" 2>/dev/null || continue
		since=$((since + 1))
		wait_until 60 ended_or_beyond $((turn + 3)) || {
			log "kill $i, process $pid: the guest stands still"
			return 1
		}
		[ "$(lost)" -le "$since" ] || {
			log "kill $i, process $pid: $(lost) guest processes lost by $since kills"
			return 1
		}
		if not_running "$guest_keeper"; then
			ends=$((ends + 1))
			losses=$((losses + $(lost)))
			since=0
			ended_in_order
			chaos_start
		fi
	done
	losses=$((losses + $(lost)))
	log "$2 kills: $ends guests ended, $losses guest processes lost"
	echo "# $2 kills: $ends guests and $losses guest processes ended" >&3
	kill -TERM "$(guest_kernel_pid)"
	guest_wait 60
	[ "$status" -ne 124 ]
	[ "$status" -ne 125 ]
}

@test "$((kills - kills / 2)) kills of random processes" {
	chaos 1 $((kills - kills / 2))
}

@test "$((kills / 2)) kills of random processes of an ordinary user's guest" {
	guest_as_user
	chaos 2 $((kills / 2))
}

# All that share an address space at once, as the host does when it is out of memory.
@test "a guest program's processes are killed all at once" {
	chaos_start
	kernel=$(guest_kernel_pid)
	turn=$(turn)
	declare -A maps
	for pid in $(ps -o pid= --ppid "$kernel"); do
		# Processes that share memory have it all at the same place and of the same size.
		size=$(cat "/proc/$pid/statm" 2>/dev/null) || continue
		maps[$size]+=" $pid"
	done
	group=
	for key in "${!maps[@]}"; do
		[ "$(wc -w <<<"${maps[$key]}")" -lt "$(wc -w <<<"$group")" ] || group=${maps[$key]}
	done
	log "killing$group"
	# shellcheck disable=SC2086 # several process ids
	kill -KILL $group
	wait_until 60 ended_or_beyond $((turn + 3))
	kill -KILL "$kernel" 2>/dev/null || true
	ended_in_order
}
