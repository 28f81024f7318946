# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What ./demo and ./check share: packages, configuration and build, with progress shown.
#
# The caller sets `top` (the source folder) and `build` (the build folder) and sources this file.

me=${0##*/}
: "${top:?}" "${build:?}"

die() {
	echo "$me: $*" >&2
	exit 1
}

# About how many lines one full build of the default kernel prints; only the progress line uses it.
full_build_lines=1590

# Shows the progress of process $1, which writes the log $2; $3 names the step, $4 is the number
# of log lines that are expected (0: unknown). On a terminal one line, else a line each minute.
progress() {
	local pid=$1 log=$2 name=$3 expected=$4 begun=$SECONDS next=$((SECONDS + 60)) text lines
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.3
		[ -t 1 ] || [ "$SECONDS" -ge "$next" ] || continue
		lines=$(grep -c '^  [A-Z]' "$log" 2>/dev/null || true)
		text="$name  $((SECONDS - begun)) s"
		if [ "$expected" -gt 0 ] && [ "${lines:-0}" -gt 20 ]; then
			text+="  ${lines} of about $expected files"
			[ "$lines" -ge "$expected" ] || text+=" ($((lines * 100 / expected)) %)"
		elif [ "${lines:-0}" -gt 0 ]; then
			text+="  $lines files"
		fi
		if [ -t 1 ]; then
			printf '\r\033[K%s' "$text"
		else
			echo "$text"
			next=$((SECONDS + 60))
		fi
	done
	[ ! -t 1 ] || printf '\r\033[K'
}

# step NAME LOG EXPECTED COMMAND...: runs it with its output in LOG; shows the log's end on failure.
step() {
	local name=$1 log=$2 expected=$3 begun=$SECONDS pid status=0
	shift 3
	# A process group of its own: an interrupted ./demo leaves no build behind, down to the last
	# make that a make started.
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	set +m
	# shellcheck disable=SC2064 # this pid, not a later one
	trap "kill -- -$pid 2>/dev/null; wait $pid 2>/dev/null || true; exit 130" INT TERM HUP
	progress "$pid" "$log" "$name" "$expected"
	wait "$pid" || status=$?
	trap - INT TERM HUP
	if [ "$status" -ne 0 ]; then
		echo "--- end of $log" >&2
		tail -n 30 "$log" >&2
		die "$name failed: exit status $status; the whole log is $log"
	fi
	echo "$name: done ($((SECONDS - begun)) s)"
}

# build_all SECTION...: everything from packages to a finished build in $build.
build_all() {
	UML_COMMAND=$me "$top/build-aux/packages.sh" build "$@"
	mkdir -p "$build"
	"$top/autogen.sh" >"$build/autogen.log" 2>&1 || {
		tail -n 30 "$build/autogen.log" >&2
		die "autogen.sh failed: the whole log is $build/autogen.log"
	}
	if [ ! -f "$build/config.status" ] || [ "$top/configure" -nt "$build/config.status" ] ||
		grep -q '^BUILD_ROOTFS_TRUE.*#' "$build/config.status"; then
		step "configure" "$build/configure.log" 0 configure_in "$build"
	fi
	local expected=0
	[ -e "$build/kernel/linux" ] || expected=$full_build_lines
	step "build" "$build/build.log" "$expected" \
		make -C "$build" -j "$(nproc)" --no-print-directory
}

# The options of an earlier configuration are kept.
configure_in() {
	cd "$1" || return 1
	if [ -x config.status ]; then
		./config.status --recheck && ./config.status
	else
		"$top/configure"
	fi
}
