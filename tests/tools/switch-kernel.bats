#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# The kernel of Debian's package user-mode-linux, and QEMU, at uml_switch: two kernels ping each
# other through a switch, a hub and with the host through a tap.
# shellcheck disable=SC2030,SC2031 # each test is a subshell
# shellcheck disable=SC2034,SC2154 # the common files use and set them

load ../lib/common
load ../lib/tools

setup_file() {
	cat >"$BATS_FILE_TMPDIR/net" <<-'EOT'
	#!/bin/sh
	# net OWN OTHER [wait]: with address OWN, pings OTHER or waits for a line on the console.
	ifconfig eth0 "$1" netmask 255.255.255.0 up || exit 1
	if [ "$3" = wait ]; then
		echo is-up
		read -r line
		echo "got $line"
		exit 0
	fi
	left=30
	until ping -c 1 -W 1 "$2" >/dev/null; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || exit 1
	done
	ping -c 3 -W 5 "$2" && ping -c 3 -W 5 -s 1400 "$2"
	EOT
	chmod +x "$BATS_FILE_TMPDIR/net"
	"$UML_SOURCE/rootfs/mkdemo.sh" -s 32M -a "$BATS_FILE_TMPDIR/net:/t/net" \
		"$BATS_FILE_TMPDIR/root.ext4"
}

setup() {
	command -v linux.uml >/dev/null || skip "needs the Debian package user-mode-linux"
	guest_setup
	dir=$BATS_TEST_TMPDIR
	ctl=$dir/ctl
	switch=$(tool uml_switch)
	# The data sockets of kernels have abstract names: they and the switch share a network.
	in_netns true
	printf '#!/bin/sh\nexec ip netns exec %s %s "$@"\n' "$netns" "$BATS_SUITE_TMPDIR/stock" >"$dir/linux"
	chmod +x "$dir/linux"
	guest_kernel=$dir/linux
	UML_KERNEL_OPTIONS="con0=fd:0,fd:1 con=null mem=64M"
	image=$BATS_FILE_TMPDIR/root.ext4
}

teardown() {
	local pid failed=0
	exec 8>&-
	for pid in "${started[@]}"; do
		not_running "$pid" || kill "$pid" 2>/dev/null
		wait_until 10 not_running "$pid" || kill -KILL "$pid"
	done
	log "--- switch"
	cat "$dir"/*.log
	if [ -s "$guest_log" ]; then
		log "--- console"
		tr -d '\r' <"$guest_log"
	fi
	netns_remove
	return "$failed"
}

start_switch() {
	ip netns exec "$netns" "$switch" -unix "$ctl" "$@" </dev/null >"$dir/switch.log" 2>&1 3>&- &
	switch_pid=$!
	started+=("$switch_pid")
	wait_until 10 test -S "$ctl"
}

# ports COUNT: whether the switch has so many.
ports() {
	[ "$("$switch" --status --json -unix "$ctl" | grep -c '"kind": "unix"')" -eq "$1" ]
}

# One kernel waits in the background, another pings it and ends.
two_kernels_ping() {
	guest_start ubd0r="$image" root=/dev/ubda ro umid=one eth0="daemon,02:00:00:00:00:11,unix,$ctl" \
		run=/t/net,10.0.0.1,10.0.0.2,wait
	guest_expect 60 is-up
	guest_boot ubd0r="$image" root=/dev/ubda ro umid=two eth0="daemon,02:00:00:00:00:12,unix,$ctl" \
		run=/t/net,10.0.0.2,10.0.0.1
	stock_ended_well
	[[ $output == *"run: /t/net: exit status 0"* ]]
	[ "$(grep -c "3 packets received, 0% packet loss" <<<"$output")" -eq 2 ]
}

end_first() {
	guest_send bye
	guest_wait 60
	[[ $output == *"got bye"* ]]
	wait_until 10 ports 0
}

@test "two stock kernels through a switch with a tap uplink: each other and the host" {
	need_root "tap devices"
	start_switch -tap t0 --pcap "$dir/frames.pcap"
	in_netns ip link set t0 up
	in_netns ip addr add 10.0.0.9/24 dev t0
	two_kernels_ping
	run_logged ip netns exec "$netns" busybox ping -c 3 -W 5 10.0.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"3 packets received, 0% packet loss"* ]]
	run_logged "$switch" --status -unix "$ctl"
	[[ $output == *" unix2 "*" umid=one "* ]]
	[[ $output == *$'\n'"02:00:00:00:00:11 "* ]]
	wait_until 10 ports 1
	end_first
	grep -qa 02:00:00:00:00:12 "$dir/switch.log"
	[ "$(stat -c %s "$dir/frames.pcap")" -gt 5000 ]
}

@test "two stock kernels through a hub" {
	start_switch -hub
	two_kernels_ping
	end_first
}

@test "two stock kernels in two VLANs, by their umids, do not reach each other" {
	start_switch --port=umid:one,vlan=10 --port=umid:two,vlan=20
	sed -i 's/left=30/left=5/' "$BATS_FILE_TMPDIR/net"
	"$UML_SOURCE/rootfs/mkdemo.sh" -s 32M -a "$BATS_FILE_TMPDIR/net:/t/net" "$dir/apart.ext4"
	image=$dir/apart.ext4
	two_kernels_ping && return 1
	[[ $output == *"run: /t/net: exit status 1"* ]]
	end_first
}

@test "QEMU attaches by -netdev stream, and its firmware's frames arrive" {
	command -v qemu-system-x86_64 >/dev/null || skip "needs the Debian package qemu-system-x86"
	start_switch --stream "$dir/stream"
	wait_until 10 test -S "$dir/stream"
	timeout -s KILL 100 qemu-system-x86_64 -accel tcg -display none -serial none -monitor none \
		-m 64 -boot n -netdev stream,id=n,server=off,addr.type=unix,addr.path="$dir/stream" \
		-device virtio-net-pci,netdev=n,mac=02:00:00:00:00:33 \
		</dev/null >"$dir/qemu.log" 2>&1 3>&- &
	started+=("$!")
	wait_until 80 grep -q " Addr: 02:00:00:00:00:33 New port 1" "$dir/switch.log"
	# And it takes frames.
	run_logged ip netns exec "$netns" timeout 60 "$UML_BUILD/tests/bin/switch-client" \
		open a v3 "$ctl" open b v3 "$ctl" probe a b 200
	[ "$status" -eq 0 ]
	taken() {
		[ "$("$switch" --status --json -unix "$ctl" |
			python3 -c 'import json, sys; print(json.load(sys.stdin)["ports"][0]["frames_out"])')" \
			-ge 200 ]
	}
	wait_until 20 taken
}
