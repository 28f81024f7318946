#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# tunctl, beside the one of uml-utilities, in network namespaces.

# shellcheck disable=SC2154,SC2016 # the helpers set variables; words for another shell
load ../lib/common
load ../lib/tools

setup() {
	guest_setup
	tunctl=$(tool tunctl)
}

teardown() {
	netns_remove
}

# What both programs left: interfaces without what is the kernel's choice.
interfaces() {
	ip -n "$netns" -d -o link show | grep ' tun type ' |
		sed 's/^[0-9]*: //; s/ qdisc .*link\// link\//; s/[0-9a-f:]\{17\}/MAC/g'
}

# Each line is a command; `-` before it says that both fail, each with its own text.
both() {
	local program=$1 line words
	while read -r line; do
		read -ra words <<<"${line#- }"
		split in_netns "$program" "${words[@]}" >&2
		if [[ $line == "- "* ]]; then
			[ "$status" -ne 0 ]
			[ -z "$out" ]
			echo "failed"
		else
			[ -z "$err" ]
			printf '%s (status %s)\n' "$out" "$status"
		fi
	done
	interfaces
}

@test "tunctl prints, exits and does what the one of uml-utilities does" {
	local peer commands
	peer=$(peer_tool tunctl)
	commands=$(cat <<-'EOT'
		-b
		-t named
		-u nobody
		-u 65534 -t byuid
		-u 0x10 -t byhex
		-g nogroup -t bygroup
		-g 12 -t bygid
		-u nobody -g nogroup -t byboth
		-b -u nobody -t brief
		-t sixteen%d
		-t sixteen%d -u 7
		-t byuid -u 7
		-d named
		-d byhex -b
		-d never
		-b -d never2
		-t first -d second
		-f /dev/net/tun -t device
		- -t lo
		- -d lo
		- -t bad/name
		- -u no-such-user
		- -g no-such-group
		- -f /dev/null
		- -f /no/such/device
		- -t
		- word
		- -d device word
		- -x
	EOT
	)
	in_netns true
	both "$peer" <<<"$commands" >"$BATS_TEST_TMPDIR/peer"
	netns_remove
	unset netns
	in_netns true
	both "$tunctl" <<<"$commands" >"$BATS_TEST_TMPDIR/ours"
	[ "$(grep -c . "$BATS_TEST_TMPDIR/ours")" -gt 35 ]
	diff "$BATS_TEST_TMPDIR/peer" "$BATS_TEST_TMPDIR/ours"
}

@test "an interface of the one is removed by the other" {
	local peer
	peer=$(peer_tool tunctl)
	in_netns "$peer" -t one
	in_netns "$tunctl" -t two
	in_netns "$tunctl" -d one
	in_netns "$peer" -d two
	[ -z "$(interfaces)" ]
}

@test "an owner, and a member of the group, use and remove it; others do not" {
	in_netns "$tunctl" -t mine -u 65534
	in_netns "$tunctl" -t ours -g 4711
	in_netns "$tunctl" -t his -u 1
	mknod -m 0666 "$BATS_TEST_TMPDIR/tun" c 10 200
	local user=(setpriv --reuid=65534 --regid=65534 --groups=4711 --
		"$tunctl" -f "$BATS_TEST_TMPDIR/tun")
	cp "$tunctl" "$BATS_TEST_TMPDIR/tunctl"
	user[5]=$BATS_TEST_TMPDIR/tunctl
	split in_netns "${user[@]}" -d mine
	[ "$status" -eq 0 ]
	split in_netns "${user[@]}" -d ours
	[ "$status" -eq 0 ]
	split in_netns "${user[@]}" -d his
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[[ $err == "tunctl: cannot remove 'his': TUNSETIFF: Operation not permitted; run as root"* ]]
	split in_netns "${user[@]}" -t fresh
	[ "$status" -eq 1 ]
	[[ $err == *"Operation not permitted"* ]]
	[ "$(interfaces | wc -l)" -eq 1 ]
}

@test "TUN, several queues and virtio headers" {
	in_netns "$tunctl" -n -t t0
	in_netns "$tunctl" -p --multi-queue --vnet-hdr -t t1
	in_netns "$tunctl" --tun
	interfaces | tee "$BATS_TEST_TMPDIR/interfaces"
	grep -q "^t0: .* tun type tun " "$BATS_TEST_TMPDIR/interfaces"
	grep -q "^t1: .* type tap .*vnet_hdr on multi_queue" \
		"$BATS_TEST_TMPDIR/interfaces"
	grep -q "^tun0: " "$BATS_TEST_TMPDIR/interfaces"
	# Removed as what they are.
	in_netns "$tunctl" -d t0
	in_netns "$tunctl" -d t1
	in_netns "$tunctl" --delete=tun0
	[ -z "$(interfaces)" ]
}

