#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_net: what it does on the host, beside the one of uml-utilities; its policy; its answers.

# shellcheck disable=SC2154,SC2016 # the helpers set variables; words for another shell
load ../lib/common
load ../lib/tools
load ../lib/uml_net

setup() {
	guest_setup
	world_setup
}

teardown() {
	netns_remove
}

# What a guest's interface and its addresses are on the host, whoever made them.
effects() {
	in_netns sh -c 'for tap in $(ip -o link | sed -n "s/.*: \(tap[0-9]*\): .*/\1/p"); do
			ip -o link show "$tap" | sed "s/^[0-9]*: //; s/ qdisc.*//"
			ip -o -4 address show "$tap" | sed "s/.*\(inet [^ ]*\).*/\1/"
			echo "proxy_arp $(cat "/proc/sys/net/ipv4/conf/$tap/proxy_arp")"
		done
		ip route | sed "s/ proto [^ ]*//"
		ip neighbour show proxy | sed "s/ proto [^ ]*//"
		echo "forwarding $(cat /proc/sys/net/ipv4/ip_forward)"' | sed 's/ *$//'
}

# life PROGRAM: the requests of a guest's life, and their effects after each.
life() {
	local file=$BATS_TEST_TMPDIR/life
	{
		declare -f effects in_netns need_root
		cat <<-EOT
			netns=$netns
			asked() { "$asker" "$1" 4 "\$@" >&2; echo "# \$*"; effects; }
			asked add \$TAP 10.7.0.2 255.255.255.0
			asked del \$TAP 10.7.0.2 255.255.255.0
			asked add \$TAP 10.7.0.3 255.0.0.0
			asked del \$TAP 10.7.0.3 255.0.0.0
			asked add \$TAP 10.9.0.3 255.255.255.0
			asked add \$TAP 10.7.0.4 255.255.255.255
		EOT
	} >"$file"
	in_world "$asker" -r "bash -eu $file" "$1" 4 tuntap up 10.7.0.1 |
		sed -n '/^interface/p; /^# /,$p'
	echo "# over"
	effects
}

@test "a guest's life has the effects that the one of uml-utilities has" {
	local peer
	peer=$(peer_tool uml_net)
	life "$peer" >"$BATS_TEST_TMPDIR/peer"
	cat "$BATS_TEST_TMPDIR/peer"
	netns_remove
	unset netns
	network up0
	life "$helper" >"$BATS_TEST_TMPDIR/ours"
	grep -q '^10.7.0.2 dev tap0 scope link' "$BATS_TEST_TMPDIR/ours"
	grep -q '^10.7.0.2 dev up0 proxy' "$BATS_TEST_TMPDIR/ours"
	grep -q '^inet 10.7.0.1/32' "$BATS_TEST_TMPDIR/ours"
	diff "$BATS_TEST_TMPDIR/peer" "$BATS_TEST_TMPDIR/ours"
}

@test "an ordinary user gets an interface, addresses, and nothing stays" {
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		ask $alice 4 add $TAP 10.7.0.3 255.255.255.0
		# Once more is no error.
		ask $alice 4 add $TAP 10.7.0.3 255.255.255.0
		ip -d link show $TAP
		ip address show $TAP
		ip route
		ip neighbour show proxy
		ask $alice 4 del $TAP 10.7.0.2 255.255.255.0
		test $(cat /proc/sys/net/ipv4/conf/$TAP/proxy_arp) = 1
		ask $alice 4 del $TAP 10.7.0.3 255.255.255.0
		test $(cat /proc/sys/net/ipv4/conf/$TAP/proxy_arp) = 0
		test -z "$(ip neighbour show proxy)"
		! ip route | grep "dev $TAP"
		for name in rp_filter accept_redirects accept_source_route; do
			echo $name $(cat /proc/sys/net/ipv4/conf/$TAP/$name)
		done
		[ ! -e /proc/sys/net/ipv6 ] || test $(cat /proc/sys/net/ipv6/conf/$TAP/accept_ra) = 0
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"interface tap0"* ]]
	[[ $output == *"alias uml_net uid $alice"* ]]
	[[ $output == *"inet 10.7.0.1/32 "* ]]
	[[ $output == *"10.7.0.2 dev tap0 "*"10.7.0.3 dev tap0 "* ]]
	[[ $output == *"10.7.0.3 dev up0 "* ]]
	[[ $output == *"rp_filter 1"*"accept_redirects 0"*"accept_source_route 0"* ]]
	[ -z "$(guest_traces)" ]
	[ "$(in_netns cat /proc/sys/net/ipv4/ip_forward)" -eq 1 ]
}

