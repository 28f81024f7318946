#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs the guest programs of a folder, on the host or inside a guest (busybox ash will do).
#
# usage: run.sh [-o DIR] [-t SECONDS] FOLDER [PROGRAM...]
#
# For each program: its output, then "NAME: exit N".  With -o each goes to DIR/NAME.out and one
# line a program to standard output; without it all goes to standard output.  A program that
# outlives its limit is killed and counts as exit 137.  Exit status: 0 when all ended with 0,
# 1 when one did not, 2 for wrong usage.

out=
limit=60
while getopts o:t: opt; do
	case $opt in
	o) out=$OPTARG ;;
	t) limit=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
	echo "usage: run.sh [-o DIR] [-t SECONDS] FOLDER [PROGRAM...]" >&2
	exit 2
fi
folder=$1
shift
if [ $# -eq 0 ]; then
	for f in "$folder"/*; do
		if [ ! -f "$f" ] || [ ! -x "$f" ]; then
			continue
		fi
		case $f in
		*.sh|*.so) ;;
		*) set -- "$@" "${f##*/}" ;;
		esac
	done
fi
[ -z "$out" ] || mkdir -p "$out" || exit 1

# The programs see the same environment and the same resource limits everywhere.
TMPDIR=${TMPDIR:-/tmp}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
LC_ALL=C
export TMPDIR PATH LC_ALL
umask 022
# shellcheck disable=SC3045 # busybox ash, dash and bash have them
ulimit -s 8192
# shellcheck disable=SC3045
ulimit -S -c 0

failed=0
run_one() {
	timeout -s KILL "$limit" "$folder/$1" </dev/null 2>&1
	echo "$1: exit $?"
}

for name; do
	if [ -n "$out" ]; then
		run_one "$name" >"$out/$name.out"
		result=$(tail -n 1 "$out/$name.out")
		echo "$result"
	else
		text=$(run_one "$name")
		echo "$text"
		result=$(echo "$text" | tail -n 1)
	fi
	[ "$result" = "$name: exit 0" ] || failed=1
done
exit $failed
