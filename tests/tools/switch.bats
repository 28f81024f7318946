#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_switch: the same clients through the peer and ours; then what only ours does.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# shellcheck disable=SC2317 # functions that wait_until calls
# shellcheck disable=SC2154 # the common files set them
# shellcheck disable=SC2016 # what is in single quotes is for other shells

load ../lib/common
load ../lib/tools

setup() {
	guest_setup
	client=$UML_BUILD/tests/bin/switch-client
	dir=$BATS_TEST_TMPDIR
	ctl=$dir/ctl
	switch=$(tool uml_switch)
	cd "$dir" || return 1
}

teardown() {
	exec 7>&-
	local pid failed=0
	for pid in "${started[@]}"; do
		not_running "$pid" || kill -CONT "$pid" 2>/dev/null || true
		not_running "$pid" || kill "$pid" 2>/dev/null || true
		wait_until 10 not_running "$pid" || kill -KILL "$pid"
	done
	for log in "$dir"/*.log; do
		[ ! -s "$log" ] || { log "--- ${log##*/}"; tail -n 40 "$log"; }
	done
	netns_remove
	return "$failed"
}

# background COMMAND...: runs it; its output goes to a log, its pid to $pid.
background() {
	log "\$ $* &"
	# A shell has what runs in the background ignore the two.
	env --default-signal=INT,QUIT "$@" </dev/null >"$dir/${#started[@]}.log" 2>&1 3>&- &
	pid=$!
	started+=("$pid")
}

# start PROGRAM OPTION...: runs a switch on $ctl and waits until it is there.
start() {
	background "$1" -unix "$ctl" "${@:2}"
	wait_until 10 test -S "$ctl"
	# Ours says when it listens; the peer, at once, on a terminal only.
	[ "$1" != "$switch" ] || wait_until 10 grep -q "attached to unix socket" "$dir/$((${#started[@]} - 1)).log"
}

# end_of PID: waits for its end; sets status.
end_of() {
	wait_until 10 not_running "$1"
	status=0
	wait "$1" || status=$?
}

# json FILTER: what python's expression says of the switch's status, as `s`.
json() {
	"$switch" --status --json -unix "$ctl" | python3 -c '
import json, sys
s = json.load(sys.stdin)
ports = {p["name"]: p for p in s["ports"]}
print(eval(sys.argv[1]))' "$1"
}

