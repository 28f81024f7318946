#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Errors are injected where the host could give some: the guest goes on, whoever it costs is told or ends
# with a word in the log, and nobody else notices.
#
# From the environment: UML_INJECT, the distances between two errors of a kind ("61 997").

load ../lib/common

distances=${UML_INJECT:-61 997}
guest_limit_s=600

# What the kernel can inject, by options of their own.
kinds="fail_map fail_answer"
complaints='BUG|WARNING|Oops|[Pp]anic|stall|hung task|lockup|Call Trace|[Bb]ad page|while atomic'

# All guest programs with every N-th thing of a kind failing. What they say is not compared: they may
# meet an error that they would never meet otherwise, or be ended.
injected() {
	local kind=$1 n=$2 disk=$guest_dir/$1.$2 killed ends
	truncate -s 4M "$disk"
	guest_boot mem=512M "$kind=$n" ubd1="$disk" \
		run=/t/to-disk,sh,/t/guest/run.sh,-t,30,/t/guest
	[ "$status" -le 1 ]
	[ -z "$(grep -aE "$complaints" <<<"$output")" ]
	# The last program has had its turn.
	tr -d '\0' <"$disk" >"$disk.text"
	ends=$(grep -acE '^[a-z-]+: exit [0-9]+' "$disk.text")
	log "$kind=$n: $ends programs have ended"
	[ "$ends" -eq "$(find "$UML_SOURCE/tests/guest" -name '*.c' | wc -l)" ]
	killed=$(grep -acE '^[a-z-]+: exit 137' "$disk.text" || true)
	# A change of mappings that fails costs faults, and no program its life.
	[ "$kind" != fail_map ] || [ "$killed" -eq 0 ]
	[ "$killed" -eq 0 ] || grep -aq '\]: ended: ' <<<"$output"
	guest_check_clean
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
		guest_boot mem=512M "$kind=499" \
			run=/t/attack/attack.sh,attack-pages:5,attack-ghost:64:1,attack-segments:50
		[ "$status" -le 1 ]
		[ -z "$(grep -aE "$complaints" <<<"$output")" ]
		[[ $output != *"FAIL after"* ]]
		guest_check_clean
	done
}
