#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# port-helper with the kernel of Debian's package user-mode-linux: consoles on a TCP port, used by
# telnet clients without a telnet daemon, and consoles in a terminal program. All in a network
# namespace of the test.
# shellcheck disable=SC2034,SC2154 # the common files use and set them
# shellcheck disable=SC2016 # what is in single quotes is for the guest's shell

load ../lib/common
load ../lib/tools

# The kernel listens here, on all addresses of the namespace.
port=9000

setup_file() {
	command -v linux.uml >/dev/null || skip "needs the Debian package user-mode-linux"
	cat >"$BATS_FILE_TMPDIR/inittab" <<-'EOT'
	::sysinit:/etc/init.d/rcS
	tty0::once:/etc/init.d/console
	tty1::respawn:/sbin/getty 0 tty1 xterm
	tty2::respawn:/sbin/getty 0 tty2 xterm
	::ctrlaltdel:/sbin/poweroff
	::shutdown:/etc/init.d/rcK
	EOT
	"$UML_SOURCE/rootfs/mkdemo.sh" -s 32M -a "$BATS_FILE_TMPDIR/inittab:/etc/inittab" \
		"$BATS_FILE_TMPDIR/root.ext4"
	# As "make install" has it, a folder for PATH.
	mkdir "$BATS_FILE_TMPDIR/telnet"
	ln -s "$(tool port-helper)" "$BATS_FILE_TMPDIR/telnet/in.telnetd"
	export CONVERSE_LIMIT_S=60
}

setup() {
	guest_setup
	in_netns true
	guest_kernel=$guest_dir/kernel
	cat >"$guest_kernel" <<-EOT
	#!/bin/sh
	PATH=$BATS_FILE_TMPDIR/telnet:\$PATH
	UML_PORT_HELPER=$(tool port-helper)
	DISPLAY=none
	export PATH UML_PORT_HELPER DISPLAY
	exec ip netns exec $netns $BATS_SUITE_TMPDIR/stock "\$@"
	EOT
	chmod +x "$guest_kernel"
	UML_KERNEL_OPTIONS="con0=fd:0,fd:1 con=null ssl=null mem=64M quiet"
	guest_image=$BATS_FILE_TMPDIR/root.ext4
}

# In place of that of common.bash: a stock kernel that is killed leaves files of its own behind.
teardown() {
	local pid
	for pid in "${started[@]}"; do
		kill -TERM "$pid" 2>/dev/null || true
		wait_until 10 not_running "$pid" || kill -KILL "$pid"
	done
	exec 8>&-
	[ ! -s "$guest_log" ] || { log "--- console"; tr -d '\r' <"$guest_log"; }
	netns_remove
}

# guest_on_port: boots with both consoles on the port; they listen when it returns.
guest_on_port() {
	guest_start con1="port:$port" con2="port:$port"
	guest_expect 60 'demo:(/root|~)#'
}

# converse PROGRAM ARGUMENT... -- STEP...: see converse.py.
converse() {
	split in_netns python3 "$UML_TESTS/lib/converse.py" "$@"
	[ "$status" -eq 0 ] || {
		tell_state
		return 1
	}
}

# What there is to know of a conversation that stuck.
tell_state() {
	local pid
	in_netns ss -tanp
	ls -l "/proc/$(guest_kernel_pid)/fd"
	for pid in $(helpers); do
		ps -o pid,ppid,stat,wchan:20,args -p "$pid"
		ls -l "/proc/$pid/fd"
		timeout 2 strace -p "$pid" 2>&1 || true
	done
}

# Steps that log in as root.
login=('<login: ' '>root\r' '<# ')
# Steps after which a program waits, in the foreground: it says so itself.
asleep=('>sh -c "echo z\$((1+1))z; exec sleep 1000"\r' '<z2z\s')
# Steps by which the telnet client hangs up.
quit=('>\x1d' '<telnet> ' '>quit\r')

# helpers: the process ids of our program under the guest's keeper.
helpers() {
	local pid
	for pid in $(descendants "$guest_keeper"); do
		case $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null) in
		*in.telnetd* | *port-helper*) [ "$(process_state "$pid")" = Z ] || echo "$pid" ;;
		esac
	done
}

no_helpers() {
	[ -z "$(helpers)" ]
}

# The guest writes its window's size into the host's view when it is what the client has.
window_becomes() {
	printf '%s' '>until [ "$(stty size)" = "'"$1"'" ]; do usleep 50000; done; echo size-$((1+1))\r'
}

@test "telnet to a stock kernel's port: log in, window size, interrupt, hang up, again" {
	guest_on_port
	converse telnet 127.0.0.1 "$port" -- "${login[@]}" \
		'>tty; stty size\r' '</dev/tty1' '<31 97' \
		'=50x132' "$(window_becomes '50 132')" '<size-2' \
		"${asleep[@]}" '>\x03' '<\^C' '<# ' '>echo interrupted-$((3+4))\r' '<interrupted-7' \
		"${asleep[@]}" '>\x1d' '<telnet> ' '>send ip\r' '<# ' \
		'>echo \xc3\xa4\xff | od -An -tx1\r' '<c3 a4 ff 0a' \
		'>seq -w 300 | tr -d "\\n"; echo\r' "<$(seq -w 300 | tr -d '\n')" \
		"${quit[@]}" '<Connection closed'
	wait_until 20 no_helpers
	# The session is over; the console is there for the next.
	converse telnet 127.0.0.1 "$port" -- "${login[@]}" '>echo $((6*7))\r' '<42' \
		'>ps | grep -c "[s]leep 1000"\r' '<\n0' '>exit\r' "${quit[@]}"
	converse busybox telnet 127.0.0.1 "$port" -- "${login[@]}" '>stty size\r' '<31 97' \
		"${asleep[@]}" '>\x03' '<# ' '>echo $((6*8))\r' '<48' '!'
	wait_until 20 no_helpers
	converse telnet 127.0.0.1 "$port" -- "${login[@]}" '>poweroff -f\r' '<closed'
	guest_wait 60
	stock_ended_well
	[[ $output != *"keeper: left behind"* ]]
}

