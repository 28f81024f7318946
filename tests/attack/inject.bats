#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Errors are injected where the host could give some: the guest goes on, whoever it costs is told or ends
# with a word in the log, and nobody else notices.
#
# From the environment: UML_INJECT, of how many things of a kind one fails, for all guest programs;
# without it 499, for some. With much less than 200 a program may lose its mappings as fast as it gets
# them.

load ../lib/common

distances=${UML_INJECT:-499}
programs=(mem-fault mem-map mem-share proc-fork proc-exec sig-frame thr-mm fp-kick)
guest_limit_s=600

# What the kernel can inject, by options of their own.
kinds="fail_map fail_answer"
complaints='BUG|WARNING|Oops|[Pp]anic|stall|hung task|lockup|Call Trace|[Bb]ad page|while atomic'

# boot_with KIND=N RUN OPTION...: a guest that runs RUN. A lost answer costs a program, be it init's or the
# script's that would end the machine: then it is asked from outside, and must obey.
boot_with() {
	local limit_s=500
	[[ $1 != fail_answer=* ]] || limit_s=30
	guest_start mem=512M "$1" run="$2" "${@:3}"
	wait_until "$limit_s" not_running "$guest_keeper" || {
		[[ $1 = fail_answer=* ]]
		grep -aq '\]: ended: ' "$guest_log"
		kill -TERM "$(guest_kernel_pid)"
		wait_until 20 not_running "$guest_keeper" || kill -TERM "$(guest_kernel_pid)"
	}
	guest_wait 60
	[ "$status" -ne 124 ]
	[ "$status" -ne 125 ]
	[ "$status" -le 1 ] || grep -aq '\]: ended: ' "$guest_log"
	[ "$(grep -acE "$complaints" "$guest_log")" -eq 0 ]
}

# All guest programs with one of N things of a kind failing. What they say is not compared: they may
# meet an error that they would never meet otherwise, or be ended.
injected() {
	local all disk=$guest_dir/$1.$2 killed ends
	truncate -s 4M "$disk"
	[ -z "${UML_INJECT:-}" ] ||
		mapfile -t programs < <(basename -s .c "$UML_SOURCE"/tests/guest/*.c)
	all=$(IFS=,; echo "${programs[*]}")
	boot_with "$1=$2" /t/to-disk,sh,/t/guest/run.sh,-t,60,/t/guest,"$all" ubd1="$disk"
	guest_check_clean
	tr -d '\0' <"$disk" >"$disk.text"
	ends=$(grep -acE '^[a-z-]+: exit [0-9]+' "$disk.text" || true)
	killed=$(grep -acE '^[a-z-]+: exit 137' "$disk.text" || true)
	log "$1=$2: $ends programs have ended, $killed were killed"
	# A change of mappings that fails costs faults, and no program its life.
	if [ "$1" = fail_map ]; then
		[ "$killed" -eq 0 ]
		[ "$ends" -eq "${#programs[@]}" ]
	fi
	[ "$killed" -eq 0 ] || grep -aq '\]: ended: ' "$guest_log"
}

@test "every guest program while errors of each kind are injected" {
	for kind in $kinds; do
		for n in $distances; do
			injected "$kind" "$n"
		done
	done
}

@test "attacks while errors are injected" {
	for kind in $kinds; do
		boot_with "$kind=499" \
			/t/attack/attack.sh,attack-pages:5,attack-ghost:64:1,attack-segments:50
		[ "$kind" != fail_map ] || grep -aq 'attack.sh: all attacks held' "$guest_log"
		guest_check_clean
	done
}