@test "with the capability instead of set-user-ID root" {
	touch "$world/capabilities"
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		ip route
		ip neighbour show proxy
		refused $bob 4 add $TAP 10.7.0.3 255.255.255.0
		ask $alice 4 del $TAP 10.7.0.2 255.255.255.0
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"10.7.0.2 dev tap0 "*"10.7.0.2 dev up0 "* ]]
	[ -z "$(guest_traces)" ]
	[ "$(in_netns cat /proc/sys/net/ipv4/ip_forward)" -eq 1 ]
}

@test "without rights it says what it needs" {
	touch "$world/plain"
	ask "$alice" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 1 ]
	[[ $output == *"uml_net must be set-user-ID root or have CAP_NET_ADMIN"* ]]
}

@test "a port of a bridge, by the bridge's name and by its address" {
	in_netns ip link add br0 type bridge
	in_netns ip address add 10.7.0.9/24 dev br0
	in_netns ip link set br0 up
	for gate in br0 10.7.0.9; do
		ask "$alice" -r "$(script '
			ip -d link show $TAP
			# Addresses there need nothing on the host, also not those of others.
			ask $alice 4 add $TAP 192.0.2.1 255.255.255.0
			ask $alice 4 del $TAP 192.0.2.1 255.255.255.0
			refused $bob 4 add $TAP 192.0.2.1 255.255.255.0
			ask $alice 4 tuntap down $TAP
		')" "$helper" 4 tuntap up "$gate"
		[ "$status" -eq 0 ]
		[[ $output == *" master br0 "* ]]
		[[ $output != *"inet "* ]]
		[ -z "$(guest_traces)" ]
	done
	# Bob has no grant of the bridge: the address is one as any other to him.
	ask "$bob" -r 'ip -d link show $TAP' "$helper" 4 tuntap up 10.7.0.9
	[ "$status" -eq 0 ]
	[[ $output != *" master "* ]]
	ask "$bob" "$helper" 4 tuntap up br0
	[ "$status" -eq 1 ]
	[[ $output == *"cannot use the bridge br0: the policy does not allow it"* ]]
	in_netns ip link del br0
	in_netns ip link add br0 type veth peer name br0far
	ask "$alice" "$helper" 4 tuntap up br0
	[ "$status" -eq 1 ]
	[[ $output == *"it is no bridge"* ]]
}

@test "a bridge is found behind any number of interfaces that have its address" {
	seq 300 | sed 's/.*/tuntap add dev m& mode tap\naddress add 10.7.0.9\/32 dev m&/' >"$BATS_TEST_TMPDIR/many"
	in_netns ip -batch "$BATS_TEST_TMPDIR/many"
	in_netns ip link add br0 type bridge
	in_netns ip address add 10.7.0.9/24 dev br0
	in_netns ip link set br0 up
	ask "$alice" -r 'ip -d link show $TAP' "$helper" 4 tuntap up 10.7.0.9
	[ "$status" -eq 0 ]
	[[ $output == *" master br0 "* ]]
}

@test "a guest's network that has too many interfaces of the host is refused, not answered for in part" {
	seq 70 | sed 's/.*/tuntap add dev m& mode tap\naddress add 10.70.&.1\/24 dev m&\nlink set m& up/' \
		>"$BATS_TEST_TMPDIR/many"
	in_netns ip -batch "$BATS_TEST_TMPDIR/many"
	ask "$alice" -r "$(script '
		refused $alice 4 add $TAP 10.7.0.2 255.0.0.0
		test -z "$(ip neighbour show proxy)"
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		ip neighbour show proxy
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"the host has more than 64 interfaces in the guest's network; give the guest a longer netmask"* ]]
	[[ $output == *"10.7.0.2 dev up0 proxy"* ]]
}

