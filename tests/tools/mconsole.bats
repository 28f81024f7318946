#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_mconsole beside the one of uml-utilities, both against a stock kernel; then what is new.

# shellcheck disable=SC2016 # what is in single quotes is for other shells
# shellcheck disable=SC2030,SC2031 # each test is a shell of its own
# shellcheck disable=SC2154 # assigned in common.bash

load ../lib/common
load ../lib/tools

# One guest for all tests that leave it as it is. It lives in $BATS_FILE_TMPDIR.
setup_file() {
	stock_dir=$BATS_FILE_TMPDIR/stock
	mkdir -p "$stock_dir/home"
	chmod a+x "$BATS_RUN_TMPDIR"/file "$BATS_FILE_TMPDIR" "$stock_dir"
	"$UML_SOURCE/rootfs/mkdemo.sh" "$BATS_FILE_TMPDIR/root.ext4"
	stock_start shared
	stock_ready shared
}

teardown_file() {
	stock_dir=$BATS_FILE_TMPDIR/stock
	local file
	for file in "$BATS_FILE_TMPDIR"/*/*.keeper; do
		[ ! -e "$file" ] || end_process "$(cat "$file")"
	done
}

setup() {
	guest_setup
	stock_dir=$BATS_FILE_TMPDIR/stock
	use_home "$stock_dir/home"
	export TMPDIR=$BATS_TEST_TMPDIR/tmp XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	mkdir -p "$TMPDIR/uml"
	mconsole=$(tool uml_mconsole)
	peer=$(peer_tool uml_mconsole)
	processes=()
}

teardown() {
	local pid file
	for pid in "${processes[@]}"; do
		end_process "$pid"
	done
	for file in "$BATS_TEST_TMPDIR"/*/*.keeper; do
		[ ! -e "$file" ] || end_process "$(cat "$file")"
	done
	netns_remove
	for file in "$stock_dir"/*.log; do
		log "--- $file"
		tail -n 20 "$file" | cut -c1-200 | tr -d '\r'
	done
}

use_home() {
	export HOME=$1
}

# Ends a process of this test; a keeper ends all that it started first.
end_process() {
	kill -HUP "$1" 2>/dev/null || return 0
	wait_until 10 not_running "$1" || kill -KILL "$1" 2>/dev/null || true
}

# stock_start UMID [OPTION]...: boots a stock kernel in $stock_dir, in the background.
stock_start() {
	local umid=$1 as=()
	shift
	[ -z "$guest_user" ] || as=(as_user)
	rm -f "$stock_dir/$umid.in"
	mkfifo -m 666 "$stock_dir/$umid.in"
	"${as[@]}" "$keeper" -t 300 env HOME="$stock_dir/home" TMPDIR=/tmp \
		"$BATS_SUITE_TMPDIR/stock" mem=64M umid="$umid" ubd0r="$BATS_FILE_TMPDIR/root.ext4" root=/dev/ubda ro \
		con=null con0=fd:0,fd:1 ssl=null "$@" \
		<>"$stock_dir/$umid.in" >"$stock_dir/$umid.log" 2>&1 3>&- &
	echo $! >"$stock_dir/$umid.keeper"
}

# stock_ready UMID [TIMES]: waits until its shell has come up, for the TIMES-th time.
stock_ready() {
	wait_until 60 shell_is_up "$1" "${2:-1}"
}

# stock_console UMID TIMES: waits until its management console is there for the TIMES-th time.
stock_console() {
	wait_until 60 console_is_up "$1" "$2"
}

console_is_up() {
	[ "$(grep -aoF 'mconsole (version 2) initialized' "$stock_dir/$1.log" | wc -l)" -ge "$2" ] &&
		"$mconsole" --timeout=1 "$1" version
}

shell_is_up() {
	[ "$(grep -aoE 'demo:(/root|~)#' "$stock_dir/$1.log" | wc -l)" -ge "$2" ]
}

# stock_type UMID TEXT: types a line on its console.
stock_type() {
	printf '%s\n' "$2" >"$stock_dir/$1.in"
}

# stock_ended UMID: its keeper has seen it end.
stock_ended() {
	wait_until 30 not_running "$(cat "$stock_dir/$1.keeper")"
}

stock_pid() {
	cat "$stock_dir/home/.uml/$1/pid"
}

# Kills a guest as a crash would: its folder stays.
stock_crash() {
	kill -KILL "$(stock_pid "$1")"
	stock_ended "$1"
}

# own_guests: guests of this test get a home of their own.
own_guests() {
	stock_dir=$BATS_TEST_TMPDIR/stock
	mkdir -p "$stock_dir/home"
	chmod a+x "$stock_dir"
	use_home "$stock_dir/home"
}

# console MODE: starts tests/lib/console as instance MODE.
console() {
	mkdir -p "$TMPDIR/uml/$1"
	"$UML_TESTS/lib/console" "$TMPDIR/uml/$1/mconsole" "$1" 3>&- &
	processes+=($!)
	echo $! >"$TMPDIR/uml/$1/pid"
	wait_until 20 test -S "$TMPDIR/uml/$1/mconsole"
}

# same COMMAND...: both clients print the same; statuses agree but for the peer's odd ones.
same() {
	local peer_out peer_status=0
	peer_out=$(timeout -k 1 20 "$peer" shared "$@" 2>/dev/null </dev/null 3>&-) ||
		peer_status=$?
	log "peer: $* -> $peer_status: $peer_out"
	split "$mconsole" shared "$@"
	[ "$out" = "$peer_out" ]
	[ "$status" -eq $((peer_status ? 1 : 0)) ]
	[ -z "$err" ]
}

# ---- beside the peer ------------------------------------------------------------------------

@test "commands answer as through the peer's client, OK or ERR" {
	same version
	[[ $out == "OK Linux demo 6.1"?(2)"."* ]]
	same version with more words
	same proc version
	[[ $out == "OK "*"Linux version 6.1"?(2)"."* ]]
	same proc cpuinfo
	same proc filesystems
	same proc no-such
	same proc
	same sysrq h
	same sysrq w
	same sysrq
	same mconsole-version
	[ "$out" = "uml_mconsole client version 2" ]
	same no-such-command
	[ "$out" = "ERR Unknown command" ]
	same stack
	same stack 999
	same config
	same config no-such
	same remove
	same remove no-such
}

@test "config and remove add, tell and take away devices, as the peer does" {
	local client number=1
	truncate -s 1M "$BATS_TEST_TMPDIR/disk"
	same config ubd0
	same config con0
	[ "$out" = "OK fd:0,fd:1" ]
	same config mem
	for client in "$peer" "$mconsole"; do
		split "$client" shared config "ubd$number=$BATS_TEST_TMPDIR/disk"
		[ "$status" -eq 0 ]
		[ "$out" = "OK " ]
		same config "ubd$number"
		[ "$out" = "OK $BATS_TEST_TMPDIR/disk" ]
		split "$client" shared remove "ubd$number"
		[ "$out" = "OK " ]
		split "$mconsole" shared remove "ubd$number"
		[ "$status" -eq 1 ]
		[ "$out" = "ERR Device doesn't exist" ]
		split "$client" shared config "con$((number + 1))=pts"
		[ "$out" = "OK " ]
		same config "con$((number + 1))"
		split "$client" shared remove "con$((number + 1))"
		[ "$out" = "OK " ]
		number=2
	done
	same remove ubd0
	[ "$out" = "ERR Device is currently open" ]
	same remove mem
}

@test "stop and go pause the machine, as the peer does" {
	local client
	for client in "$peer" "$mconsole"; do
		split "$client" shared stop
		[ "$status" -eq 0 ]
		[ "$out" = "OK stopped" ]
		same stop
		[ "$out" = "ERR Already stopped" ]
		same version
		split "$client" shared go
		[ "$status" -eq 0 ]
		[ "$out" = "OK " ]
	done
	same go
	[ "$out" = "ERR Not stopped" ]
}

@test "help prints what the kernel has, then the commands of the client" {
	local peer_out name
	peer_out=$("$peer" shared help)
	split "$mconsole" shared help
	[ "$status" -eq 0 ]
	[ "${out%%$'\n\n'*}" = "${peer_out%%$'\n\n'*}" ]
	for name in "log -f FILE" int switch mconsole-version quit; do
		grep -q "^  $name " <<<"$out"
	done
	# Each local command of the peer is one of ours.
	sed -n '/local/,$s/^    \([a-z-]*\) .*/\1/p' <<<"$peer_out" | while read -r name; do
		grep -q "^  $name" <<<"$out"
	done
}

