#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# A kernel with gcov: programs pass, and lcov shows which lines of the port they have run.

# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell
load ../lib/common
load common

setup() {
	debug_setup gcov
}

@test "a kernel with gcov is built" {
	debug_build gcov
}

@test "the programs of tests/guest pass" {
	debug_programs
}

# The guest's files are links to the compiler's notes, by the path that those had on the host.
@test "lcov shows the data of a guest: lines that ran, lines that did not" {
	local folder=$guest_dir/gcov
	debug_script 'cp -R /sys/kernel/debug/gcov . && tar -cf /dev/ubdb gcov'
	[ "$status" -eq 0 ]
	mkdir "$folder"
	tar -xf "$guest_dir/result" -C "$guest_dir"
	run_logged lcov --capture --quiet --directory "$folder$objects/arch/um/kernel" \
		--output-file "$guest_dir/port.info"
	[ "$status" -eq 0 ]
	run_logged lcov --list "$guest_dir/port.info"
	[[ $output == *user.c* ]]
	sed -n '/^SF:.*\/user\.c$/,/^end_of_record/p' "$guest_dir/port.info" >"$guest_dir/user.info"
	grep -q '^FNDA:[1-9][0-9]*,guest_call' "$guest_dir/user.info"
	grep -q '^FNDA:0,serve_loss' "$guest_dir/user.info"
}