@test "each user has so many interfaces at a time; those that were made to stay count" {
	echo "interfaces 2" >>"$policy"
	cat >"$BATS_TEST_TMPDIR/third" <<-EOT
		$asker -u $alice $helper 4 tuntap up 10.7.0.1
		$asker -u $bob $helper 4 tuntap up 10.7.0.1
	EOT
	ask "$alice" -r "$asker -u $alice -r 'sh $BATS_TEST_TMPDIR/third' $helper 4 tuntap up 10.7.0.1" \
		"$helper" 4 tuntap up 10.7.0.1
	[ "$(grep -c '^interface ' <<<"$output")" -eq 3 ]
	[[ $output == *"cannot make an interface: uid $alice has 2 already; "* ]]
	[ -z "$(guest_traces)" ]
	# Who has the descriptor can make an interface stay.
	local keep='python3 -c "import fcntl, os; fcntl.ioctl(int(os.environ[\"TAP_FD\"]), 0x400454cb, 1)"'
	ask "$alice" -r "$keep" "$helper" 4 tuntap up 10.7.0.1
	ask "$alice" -r "$keep" "$helper" 4 tuntap up 10.7.0.1
	[ "$(guest_traces | wc -l)" -eq 2 ]
	ask "$alice" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 1 ]
	ask "$alice" "$helper" 4 tuntap down tap0
	[ "$status" -eq 0 ]
	ask "$alice" "$helper" 4 tuntap down tap1
	[ -z "$(guest_traces)" ]
}

@test "what a killed guest left is removed by the next call" {
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		ask $alice 4 add $TAP 10.7.0.3 255.255.255.0')" "$helper" 4 tuntap up 10.7.0.1
	[ "$(guest_traces | wc -l)" -eq 2 ]
	# An entry of the administrator stays.
	in_netns ip neighbour add proxy 10.7.0.50 dev up0
	ask "$bob" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $(guest_traces) == "10.7.0.50 dev up0 "* ]]
}

@test "entries that the administrator made are neither taken over nor removed" {
	in_netns ip neighbour add proxy 10.7.0.2 dev up0
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		ask $alice 4 del $TAP 10.7.0.2 255.255.255.0')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $(guest_traces) == "10.7.0.2 dev up0 "* ]]
}

@test "the policy switches forwarding and ARP off" {
	printf 'forwarding no\nproxy-arp no\n' >>"$policy"
	in_netns sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		ip route
		test -z "$(ip neighbour show proxy)"
		test $(cat /proc/sys/net/ipv4/conf/$TAP/proxy_arp) = 0
		ask $alice 4 del $TAP 10.7.0.2 255.255.255.0')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"10.7.0.2 dev tap0 "* ]]
	[ "$(in_netns cat /proc/sys/net/ipv4/ip_forward)" -eq 0 ]
}

@test "groups, numbers and names in the policy" {
	cat >"$policy" <<-EOT
		allow group 4711 address 10.7.0.0/24
		allow group 4712 address 10.7.1.0/24
		allow user nobody address 10.7.2.0/24
	EOT
	ask "$mallory" -G 4711,4713 "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	ask "$mallory" -G 4711,4713 "$helper" 4 tuntap up 10.7.1.1
	[ "$status" -eq 1 ]
	ask "$mallory" -g 4712 "$helper" 4 tuntap up 10.7.1.1
	[ "$status" -eq 0 ]
	ask "$mallory" "$helper" 4 tuntap up 10.7.1.1
	[ "$status" -eq 1 ]
	[[ $output == *"cannot do anything for uid $mallory: the policy $policy_path allows nothing; "* ]]
	ask 65534 "$helper" 4 tuntap up 10.7.2.1
	[ "$status" -eq 0 ]
}

@test "the policy that is installed allows nothing until a range is opened" {
	sed "s/uml-net/4711/" "$UML_SOURCE/uml_net/uml_net.conf" >"$policy"
	split in_world "$helper" --check
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	ask "$mallory" -G 4711 "$helper" 4 tuntap up 192.168.7.1
	[ "$status" -eq 1 ]
	[[ $output == *"the policy $policy_path allows nothing; "* ]]
	# Its example is a line that works.
	sed -i 's/^#allow/allow/' "$policy"
	ask "$mallory" -G 4711 "$helper" 4 tuntap up 192.168.7.1
	[ "$status" -eq 0 ]
	ask "$mallory" -G 4711 "$helper" 4 tuntap up 192.168.8.1
	[ "$status" -eq 1 ]
}