descriptors() {
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

clients() {
	run_logged timeout 60 "$client" "$@"
}

# through COMMAND...: the same words for a client of the peer and of ours, which print the same.
through() {
	local program outputs=()
	for program in "$(peer_tool uml_switch)" "$switch"; do
		start "$program" "${switch_options[@]}"
		clients "$@"
		[ "$status" -eq 0 ]
		outputs+=("$output")
		kill -INT "$pid"
		end_of "$pid"
	done
	[ "${outputs[0]}" = "${outputs[1]}" ]
}

# ---- with the peer ----------------------------------------------------------------------------

@test "learns, floods what is unknown, follows a station that moves, as the peer" {
	switch_options=()
	# A frame to all at the end of each step shows that nothing else came before it.
	through open a v3 "$ctl" open b v3 "$ctl" open c v3 "$ctl" \
		send a all 1 one get b get c \
		send b 1 2 two get a \
		send a 2 1 three get b \
		send a 9 1 four get b get c \
		send c all 3 five get a get b \
		send c all 2 six get a get b \
		send a 2 1 seven get c \
		send b all 2 last get a get c
}

@test "a hub sends to all, as the peer" {
	switch_options=(-hub)
	through open a v3 "$ctl" open b v1 "$ctl" open c v3 "$ctl" \
		send a 2 1 one get b get c send b 1 2 two get a get c send c 2 3 three get a get b
}

@test "a port lives as long as its control connection, as the peer" {
	switch_options=()
	through open a v3 "$ctl" open b v3 "$ctl" open c v3 "$ctl" \
		send a all 1 one get b get c close b open d v3 "$ctl" \
		send a 2 1 two get c get d send d 1 4 three get a
}

@test "versions 1 and 3, several ports of one process, long frames, as the peer" {
	switch_options=()
	through open a v1 "$ctl" open b v3 "$ctl" open c v1 "$ctl" \
		send a all 1 one get b get c raw b 1514 get a get c raw a 60 get b get c
}

@test "version 0: the data socket is known, and no reply comes, as the peer" {
	local program
	for program in "$(peer_tool uml_switch)" "$switch"; do
		background "$program" -compat-v0 -unix "$ctl" "$dir/data"
		wait_until 10 test -S "$dir/data"
		wait_until 10 test -S "$ctl"
		# The peer tells senders with short names from each other by chance: so only version 3
		# sends here.
		clients open0 a "$ctl" "$dir/data" open0 c "$ctl" "$dir/data" open b v3 "$ctl" \
			send b all 2 one get a get c
		[ "$status" -eq 0 ]
		[ "${lines[1]}" = "c: 0002 > ffff 60 one" ]
		kill -INT "$pid"
		end_of "$pid"
		[ ! -e "$ctl" ] && [ ! -e "$dir/data" ]
	done
	start "$switch" -compat-v0
	clients open0 a "$ctl" /tmp/uml.data open0 c "$ctl" /tmp/uml.data open b v3 "$ctl" \
		send a all 1 one get b get c send b 1 2 two get a send c 1 3 three get a send a 3 1 four \
		get c send c all 3 last get a get b
	[ "$status" -eq 0 ]
	kill "$pid"
	end_of "$pid"
	[ ! -e /tmp/uml.data ]
}

@test "the lines on stdout are the peer's" {
	local program outputs=()
	for program in "$(peer_tool uml_switch)" "$switch"; do
		mkfifo "$dir/in"
		# The peer prints at once on a terminal only.
		script -qefc "exec $program -unix $ctl -hub -compat-v0" /dev/null \
			<"$dir/in" >"$dir/out.log" 2>&1 3>&- &
		pid=$!
		started+=("$pid")
		exec 7>"$dir/in"
		wait_until 10 grep -q attached "$dir/out.log"
		clients open a v3 "$ctl"
		wait_until 10 grep -q Disconnect "$dir/out.log"
		# The end of input of a terminal.
		printf '\004' >&7
		end_of "$pid"
		exec 7>&-
		[ "$status" -eq 0 ]
		[ ! -e "$ctl" ]
		rm "$dir/in"
		outputs+=("$(tr -d '\r\004' <"$dir/out.log" | sed "s,^$program,PROGRAM,; s/^^D.*EOF/EOF/" |
			tr -d '\b' | sed 's/^^D//')")
	done
	log "${outputs[0]}"
	[ "${outputs[0]}" = "${outputs[1]}" ]
}

@test "SIGINT: both remove their sockets, say so, and die by it" {
	local program
	# handles SIGNAL-NUMBER: it is caught, or taken by a descriptor.
	handles() {
		local mask
		while read -r mask; do
			[ $((0x$mask >> ($1 - 1) & 1)) -eq 0 ] || return 0
		done < <(sed -n 's/^Sig\(Blk\|Cgt\):\t*//p' "/proc/$pid/status")
		return 1
	}
	for program in "$(peer_tool uml_switch)" "$switch"; do
		start "$program"
		wait_until 10 handles 2
		kill -INT "$pid"
		end_of "$pid"
		[ "$status" -eq 130 ]
		[ ! -e "$ctl" ]
	done
	grep -q "^Caught signal 2, cleaning up and exiting" "$dir/1.log"
}

@test "a socket of a dead switch is replaced, one of a living switch is not, as the peer" {
	local program first
	for program in "$(peer_tool uml_switch)" "$switch"; do
		start "$program"
		first=$pid
		split timeout 10 "$program" -unix "$ctl" </dev/null
		[ "$status" -eq 1 ]
		[[ $err == *"The control socket '$ctl' has another server attached to it"* ]]
		[ -S "$ctl" ]
		kill -KILL "$first"
		end_of "$first"
		[ -S "$ctl" ]
		background "$program" -unix "$ctl"
		wait_until 10 "$client" open a v3 "$ctl"
		kill -INT "$pid"
		end_of "$pid"
		[ ! -e "$ctl" ]
	done
}

# ---- beginning and end ------------------------------------------------------------------------

@test "SIGTERM, SIGHUP, SIGQUIT, EOF on a pipe: the sockets go on every way out" {
	local signal
	for signal in TERM HUP QUIT USR1 USR2 ALRM XCPU VTALRM PROF IO PWR STKFLT RTMIN RTMAX; do
		start "$switch" --seqpacket "$dir/seq" --stream "$dir/stream" -compat-v0
		wait_until 10 test -S "$dir/stream"
		kill "-$signal" "$pid"
		end_of "$pid"
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		[ -z "$(find "$dir" -type s)" ]
	done
	mkfifo "$dir/in"
	"$switch" -unix "$ctl" <"$dir/in" >"$dir/eof.log" 2>&1 3>&- &
	pid=$!
	started+=("$pid")
	exec 7>"$dir/in"
	wait_until 10 test -S "$ctl"
	exec 7>&-
	end_of "$pid"
	[ "$status" -eq 0 ]
	[ ! -e "$ctl" ]
	grep -q '^EOF on stdin, cleaning up and exiting' "$dir/eof.log"
}

@test "what the caller ignores, as by nohup, does not end it; what it does not, does" {
	local signal
	background bash -c 'trap "" HUP INT USR1; exec "$@"' - "$switch" -unix "$ctl"
	wait_until 10 grep -q "attached to unix socket" "$dir/0.log"
	for signal in HUP INT USR1; do
		kill "-$signal" "$pid"
	done
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 3
	[ "$status" -eq 0 ]
	not_running "$pid" && return 1
	kill "$pid"
	end_of "$pid"
	[ "$status" -eq 143 ]
	[ ! -e "$ctl" ]
}

@test "a limit on the size of files ends the capture and what is told, not the switch" {
	background bash -c 'ulimit -f 8; exec "$@"' - "$switch" -unix "$ctl" --pcap "$dir/all.pcap"
	wait_until 10 grep -q "attached to unix socket" "$dir/0.log"
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 300 probe b a 300
	[ "$status" -eq 0 ]
	wait_until 10 grep -q "the capture .* ends: File too large" "$dir/0.log"
	# Each new address is a line, until the log is as long as it may be.
	clients open a v3 "$ctl" open b v3 "$ctl" fill a 0 1000 probe a b 10
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$dir/0.log")" -eq 8192 ]
	[ "$(grep -c "the capture" "$dir/0.log")" -eq 1 ]
	[ "$(stat -c %s "$dir/all.pcap")" -le 8192 ]
	kill "$pid"
	end_of "$pid"
	[ "$status" -eq 143 ]
	[ ! -e "$ctl" ]
	# Not even its first bytes: told, and it goes on.
	background bash -c '(ulimit -f 0; exec "$@" 2>&1) | cat' - "$switch" -unix "$ctl" --pcap "$dir/none.pcap"
	wait_until 10 "$client" open a v3 "$ctl"
	wait_until 10 grep -q "the capture .* ends: File too large" "$dir/1.log"
	kill "$(json 's["pid"]')"
	end_of "$pid"
}

@test "what is not its own stays: a file at the path, the socket of a successor" {
	echo text >"$ctl"
	split timeout 10 "$switch" -unix "$ctl" </dev/null
	[ "$status" -eq 1 ]
	[ "$(cat "$ctl")" = text ]
	rm "$ctl"
	start "$switch"
	local first=$pid
	rm "$ctl"
	start "$switch"
	kill "$first"
	end_of "$first"
	[ -S "$ctl" ]
	clients open a v3 "$ctl"
	[ "$status" -eq 0 ]
}

@test "another user's lock on a shared folder keeps no switch from its start" {
	need_root "another user"
	mkdir -m 1777 "$dir/shared"
	chmod 755 "$dir"
	# One that was killed leaves its socket behind, so that all of the start is gone through.
	start "$switch"
	mv "$ctl" "$dir/shared/ctl"
	kill -KILL "$pid"
	end_of "$pid"
	ctl=$dir/shared/ctl
	as_user flock --no-fork "$dir/shared" sh -c 'echo locked; exec sleep 120' >"$dir/lock.log" 2>&1 3>&- &
	started+=("$!")
	wait_until 20 grep -q locked "$dir/lock.log"
	background "$switch" -unix "$ctl"
	wait_until 10 grep -q "attached to unix socket" "$dir/2.log"
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 3
	[ "$status" -eq 0 ]
	kill "$pid"
	end_of "$pid"
	[ ! -e "$ctl" ]
	[ -z "$(ls -A "$dir/shared")" ]
}

# start_stopped SYSTEM-CALL OPTION...: a switch that stops behind the first such call.
start_stopped() {
	rm -f "$dir/trace"
	background env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -e "inject=$1:signal=SIGSTOP:when=1" \
		"$switch" -unix "$ctl" "${@:2}"
	wait_until 20 grep -q 'stopped by SIGSTOP' "$dir/trace"
	stopped_pid=$(sed -n '1s/ .*//p' "$dir/trace")
	# It outlives its strace where a test fails.
	started+=("$stopped_pid")
}

