#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's own unit tests, by its own tool, in the prepared tree. It builds a kernel with half
# of all drivers in $UML_BUILD/kunit, which takes from minutes to hours: not a part of ./check, run
# it by ./check tests/kunit.

# shellcheck disable=SC2016 # what is in single quotes is for another shell
load ../lib/common

# What the port that comes with Linux 6.12 passes, as the tool counts, with 8 that it skips; and the
# lines that say "ok" in the kernel's own output, those of suites included.
expected_passed=1111
expected_ok=1256

setup() {
	guest_setup
	source=$UML_BUILD/kernel/source
	objects=$UML_BUILD/kunit
	[ -f "$source/Makefile" ] || skip "no kernel tree in this build"
}

# kunit COMMAND ARGUMENT...: the tool, in a terminal of its own: its output is on a file there.
kunit() {
	local command=$1 compiler=gcc
	shift
	! command -v ccache >/dev/null || compiler="ccache gcc"
	# The tool itself ends with stty sane.
	printf 'cd %q && stty sane && stty -g >%q && python3 tools/testing/kunit/kunit.py %q' \
		"$source" "$guest_dir/before" "$command" >"$guest_dir/script"
	printf ' %q' "$@" --arch=um --build_dir="$objects" >>"$guest_dir/script"
	[ "$command" != run ] ||
		printf ' --jobs=%q --make_options=%q' "$(nproc)" "CC=$compiler" >>"$guest_dir/script"
	printf '; status=$?; stty -g >%q; exit $status\n' "$guest_dir/after" >>"$guest_dir/script"
	log "\$ $(cat "$guest_dir/script")"
	run script -qec "sh $guest_dir/script" "$guest_dir/typescript" 3>&-
	log "$(tail -n 30 "$guest_dir/typescript")"
}

# The number of tests with a result, "passed" or "failed", from the tool's last lines.
count() {
	sed -n "s/.*Ran [0-9]* tests:.* $1: \([0-9]*\).*/\1/p" "$guest_dir/typescript" | tail -n 1
}

@test "kunit.py run --alltests --arch=um: none fails, the terminal stays as it was" {
	kunit run --alltests
	[ "$status" -eq 0 ]
	[ "$(count passed)" -ge "$expected_passed" ]
	[ "$(grep -cE '^ *ok [0-9]+' "$objects/test.log")" -ge "$expected_ok" ]
	[ "$(grep -cE '^ *not ok [0-9]+' "$objects/test.log")" -eq 0 ]
	[ -z "$(count failed)" ]
	[ -z "$(count crashed)" ]
	cmp "$guest_dir/before" "$guest_dir/after"
}

@test "the same kernel started by hand on a terminal: one suite, then halt" {
	[ -x "$objects/linux" ] || skip "no kernel of the first test"
	cat >"$guest_dir/script" <<-EOT
		stty -g >$guest_dir/before
		$objects/linux mem=1G console=tty kunit_shutdown=halt kunit.filter_glob=example kunit.enable=1
		status=\$?
		stty -g >$guest_dir/after
		exit \$status
	EOT
	run_logged timeout -s KILL 120 script -qec "sh $guest_dir/script" "$guest_dir/typescript"
	[ "$status" -eq 0 ]
	[[ $output == *"ok 1 example"* ]]
	cmp "$guest_dir/before" "$guest_dir/after"
}
