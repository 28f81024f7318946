#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# make distcheck: a release builds, tests, installs, uninstalls and cleans itself out of its own
# tarball, with the sources read-only. Not part of make check, which it runs.

load ../lib/common

@test "make distcheck" {
	mkdir "$BATS_TEST_TMPDIR/build"
	cd "$BATS_TEST_TMPDIR/build"
	run_logged "$UML_SOURCE/configure" --disable-kernel
	[ "$status" -eq 0 ]
	# The tools are the same as in the tests before.
	run_logged outside_bats env -u CI -u UML_KERNEL -u UML_BUILD UML_SUITE_ONLY=1 make distcheck
	[ "$status" -eq 0 ]
	[[ $output == *" 0 failed, 0 skipped"* ]]
}