@test "two telnet clients at once, a third that waits or goes" {
	local inner
	guest_on_port
	# The third goes while it waits; then one is freed, and the next gets that.
	inner="python3 '$UML_TESTS/lib/converse.py' telnet 127.0.0.1 $port --"
	converse telnet 127.0.0.1 "$port" -- "${login[@]}" '>tty\r' '</dev/tty[12]' \
		"\$$inner '<login: ' '>root\r' '<# ' '>tty\r' '</dev/tty[12]' \
			'\$$inner \"<no UML consoles waiting\" \"!\"' \
			'>echo \$((5*5))\r' '<25' '!'" \
		'>echo $((4*4))\r' '<16' "${quit[@]}" '<Connection closed'
	wait_until 20 no_helpers
	converse telnet 127.0.0.1 "$port" -- "${login[@]}" '>echo $((7*7))\r' '<49' \
		"\$$inner '<login: ' '>root\r' '<# ' '>tty\r' '</dev/tty[12]' '!'" "${quit[@]}"
	wait_until 20 no_helpers
}

@test "a stock kernel that is killed takes its port's clients and helpers along" {
	guest_on_port
	kill_kernel() {
		local pids
		mapfile -t pids < <(helpers)
		[ "${#pids[@]}" -eq 2 ] || return 1
		kill -KILL "$(guest_kernel_pid)"
		for pid in "${pids[@]}"; do
			wait_until 20 not_running "$pid" || return 1
		done
	}
	mkfifo "$guest_dir/go"
	in_netns python3 "$UML_TESTS/lib/converse.py" telnet 127.0.0.1 "$port" -- "${login[@]}" \
		"\$echo up >'$guest_dir/go'" '<closed' >"$guest_dir/client" 2>&1 3>&- &
	read -r -t 90 _ <>"$guest_dir/go" || { cat "$guest_dir/client"; return 1; }
	kill_kernel
	wait "$!" || { cat "$guest_dir/client"; return 1; }
}

@test "a stock kernel that is slow to listen to its helper misses no terminal" {
	guest_on_port
	# Its helper is long there when it adds the helper's socket to those that it polls.
	strace -o "$guest_dir/strace" -e trace=epoll_ctl -e signal=none \
		-e inject=epoll_ctl:delay_enter=300000 -p "$(guest_kernel_pid)" 3>&- &
	started+=("$!")
	wait_until 10 grep -q '^TracerPid:.*[1-9]' "/proc/$(guest_kernel_pid)/status"
	converse telnet 127.0.0.1 "$port" -- "${login[@]}" '>echo $((7*7))\r' '<49' "${quit[@]}"
	grep -q 'EPOLL_CTL_ADD.*DELAYED' "$guest_dir/strace"
}

@test "clients that do not stay leave a stock kernel's console to others" {
	guest_on_port
	in_netns python3 - 10 "$port" <<-'EOT'
	import socket, sys
	for _ in range(int(sys.argv[1])):
	    socket.create_connection(("127.0.0.1", int(sys.argv[2]))).close()
	EOT
	wait_until 30 no_helpers
	converse telnet 127.0.0.1 "$port" -- "${login[@]}" '>echo $((7*7))\r' '<49' "${quit[@]}"
	wait_until 20 no_helpers
}

@test "a stock kernel's console in a terminal program; the helper goes with it, and with the kernel" {
	local pids pid
	cat >"$guest_dir/terminal" <<-EOT
	#!/bin/sh
	# As an xterm is called: -T TITLE -e COMMAND. What is typed comes from a fifo.
	shift 3
	exec script -qefc "\$*" "$guest_dir/window" <>"$guest_dir/keys" >/dev/null
	EOT
	chmod +x "$guest_dir/terminal"
	mkfifo "$guest_dir/keys"
	guest_start con1=xterm xterm="$guest_dir/terminal,-T,-e"
	wait_until 60 grep -aq 'login: ' "$guest_dir/window"
	printf 'root\r' >"$guest_dir/keys"
	wait_until 20 grep -aq '# ' "$guest_dir/window"
	printf 'tty; echo $((6*7))-end\r' >"$guest_dir/keys"
	wait_until 20 grep -aq '^42-end' "$guest_dir/window"
	grep -aq '^/dev/tty1' "$guest_dir/window"
	mapfile -t pids < <(helpers)
	[ "${#pids[@]}" -ge 2 ]
	kill -KILL "$(guest_kernel_pid)"
	for pid in "${pids[@]}"; do
		wait_until 20 not_running "$pid"
	done
}
