# shellcheck shell=bash disable=SC2154 # variables are those of uml_mkroot and its other parts
# SPDX-License-Identifier: GPL-2.0-only
# Steps that take long: run with their output in a log, their progress on stderr.
#
# A step runs in a process group of its own, so that an interrupted tool ends all of it.

step_pid=
# Off a terminal the progress of a step is a line each so many seconds.
progress_every_s=30

# step NAME COMMAND...: runs it with its output in $work/log; returns its status. STEP_DETAIL may
# name a function that prints a few words about what goes on.
step() {
	local name=$1 begun=$SECONDS status=0
	shift
	[ -n "$quiet" ] || [ -t 2 ] || echo "$tool: $name ..." >&2
	set -m
	"$@" >"$work/log" 2>&1 </dev/null &
	step_pid=$!
	set +m
	[ -n "$quiet" ] || progress "$name"
	wait "$step_pid" || status=$?
	step_pid=
	[ -n "$quiet" ] || [ "$status" -ne 0 ] || echo "$tool: $name: done ($((SECONDS - begun)) s)" >&2
	return "$status"
}

progress() {
	local begun=$SECONDS next=$((SECONDS + progress_every_s)) text columns=80
	[ ! -t 2 ] || columns=$(tput cols 2>/dev/null || echo 80)
	while kill -0 "$step_pid" 2>/dev/null; do
		sleep 0.2
		[ -t 2 ] || [ "$SECONDS" -ge "$next" ] || continue
		text="$1: $((SECONDS - begun)) s"
		[ -z "${STEP_DETAIL:-}" ] || text+="  $(printable "$("$STEP_DETAIL")")"
		if [ -t 2 ]; then
			printf '\r\033[K%.*s' "$((columns - 1))" "$text" >&2
		else
			echo "$tool: $text" >&2
			next=$((SECONDS + progress_every_s))
		fi
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

# Ends the running step, if there is one.
step_end() {
	[ -n "$step_pid" ] || return 0
	kill -- "-$step_pid" 2>/dev/null || true
	wait "$step_pid" 2>/dev/null || true
	step_pid=
	[ ! -t 2 ] || printf '\r\033[K' >&2
}

# The step's log has this extended regular expression.
log_has() {
	grep -qE -- "$1" "$work/log"
}

# The last line of the log, or the last with this expression.
log_line() {
	grep -aE -- "${1:-.}" "$work/log" | tail -n 1
}
