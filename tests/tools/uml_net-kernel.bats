#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# Stock kernels, run by ordinary users, on the network through our uml_net.

# shellcheck disable=SC2154,SC2016 # the helpers set variables; words for another shell
load ../lib/common
load ../lib/tools
load ../lib/uml_net

setup_file() {
	# What a guest does; options of its kernel tell it.
	cat >"$BATS_FILE_TMPDIR/net" <<-'EOT'
		for word in $(cat /proc/cmdline); do
			case $word in
			address=*) address=${word#*=} ;;
			gate=*) gate=${word#*=} ;;
			esac
		done
		if ifconfig eth0 "$address" netmask 255.255.255.0 up; then
			route add default gw "$gate"
			echo "net: up"
		else
			echo "net: no interface"
		fi
		while read -r line; do
			[ "$line" != end ] || break
			if eval "$line" >/dev/null 2>&1; then
				echo "net: did $line"
			else
				echo "net: failed $line"
			fi
		done
		ifconfig eth0 down
		echo "net: over"
	EOT
	"$UML_SOURCE/rootfs/mkdemo.sh" -s 32M -a "$BATS_FILE_TMPDIR/net:/t/net" \
		"$BATS_FILE_TMPDIR/net.ext4"
	chmod a+rx "$BATS_FILE_TMPDIR"
	chmod a+r "$BATS_FILE_TMPDIR/net.ext4"
}

setup() {
	guest_setup
	[ -x /usr/bin/linux.uml ] || skip "needs the Debian package user-mode-linux"
	world_setup
	inputs=()
}