@test "log puts one message into the kernel's log, log -f the lines of a file" {
	split "$mconsole" shared log one message of ours
	[ "$status" -eq 0 ]
	[ "$out" = "OK " ]
	seq -f 'line %g of a file' 1 100 >"$BATS_TEST_TMPDIR/lines"
	head -n 20 "$BATS_TEST_TMPDIR/lines" >"$BATS_TEST_TMPDIR/few"
	same log -f "$BATS_TEST_TMPDIR/few"
	split "$mconsole" shared log -f "$BATS_TEST_TMPDIR/lines"
	[ "$status" -eq 0 ]
	[[ $out == OK*OK*OK* ]]
	wait_until 20 grep -aqx $'line 100 of a file\r*' "$stock_dir/shared.log"
	wait_until 20 grep -aq 'one message of ours' "$stock_dir/shared.log"
	# No line is cut in two.
	[ "$(grep -ac '^line [0-9]* of a file' "$stock_dir/shared.log")" -eq 140 ]
	split "$mconsole" shared log -f "$BATS_TEST_TMPDIR/none"
	[ "$status" -eq 1 ]
	[[ $err == "uml_mconsole: cannot open $BATS_TEST_TMPDIR/none: No such file"* ]]
	split "$mconsole" shared log -f
	[ "$status" -eq 1 ]
}

