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
	# bats within bats: what this run tells its own helpers would confuse that one.
	# The tools are the same as in the tests before.
	run_logged env -u CI -u UML_KERNEL -u UML_BUILD -u BATS_RUN_TMPDIR -u BATS_TMPDIR -u BATS_ROOT -u BATS_TEST_NUMBER \
		-u BATS_SUITE_TMPDIR -u BATS_FILE_TMPDIR -u BATS_TEST_TMPDIR UML_SUITE_ONLY=1 \
		make distcheck
	[ "$status" -eq 0 ]
	[[ $output == *" 0 failed, 0 skipped"* ]]
}