@test "a policy that is absent, void or not root's alone allows nothing" {
	local cases=("rm $policy" "echo nonsense >>$policy" "chmod 0666 $policy"
		"chmod 0664 $policy" "chown $alice $policy"
		"echo 0777 >$world/policy-folder-mode" "mkfifo $policy.fifo; mv $policy.fifo $policy"
		"head -c 70000 /dev/zero | tr '\\0' '#' >>$policy") command
	local good
	good=$(<"$policy")
	ask "$alice" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	for command in "${cases[@]}"; do
		log "--- $command"
		rm -f "$world/policy-folder-mode" "$policy"
		echo "$good" >"$policy"
		chmod 0644 "$policy"
		eval "$command"
		ask "$alice" "$helper" 4 tuntap up 10.7.0.1
		[ "$status" -eq 1 ]
		[[ $output == *"text uml_net: cannot "*"$policy_path"* ]]
	done
	# Without one root may use it.
	rm -f "$policy"
	run_logged in_world "$asker" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[ -z "$(guest_traces)" ]
}

@test "--check and --config" {
	split in_world "$helper" --check
	[ "$status" -eq 0 ]
	[ -z "$out$err" ]
	echo "alow user x address 10.0.0.1" >>"$policy"
	split in_world "$helper" --check
	[ "$status" -eq 1 ]
	[[ $err == "uml_net: cannot use $policy_path: line 3: unknown word"* ]]
	echo "allow user 0 address 10.0.0.1" >"$BATS_TEST_TMPDIR/other"
	split in_world "$helper" --config "$BATS_TEST_TMPDIR/other" --check
	[ "$status" -eq 0 ]
	split in_world "$helper" --config "$BATS_TEST_TMPDIR/none" --check
	[ "$status" -eq 1 ]
	rm "$policy"
	split in_world "$helper" --check
	[ "$status" -eq 1 ]
	[[ $err == *"without a policy root alone may use uml_net" ]]
	split "$(tool uml_net)" --config "$UML_SOURCE/uml_net/uml_net.conf" --check
	[ "$status" -eq 0 ]
	split in_world "$helper" --check 4
	[ "$status" -eq 2 ]
}

@test "requests of old kernels are answered in their forms, with the alternative" {
	ask "$alice" "$helper" 4 slip up 10.7.0.1 10.7.0.2
	[ "$status" -eq 2 ]
	[[ $output == *"text uml_net: the host no longer has 'slip' interfaces; give the guest eth0=tuntap,,,GATE"* ]]
	# A byte that says "failed" comes before the length and the text.
	run_logged bash -c 'set -o pipefail; "$0" 4 ethertap tap0 3 10.7.0.1 | od -An -tu1 -N5' \
		"$(tool uml_net)"
	[ "$status" -eq 2 ]
	[[ $output =~ ^\ +0\ +[1-9][0-9]*\ +0\ +0\ +0 ]]
	ask "$alice" "$helper" 3 tuntap up 10.7.0.1
	[ "$status" -eq 2 ]
	[[ $output == *"text uml_net: version 3 of the requests is none of ours; "* ]]
	ask "$alice" "$helper" 4 tuntap
	[ "$status" -eq 2 ]
	[[ $output == *"'tuntap' is no request"* ]]
	[ -z "$(guest_traces)" ]
}

@test "by hand texts go to stderr" {
	split in_world "$helper"
	[ "$status" -eq 2 ]
	[[ $err == "uml_net: no request; guest kernels run uml_net, it is of no use by hand"* ]]
	split in_world "$helper" 4 add tap0 10.7.0.2 255.255.255.0
	[ "$status" -eq 1 ]
	[ -z "$out" ]
	[[ $err == "uml_net: cannot change tap0: uml_net did not make it for uid 0; "* ]]
	split in_world "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 1 ]
	[[ $err == "uml_net: cannot hand the interface over: "*"; stdout must be a Unix socket"* ]]
	[ -z "$(guest_traces)" ]
}