@test "an answer of more parts than a socket queues is whole" {
	split "$mconsole" shared stack 1
	[ "$status" -eq 0 ]
	[[ $out == "OK Stack:"*"Call Trace:"* ]]
	[ "$(wc -l <<<"$out")" -gt 12 ]
	[[ $(tail -n 1 <<<"$out") == *new_thread_handler* ]]
}

@test "a prompt without a terminal prints what the peer's does" {
	local peer_out
	printf '%s\n' version 'proc version' bogus 'switch shared' 'mconsole-version' \
		'config ubd0' quit >"$BATS_TEST_TMPDIR/commands"
	peer_out=$("$peer" shared <"$BATS_TEST_TMPDIR/commands")
	split "$mconsole" shared <"$BATS_TEST_TMPDIR/commands"
	[ "$status" -eq 0 ]
	[ "$out" = "$peer_out" ]
	[ -z "$err" ]
	peer_out=$(printf 'version\nbogus' | "$peer" shared)
	printf 'version\nbogus' >"$BATS_TEST_TMPDIR/commands"
	split "$mconsole" shared <"$BATS_TEST_TMPDIR/commands"
	[ "$status" -eq 1 ]
	[ "$out" = "$peer_out" ]
}

@test "reboot, cad, halt and int do what they do through the peer's client" {
	local umid client command times=1
	own_guests
	stock_start theirs
	stock_start ours
	for command in reboot cad; do
		for umid in theirs ours; do
			stock_ready "$umid" "$times"
			client=$mconsole
			[ "$umid" = ours ] || client=$peer
			split "$client" "$umid" "$command"
			[ "$status" -eq 0 ]
			[ "$out" = "OK " ]
		done
		times=$((times + 1))
	done
	stock_console theirs "$times"
	stock_console ours "$times"
	split "$peer" theirs halt
	[ "$out" = "OK " ]
	split "$mconsole" ours halt
	[ "$status" -eq 0 ]
	[ "$out" = "OK " ]
	stock_ended theirs
	stock_ended ours
	[ -z "$(ls -A "$HOME/.uml")" ]

	stock_start theirs
	stock_start ours
	stock_console theirs 1
	stock_console ours 1
	split "$peer" theirs int
	[ "$status" -eq 0 ]
	[ -z "$out" ]
	split "$mconsole" ours int
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	stock_ended theirs
	stock_ended ours
}

