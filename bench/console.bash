# shellcheck shell=bash disable=SC2154,SC2034 # variables are those of lib.bash and of the scripts
# SPDX-License-Identifier: GPL-2.0-only
# Drives the console of a Debian guest for benchmarks: boots it, logs in, runs commands, ends it.
#
# The guest's output is read as it comes, so that a time is that of the moment when the text was
# seen.

console_pid=
# A guest that says nothing for so long hangs.
console_silence_s=600

# console_start LOG COMMAND...: starts the guest; $console_began is the time of its exec.
console_start() {
	console_log=$1
	shift
	console_kill
	: >"$console_log"
	rm -f "$work/input"
	mkfifo "$work/input"
	exec 7<>"$work/input"
	exec 6< <(exec "$@" <"$work/input" 2>&1 7>&-)
	console_pid=$!
	console_began=$EPOCHREALTIME
}

# console_until DELIMITER REGEX: reads pieces that end with DELIMITER until one matches; sets
# $console_text and $console_time, the host's time when it came.
console_until() {
	while IFS= read -r -t "$console_silence_s" -d "$1" console_text <&6; do
		console_time=$EPOCHREALTIME
		printf '%s%s' "$console_text" "$1" >>"$console_log"
		[[ ! $console_text =~ $2 ]] || return 0
	done
	printf '%s' "$console_text" >>"$console_log"
	echo "$tool: the console did not show: $2" >&2
	tail -n 20 "$console_log" | tr -d '\r' >&2
	return 1
}

# A fresh copy of an image, $work/disk.
console_disk() {
	rm -f "$work/disk"
	cp --sparse=always --reflink=auto "$1" "$work/disk" || die "no room for a copy of $1 in $work"
	chmod u+w "$work/disk"
}

console_send() {
	printf '%s\n' "$1" >&7
}

# Logs root in, at the prompt.
console_login() {
	console_send root
	console_until '~' 'root@[a-z]*:$'
}

# console_run COMMAND: runs it in the guest's shell, $console_status is its exit status.
console_run() {
	console_send "$1; printf '\\n%s %s\\n' end\"\"-of-command \$?"
	console_until $'\n' 'end-of-command ([0-9]+)' || return
	console_status=${BASH_REMATCH[1]}
}

# Reads to the guest's end; $console_status is its exit status.
console_end() {
	while IFS= read -r -t "$console_silence_s" console_text <&6; do
		printf '%s\n' "$console_text" >>"$console_log"
	done
	console_status=0
	wait "$console_pid" || console_status=$?
	console_time=$EPOCHREALTIME
	console_pid=
	exec 6<&- 7>&-
}

# Seconds between two times.
seconds() {
	awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", b - a }'
}

# The middle one of the numbers.
median() {
	printf '%s\n' "$@" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# A quotient, - where there is none.
ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b > 0) printf "%.2f", a / b; else print "-" }'
}

# Ends a guest that was left in the middle.
console_kill() {
	[ -n "$console_pid" ] || return 0
	kill "$console_pid" 2>/dev/null
	wait "$console_pid" 2>/dev/null
	console_pid=
	exec 6<&- 7>&-
}