@test "Ethernet address, addresses and state" {
	split in_netns "$tunctl" -t t0 --mac 02:00:00:00:00:07 --address 10.3.0.1/24 \
		--address=2001:db8::1/64 --address 10.3.0.9/32 --up
	[ "$status" -eq 0 ]
	[ "$out" = "Set 't0' persistent and owned by uid 0" ]
	run_logged ip -n "$netns" -br address show t0
	[[ $output == *" 10.3.0.1/24 "*"10.3.0.9/32 "*"2001:db8::1/64"* ]]
	run_logged ip -n "$netns" link show t0
	[[ $output == *"<"*"UP"*">"* ]]
	[[ $output == *" 02:00:00:00:00:07 "* ]]
	# Again: what is there stays, the owner is new.
	split in_netns "$tunctl" -t t0 -u 7 --address 10.3.0.1/24 --mac 02:00:00:00:00:08
	[ "$status" -eq 0 ]
	[ "$out" = "Set 't0' persistent and owned by uid 7" ]
	run_logged ip -n "$netns" link show t0
	[[ $output == *" 02:00:00:00:00:08 "* ]]
}

@test "a new interface that cannot be set up does not stay" {
	split in_netns "$tunctl" -t t0 --mac 01:00:00:00:00:07
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[[ $err == "tunctl: cannot set the Ethernet address of 't0': "*"; "* ]]
	[ -z "$(interfaces)" ]
	split in_netns "$tunctl" -t t0 --address 0.0.0.0/33
	[ "$status" -eq 2 ]
	[ -z "$(interfaces)" ]
}

@test "--list, for people and as JSON" {
	split in_netns "$tunctl" --list
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	split in_netns "$tunctl" --list --json
	[ "$(python3 -c 'import json,sys; print(json.load(sys.stdin))' <<<"$out")" = "[]" ]
	in_netns "$tunctl" -t t0 -u nobody -g 4711 --address 10.3.0.1/24 --up
	in_netns "$tunctl" -n -t t1 --multi-queue
	in_netns ip link add other type veth peer name another
	split in_netns "$tunctl" -l
	[ "$status" -eq 0 ]
	[ "$(wc -l <<<"$out")" -eq 3 ]
	[[ $out == *"t0 "*" tap "*" nobody "*" 4711 "*" up,persistent 10.3.0.1/24"* ]]
	[[ $out == *"t1 "*" tun "*" root "*" - "*" - "*" down,persistent,multi-queue"* ]]
	split in_netns "$tunctl" --list --json
	python3 - "$out" <<-'EOT'
		import json, sys
		first, second = json.loads(sys.argv[1])
		assert first["name"] == "t0" and first["kind"] == "tap", first
		assert first["owner"] == 65534 and first["group"] == 4711, first
		assert first["addresses"][0] == "10.3.0.1/24", first
		assert first["up"] and first["persistent"] and not first["multi_queue"], first
		assert second["kind"] == "tun" and second["mac"] is None, second
		assert second["group"] is None and second["multi_queue"], second
	EOT
	split in_netns "$tunctl" --list -t t1
	[ "$(wc -l <<<"$out")" -eq 2 ]
	# The host's kernel takes nearly any bytes as a name, also from others than tunctl.
	local effect number=0
	for effect in "${terminal_effects[@]}"; do
		in_netns ip tuntap add mode tap dev "x$effect" 2>/dev/null || continue
		number=$((number + 1))
		split in_netns env LC_ALL=C.UTF-8 "$tunctl" --list
		[ "$status" -eq 0 ]
		[[ $out == *$'\n'x* ]]
		has_no_effect "$out"
		split in_netns env LC_ALL=C.UTF-8 "$tunctl" --list --json
		has_no_effect "$out"
		python3 -c 'import json, sys; json.loads(sys.argv[1])' "$out"
		in_netns ip link del "x$effect"
	done
	[ "$number" -gt 8 ]
	split in_netns "$tunctl" --list -t other
	[ "$status" -eq 1 ]
	[[ $err == "tunctl: cannot list 'other': no TUN or TAP interface has that name; "* ]]
}

@test "300 interfaces with their addresses are listed" {
	in_netns bash -c 'for i in $(seq 300); do "$0" -b -t "t$i" --address "10.3.$((i / 200)).$((i % 200))/32" || exit; done' \
		"$tunctl" >"$BATS_TEST_TMPDIR/names"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/names")" -eq 300 ]
	split in_netns "$tunctl" --list
	[ "$(wc -l <<<"$out")" -eq 301 ]
	[ "$(grep -c ' 10\.3\.' <<<"$out")" -eq 300 ]
}

