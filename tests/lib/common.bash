# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What all bats files share. Load it with `load ../lib/common`.
#
# A guest's life: guest_start runs the kernel under tests/bin/keeper with its console on a fifo and
# a log; guest_boot does the same in one go, for guests that end by themselves. HOME, TMPDIR and
# uml_dir of the guest are folders of the test; guest_check_clean finds them empty afterwards, and
# the keeper reports processes that outlive the kernel. teardown does both for every test.
#
# From the environment: UML_KERNEL another kernel, UML_KERNEL_OPTIONS options it needs.

keeper=$UML_BUILD/tests/bin/keeper
# A guest that takes longer than this hangs.
guest_limit_s=${GUEST_LIMIT_S:-120}
# Processes that this test started and must end: process ids, in order.
started=()
# Who runs the guest: empty for the tests' own user, see guest_as_user.
guest_user=

log() {
	printf '%s\n' "$*"
}

# run_logged COMMAND...: bats' run; the test's log, shown on failure, tells all of it.
run_logged() {
	log "\$ $*"
	run "$@" 3>&-
	log "$output"
	log "(status $status)"
}

# outside_bats COMMAND...: for one that runs bats itself: without what bats tells its own helpers, and
# with the bats of the user's PATH.
outside_bats() {
	local name options=()
	for name in $(compgen -e BATS_); do
		options+=(-u "$name")
	done
	env "${options[@]}" PATH="${PATH//"$BATS_LIBEXEC":/}" "$@"
}

# wait_until LIMIT_S COMMAND...: polls until COMMAND succeeds.
wait_until() {
	local limit_s=$1 deadline=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		if [ "$SECONDS" -gt "$deadline" ]; then
			log "wait_until: not after $limit_s s: $*"
			return 1
		fi
		sleep 0.05
	done
}

# Makes the test need root; the reason is shown where it is skipped.
need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root: $1"
}

# What makes a command an ordinary user's, without groups, also where the tests are root's.
user_prefix=()
[ "$(id -u)" -ne 0 ] ||
	user_prefix=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --)

as_user() {
	"${user_prefix[@]}" "$@"
}

# guest_as_user: the guests of this test are an ordinary user's.
guest_as_user() {
	guest_user=yes
	[ "$(id -u)" -ne 0 ] || chown -R 65534:65534 "$guest_dir"
}

# ---- guests ---------------------------------------------------------------------------------

# Prepares the folders of a guest; runs before each test.
guest_setup() {
	guest_dir=$BATS_TEST_TMPDIR/guest
	guest_kernel=$BATS_SUITE_TMPDIR/linux
	guest_image=$BATS_SUITE_TMPDIR/test.ext4
	guest_log=$guest_dir/console
	guest_keeper=
	mkdir -p "$guest_dir/home" "$guest_dir/tmp" "$guest_dir/uml"
	# An ordinary user must get through to them.
	chmod a+x "$BATS_RUN_TMPDIR"/test "$BATS_TEST_TMPDIR"
}

# Fills guest_command: the keeper, and the kernel with the options that each guest gets. A test's
# own root= or ubd0 takes the place of the test image.
guest_prepare() {
	local word disk=(ubd0r="$guest_image") root=(root=/dev/ubda ro)
	for word; do
		case $word in
		ubd0* | ubda*) disk=() ;;
		root=* | initrd=*) root=() ;;
		esac
	done
	case " $* " in
	*" initrd="*) disk=() ;;
	esac
	# shellcheck disable=SC2206 # options are words
	local extra=(${UML_KERNEL_OPTIONS:-})
	guest_command=("$keeper" -t "$guest_limit_s" -p "$guest_dir/pid" env
		HOME="$guest_dir/home" TMPDIR="$guest_dir/tmp"
		"$guest_kernel" "${extra[@]}" "${disk[@]}" "${root[@]}"
		uml_dir="$guest_dir/uml" "$@")
	# Not by the function, whose shell would stand between: signals are for the keeper.
	[ -z "$guest_user" ] || guest_command=("${user_prefix[@]}" "${guest_command[@]}")
}

# guest_boot OPTION...: boots a guest that ends by itself; sets status and output (the console).
guest_boot() {
	guest_prepare "$@"
	run_logged "${guest_command[@]}" </dev/null
}

# guest_start OPTION...: boots a guest in the background, its console on a fifo and a log.
guest_start() {
	guest_prepare "$@"
	rm -f "$guest_dir/input" "$guest_dir/pid"
	mkfifo "$guest_dir/input"
	: >"$guest_log"
	log "\$ ${guest_command[*]} &"
	"${guest_command[@]}" <"$guest_dir/input" >>"$guest_log" 2>&1 3>&- &
	guest_keeper=$!
	started+=("$guest_keeper")
	exec 8>"$guest_dir/input"
	wait_until 10 test -s "$guest_dir/pid"
}

# guest_send TEXT: types TEXT and Enter.
guest_send() {
	printf '%s\n' "$1" >&8
}

# guest_expect LIMIT_S REGEX: waits for a console line that matches.
guest_expect() {
	wait_until "$1" grep -aEq -- "$2" "$guest_log"
}

# guest_wait LIMIT_S: waits for the guest's end; sets status and output.
guest_wait() {
	wait_until "$1" not_running "$guest_keeper" || return 1
	status=0
	wait "$guest_keeper" || status=$?
	output=$(cat "$guest_log")
	exec 8>&-
	log "(guest ended with status $status)"
}

not_running() {
	! kill -0 "$1" 2>/dev/null || [ "$(process_state "$1")" = Z ]
}

process_state() {
	sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null
}

# The process id of the running guest's kernel.
guest_kernel_pid() {
	cat "$guest_dir/pid"
}

# The process ids of all processes of the guest, the kernel first.
guest_pids() {
	descendants "$guest_keeper"
}

descendants() {
	local child
	for child in $(ps -o pid= --ppid "$1"); do
		echo "$child"
		descendants "$child"
	done
}

# Fails if a guest of this test left a file or folder behind.
guest_check_clean() {
	local left
	left=$(find "$guest_dir/home" "$guest_dir/tmp" "$guest_dir/uml" -mindepth 1 2>/dev/null)
	[ -z "$left" ] || {
		log "left behind:"
		log "$left"
		return 1
	}
}

# guest_disk NAME [SIZE]: a writable copy of the test image; prints its path.
guest_disk() {
	local file=$guest_dir/$1
	cp --sparse=always "$guest_image" "$file"
	[ -z "${2:-}" ] || truncate -s "$2" "$file"
	[ -z "$guest_user" ] || [ "$(id -u)" -ne 0 ] || chown 65534:65534 "$file"
	echo "$file"
}

# ---- every test -----------------------------------------------------------------------------

setup() {
	guest_setup
}

teardown() {
	local pid failed=0
	for pid in "${started[@]}"; do
		# The keeper passes SIGTERM on; a second one, and its limit, end the stubborn.
		for signal in TERM TERM KILL; do
			not_running "$pid" && break
			kill -"$signal" "$pid" 2>/dev/null
			wait_until 10 not_running "$pid"
		done
	done
	exec 8>&-
	if [ -s "$guest_log" ]; then
		log "--- console"
		tr -d '\r' <"$guest_log"
		log "--- end of console"
		! grep -aq '^keeper: left behind' "$guest_log" || failed=1
	fi
	guest_check_clean || failed=1
	return "$failed"
}