@test "the socket has its permissions from the beginning; what takes its place meanwhile gets none" {
	echo precious >"$dir/victim"
	chmod 600 "$dir/victim"
	start_stopped bind --mode=666
	[ "$(stat -c %a "$ctl")" = 666 ]
	rm "$ctl"
	ln -s "$dir/victim" "$ctl"
	kill -CONT "$stopped_pid"
	end_of "$pid"
	[ "$status" -eq 1 ]
	[ "$(stat -c %a "$dir/victim")" = 600 ]
	rm -f "$ctl"
	start_stopped bind --mode=600 --group=nogroup
	[ "$(stat -c %a "$ctl")" = 600 ]
	rm "$ctl"
	ln -s "$dir/victim" "$ctl"
	kill -CONT "$stopped_pid"
	end_of "$pid"
	[ "$status" -eq 1 ]
	[ "$(stat -c %g "$dir/victim")" = "$(id -g)" ]
	[ "$(cat "$dir/victim")" = precious ]
}

@test "of two switches that find the socket of a dead one, one serves and the other says so" {
	local first
	start "$switch"
	kill -KILL "$pid"
	end_of "$pid"
	# The first has bound, and does not listen yet: to the second that looks dead.
	start_stopped bind
	first=$pid
	background "$switch" -unix "$ctl"
	wait_until 10 grep -q "attached to unix socket" "$dir/3.log"
	kill -CONT "$stopped_pid"
	end_of "$first"
	[ "$status" -eq 1 ]
	grep -q "has another server attached to it" "$dir/1.log"
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 3
	[ "$status" -eq 0 ]
	# The second has found it dead, and takes it away when it lives.
	kill -KILL "$pid"
	end_of "$pid"
	start_stopped connect
	first=$pid
	background "$switch" -unix "$ctl"
	wait_until 10 grep -q "attached to unix socket" "$dir/6.log"
	kill -CONT "$stopped_pid"
	end_of "$first"
	[ "$status" -eq 1 ]
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 3
	[ "$status" -eq 0 ]
	[ -z "$(find "$dir" -name '.uml_switch.*')" ]
}

@test "another user's links lead to no socket, and a file of theirs gets no capture" {
	need_root "another user"
	mkdir -m 1777 "$dir/shared"
	mkdir "$dir/own"
	echo precious >"$dir/own/file"
	ln -s "$dir/own" "$dir/shared/folder"
	ln -s "$dir/own/file" "$dir/shared/link"
	chown -h nobody "$dir/shared/folder" "$dir/shared/link"
	split timeout 10 "$switch" -unix "$dir/shared/folder/ctl" </dev/null
	[ "$status" -eq 1 ]
	[[ $err == *"another user's; name another path" ]]
	local file
	install -m 666 -o nobody /dev/null "$dir/shared/theirs"
	ln "$dir/own/file" "$dir/shared/hard"
	for file in link folder/new theirs hard; do
		split timeout 10 "$switch" -unix "$ctl" --pcap "$dir/shared/$file" </dev/null
		[ "$status" -eq 1 ]
		[[ $err == "uml_switch: cannot write $dir/shared/$file: "*"; "* ]]
	done
	[ "$(cat "$dir/own/file")" = precious ]
	[ "$(ls "$dir/own")" = file ]
	[ ! -s "$dir/shared/theirs" ]
	# What others could read before is private from then on.
	install -m 644 /dev/null "$dir/all.pcap"
	start "$switch" --pcap "$dir/all.pcap"
	[ "$(stat -c %a "$dir/all.pcap")" = 600 ]
}

@test "one that cannot start leaves nothing and says why" {
	split timeout 10 "$switch" -unix "$ctl" --seqpacket "$dir/none/seq" </dev/null
	[ "$status" -eq 1 ]
	[[ $err == "uml_switch: cannot make the socket $dir/none/seq: No such file or directory" ]]
	[ -z "$(find "$dir" -type s)" ]
	split timeout 10 "$switch" -unix "$dir/$(printf 'x%.0s' {1..120})" </dev/null
	[ "$status" -eq 1 ]
	[[ $err == *"File name too long" ]]
}

@test "-daemon: the first process ends when all is ready; syslog, no output" {
	split timeout 10 "$switch" -daemon -unix "$ctl" </dev/null
	[ "$status" -eq 0 ]
	pid=$(json 's["pid"]')
	started+=("$pid")
	clients open a v3 "$ctl" open b v3 "$ctl" send a all 1 x is b x
	[ "$status" -eq 0 ]
	[ "$(readlink "/proc/$pid/fd/0")" = /dev/null ]
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	kill "$pid"
	wait_until 10 not_running "$pid"
	[ ! -e "$ctl" ]
}

@test "relative paths, --mode, --group" {
	background "$switch" -unix rel.ctl --mode=660 --group="$(id -gn)"
	wait_until 10 test -S rel.ctl
	wait_until 10 test "$(stat -c %a rel.ctl)" = 660
	kill "$pid"
	end_of "$pid"
	[ ! -e rel.ctl ]
}

@test "wrong options: one line and the usage, exit 2" {
	local words
	for words in "-unix" "-unix $ctl data more" "--mac-age=0" "--max-frame=100" "--port=all" \
		"--port=all,vlan=5000" "--mirror=" "--mode=9" "--json" "word" "--max-ports=x"; do
		# shellcheck disable=SC2086 # words
		split timeout 10 "$switch" $words </dev/null
		[ "$status" -eq 2 ]
		[ -z "$out" ]
		[[ $(head -n 1 <<<"$err") == "uml_switch: "* ]]
		[[ $(sed -n 2p <<<"$err") == "usage: uml_switch "* ]]
	done
	[ ! -e "$ctl" ]
}