# ---- which instance -------------------------------------------------------------------------

@test "--list shows umid, process, state and kernel, as lines and as JSON" {
	local version
	version=$("$peer" shared version)
	split "$mconsole" --list
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$out")" -eq 1 ]
	read -r umid pid state kernel <<<"$out"
	[ "$umid $pid $state" = "shared $(stock_pid shared) running" ]
	[[ $version == *" $kernel "* ]]
	split "$mconsole" --list --json
	[ "$status" -eq 0 ]
	UMID=shared PID=$(stock_pid shared) VERSION=${version#OK } python3 -c '
import json, os, sys
[entry] = json.load(sys.stdin)
assert entry["umid"] == os.environ["UMID"]
assert entry["pid"] == int(os.environ["PID"])
assert entry["state"] == "running"
assert entry["version"] == os.environ["VERSION"]
assert entry["kernel"] in entry["version"].split()
assert entry["socket"] == os.environ["HOME"] + "/.uml/shared/mconsole"
assert entry["uid"] == os.getuid()
' <<<"$out"
	split "$mconsole" --json shared config nothing
	[ "$status" -eq 1 ]
	python3 -c '
import json, sys
answer = json.load(sys.stdin)
assert answer == {"umid": "shared", "command": "config nothing", "error": 1,
	"reply": "Bad configuration option"}, answer
' <<<"$out"
}

@test "a umid, a path, \$TMPDIR/uml or the only one that runs" {
	split "$mconsole" version
	[ "$status" -eq 0 ]
	[[ $out == "OK Linux demo"* ]]
	split "$mconsole" "$HOME/.uml/shared/mconsole" version
	[ "$status" -eq 0 ]
	cd "$HOME/.uml/shared"
	split "$mconsole" ./mconsole version
	[ "$status" -eq 0 ]
	split "$mconsole" mconsole version
	[ "$status" -eq 0 ]
	cd "$BATS_TEST_TMPDIR"
	ln -s "$HOME/.uml/shared" "$TMPDIR/uml/other"
	HOME=/nonexistent split "$mconsole" other version
	[ "$status" -eq 0 ]
	[[ $out == "OK Linux demo"* ]]
	# Two run: the one meant must be named.
	split "$mconsole" version
	[ "$status" -eq 2 ]
	[[ $(head -n 1 <<<"$err") == "uml_mconsole: which instance? there are shared, other" ]]
	split "$mconsole" <<<quit
	[ "$status" -eq 2 ]
	rm "$TMPDIR/uml/other"
	split "$mconsole" no-such version
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[[ $err == "uml_mconsole: no-such: no such instance in ~/.uml,"* ]]
	split "$mconsole" "$BATS_FILE_TMPDIR/root.ext4" version
	[ "$status" -eq 1 ]
	[[ $err == *"not the socket of a management console"* ]]
	use_home "$BATS_TEST_TMPDIR"
	split "$mconsole" version
	[ "$status" -eq 1 ]
	[[ $err == "uml_mconsole: no instance runs:"* ]]
	split "$mconsole" --list
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	[ "$("$mconsole" --list --json)" = "[]" ]
}

@test "long commands and wrong usage are refused" {
	split "$mconsole" shared log "$(printf 'x%.0s' {1..507})"
	[ "$status" -eq 0 ]
	split "$mconsole" shared log "$(printf 'x%.0s' {1..508})"
	[ "$status" -eq 1 ]
	[[ $err == "uml_mconsole: command not sent: it has more than 511 bytes"* ]]
	local words
	for words in "--timeout=x shared version" "--timeout=-1 shared version" "--list shared" \
		"--list --clean" "--timeout=86401 --list"; do
		# shellcheck disable=SC2086 # words are wanted
		split "$mconsole" $words
		[ "$status" -eq 2 ]
		[[ $(sed -n 2p <<<"$err") == "usage: uml_mconsole"* ]]
	done
}

