# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs once before all bats files: every test may rely on what is checked here.

setup_suite() {
	local name
	for name in UML_SOURCE UML_BUILD UML_TESTS; do
		[ -d "${!name:-}" ] || {
			echo "$name is not set to a folder; run ./check or tests/run, not bats itself" >&2
			return 1
		}
	done
	if [ "$(id -u)" -eq 0 ] && ! setpriv --reuid=65534 --regid=65534 --clear-groups \
		test -r "$UML_SOURCE/tests/run"; then
		echo "$UML_SOURCE: ordinary users cannot get there, and the tests run some commands as" \
			"one; put the clone elsewhere (/srv, /tmp) or grant it by chmod" >&2
		return 1
	fi
	[ -x "$UML_BUILD/tests/bin/keeper" ] || {
		echo "$UML_BUILD/tests/bin/keeper is missing; run make check-programs" >&2
		return 1
	}
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_SUITE_TMPDIR"
	# A name that every user can reach, whatever the permissions above the build folder.
	[ ! -e "$UML_KERNEL" ] || share "$UML_KERNEL" linux
	for name in test.ext4 bin/stock bin/stock_xstate.so; do
		[ ! -e "$UML_BUILD/tests/$name" ] || share "$UML_BUILD/tests/$name" "${name##*/}"
	done
}

share() {
	ln "$1" "$BATS_SUITE_TMPDIR/$2" 2>/dev/null || cp --sparse=always "$1" "$BATS_SUITE_TMPDIR/$2"
	chmod a+r "$BATS_SUITE_TMPDIR/$2"
}