@test "wrong usage exits with 2, changes nothing" {
	local words line
	in_netns true
	while read -r line; do
		read -ra words <<<"$line"
		split in_netns "$tunctl" "${words[@]}"
		[ "$status" -eq 2 ]
		[ -z "$out" ]
		[[ $(head -n 1 <<<"$err") == "tunctl: "* ]]
		[[ $(sed -n 2p <<<"$err") == "usage: tunctl "* ]]
	done <<-'EOT'
		-n -p
		-n --mac 02:00:00:00:00:07
		--mac 02:00:00:00:00
		--address 10.0.0.1/33
		--address 10.0.0
		--address 2001:db8::/129
		--address /24
		--address 10.0.0.1
		--address 2001:db8::1
		--address 10.0.0.1/
		-d tap0 -d tap1
		-t tap0 -t tap1
		-u 1 -u 2
		-g 1 -g 2
		-f /dev/null -f /dev/net/tun
		--mac 02:00:00:00:00:07 --mac 02:00:00:00:00:08
		-t name-of-16-bytes
		-t a:b
		-u -1
		-u 4294967295
		-g 99999999999
		-d t0 --list
		--json
		-d
		word
	EOT
	[ -z "$(interfaces)" ]
}

@test "a full disk under its output is an error" {
	split in_netns bash -c '"$0" -b -t t0 >/dev/full' "$tunctl"
	[ "$status" -eq 1 ]
	[[ $err == "tunctl: cannot write to standard output: No space left on device" ]]
	# Nobody learns of what was made: it does not stay. What was there before does.
	[ -z "$(interfaces)" ]
	in_netns "$tunctl" -t t0
	split in_netns bash -c '"$0" -t t0 -u 7 >/dev/full; "$0" -t t1 >&-' "$tunctl"
	[ "$status" -eq 1 ]
	[ "$(interfaces | wc -l)" -eq 1 ]
}

@test "names with any bytes that the host's kernel takes" {
	local name
	for name in täp $'t\377' $'t\033[m' 'a"b' "a'b" 'a\b' '漢字'; do
		split in_netns env LC_ALL=C.UTF-8 "$tunctl" -t "$name"
		[ "$status" -eq 0 ]
		has_no_effect "$out"
		in_netns ip link show dev "$name"
		split in_netns env LC_ALL=C.UTF-8 "$tunctl" --list -t "$name"
		[ "$status" -eq 0 ]
		split in_netns env LC_ALL=C.UTF-8 "$tunctl" -d "$name"
		[ "$status" -eq 0 ]
	done
	split in_netns "$tunctl" -t à
	[ "$status" -eq 2 ]
	[ -z "$(interfaces)" ]
}

@test "an interface that another program has for a moment is waited for" {
	in_netns "$tunctl" -t t0
	# Ten at a time; each has it while it sets the owner.
	split in_netns bash -c 'for i in $(seq 40); do "$0" -t t0 -u "$i" & pids+=($!); done
		for pid in "${pids[@]}"; do wait "$pid" || exit; done' "$tunctl"
	[ "$status" -eq 0 ]
	[ -z "$err" ]
	in_netns "$tunctl" -d t0
}

@test "the hook of ifupdown makes what interfaces(5) describes" {
	local hook=$UML_BUILD/tunctl/ifupdown
	# The installed name of tunctl stands in it.
	sed "s,^\([[:space:]]*\)/.*/tunctl,\1$tunctl," "$hook" >"$BATS_TEST_TMPDIR/hook"
	chmod +x "$BATS_TEST_TMPDIR/hook"
	grep -q "$tunctl" "$BATS_TEST_TMPDIR/hook"
	in_netns env IFACE=tap5 PHASE=pre-up "$BATS_TEST_TMPDIR/hook"
	[ -z "$(interfaces)" ]
	split in_netns env IFACE=tap5 PHASE=pre-up IF_TUNCTL_USER=nobody "$BATS_TEST_TMPDIR/hook"
	[ "$out" = "Set 'tap5' persistent and owned by uid 65534" ]
	in_netns env IFACE=tap6 PHASE=pre-up IF_TUNCTL_USER=7 IF_TUNCTL_GROUP=4711 \
		"$BATS_TEST_TMPDIR/hook"
	interfaces | tee "$BATS_TEST_TMPDIR/interfaces"
	grep -q "^tap6: .* group 4711 " "$BATS_TEST_TMPDIR/interfaces"
	in_netns ip link add up0 type veth peer name up0far
	in_netns ip link set tap5 up
	in_netns env IFACE=tap5 PHASE=post-up IF_UML_PROXY_ARP="10.7.0.2 10.7.0.3" \
		IF_UML_PROXY_ETHER=up0 "$BATS_TEST_TMPDIR/hook"
	[ "$(in_netns ip route | grep -c '^10\.7\.0\.[23] dev tap5')" -eq 2 ]
	[ "$(in_netns ip neighbour show proxy | grep -c 'dev up0')" -eq 2 ]
	[ "$(in_netns cat /proc/sys/net/ipv4/conf/tap5/proxy_arp)" -eq 1 ]
}
