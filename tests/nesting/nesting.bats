#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Kernels inside kernels: ours in ours and once more in that one, and Debian's user-mode-linux and
# ours inside each other. The innermost guest runs programs that must behave as on the host.

load ../lib/common

guest_limit_s=900
peer=${UML_PEER:-/usr/bin/linux.uml}

setup_file() {
	"$UML_TESTS/nesting/image" "$UML_BUILD" "$BATS_FILE_TMPDIR/disk" 3>&-
	chmod a+r "$BATS_FILE_TMPDIR/disk"
	chmod a+x "$BATS_FILE_TMPDIR"
}

# nest KERNEL...: boots them one inside the other, in our own.
nest() {
	local next=run=/t/nesting/level,1024 word
	for word; do
		next=$next,$word
	done
	guest_boot quiet mem=1024M ubd0r="$BATS_FILE_TMPDIR/disk" root=/dev/ubda ro "$next"
	guest_check_clean
}

# The innermost guest was reached, and its programs did what they do on the host.
reached() {
	[ "$(grep -ac '^nesting: up: ' <<<"$output")" -eq "$1" ]
	[ "$(grep -ac '^[a-z-]*: exit 0' <<<"$output")" -eq 9 ]
	[[ $output != *FAIL* ]]
}

@test "ours in ours" {
	nest ours
	[ "$status" -eq 0 ]
	reached 2
}

@test "ours in ours in ours, an ordinary user's" {
	guest_as_user
	nest ours ours
	[ "$status" -eq 0 ]
	reached 3
}

@test "Debian's user-mode-linux in ours" {
	[ -x "$peer" ] || skip "the Debian package user-mode-linux is not installed"
	nest peer
	[ "$(grep -ac '^nesting: up: ' <<<"$output")" -eq 2 ]
	# Others find faults of its own, which they find on the host, too.
	[[ $output == *"proc-fork: exit 0"* ]]
	[[ $output == *"proc-exec: exit 0"* ]]
	[[ $output == *"time-timer: exit 0"* ]]
	[[ $output == *"nesting: ended: peer, status 0"* ]]
}

# Its notifications name an address of its own kernel for each call.
@test "ours in Debian's user-mode-linux says why it cannot start" {
	[ -x "$peer" ] || skip "the Debian package user-mode-linux is not installed"
	mkdir "$BATS_TEST_TMPDIR/home"
	run_logged env HOME="$BATS_TEST_TMPDIR/home" TMPDIR="$BATS_TEST_TMPDIR/home" \
		timeout "$guest_limit_s" "$BATS_SUITE_TMPDIR/stock" mem=512M quiet con0=fd:0,fd:1 con=null \
		ubd0r="$BATS_FILE_TMPDIR/disk" root=/dev/ubda ro run=/t/nesting/level,512,ours </dev/null
	[[ $output == *"cannot start: seccomp notification does not tell where calls are made; "* ]]
	[[ $output == *"nesting: ended: ours, status 1"* ]]
}