@test "a stopped process: exit 3 after --timeout; the list says silent" {
	local pid
	pid=$(stock_pid shared)
	kill -STOP "$pid"
	split "$mconsole" --timeout=1 shared version
	kill -CONT "$pid"
	[ "$status" -eq 3 ]
	[ -z "$out" ]
	[[ $err == "uml_mconsole: shared: no whole answer within 1 s:"* ]]
	kill -STOP "$pid"
	split "$mconsole" --timeout=1 --list
	kill -CONT "$pid"
	[ "$status" -eq 0 ]
	read -r _ _ state kernel <<<"$out"
	[ "$state $kernel" = "silent -" ]
	# A full queue is no reason to hang either, and late answers go astray.
	kill -STOP "$pid"
	for _ in {1..14}; do
		timeout -s KILL 1 "$mconsole" --timeout=1 shared log late >/dev/null 2>&1 &
		processes+=($!)
	done
	wait "${processes[@]}" || true
	split "$mconsole" --timeout=1 shared version
	kill -CONT "$pid"
	[ "$status" -eq 3 ]
	split "$mconsole" shared version
	[[ $out == "OK Linux demo"* ]]
}

@test "a dead instance is said to be dead; int signals nobody; --clean removes what is surely dead" {
	own_guests
	stock_start gone
	stock_ready gone
	stock_crash gone
	split "$mconsole" gone version
	[ "$status" -eq 3 ]
	[ -z "$out" ]
	[[ $err == "uml_mconsole: gone: this instance is dead: nobody listens on "* ]]
	split "$mconsole" gone </dev/null
	[ "$status" -eq 3 ]
	split "$mconsole" gone int
	[ "$status" -eq 3 ]
	split "$mconsole" --list
	read -r umid _ state kernel <<<"$out"
	[ "$umid $state $kernel" = "gone dead -" ]
	split "$mconsole" version
	[ "$status" -eq 1 ]

	# Its number belongs to another process now.
	sleep 300 3>&- &
	processes+=($!)
	echo "${processes[0]}" >"$HOME/.uml/gone/pid"
	split "$mconsole" gone int
	[ "$status" -eq 1 ]
	[[ $err == *"nothing shows that process ${processes[0]}"* ]]
	split "$mconsole" --list
	[[ $out == gone*running* ]]
	split "$mconsole" gone version
	[ "$status" -eq 3 ]
	[[ $err == *"process ${processes[0]} runs, but nobody listens"* ]]
	touch -d '1 hour ago' "$HOME/.uml/gone/pid"
	split "$mconsole" --list
	[[ $out == gone*dead* ]]
	split "$mconsole" gone int
	[ "$status" -ne 0 ]
	kill -0 "${processes[0]}"
	split "$mconsole" --clean
	[ "$status" -eq 0 ]
	[ -z "$out" ]
	[[ $err == *"left alone: it is not sure"* ]]

	kill "${processes[0]}"
	wait "${processes[0]}" || true
	split "$mconsole" --clean
	[ "$out" = "$HOME/.uml/gone" ]
	[ ! -e "$HOME/.uml/gone" ]
}

# ---- others on the same host ----------------------------------------------------------------

