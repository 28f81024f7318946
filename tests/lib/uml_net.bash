# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# What the tests of uml_net share, besides common.bash and tools.bash.
#
# The world of a test is a network namespace with the interface up0, 10.8.0.1/24 and 10.7.0.254/24,
# as the way to a network, and uml_net as $helper, set-user-ID root. Its policy is in $policy.
# shellcheck disable=SC2034 # the tests use the variables

# An ordinary user whom the policy allows 10.7.0.0/24 and br0, and one whom it allows 10.7.0.0/24.
asker=$UML_BUILD/tests/bin/ask
stepper=$UML_BUILD/tests/bin/stepper
alice=65530 bob=65531
# One whom it allows nothing.
mallory=65532

world_setup() {
	need_root "network namespaces and set-user-ID files"
	world=$BATS_TEST_TMPDIR/world
	helper=$world/bin/uml_net
	policy=$world/uml_net.conf
	policy_path=$("$(tool uml_net)" --help | sed -n 's/.* says the policy: //p')
	mkdir -p "$world"
	cat >"$policy" <<-EOT
		allow user $alice address 10.7.0.0/24 bridge br0
		allow user $bob address 10.7.0.0/24
	EOT
	chmod 0644 "$policy"
	# A program without memory that others could read has none that LeakSanitizer could.
	export ASAN_OPTIONS=detect_leaks=0
	network up0
}

# network NAME: gives the namespace of in_netns its way to a network.
network() {
	# Addresses that come, and are no longer tentative, by and by would change what is compared.
	# shellcheck disable=SC2016 # the inner shell's
	in_netns sh -c 'file=/proc/sys/net/ipv6/conf/default/addr_gen_mode
		[ ! -e "$file" ] || echo 1 >"$file"'
	in_netns ip link add "$1" type veth peer name "${1}far"
	in_netns ip address add 10.8.0.1/24 dev "$1"
	in_netns ip address add 10.7.0.254/24 dev "$1"
	in_netns ip link set "$1" up
	in_netns ip link set "${1}far" up
	in_netns ip route add default via 10.8.0.2
}

# in_world COMMAND...: runs it where uml_net is installed, as root.
in_world() {
	in_netns "$UML_TESTS/lib/world" "$world" "$policy_path" "$(tool uml_net)" "$@"
}

# ask USER OPTION...: tests/lib/ask.c as that user in the world; its lines in $output.
ask() {
	local user=$1
	shift
	run_logged in_world "$asker" -u "$user" "$@"
}

# script TEXT: a script that asks may be made in, for ask -r: prints its path.
#
# It has: ask USER WORD... prints the answer; refused USER WORD... fails unless all is refused;
# each_step COMMAND... has COMMAND run with the option of stepper for each step of a program, until its
# status is 3, and fails with any other.
script() {
	local file=$BATS_TEST_TMPDIR/script
	cat >"$file" <<-EOT
		set -eu
		alice=$alice bob=$bob mallory=$mallory helper=$helper asker=$asker \\
			stepper=$stepper
		ask() {
			user=\$1
			shift
			"$asker" -u "\$user" "\$helper" "\$@"
		}
		refused() {
			if ask "\$@"; then
				echo "not refused: \$*"
				exit 1
			fi
		}
		each_step() {
			step=0 result=0
			while [ \$result -eq 0 ]; do
				step=\$((step + 1))
				"\$@" -s \$step || result=\$?
			done
			echo "steps \$((step - 1))"
			[ \$result -eq 3 ]
		}
		$1
	EOT
	echo "sh $file"
}

# What the host has of guests: interfaces, routes, proxied neighbours; nothing where it is clean.
guest_traces() {
	in_netns ip -o link show | grep ' tap' || true
	in_netns ip route | grep 'dev tap' || true
	in_netns ip neighbour show proxy
}

# All that uml_net could change on the host.
host_state() {
	in_netns sh -c 'ip -d link show | sed "s/ qlen.*//"; ip address; ip route show table all
		ip neighbour show proxy; ip rule
		grep -H . /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv4/conf/*/proxy_arp \
			/proc/sys/net/ipv4/conf/*/rp_filter /proc/sys/net/ipv6/conf/*/accept_ra' |
		sed 's/valid_lft.*//'
}
