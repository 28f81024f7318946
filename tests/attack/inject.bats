#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Errors are injected where the host could give some: the guest goes on, whoever it costs is told or ends
# with a word in the log, and nobody else notices.
#
# From the environment: UML_INJECT, of how many things one fails ("97 997").

load ../lib/common

distances=${UML_INJECT:-97 997}
guest_limit_s=600

complaints='BUG|WARNING|Oops|[Pp]anic|stall|hung task|lockup|Call Trace|[Bb]ad page|while atomic'

# All guest programs, the first option of the kernel's being one of fail_*=N.
every_program() {
	disk=$guest_dir/$1
	truncate -s 4M "$disk"
	guest_boot mem=512M "$1" ubd1="$disk" run=/t/to-disk,sh,/t/guest/run.sh,-t,60,/t/guest
	[ -z "$(grep -aE "$complaints" <<<"$output")" ]
	guest_check_clean
}

@test "changes of mappings fail: every guest program lives on" {
	for n in $distances; do
		every_program "fail_map=$n"
		[ "$status" -le 1 ]	# some programs measure time
		tr -d '\0' <"$disk" >"$disk.text"
		ends=$(grep -acE '^[a-z-]+: exit [0-9]+' "$disk.text")
		[ "$ends" -eq "$(find "$UML_SOURCE/tests/guest" -name '*.c' | wc -l)" ]
		[ "$(grep -acE '^[a-z-]+: exit 1[0-9]+' "$disk.text")" -eq 0 ]
		[[ $output != *"]: ended: "* ]]
	done
}

@test "answers are lost: their programs end, with a word in the log, and the guest lives on" {
	for n in $distances; do
		every_program "fail_answer=$n"
		[[ $output == *"]: ended: "* ]]
		[[ $output == *"reboot: Power down"* ]]
	done
}

@test "attacks while changes of mappings fail" {
	guest_boot mem=512M fail_map=499 \
		run=/t/attack/attack.sh,attack-pages:5,attack-ghost:64:1,attack-segments:50
	[ "$status" -eq 0 ]
	[ -z "$(grep -aE "$complaints" <<<"$output")" ]
	[[ $output == *"attack.sh: all attacks held"* ]]
	guest_check_clean
}