@test "another ordinary user's instance is refused without --force" {
	need_root "two users"
	own_guests
	chown 65534:65534 "$stock_dir/home"
	guest_user=yes
	stock_start theirs
	stock_ready theirs
	split "$mconsole" theirs version
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[[ $err == "uml_mconsole: theirs: not contacted: it belongs to the user nobody (65534)"* ]]
	split "$mconsole" "$HOME/.uml/theirs/mconsole" version
	[ "$status" -eq 1 ]
	split "$mconsole" theirs int
	[ "$status" -eq 1 ]
	split "$mconsole" theirs </dev/null
	[ "$status" -eq 1 ]
	split "$mconsole" version
	[ "$status" -eq 1 ]
	[[ $err == *"no instance runs"* ]]
	split "$mconsole" --list
	[[ $out == theirs*foreign* ]]
	split "$mconsole" --force theirs version
	[ "$status" -eq 0 ]
	[[ $out == "OK Linux demo"* ]]
	split "$mconsole" --force --list
	[[ $out == theirs*running*6.1?(2).* ]]
	split as_user "$mconsole" theirs version
	[ "$status" -eq 0 ]
	kill -0 "$(stock_pid theirs)"
	split "$mconsole" --force theirs int
	[ "$status" -eq 0 ]
	stock_ended theirs
}

@test "folders and links that another user has put into a shared place are refused" {
	need_root "two users"
	chmod 1777 "$TMPDIR/uml"
	# A link of theirs to an instance of ours: the command would hit what its name does not say.
	as_user ln -s "$HOME/.uml/shared" "$TMPDIR/uml/linked"
	split "$mconsole" linked version
	[ "$status" -eq 1 ]
	[[ $err == *"linked: not contacted: it belongs to"* ]]
	as_user mkdir "$TMPDIR/uml/folder"
	ln "$HOME/.uml/shared/mconsole" "$TMPDIR/uml/folder/mconsole"
	split "$mconsole" folder version
	[ "$status" -eq 1 ]
	[[ $err == *"folder: not contacted: it belongs to"* ]]
	split "$mconsole" --list
	[ "$(grep -c foreign <<<"$out")" -eq 2 ]
	split "$mconsole" version
	[ "$status" -eq 0 ]
	split "$mconsole" --clean
	[ -z "$out" ]
}

@test "answers that break the protocol end the client, not the other way round" {
	local mode
	for mode in long lie short; do
		console "$mode"
		split "$mconsole" "$mode" version
		[ "$status" -eq 1 ]
		[ -z "$out" ]
		[[ $err == "uml_mconsole: $mode: what came is no reply of protocol version 2"* ]]
	done
	console endless
	split timeout -s KILL 60 "$mconsole" --timeout=30 endless version
	[ "$status" -eq 1 ]
	[[ $err == *"the reply does not end"* ]]
	[ -z "$out" ]
	console empty
	split timeout -s KILL 60 "$mconsole" --timeout=1 empty version
	[ "$status" -eq 3 ]
	[[ $err == "uml_mconsole: empty: no whole answer within 1 s:"* ]]
	console silent
	split "$mconsole" --timeout=1 silent version
	[ "$status" -eq 3 ]
	split "$mconsole" silent int
	# It holds the socket: it is that instance.
	[ "$status" -eq 0 ]
	wait_until 10 not_running "${processes[-1]}"
}

@test "only the console itself can answer" {
	console forged
	split "$mconsole" forged version
	[ "$status" -eq 0 ]
	[ "$out" = "OK Operation not permitted" ]
}

@test "an instance in another network namespace is told" {
	need_root "network namespaces"
	mkdir "$TMPDIR/uml/away"
	in_netns true
	ip netns exec "$netns" "$UML_TESTS/lib/console" "$TMPDIR/uml/away/mconsole" forged 3>&- &
	processes+=($!)
	echo "$!" >"$TMPDIR/uml/away/pid"
	wait_until 20 test -S "$TMPDIR/uml/away/mconsole"
	split "$mconsole" --timeout=1 away version
	[ "$status" -eq 3 ]
	[[ $err == *"process $! is in another network namespace; use nsenter"* ]]
	split nsenter --net --target "$!" "$mconsole" away version
	[ "$status" -eq 0 ]
}