@test "of many who want one address at a time one gets it" {
	cat >"$BATS_TEST_TMPDIR/many" <<-EOT
		set -u
		for user in $alice $bob; do
			for i in 1 2 3 4 5 6; do
				"$asker" -u \$user -r "
					until [ -e $BATS_TEST_TMPDIR/go ]; do sleep 0.02; done
					$asker -u \$user $helper 4 add \\\$TAP 10.7.0.2 255.255.255.0 && echo won
					touch $BATS_TEST_TMPDIR/did.\$user.\$i
					until [ -e $BATS_TEST_TMPDIR/end ]; do sleep 0.02; done
				" $helper 4 tuntap up 10.7.0.1 &
			done
		done
		limit=\$((SECONDS + 60))
		count() { [ "\$(ip -o link | grep -c ' tap')" -eq 12 ]; }
		all_did() { [ "\$(ls $BATS_TEST_TMPDIR | grep -c '^did')" -eq 12 ]; }
		until count || [ \$SECONDS -gt \$limit ]; do sleep 0.05; done
		touch $BATS_TEST_TMPDIR/go
		until all_did || [ \$SECONDS -gt \$limit ]; do sleep 0.05; done
		ip route | grep '^10.7.0.2 '
		ip neighbour show proxy | grep 'dev up0'
		touch $BATS_TEST_TMPDIR/end
		wait
	EOT
	run_logged in_world bash "$BATS_TEST_TMPDIR/many"
	[ "$(grep -c '^interface ' <<<"$output")" -eq 12 ]
	[ "$(grep -c '^won' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^10.7.0.2 dev tap' <<<"$output")" -eq 1 ]
	[ "$(grep -c '^10.7.0.2 dev up0' <<<"$output")" -eq 1 ]
}

@test "of many interfaces that are wanted at a time no more are made than allowed" {
	echo "interfaces 3" >>"$policy"
	cat >"$BATS_TEST_TMPDIR/many" <<-EOT
		for i in 1 2 3 4 5 6 7 8; do
			{
				"$asker" -u $alice -r "
					[ -z \"\\\${TAP:-}\" ] || echo got
					touch $BATS_TEST_TMPDIR/did.\$i
					until [ -e $BATS_TEST_TMPDIR/end ]; do sleep 0.02; done
				" $helper 4 tuntap up 10.7.0.1
			} &
		done
		limit=\$((SECONDS + 60))
		until [ "\$(ls $BATS_TEST_TMPDIR | grep -c '^did')" -eq 8 ] || [ \$SECONDS -gt \$limit ]; do
			sleep 0.05
		done
		echo "links \$(ip -o link | grep -c ' tap')"
		touch $BATS_TEST_TMPDIR/end
		wait
	EOT
	run_logged in_world bash "$BATS_TEST_TMPDIR/many"
	local got
	got=$(grep -c '^got' <<<"$output")
	[ "$got" -ge 1 ]
	[ "$got" -le 3 ]
	[[ $output == *"links $got"* ]]
	[ -z "$(guest_traces)" ]
}

@test "make install brings the policy, the group and the hooks, and keeps an administrator's policy" {
	local root=$BATS_TEST_TMPDIR/root installed
	install_pieces() {
		run_logged make -s --no-print-directory -C "$UML_BUILD" "DESTDIR=$root" "$@"
		[ "$status" -eq 0 ]
	}
	install_pieces install-uml-net install-ifupdown
	cmp "$root$policy_path" "$UML_SOURCE/uml_net/uml_net.conf"
	installed=$(find "$root" -path '*/network/if-*.d/user-mode-linux' -perm -111 | wc -l)
	[ "$installed" -eq 2 ]
	mkdir -p "$root/etc"
	systemd-sysusers --root="$root" "$(find "$root" -name user-mode-linux.conf)"
	grep '^uml-net:' "$root/etc/passwd"
	grep '^uml-net:' "$root/etc/group"
	echo "interfaces 1" >"$root$policy_path"
	install_pieces install-uml-net
	[ "$(cat "$root$policy_path")" = "interfaces 1" ]
	install_pieces uninstall-uml-net uninstall-ifupdown
	[ "$(cat "$root$policy_path")" = "interfaces 1" ]
	rm "$root$policy_path"
	[ -z "$(find "$root" -type f -name '*user-mode-linux*')" ]
}