@test "a service manager: sockets are passed and stay, READY and STOPPING are told" {
	cat >"$dir/manager.py" <<-'EOT'
		import os, socket, sys
		folder, program = sys.argv[1:3]
		notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		notify.bind(folder + "/notify")
		kinds = (("ctl", socket.SOCK_STREAM), ("seq", socket.SOCK_SEQPACKET),
		         ("str", socket.SOCK_STREAM))
		fds = []
		for name, kind in kinds:
		    s = socket.socket(socket.AF_UNIX, kind)
		    s.bind(folder + "/" + name)
		    s.listen()
		    fds.append(s)
		pid = os.fork()
		if not pid:
		    copies = [os.dup2(s.fileno(), 40 + i) for i, s in enumerate(fds)]
		    for i, fd in enumerate(copies):
		        os.dup2(fd, 3 + i)
		    os.closerange(6, 64)
		    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="3",
		                      LISTEN_FDNAMES="control:seqpacket:stream",
		                      NOTIFY_SOCKET=folder + "/notify")
		    os.execv(program, [program, "-unix", folder + "/ctl"])
		notify.settimeout(10)
		print(notify.recv(100).decode(), flush=True)
		sys.stdin.read()
		os.kill(pid, 15)
		print(notify.recv(100).decode(), flush=True)
		os.waitpid(pid, 0)
	EOT
	mkfifo "$dir/in"
	python3 "$dir/manager.py" "$dir" "$switch" <"$dir/in" >"$dir/manager.log" 2>&1 3>&- &
	pid=$!
	started+=("$pid")
	exec 7>"$dir/in"
	wait_until 10 grep -q READY=1 "$dir/manager.log"
	clients open a v3 "$ctl" open b seqpacket "$dir/seq" open c stream "$dir/str" \
		send a all 1 one is b one is c one send b 1 2 two is a two send c 2 3 three is b three
	[ "$status" -eq 0 ]
	exec 7>&-
	end_of "$pid"
	[ "$(tail -n 1 "$dir/manager.log")" = STOPPING=1 ]
	[ -S "$ctl" ] && [ -S "$dir/seq" ] && [ -S "$dir/str" ]
	[ ! -e /tmp/uml.ctl ]
}

@test "the units and their settings: Debian's names, our program" {
	run_logged make -C "$UML_BUILD" --no-print-directory install-uml-switch DESTDIR="$dir/root"
	[ "$status" -eq 0 ]
	local unit defaults name
	unit=$(find "$dir/root" -name uml_switch.service)
	defaults=$(find "$dir/root" -path '*/etc/default/uml-utilities')
	grep -q "^ExecStart=/.*/bin/uml_switch --user " "$unit"
	grep -q "^EnvironmentFile=-${defaults#"$dir/root"}$" "$unit"
	for name in START OPTIONS USER CTL; do
		grep -q "^Environment=UML_SWITCH_$name=" "$unit"
		grep -q "^#UML_SWITCH_$name=" "$defaults"
		grep -q "UML_SWITCH_$name" /etc/default/uml-utilities
	done
	# Each option of the unit is one of the program's.
	while read -r name; do
		"$switch" --help | grep -q -- "$name"
	done < <(sed -n 's/^ExecStart=//p' "$unit" | grep -oE -- '--[a-z-]+')
	echo own >"$defaults"
	run_logged make -C "$UML_BUILD" --no-print-directory install-uml-switch DESTDIR="$dir/root"
	[ "$(cat "$defaults")" = own ]
	run_logged make -C "$UML_BUILD" --no-print-directory uninstall-uml-switch DESTDIR="$dir/root"
	[ "$(find "$dir/root" -type f)" = "$defaults" ]
}

# ---- features ---------------------------------------------------------------------------------

@test "seqpacket and stream ports talk with stock ones" {
	start "$switch" --seqpacket "$dir/seq" --stream "$dir/stream"
	wait_until 10 test -S "$dir/stream"
	clients open a v3 "$ctl" open b seqpacket "$dir/seq" open c stream "$dir/stream" \
		open d stream "$dir/stream" \
		send a all 1 one is b one is c one is d one \
		send b 1 2 two is a two send c 2 3 three is b three send d 3 4 four is c four \
		raw c 65000 get a get b get d probe c b 200 probe b c 200 probe a d 200 \
		close b close c send a all 1 last get d
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "a: 0063 > ffff 65000 " ]
	[ "$(json 'len(s["ports"])')" = 0 ]
}

@test "passt attaches by --connect, and again after it was away" {
	command -v passt >/dev/null || skip "needs the Debian package passt"
	need_root "network namespaces"
	in_netns true
	in_netns ip link add near type veth peer name far
	in_netns ip addr add 192.0.2.1/24 dev near
	in_netns ip link set near up
	in_netns ip link set far up
	in_netns ip route add default via 192.0.2.2
	start "$switch" --connect "$dir/passt"
	attached() {
		"$switch" --status -unix "$ctl" | grep -q ' stream1 '
	}
	for _ in 1 2; do
		background ip netns exec "$netns" passt -f --socket "$dir/passt" --runas 0
		local passt=$pid
		wait_until 20 attached
		# It answers who asks for its address.
		run_logged timeout 30 python3 "$UML_SOURCE/tests/lib/switch-arp.py" "$ctl" 192.0.2.2
		[ "$status" -eq 0 ]
		kill "$passt"
		end_of "$passt"
		rm -f "$dir/passt"
	done
}