@test "a socket of another type is told" {
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM); s.bind(sys.argv[1]); s.listen(); time.sleep(300)
' "$BATS_TEST_TMPDIR/stream" 3>&- &
	processes+=($!)
	wait_until 20 test -S "$BATS_TEST_TMPDIR/stream"
	split "$mconsole" "$BATS_TEST_TMPDIR/stream" version
	[ "$status" -eq 1 ]
	[[ $err == *"socket of another type"* ]]
}

# ---- the prompt -----------------------------------------------------------------------------

@test "on a terminal, control characters of a guest are shown, not obeyed" {
	stock_type shared "hostname \$(printf 'a\\033]0;b\\007')"
	wait_until 20 eval '"$mconsole" shared version | grep -q "OK Linux a"'
	run_logged "$UML_TESTS/lib/on-pty" "$mconsole" shared version <<<"expect OK Linux"
	stock_type shared "hostname demo"
	[ "$status" -eq 0 ]
	[[ $output == *'OK Linux a\x1b]0;b\x07 6.1'?(2)"."* ]]
	[[ $output != *$'\033'* ]]
	wait_until 20 eval '"$mconsole" shared version | grep -q "OK Linux demo"'
	# All of an answer is in the JSON, also behind a NUL, and nothing for a terminal.
	console nul
	split "$mconsole" --json nul version
	[ "$status" -eq 0 ]
	has_no_effect "$out"
	python3 - "$out" <<-'EOT'
		import json, sys
		assert json.loads(sys.argv[1])["reply"] == "a\0b\u009b1m\u2028c", sys.argv[1]
	EOT
	split "$mconsole" --json --list
	has_no_effect "$out"
	# What goes to a pipe is left as it is.
	console escapes
	"$mconsole" escapes version >"$BATS_TEST_TMPDIR/raw"
	printf 'OK a\033]0;title\007\2331mb\n' | cmp - "$BATS_TEST_TMPDIR/raw"
}

@test "the prompt completes commands, devices and umids, and keeps its history" {
	ldd "$mconsole" | grep -q libedit || skip "built without libedit"
	local history=$XDG_STATE_HOME/uml/mconsole_history
	run_logged "$UML_TESTS/lib/on-pty" "$mconsole" shared <<-'EOT'
		expect \(shared\) 
		send vers\t\r
		expect OK Linux demo
		expect \(shared\) 
		send swi\tsha\t\r
		expect Switched to 'shared'
		expect \(shared\) 
		send conf\tubd0\t\r
		expect OK .*root.ext4
		expect \(shared\) 
		send conf\tubd\t\t
		expect ubd0 +ubd1
		send 0\r
		expect OK .*root.ext4
		expect \(shared\) 
		send log -\tf /etc/hostn\t\r
		expect OK
		expect \(shared\) 
		send bogus\r
		expect ERR Unknown command
		expect \(shared\) 
		send \x10\x10\x10\r
		expect OK .*root.ext4
		expect \(shared\) 
		send quit\r
	EOT
	[ "$status" -eq 0 ]
	[ "$(stat -c %a "$history")" = 600 ]
	[ "$(stat -c %a "$XDG_STATE_HOME/uml")" = 700 ]
	diff <(printf '%s\n' 'version' 'switch shared' 'config ubd0' 'log -f /etc/hostname' bogus \
		'config ubd0' quit) "$history"
	# The next prompt has the lines of the last.
	run_logged "$UML_TESTS/lib/on-pty" "$mconsole" shared <<-'EOT'
		expect \(shared\) 
		send \x10\x10\x10\r
		expect ERR Unknown command
		expect \(shared\) 
		send \x04
	EOT
	[ "$status" -eq 1 ]
	[ "$(tail -n 1 "$history")" = bogus ]
}

