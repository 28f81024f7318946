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
	guest_start mem=256M umid=chaos run=/t/attack/load
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

# The guest has ended, or is about to: in order.
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

# The processes of the guest's programs: all but the kernel and what it needs itself. Agents have
# descriptors, carriers have none; who is not root cannot tell.
programs() {
	local pid
	for pid in $(ps -o pid= --ppid "$(guest_kernel_pid)"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" != uml-guest ] || echo "$pid"
	done
}

agents() {
	local pid
	for pid in $(programs); do
		[ -z "$(ls "/proc/$pid/fd" 2>/dev/null)" ] || echo "$pid"
	done
}

# Those that share one address space, of the largest that there is, the agent among them. Processes that
# share memory have it all at the same place and of the same size.
largest_group() {
	local pid size group=
	local -A maps
	for pid in $(programs); do
		size=$(cat "/proc/$pid/statm" 2>/dev/null) || continue
		maps[$size]+=" $pid"
	done
	for size in "${!maps[@]}"; do
		[ "$(wc -w <<<"${maps[$size]}")" -lt "$(wc -w <<<"$group")" ] || group=${maps[$size]}
	done
	echo "$group"
}

# kill_and_look WHO...: the guest goes on, and each kill so far has cost one of its processes at most.
kill_and_look() {
	local turn
	turn=$(turn)
	kill -KILL "$@" 2>/dev/null || return 0
	kill_count=$((kill_count + 1))
	wait_until 60 beyond $((turn + 2)) || {
		log "kill $kill_count, process $*: the guest stands still or has ended"
		return 1
	}
	[ "$(lost)" -le "$kill_count" ] || {
		log "kill $kill_count, process $*: $(lost) guest processes lost"
		return 1
	}
}

beyond() {
	[ "$(turn)" -gt "$1" ]
}

chaos_stop() {
	log "$kill_count kills: $(lost) guest processes lost"
	kill -TERM "$(guest_kernel_pid)"
	ended_in_order
}

# The agents that have used most CPU time: those of the workers, not of init and its shells.
busiest_agents() {
	local pid
	for pid in $(agents); do
		echo "$(awk '{ print $14 + $15 }' "/proc/$pid/stat" 2>/dev/null || echo 0) $pid"
	done | sort -rn | head -n 4 | cut -d ' ' -f 2
}

@test "$((kills / 4)) kills of agents, whose programs map memory all the time" {
	need_root "to tell agents from carriers"
	kill_count=0
	RANDOM=3
	chaos_start
	for ((i = 0; i < kills / 4; i++)); do
		mapfile -t pids < <(busiest_agents)
		[ "${#pids[@]}" -gt 0 ]
		kill_and_look "${pids[RANDOM % ${#pids[@]}]}"
	done
	[ "$(lost)" -eq 0 ] || grep -aq '\]: ended: ' "$guest_log"
	chaos_stop
}

@test "$((kills / 4)) kills of one of several carriers that share memory" {
	need_root "to tell agents from carriers"
	kill_count=0
	RANDOM=4
	chaos_start
	for ((i = 0; i < kills / 4; i++)); do
		read -ra pids <<<"$(largest_group)"
		[ "${#pids[@]}" -gt 1 ]
		carriers=()
		for pid in "${pids[@]}"; do
			[ -n "$(ls "/proc/$pid/fd" 2>/dev/null)" ] || carriers+=("$pid")
		done
		[ "${#carriers[@]}" -gt 0 ] || continue
		kill_and_look "${carriers[RANDOM % ${#carriers[@]}]}"
	done
	[ "$(lost)" -eq 0 ] || grep -aq '\]: ended: ' "$guest_log"
	chaos_stop
}

# A stopped process uses no CPU time: it is late, but not overdue.
@test "$((kills / 2)) times a process is stopped and goes on" {
	kill_count=0
	RANDOM=5
	chaos_start
	for ((i = 0; i < kills / 2; i++)); do
		mapfile -t pids < <(programs)
		pid=${pids[RANDOM % ${#pids[@]}]}
		turn=$(turn)
		kill -STOP "$pid" 2>/dev/null || continue
		wait_until 10 stopped "$pid"
		kill -CONT "$pid" 2>/dev/null || true
		wait_until 60 beyond $((turn + 1))
	done
	[ "$(lost)" -eq 0 ]
	chaos_stop
}

# Loops on the host, as many as it has processors and two more.
host_loops() {
	local i
	for ((i = 0; i < $(nproc) + 2; i++)); do
		sh -c 'while :; do :; done' 3>&- &
		started+=("$!")
	done
}

@test "nobody ends while the host has too much to do" {
	kill_count=0
	host_loops
	chaos_start
	wait_until $((60 + 4 * kills)) beyond $((2 * kills))
	[ "$(lost)" -eq 0 ]
	[ "$(grep -ac '\]: ended: ' "$guest_log")" -eq 0 ]
	chaos_stop
}

stopped() {
	case $(process_state "$1") in
	T | Z | '') ;;
	*) return 1 ;;
	esac
}

# All that share an address space at once, as the host does when it is out of memory.
@test "a guest program's processes are killed all at once" {
	chaos_start
	kernel=$(guest_kernel_pid)
	turn=$(turn)
	group=$(largest_group)
	log "killing$group"
	# shellcheck disable=SC2086 # several process ids
	kill -KILL $group
	wait_until 60 ended_or_beyond $((turn + 3))
	kill -KILL "$kernel" 2>/dev/null || true
	ended_in_order
}