teardown() {
	local pid fd
	for fd in "${inputs[@]}"; do
		eval "exec $fd>&-"
	done
	for pid in "${started[@]}"; do
		# The keeper ends its guest with all of its processes.
		kill -TERM "$pid" 2>/dev/null || continue
		wait_until 20 not_running "$pid"
	done
	tail -n 100 "$BATS_TEST_TMPDIR"/*.console 2>/dev/null | tr -d '\r'
	netns_remove
}

# stock_start NAME USER ADDRESS GATE [OPTION]...: boots a stock kernel as that user in the world.
stock_start() {
	local name=$1 user=$2 address=$3 gate=$4 home=$BATS_TEST_TMPDIR/$1 fd
	shift 4
	mkdir "$home"
	chown "$user" "$home"
	mkfifo "$home.input"
	exec {fd}<>"$home.input"
	inputs+=("$fd")
	eval "input_$name=$fd"
	[ -n "${netns:-}" ]
	"$keeper" -t 120 ip netns exec "$netns" "$UML_TESTS/lib/world" "$world" "$policy_path" \
		"$(tool uml_net)" setpriv --reuid "$user" --regid "$user" --clear-groups -- \
		env -i PATH="$world/bin:/usr/bin:/bin" HOME="$home" TMPDIR="$home" ASAN_OPTIONS="$ASAN_OPTIONS" \
		"$BATS_SUITE_TMPDIR/stock" ubd0r="$BATS_FILE_TMPDIR/net.ext4" root=/dev/ubda ro mem=128M \
		con0=fd:0,fd:1 con=null eth0="tuntap,,,$gate" address="$address" gate="$gate" \
		run=/bin/sh,/t/net "$@" <"$home.input" >"$home.console" 2>&1 3>&- &
	started+=("$!")
	eval "keeper_$name=$!"
}

# stock_expect NAME REGEX: waits for a line on its console.
stock_expect() {
	wait_until 60 grep -aEq "^$2" "$BATS_TEST_TMPDIR/$1.console"
}

# stock_do NAME LINE: the guest does LINE with success.
stock_do() {
	local fd=input_$1
	printf '%s\n' "$2" >&"${!fd}"
	stock_expect "$1" "net: (did|failed) $2"
	! grep -aq "^net: failed $2" "$BATS_TEST_TMPDIR/$1.console"
}

# stock_end NAME: orderly; its exit status in $status, its console in $output.
stock_end() {
	local fd=input_$1 pid=keeper_$1
	printf 'end\n' >&"${!fd}"
	stock_expect "$1" "net: over"
	wait_until 60 not_running "${!pid}"
	status=0
	wait "${!pid}" || status=$?
	output=$(tr -d '\0' <"$BATS_TEST_TMPDIR/$1.console")
	log "(guest $1 ended with status $status)"
}

host_reaches() {
	wait_until 30 in_netns busybox ping -c 1 -W 2 "$1"
}

@test "a guest of an ordinary user and the host reach each other, and it all goes away" {
	stock_start one "$alice" 10.7.0.2 10.7.0.1
	stock_expect one "net: (up|no interface)"
	host_reaches 10.7.0.2
	stock_do one "ping -c 2 -w 20 10.7.0.1"
	# By the host to its other addresses.
	stock_do one "ping -c 1 -w 20 10.8.0.1"
	run_logged guest_traces
	[[ $output == *"10.7.0.2 dev tap0 "* ]]
	[[ $output == *"10.7.0.2 dev up0 "* ]]
	in_netns ip -d link show tap0 | grep "alias uml_net uid $alice"
	# Another address in place of the first.
	stock_do one "ifconfig eth0 10.7.0.9 netmask 255.255.255.0"
	host_reaches 10.7.0.9
	[[ $(guest_traces) != *"10.7.0.2 "* ]]
	stock_end one
	stock_ended_well
	[ -z "$(guest_traces)" ]
}

@test "two guests of two users reach each other" {
	stock_start one "$alice" 10.7.0.2 10.7.0.1
	stock_start two "$bob" 10.7.0.3 10.7.0.1
	stock_expect one "net: (up|no interface)"
	stock_expect two "net: (up|no interface)"
	stock_do one "ping -c 1 -w 30 10.7.0.3"
	stock_do two "ping -c 1 -w 30 10.7.0.2"
	stock_do two "httpd -p 80 -h /bin"
	stock_do one "wget -q -O /tmp/got http://10.7.0.3/busybox"
	stock_do one "cmp /tmp/got /bin/busybox"
	stock_end one
	[[ $(guest_traces) == *"10.7.0.3 dev tap"* ]]
	[[ $(guest_traces) != *"10.7.0.2"* ]]
	stock_end two
	[ -z "$(guest_traces)" ]
}

@test "two guests on a bridge" {
	in_netns ip link add br0 type bridge
	in_netns ip address add 10.7.0.9/24 dev br0
	in_netns ip link set br0 up
	echo "allow user $bob bridge br0" >>"$policy"
	stock_start one "$alice" 10.7.0.2 10.7.0.9
	stock_start two "$bob" 10.7.0.3 10.7.0.9
	stock_expect one "net: (up|no interface)"
	stock_expect two "net: (up|no interface)"
	stock_do one "ping -c 1 -w 30 10.7.0.3"
	[ "$(in_netns ip -o link show master br0 | wc -l)" -eq 2 ]
	[ -z "$(in_netns ip neighbour show proxy)" ]
	stock_end one
	stock_end two
	[ -z "$(guest_traces)" ]
}

@test "what the policy refuses the guest's console tells, and the guest lives on" {
	stock_start one "$alice" 10.7.0.2 10.9.0.1
	stock_expect one "net: no interface"
	grep -a "uml_net: cannot have the address 10.9.0.1 on the host: the policy does not allow it" \
		"$BATS_TEST_TMPDIR/one.console"
	stock_do one true
	stock_end one
	stock_ended_well
	# An address of the guest that is refused: the interface is up, the host has no route.
	stock_start two "$alice" 10.9.0.2 10.7.0.1
	stock_expect two "net: (up|no interface)"
	grep -a "uml_net: cannot route 10.9.0.2 to the guest: the policy" "$BATS_TEST_TMPDIR/two.console"
	[[ $(guest_traces) != *10.9.0.2* ]]
	stock_end two
	[ -z "$(guest_traces)" ]
}

@test "slip and ethertap interfaces are refused with the alternative" {
	local kind fd
	stock_start one "$alice" 10.7.0.2 10.7.0.1 eth1=slip,10.7.0.1 eth2=ethertap,tap9,,10.7.0.1
	stock_expect one "net: up"
	fd=input_one
	printf 'ifconfig eth1 10.7.0.4 up\nifconfig eth2 10.7.0.5 up\n' >&"${!fd}"
	for kind in slip ethertap; do
		# The kernel may lose the first letter.
		stock_expect one \
			".*ml_net: the host no longer has '$kind' interfaces; give the guest eth0=tuntap"
	done
	stock_end one
	stock_ended_well
}

@test "a guest that is killed leaves no interface, and the next one cleans up" {
	stock_start one "$alice" 10.7.0.2 10.7.0.1
	stock_expect one "net: (up|no interface)"
	host_reaches 10.7.0.2
	local processes
	processes=$(descendants "$keeper_one")
	[ -n "$processes" ]
	# shellcheck disable=SC2086 # process ids
	kill -KILL $processes
	wait_until 30 not_running "$keeper_one"
	wait_until 30 eval '! in_netns ip -o link | grep -q " tap"'
	[[ $(guest_traces) == "10.7.0.2 dev up0 "* ]]
	stock_start two "$bob" 10.7.0.3 10.7.0.1
	stock_expect two "net: (up|no interface)"
	[[ $(guest_traces) != *10.7.0.2* ]]
	stock_end two
	[ -z "$(guest_traces)" ]
}