@test "the history file is cut when it has grown to twice of what is kept" {
	ldd "$mconsole" | grep -q libedit || skip "built without libedit"
	local history=$XDG_STATE_HOME/uml/mconsole_history
	mkdir -p "${history%/*}"
	seq 1 2000 | sed 's/^/command /' >"$history"
	run_logged "$UML_TESTS/lib/on-pty" "$mconsole" shared <<<$'expect shared\nsend quit\\r'
	[ "$status" -eq 0 ]
	diff <(seq 1 2000 | sed 's/^/command /'; echo quit) "$history"
	run_logged "$UML_TESTS/lib/on-pty" "$mconsole" shared <<-'EOT'
		expect \(shared\) 
		send \x10\x10\r
		expect ERR Unknown command
		expect \(shared\) 
		send \x04
	EOT
	[ "$status" -eq 1 ]
	diff <(seq 1002 2000 | sed 's/^/command /'; printf '%s\n' quit 'command 2000') "$history"
	[ "$(stat -c %a "$history")" = 600 ]
	[ "$(find "${history%/*}" | wc -l)" -eq 2 ]
}

@test "the history is kept in ~/.local/state, and nowhere in another user's home" {
	ldd "$mconsole" | grep -q libedit || skip "built without libedit"
	unset XDG_STATE_HOME
	mkdir -p "$BATS_TEST_TMPDIR/home/.uml"
	ln -s "$HOME/.uml/shared" "$BATS_TEST_TMPDIR/home/.uml/shared"
	use_home "$BATS_TEST_TMPDIR/home"
	run_logged "$UML_TESTS/lib/on-pty" "$mconsole" shared <<-'EOT'
		expect \(shared\) 
		send quit\r
	EOT
	[ "$status" -eq 0 ]
	[ "$(cat "$HOME/.local/state/uml/mconsole_history")" = quit ]
	rm -r "$HOME/.local"
	need_root "two users"
	chown 65534 "$HOME"
	run_logged "$UML_TESTS/lib/on-pty" "$mconsole" shared <<-'EOT'
		expect \(shared\) 
		send quit\r
	EOT
	[ "$status" -eq 0 ]
	[ ! -e "$HOME/.local" ]
}

@test "a prompt outlives its instance; switch goes to another" {
	own_guests
	stock_start second
	ln -s "$BATS_FILE_TMPDIR/stock/home/.uml/shared" "$TMPDIR/uml/shared"
	stock_ready second
	printf '%s\n' 'switch second' halt version 'switch none' 'switch' 'switch shared' version \
		>"$BATS_TEST_TMPDIR/commands"
	split "$mconsole" shared <"$BATS_TEST_TMPDIR/commands"
	[ "$status" -eq 0 ]
	[[ $out == *"(second) halt"*"OK"*"(second) version"*"(second) switch shared"*"OK Linux demo"* ]]
	[[ $err == *"second: "*"switch"* ]]
	stock_ended second
}

# ---- completion -----------------------------------------------------------------------------

@test "bash completes umids and commands" {
	# complete WORD...: what the last word may become.
	complete_words() {
		PATH="$(dirname "$mconsole"):$PATH" bash -c '
			. "$0/mconsole/complete.bash"
			COMP_WORDS=(uml_mconsole "$@") COMP_CWORD=$#
			_uml_mconsole
			printf "%s\n" "${COMPREPLY[@]}" | sort -u' "$UML_SOURCE" "$@"
	}
	[ "$(complete_words sha)" = shared ]
	[ "$(complete_words --timeout = 3 shared vers)" = version ]
	[ "$(complete_words --force shared re)" = $'reboot\nremove' ]
	[ "$(complete_words shared switch s)" = shared ]
	[ "$(complete_words -t 3 mconsole-)" = mconsole-version ]
	[ "$(complete_words shared log "$BATS_FILE_TMPDIR/roo")" = "$BATS_FILE_TMPDIR/root.ext4" ]
	# A name that a shell would run is none.
	mkdir "$TMPDIR/uml/\$(touch ran)"
	ln "$HOME/.uml/shared/mconsole" "$TMPDIR/uml/\$(touch ran)/mconsole"
	cd "$BATS_TEST_TMPDIR"
	[ "$(complete_words '' | grep -c 'touch\|ran')" -eq 0 ]
	[ ! -e ran ]
	[ "$(complete_words shared '' | grep -c .)" -ge 16 ]
}
