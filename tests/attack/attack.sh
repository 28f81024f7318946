#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs attack programs inside a guest, as its root, and looks at the guest after each.
#
# usage: attack.sh PROGRAM[:ARGUMENT[:ARGUMENT]...]...
#
# Exit status: 0 if every attack held and the guest is unharmed, 1 if not, 2 for wrong usage.
# A program that takes longer than LIMIT_S seconds (600) is killed. A second disk becomes swap space.
# Written for busybox ash; needs /proc, /tmp and the programs beside it.
# shellcheck disable=SC3040 # busybox ash knows it
set -o pipefail

here=${0%/*}
[ $# -gt 0 ] || {
	echo "usage: attack.sh PROGRAM[:ARGUMENT]..." >&2
	exit 2
}

complaints='BUG|WARNING|Oops|[Pp]anic|stall|hung task|lockup|Call Trace|[Bb]ad page|while atomic'
failed=0
attempts=0
wrong() {
	echo "attack.sh: FAIL $*"
	failed=1
}

# Is everything as it was? $1: after what.
look() {
	kill -0 "$canary" 2>/dev/null || wrong "after $1: the canary has died"
	[ "$(md5sum </tmp/canary.file)" = "$file_sum" ] || wrong "after $1: a file has changed"
	[ "$(echo hello | tr ehlo EHLO)" = HELLO ] || wrong "after $1: the shell does not work"
	# A process that needs fresh memory, a file and a pipe.
	[ "$(head -c 3000000 /dev/zero | wc -c)" = 3000000 ] || wrong "after $1: no fresh memory"
	if dmesg | grep -E "$complaints"; then
		wrong "after $1: the kernel complains"
		dmesg -c >/dev/null
	fi
}

# The sum of "N attempts" in what a program has said.
count() {
	sed -n 's/^\([0-9][0-9]*\) attempts$/\1/p' "$1" | {
		sum=0
		while read -r n; do
			sum=$((sum + n))
		done
		echo "$sum"
	}
}

dmesg -c >/dev/null
dmesg -n 1
rm -f /tmp/canary.ready
if [ -b /dev/ubdb ]; then
	{ mkswap /dev/ubdb >/dev/null && swapon /dev/ubdb; } || wrong "no swap space"
fi
head -c 1000000 /dev/urandom >/tmp/canary.file
file_sum=$(md5sum </tmp/canary.file)
"$here/canary" /tmp/canary.ready &
canary=$!
n=0
while [ ! -e /tmp/canary.ready ]; do
	n=$((n + 1))
	[ $n -lt 100 ] || {
		wrong "the canary does not start"
		exit 1
	}
	sleep 0.1
done

for job; do
	program=${job%%:*}
	arguments=
	case $job in
	*:*) arguments=$(echo "${job#*:}" | tr : ' ') ;;
	esac
	echo "== $job"
	began=$(date +%s)
	# shellcheck disable=SC2086 # several words
	timeout -s KILL "${LIMIT_S:-600}" "$here/$program" --inside $arguments </dev/null |
		tee /tmp/attack.out
	status=$?
	n=$(count /tmp/attack.out)
	attempts=$((attempts + n))
	echo "$program: exit $status, $n attempts, $(($(date +%s) - began)) s"
	[ $status -eq 0 ] || wrong "$program: exit status $status"
	[ "$n" -gt 0 ] || wrong "$program: no attempt was made"
	look "$program"
done

kill -TERM "$canary"
wait "$canary"
status=$?
[ $status -eq 0 ] || wrong "the canary's memory: exit status $status"
echo "attack.sh: $attempts attempts"
[ $failed -ne 0 ] || echo "attack.sh: all attacks held"
exit $failed