@test "VLANs: access ports are apart, a trunk has tags, a native VLAN has none" {
	start "$switch" --seqpacket "$dir/red" --seqpacket "$dir/blue" --stream "$dir/trunk" \
		"--port=$dir/red,vlan=10" "--port=$dir/blue,vlan=20" \
		--port=stream,trunk=10+20-29,native=1
	wait_until 10 test -S "$dir/trunk"
	clients open r1 seqpacket "$dir/red" open r2 seqpacket "$dir/red" \
		open b1 seqpacket "$dir/blue" open t stream "$dir/trunk" open d v3 "$ctl" \
		send r1 all 1 red get r2 get t \
		send b1 all 2 blue get t \
		send d all 3 default get t \
		tag t 20 all 4 toblue get b1 \
		tag t 30 all 4 nowhere tag t 10 2 4 tored get r1 get r2 \
		send t all 4 native get d \
		tag r1 20 all 1 hop send r1 all 1 last get r2 get t
	[ "$status" -eq 0 ]
	[ "$output" = "r2: 0001 > ffff 60 red
t: 0001 > ffff tag 10 64 red
t: 0002 > ffff tag 20 64 blue
t: 0003 > ffff 60 default
b1: 0004 > ffff 56 toblue
r1: 0004 > 0002 56 tored
r2: 0004 > 0002 56 tored
d: 0004 > ffff 60 native
r2: 0001 > ffff 60 last
t: 0001 > ffff tag 10 64 last" ]
}

@test "no tag, before or behind another, leads out of a VLAN, also over two switches" {
	local words=() tag before
	# The second switch has what the attacker wants to reach, in VLAN 20.
	background "$switch" -unix "$dir/ctl2" --stream "$dir/link" --seqpacket "$dir/victim" \
		--port=stream,trunk=10+20,native=10 --port=seqpacket,vlan=20
	wait_until 10 test -S "$dir/victim"
	start "$switch" --connect "$dir/link" --seqpacket "$dir/red" --port=stream,trunk=10+20,native=10 \
		--seqpacket "$dir/friend" "--port=$dir/red,vlan=10" "--port=$dir/friend,vlan=20"
	wait_until 10 test -S "$dir/friend"
	linked() {
		[ "$("$switch" --status --json -unix "$dir/ctl2" | grep -c '"kind": "stream"')" = 1 ]
	}
	wait_until 10 linked
	for before in '' 81000000 8100e000 8100000a 88a80000 88a8000a; do
		for tag in 81000014 8100e014 88a80014 91000014 92000014 93000014; do
			words+=(tags attacker "$before$tag" hopped)
		done
	done
	clients open attacker seqpacket "$dir/red" open victim seqpacket "$dir/victim" \
		open friend seqpacket "$dir/friend" "${words[@]}" send friend all 1 last is victim last
	[ "$status" -eq 0 ]
}

@test "isolated ports reach the uplink and not each other; by umid, uid and number" {
	start "$switch" "--port=uid:$(id -u),isolated" --port=umid:up,rate=1G --port=seqpacket,isolated
	clients open a v3 "$ctl" open b v3 "$ctl" send a all 1 one send b 1 2 two hold </dev/null
	[ "$status" -eq 0 ]
	kill "$pid"
	end_of "$pid"
	start "$switch" --port=2,isolated --port=3,isolated
	clients open up v3 "$ctl" open b v3 "$ctl" open c v3 "$ctl" \
		send b all 2 one is up one send c all 3 two is up two \
		send up all 1 three is b three is c three send b 3 2 four \
		send up all 1 last is b last is c last
	[ "$status" -eq 0 ]
	# The command line of a client says umid=; bash gives the client one.
	kill "$pid"
	end_of "$pid"
	start "$switch" --port=umid:red,isolated
	mkfifo "$dir/in"
	"$client" open a v3 "$ctl" open umid=red v3 "$ctl" hold <"$dir/in" >"$dir/umid.log" 3>&- &
	started+=("$!")
	exec 7>"$dir/in"
	wait_until 10 grep -q holding "$dir/umid.log"
	[ "$(json '[p["umid"] for p in s["ports"] if p["isolated"]]')" = "['red', 'red']" ]
}

@test "--pcap has each frame once; --mirror copies all and takes nothing" {
	start "$switch" --pcap "$dir/all.pcap" --seqpacket "$dir/watch" --mirror "$dir/watch"
	wait_until 10 test -S "$dir/watch"
	clients open a v3 "$ctl" open b v3 "$ctl" open w seqpacket "$dir/watch" \
		send a all 1 one get b send b 1 2 two get a send w all 9 lost send a 2 1 three \
		get b get w get w get w
	[ "$status" -eq 0 ]
	[ "${lines[3]}" = "w: 0001 > ffff 60 one" ]
	[ "${lines[5]}" = "w: 0001 > 0002 60 three" ]
	kill "$pid"
	end_of "$pid"
	[ "$(stat -c %a "$dir/all.pcap")" = 600 ]
	run_logged python3 - "$dir/all.pcap" <<-'EOT'
		import struct, sys
		data = open(sys.argv[1], "rb").read()
		magic, major, minor, _, _, snap, link = struct.unpack("=IHHIIII", data[:24])
		assert (magic, major, minor, link) == (0xa1b2c3d4, 2, 4, 1), data[:24]
		data, texts = data[24:], []
		while data:
		    seconds, micro, kept, length = struct.unpack("=IIII", data[:16])
		    assert kept == length == 60 and micro < 1000000
		    texts.append(data[30:16 + kept].split(b"\0")[0].decode())
		    data = data[16 + kept:]
		print(*texts)
	EOT
	[ "$output" = "one two three" ]
}

@test "a capture that the disk has no room for ends, and the switch goes on" {
	need_root "a small file system"
	mkdir "$dir/small"
	mount -t tmpfs -o size=64k none "$dir/small"
	start "$switch" --pcap "$dir/small/all.pcap"
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 2000
	local result=$status
	wait_until 10 grep -q "the capture .* ends: No space left on device" "$dir/0.log" || result=1
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 10 || result=1
	kill "$pid"
	end_of "$pid"
	umount "$dir/small"
	[ "$result" -eq 0 ] && [ "$status" -gt 128 ]
}

@test "--mac-age: a silent station is forgotten; --mac-limit: a port has so many" {
	start "$switch" --mac-age=1 --mac-limit=3
	clients open a v3 "$ctl" open b v3 "$ctl" send a all 1 one is b one \
		send b all 1001 x send b all 1002 x send b all 1003 x send b all 1004 x send b all 1005 x
	[ "$status" -eq 0 ]
	clients open a v3 "$ctl" open b v3 "$ctl" send a all 1 one is b one \
		send b all 1001 x send b all 1002 x send b all 1003 x send b all 1004 x is a x is a x
	[ "$status" -eq 0 ]
	mkfifo "$dir/in"
	"$client" open a v3 "$ctl" send a all 1 x send a all 2 x send a all 3 x send a all 4 x hold \
		<"$dir/in" >"$dir/hold.log" 3>&- &
	started+=("$!")
	exec 7>"$dir/in"
	wait_until 10 grep -q holding "$dir/hold.log"
	[ "$(json 'ports["unix1"]["addresses"]')" -le 3 ]
	forgotten() {
		[ "$(json 'len(s["addresses"])')" = 0 ]
	}
	wait_until 20 forgotten
}

@test "limits and counters: what is above a rate is dropped and counted" {
	start "$switch" --port=1,pps=10
	mkfifo "$dir/in"
	local words=()
	for _ in $(seq 100); do
		words+=(send a all 1 x)
	done
	"$client" open a v3 "$ctl" open b v3 "$ctl" "${words[@]}" raw b 13 raw b 60 hold \
		<"$dir/in" >"$dir/hold.log" 3>&- &
	started+=("$!")
	exec 7>"$dir/in"
	wait_until 10 grep -q holding "$dir/hold.log"
	counted() {
		[ "$(json 'ports["unix1"]["frames_in"], ports["unix2"]["dropped_runt"]')" = "(100, 1)" ]
	}
	wait_until 10 counted
	[ "$(json 'ports["unix1"]["dropped_rate"] >= 80')" = True ]
	[ "$(json 'ports["unix2"]["frames_out"] + ports["unix1"]["dropped_rate"]')" = 100 ]
	run_logged "$switch" --status -unix "$ctl"
	[ "${lines[0]}" = "switch, process $pid, 2 ports, 2 addresses" ]
}

@test "--status: exit 1 without a switch, refused to other users" {
	split "$switch" --status -unix "$ctl"
	[ "$status" -eq 1 ]
	[[ $err == "uml_switch: $ctl: no switch answers: "* ]]
	need_root "another user"
	start "$switch" --mode=777
	chmod 755 "$dir"
	cp "$switch" "$dir/copy"
	split as_user "$dir/copy" --status -unix "$ctl"
	[ "$status" -eq 1 ]
	[[ $err == *"only root and the switch's own user may ask"* ]]
	kill "$pid"
	end_of "$pid"
	# The peer does not know the question.
	start "$(peer_tool uml_switch)"
	split timeout 20 "$switch" --status -unix "$ctl"
	[ "$status" -eq 1 ]
}

# pretend_switch PATH BYTES-IN-PYTHON: a program of another user that answers each question so; its
# `effects` is what terminals must not get.
pretend_switch() {
	setpriv --reuid=nobody --clear-groups env EFFECTS="${terminal_effects[*]}" /usr/bin/python3 -u -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
s.listen(9)
effects = os.environb[b"EFFECTS"]
print("there")
while True:
    c = s.accept()[0]
    print("asked", len(c.recv(200)))
    try:
        for part in eval(sys.argv[2]): c.sendall(part)
    except OSError:
        pass
    c.close()' "$1" "$2" >"$dir/pretend.log" 2>&1 3>&- &
	started+=("$!")
	wait_until 20 grep -q there "$dir/pretend.log"
}

@test "--status believes no other user, shows nothing that a terminal obeys, and has an end" {
	need_root "another user"
	mkdir -m 1777 "$dir/shared"
	chmod 755 "$dir"
	cp "$switch" "$dir/copy"
	local form
	pretend_switch "$dir/shared/ctl" '[b"switch, process 1\n" + effects + b"\0\r\n"]'
	# Another ordinary user does not even ask.
	split setpriv --reuid=daemon --clear-groups "$dir/copy" --status -unix "$dir/shared/ctl"
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[[ $err == "uml_switch: $dir/shared/ctl: not asked: that is the switch of another user (65534), or no switch" ]]
	wait_until 10 grep -q 'asked 0' "$dir/pretend.log"
	# Root is told.
	for form in --status --json; do
		split env LC_ALL=C.UTF-8 "$switch" --status "$form" -unix "$dir/shared/ctl"
		[ "$status" -eq 0 ]
		[[ $out == "switch, process 1"* ]]
		[[ $err == *"told by a program of another user (65534)" ]]
		has_no_effect "$out$err"
	done
	# Not where it did not name it.
	cp "$switch" "$dir/shared/copy"
	mv "$dir/shared/ctl" "$dir/shared/uml.ctl"
	split unshare -m sh -c 'mount --bind "$1" /tmp && exec /tmp/copy --status' - "$dir/shared"
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[[ $err == *"/tmp/uml.ctl: not asked: "*"if you trust them, name it with -unix" ]]
	# Letters of several bytes come whole, wherever the pieces of the answer end.
	pretend_switch "$dir/shared/letters" '[b"a" * 16381 + "\u20ac\n".encode() + b"b" * 10, b"\xe2", b"\x82", b"\xac"]'
	split env LC_ALL=C.UTF-8 "$switch" --status -unix "$dir/shared/letters"
	[[ $out == *"aaa€"*"bbb€" ]]
	pretend_switch "$dir/shared/endless" '(b"x" * (1 << 20) for i in range(10 ** 9))'
	run_logged bash -c '"$1" --status -unix "$2" 2>&1 >/dev/null | tail -n 1' - "$switch" "$dir/shared/endless"
	[[ $output == *": the answer has no end: given up after 256 MiB" ]]
}

@test "several taps: frames of the host and of clients meet; a tap that goes ends its port" {
	need_root "tap devices"
	in_netns true
	background ip netns exec "$netns" "$switch" -unix "$ctl" -tap t0 -tap t1
	wait_until 10 test -S "$ctl"
	in_netns ip link set t0 up
	in_netns ip link set t1 up
	grep -q "attached to unix socket '$ctl' tap device 't0' tap device 't1'" "$dir/0.log"
	in_netns ip addr add 192.0.2.1/24 dev t0
	run_logged ip netns exec "$netns" timeout 30 \
		python3 "$UML_SOURCE/tests/lib/switch-arp.py" "$ctl" 192.0.2.1
	[ "$status" -eq 0 ]
	in_netns ip link del t1
	gone() {
		[ "$(ip netns exec "$netns" "$switch" --status -unix "$ctl" | grep -c ' t[01] ')" = 1 ]
	}
	wait_until 10 gone
	run_logged ip netns exec "$netns" timeout 30 \
		python3 "$UML_SOURCE/tests/lib/switch-arp.py" "$ctl" 192.0.2.1
	[ "$status" -eq 0 ]
	split ip netns exec "$netns" timeout 10 "$switch" -unix "$dir/x" -tap "name/with/slashes"
	[ "$status" -eq 1 ]
	[ ! -e "$dir/x" ]
}

@test "--user: taps as root, the rest as that user" {
	need_root "another user"
	in_netns true
	mkdir "$dir/run"
	chown nobody "$dir/run"
	chmod a+x "$dir"
	background ip netns exec "$netns" "$switch" --user nobody -unix "$dir/run/ctl" -tap t0
	wait_until 10 test -S "$dir/run/ctl"
	[ "$(stat -c %U "$dir/run/ctl")" = nobody ]
	[ "$(stat -c %U "/proc/$pid")" = nobody ]
	grep -q '^CapEff:[[:space:]]*0*$' "/proc/$pid/status"
	kill "$pid"
	end_of "$pid"
	[ ! -e "$dir/run/ctl" ]
}

# ---- bad clients ------------------------------------------------------------------------------

@test "a client that never reads, and one that floods it, cost the others nothing" {
	start "$switch" --seqpacket "$dir/seq" --stream "$dir/stream"
	wait_until 10 test -S "$dir/stream"
	# Mute ones of each kind; all get the floods.
	clients open mute1 v3 "$ctl" open mute2 seqpacket "$dir/seq" open mute3 stream "$dir/stream" \
		open a v3 "$ctl" open b seqpacket "$dir/seq" open c stream "$dir/stream" \
		open f v3 "$ctl" open g v3 "$ctl" open h seqpacket "$dir/seq" \
		flood f all 60 flood g 9 1514 flood h all 1514 \
		probe a b 300 probe b c 300 probe c a 300 probe a c 300
	[ "$status" -eq 0 ]
}

@test "a flood at one client leaves room there for frames of others" {
	start "$switch"
	clients open victim v3 "$ctl" open f v3 "$ctl" open a v3 "$ctl" \
		send victim all 5 here is a here is f here flood f 5 60 probe a victim 500
	[ "$status" -eq 0 ]
}

@test "runts, giants, floods of addresses, frames of 64 KB" {
	start "$switch" --max-frame=9000
	clients open a v3 "$ctl" open b v3 "$ctl" open f v3 "$ctl" open m v3 "$ctl" \
		raw f 1 raw f 13 raw f 60000 raw f 9001 macs m 3 flood f all 65000 \
		send a all 1 one probe a b 300 send b 1 2 direct hold </dev/null
	[ "$status" -eq 0 ]
	kill "$pid"
	end_of "$pid"
	# With room for them they arrive whole.
	start "$switch"
	clients open a v3 "$ctl" open b v3 "$ctl" raw a 65553 get b
	[ "$output" = "b: 0063 > ffff 65553 " ]
}

@test "floods of addresses do not push out those of others" {
	start "$switch" --port=1,sticky
	clients open a v3 "$ctl" open b v3 "$ctl" open m v3 "$ctl" \
		send a all 1 one is b one is m one macs m 9 probe b a 300 \
		send m all 1 stolen send b 1 2 direct probe b a 10
	[ "$status" -eq 0 ]
}

@test "a user whose ports fill the table of addresses gets no frames of others by that" {
	need_root "another user"
	start "$switch" --seqpacket "$dir/seq" --mode=777
	wait_until 10 test -S "$dir/seq"
	chmod 755 "$dir"
	cp "$client" "$dir/client"
	mkfifo "$dir/in"
	local words=() after=() i
	for i in $(seq 0 19); do
		words+=(open "m$i" seqpacket "$dir/seq" fill "m$i" "$((i * 4000))" 4000)
		after+=(is "m$i" first is "m$i" second is "m$i" last)
	done
	as_user "$dir/client" "${words[@]}" hold "${after[@]}" <"$dir/in" >"$dir/fill.log" 2>&1 3>&- &
	local filler=$!
	started+=("$filler")
	exec 7>"$dir/in"
	wait_until 60 grep -q holding "$dir/fill.log"
	full() {
		[ "$(json 'len(s["addresses"])')" = 65536 ]
	}
	wait_until 20 full
	words=()
	for i in $(seq 100); do
		words+=(send a 2 1 secret is b secret send b 1 2 secret is a secret)
	done
	clients open a seqpacket "$dir/seq" open b seqpacket "$dir/seq" send a all 1 first is b first \
		send b all 2 second is a second "${words[@]}" send a all 1 last is b last
	[ "$status" -eq 0 ]
	exec 7>&-
	end_of "$filler"
	[ "$status" -eq 0 ]
}

@test "lies about the data socket are refused: another client's, another program's, the switch's" {
	start "$switch" -compat-v0 --mode=777
	clients path a "$ctl" "$dir/own" open b v3 "$ctl" \
		claim x "$ctl" "$dir/own" refused x \
		claim x2 "$ctl" "$dir/../${dir##*/}/own" refused x2 \
		claim x3 "$ctl" /tmp/uml.data refused x3 \
		claim x4 "$ctl" "$ctl" refused x4 \
		claim x5 "$ctl" "$dir/none" refused x5 \
		claim x6 "$ctl" @not-there refused x6 \
		send b all 2 one is a one
	[ "$status" -eq 0 ]
	[ "$(json 'len(s["ports"])')" = 0 ]
	need_root "another user"
	chmod a+rx "$dir"
	cp "$client" "$dir/client"
	# A root program's socket, by path and by name, for whom to send to is not a user's right.
	python3 - "$dir/root.sock" <<-'EOT' >"$dir/root.log" 2>&1 3>&- &
		import os, socket, sys, time
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		os.chmod(sys.argv[1], 0o777)
		t = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		t.bind(b"\0root-socket".ljust(108, b"\0"))
		print("there", flush=True)
		time.sleep(60)
	EOT
	started+=("$!")
	wait_until 10 grep -q there "$dir/root.log"
	run_logged as_user timeout 30 "$dir/client" claim x "$ctl" "$dir/root.sock" refused x \
		claim y "$ctl" @root-socket refused y open z v3 "$ctl"
	[ "$status" -eq 0 ]
	grep -q "its data socket belongs to another user" "$dir/0.log"
}

@test "nobody can send as another port, or to a client's own data socket of the switch" {
	start "$switch"
	clients open a v3 "$ctl" open b v3 "$ctl" send a all 1 one is b one hold </dev/null
	[ "$status" -eq 0 ]
	run_logged python3 - "$ctl" <<-'EOT'
		import socket, struct, sys
		def attach(name):
		    c = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
		    c.connect(sys.argv[1])
		    d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		    d.bind(name.ljust(108, b"\0"))
		    c.sendall(struct.pack("=III", 0xfeedface, 3, 0) + struct.pack("=H", 1) +
		              name.ljust(108, b"\0") + b"\0\0")
		    return c, d, c.recv(110)[2:]
		c1, d1, p1 = attach(b"\0t1")
		c2, d2, p2 = attach(b"\0t2")
		try:
		    d2.sendto(b"\xff" * 60, p1)
		    print("sent")
		except PermissionError:
		    print("refused")
	EOT
	[ "$output" = refused ]
}

@test "10,000 control connections, half requests, and floods of ports keep nobody out" {
	start "$switch"
	background "$client" crowd 10000 "$ctl" half "$ctl" half "$ctl" hold
	wait_until 60 sh -c "grep -q holding '$dir/1.log' || ! kill -0 $pid"
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 100 ports 400 "$ctl" probe a b 100
	[ "$status" -eq 0 ]
	# An eighth of all ports for one process, two of which are a and b.
	[ "$output" -le 254 ]
	clients open c v3 "$ctl" open d v3 "$ctl" probe c d 100
	[ "$status" -eq 0 ]
}

@test "few open files: fewer ports, and connections are taken again later" {
	background bash -c 'ulimit -n 220; exec "$@"' - "$switch" -unix "$ctl"
	wait_until 10 test -S "$ctl"
	clients ports 40 "$ctl"
	[ "$status" -eq 0 ]
	[ "$output" -le 14 ]
	gone() {
		[ "$(json 'len(s["ports"])')" = 0 ]
	}
	wait_until 10 gone
	clients open a v3 "$ctl" open b v3 "$ctl" probe a b 10
	[ "$status" -eq 0 ]
	split bash -c 'ulimit -n 100; exec "$@"' - "$switch" -unix "$dir/x" </dev/null
	[ "$status" -eq 1 ]
	[[ $err == *"too few; raise the limit"* ]]
}

@test "nobody reads the switch's output: it goes on" {
	mkfifo "$dir/out"
	# Open for reading too, so that it opens at all; but nobody reads.
	exec 7<>"$dir/out"
	"$switch" -unix "$ctl" >"$dir/out" 2>&1 </dev/null 3>&- 7>&- &
	pid=$!
	started+=("$pid")
	wait_until 10 test -S "$ctl"
	# Each refused request and each new address is a line.
	local words=()
	for i in $(seq 400); do
		words+=(claim "x$i" "$ctl" @none refused "x$i")
	done
	clients "${words[@]}" open m v3 "$ctl" macs m all open a v3 "$ctl" open b v3 "$ctl" \
		probe a b 300
	[ "$status" -eq 0 ]
	not_running "$pid" && return 1
	kill "$pid"
	end_of "$pid"
	[ ! -e "$ctl" ]
}

# hostile_client OPTION: a switch with that option, and a client of another user: whoever opens its
# command line waits for a minute. Others come meanwhile, with their names, and send.
hostile_client() {
	local hostile others
	mkfifo "$dir/hostile.in" "$dir/in"
	# Its number is known before it connects.
	(read -r _ && exec setpriv --reuid=nobody --clear-groups "$dir/client" open umid=red v3 "$ctl" \
		hold) <"$dir/hostile.in" >"$dir/hostile.log" 2>&1 3>&- &
	hostile=$!
	started+=("$hostile")
	exec 8>"$dir/hostile.in"
	rm -f "$dir/trace"
	background env ASAN_OPTIONS=detect_leaks=0 strace -f -o "$dir/trace" -P "/proc/$hostile/cmdline" \
		-e inject=openat:delay_enter=60000000 "$switch" -unix "$ctl" --mode=777 "$1"
	wait_until 20 grep -q "attached to unix socket" "$dir/$((${#started[@]} - 1)).log"
	echo >&8
	wait_until 20 grep -q "$hostile/cmdline" "$dir/trace"
	"$client" open a v3 "$ctl" open umid=red v3 "$ctl" probe a umid=red 20 hold <"$dir/in" \
		>"$dir/others.log" 2>&1 3>&- &
	others=$!
	started+=("$others")
	exec 7>"$dir/in"
	wait_until 10 grep -q holding "$dir/others.log"
	named() {
		[ "$(json 'sorted(set(p["umid"] for p in s["ports"] if p["pid"] == '"$others"'))')" = "['red']" ]
	}
	wait_until 10 named
	# In the end it is a port like others without a name.
	wait_until 20 grep -q holding "$dir/hostile.log"
	[ "$(json '[p["umid"] for p in s["ports"] if p["pid"] == '"$hostile"']')" = "[None]" ]
	limits=$(json 'sorted(p["addresses_max"] for p in s["ports"])')
	exec 7>&- 8>&-
	end_of "$others"
	# The switch itself; its strace would wait for the end of the delay.
	local real
	real=$(json 's["pid"]')
	kill "$real"
	wait_until 10 not_running "$real"
	[ ! -e "$ctl" ]
	kill -KILL "$pid"
	rm "$dir/hostile.in" "$dir/in"
}

@test "a client whose command line cannot be read stops nobody, and has no name" {
	need_root "another user"
	chmod 755 "$dir"
	cp "$client" "$dir/client"
	local limits
	hostile_client --hub
	[ "$limits" = "[4096, 4096, 4096]" ]
	# Where ports need their names from the beginning, it waits alone.
	hostile_client --port=umid:red,mac-limit=7
	[ "$limits" = "[7, 7, 4096]" ]
}

@test "the number of a process that has ended gives no name, whoever has it then" {
	start "$switch" --seqpacket "$dir/seq" --port=umid:red,mac-limit=7
	wait_until 10 test -S "$dir/seq"
	# Who connected ends before the switch, which is stopped, sees the connection; a child has it then.
	kill -STOP "$pid"
	mkfifo "$dir/in"
	python3 -c '
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if not os.fork():
    s.connect(sys.argv[1])
    print(os.getpid(), flush=True)
    os._exit(0)
os.wait()
sys.stdin.read()' "$dir/seq" umid=red <"$dir/in" >"$dir/gone.log" 2>&1 3>&- &
	started+=("$!")
	exec 7>"$dir/in"
	wait_until 20 test -s "$dir/gone.log"
	wait_until 20 not_running "$(cat "$dir/gone.log")"
	kill -CONT "$pid"
	there() {
		[ "$(json '[(p["umid"], p["pid"], p["addresses_max"]) for p in s["ports"]]')" = \
			"[(None, $(cat "$dir/gone.log"), 4096)]" ]
	}
	wait_until 10 there
	exec 7>&-
}

@test "the helper that reads names goes with the switch, however that ends" {
	local helper signal
	for signal in TERM KILL; do
		start "$switch"
		mkfifo "$dir/in"
		"$client" open umid=red v3 "$ctl" hold <"$dir/in" >"$dir/hold.log" 3>&- &
		started+=("$!")
		exec 7>"$dir/in"
		named() {
			[ "$(json '[p["umid"] for p in s["ports"]]')" = "['red']" ]
		}
		wait_until 10 named
		helper=$(pgrep -P "$pid")
		[ "$(tr -d '\0' <"/proc/$helper/comm")" = uml_switch:name ]
		# It has no descriptor of the switch's.
		[ "$(descriptors "$helper")" -le 4 ]
		kill "-$signal" "$pid"
		end_of "$pid"
		wait_until 10 not_running "$helper"
		exec 7>&-
		rm -f "$dir/in" "$ctl"
	done
}

@test "a client whose data socket is gone loses its port" {
	start "$switch"
	clients open a v3 "$ctl" open b v3 "$ctl" shut a send b all 2 x refused a \
		open c v3 "$ctl" probe b c 10
	[ "$status" -eq 0 ]
}

@test "200 clients; 20 seconds of clients coming and going leave no descriptor and no memory" {
	run_logged "$UML_SOURCE/bench/switch-soak" --seconds 20 --clients 200 --switch "$switch" \
		--client "$client"
	[ "$status" -eq 0 ]
}
