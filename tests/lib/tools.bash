# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the tools share, besides common.bash. Load it after that one.

# The program under test, by its name: tool NAME prints its path in the build folder.
tool() {
	local path
	# A build inside of the build folder has folders of these names.
	for path in "$UML_BUILD"/*/"$1"; do
		if [ -f "$path" ] && [ -x "$path" ]; then
			printf '%s\n' "$path"
			return
		fi
	done
	log "$1: not built in $UML_BUILD"
	return 1
}

# The program of Debian's uml-utilities by that name.
peer_tool() {
	local path
	for path in "/usr/bin/$1" "/usr/sbin/$1" "/usr/lib/uml/$1"; do
		if [ -x "$path" ]; then
			printf '%s\n' "$path"
			return
		fi
	done
	skip "needs the Debian package uml-utilities: no $1"
}

# split COMMAND...: runs it, its stdout in $out, its stderr in $err, its exit status in $status.
# Nothing of it ends the test.
split() {
	log "\$ $*"
	status=0
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- || status=$?
	out=$(cat "$BATS_TEST_TMPDIR/out") err=$(cat "$BATS_TEST_TMPDIR/err")
	log "$out"
	log "$err"
	log "(status $status)"
}

# A stock kernel has ended in order, by $status and its console in $output. Once in some hundred ends
# it breaks off by SIGABRT behind its last line, whatever it did before.
# shellcheck disable=SC2154 # bats sets the two
stock_ended_well() {
	[ "$status" -eq 0 ] || {
		[ "$status" -eq 134 ] && [[ $output == *"reboot: "@(System halted|Power down)* ]]
	}
}

# What a terminal would obey, or be confused by: control characters of both sets, raw and as UTF-8,
# separators of lines, marks of direction, tags, sequences that are none.
# shellcheck disable=SC2034 # tests use it
terminal_effects=($'\e[31m' $'\177' $'\2331mX' $'\302\2331mX' $'\302\205' $'\342\200\250' $'\342\200\251'
	$'\342\200\256' $'\342\200\252' $'\342\201\246' $'\342\201\251' $'\342\200\217' $'\330\234' $'\357\273\277'
	$'\363\240\201\201' $'\303' $'\300\233' $'\355\240\200')

# has_no_effect TEXT: nothing in it is more to a terminal than letters and line feeds.
has_no_effect() {
	python3 - "$1" <<-'EOT'
	import os, sys, unicodedata
	text = os.fsencode(sys.argv[1]).decode()
	for c in text:
	    assert c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp"), ascii(text)
	EOT
}

# in_netns COMMAND...: runs it in the test's own network namespace, made by the first call.
in_netns() {
	if [ -z "${netns:-}" ]; then
		need_root "network namespaces"
		netns=umltest-$BASHPID-$BATS_TEST_NUMBER
		ip netns add "$netns"
		ip -n "$netns" link set lo up
	fi
	ip netns exec "$netns" "$@"
}

# For teardown: removes the namespace and all that is in it.
netns_remove() {
	[ -z "${netns:-}" ] || ip netns del "$netns"
}
