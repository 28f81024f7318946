#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_net, set-user-ID root, called by those who stop it, at each of its system calls.

# shellcheck disable=SC2154,SC2016 # the helpers set variables; words for another shell
load ../lib/common
load ../lib/tools
load ../lib/uml_net

setup() {
	guest_setup
	world_setup
	chmod a+rx "$BATS_TEST_TMPDIR"
}

teardown() {
	netns_remove
}

# What bob does with the two addresses: add or del, of an interface of his in TAP.
write_bobs() {
	cat >"$BATS_TEST_TMPDIR/bobs" <<-EOT
		for address in 10.7.0.60 10.7.0.61; do
			"$asker" -u $bob $helper 4 "\$1" \$TAP \$address 255.255.255.0
		done
	EOT
}

@test "stopped at any step it removes no proxied neighbours that became another user's meanwhile" {
	write_bobs
	ask "$bob" -r "$(script '
		attempt() {
			for address in 10.7.0.60 10.7.0.61; do
				ip neighbour add proxy $address dev up0 protocol 85
			done
			result=0
			"$stepper" -u $alice -k 1 -r "sh '"$BATS_TEST_TMPDIR"'/bobs add" "$@" \
				$helper 4 tuntap up 10.7.0.1 >'"$BATS_TEST_TMPDIR"'/step 2>&1 || result=$?
			[ $result -ne 3 ] || return 3
			cat '"$BATS_TEST_TMPDIR"'/step
			[ $result -eq 0 ]
			[ "$(ip neighbour show proxy | grep -c "dev up0 .*proto 85")" -eq 2 ]
			sh '"$BATS_TEST_TMPDIR"'/bobs del
		}
		each_step attempt
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	# Some stopped the whole of it, some what has no part in the changes.
	[[ $output == *": held 1 of 1"*": held 1 of 2"* ]]
}

@test "stopped at any step it holds no interfaces beyond the limit" {
	echo "interfaces 1" >>"$policy"
	cat >"$BATS_TEST_TMPDIR/deeper" <<-EOT
		step=\$1 left=\$2
		if [ \$left -eq 0 ]; then
			[ \$(ip -o link | grep -c ": tap") -le 1 ]
			exit
		fi
		$stepper -u $alice -s \$step -r "sh $BATS_TEST_TMPDIR/deeper \$step \$((left - 1))" \
			$helper 4 tuntap up 10.7.0.1
	EOT
	run_logged in_world sh -c 'step=1
		until
			sh "$1/deeper" $step 3 >"$1/step" 2>&1
			result=$?
			[ $result -ne 0 ]
		do
			step=$((step + 1))
		done
		cat "$1/step"
		echo "ended at $step by $result"
		[ $step -gt 50 ] && [ $result -eq 3 ]' - "$BATS_TEST_TMPDIR"
	[ "$status" -eq 0 ]
	[ -z "$(guest_traces)" ]
}

@test "stopped at any step, and gone on with, it lets nobody send from another's address" {
	cat >"$BATS_TEST_TMPDIR/alices" <<-EOT
		# The interface of bob is \$BOBS, of alice \$TAP.
		export ALICES=\$TAP
		for word in add del; do
			step=0
			while :; do
				step=\$((step + 1)) result=0
				[ \$word = add ] ||
					"$asker" -u $alice $helper 4 add \$TAP 10.7.0.3 255.255.255.0
				$stepper -u $alice -s \$step -k 1000 -r "sh $BATS_TEST_TMPDIR/claim" \
					$helper 4 \$word \$TAP 10.7.0.3 255.255.255.0 || result=\$?
				[ \$result -eq 0 ] || break
				# Whose it is, may; the other may not.
				owner=\$(ip route | sed -n 's/^10.7.0.3 dev \([^ ]*\) .*/\1/p')
				/usr/bin/python3 $UML_TESTS/lib/uml_net-frames.py address 10.7.0.3 \
					>$BATS_TEST_TMPDIR/from
				if [ "\$owner" = "\$TAP" ]; then
					grep -q taken $BATS_TEST_TMPDIR/from
				else
					grep -q dropped $BATS_TEST_TMPDIR/from
				fi || { echo "SPOOFED at \$step of \$word, owner \$owner"; exit 1; }
				"$asker" -u $bob $helper 4 del \$BOBS 10.7.0.3 255.255.255.0
				"$asker" -u $alice $helper 4 del \$TAP 10.7.0.3 255.255.255.0
			done
			echo "steps \$step of \$word"
			[ \$step -gt 50 ] && [ \$result -eq 3 ] || exit 1
			ip route | grep '^10.7.0.3 ' &&
				"$asker" -u $alice $helper 4 del \$TAP 10.7.0.3 255.255.255.0
		done
		true
	EOT
	cat >"$BATS_TEST_TMPDIR/claim" <<-EOT
		"$asker" -u $alice $helper 4 del \$ALICES 10.7.0.3 255.255.255.0
		"$asker" -u $bob $helper 4 add \$BOBS 10.7.0.3 255.255.255.0
		true
	EOT
	ask "$bob" -r "export BOBS=\$TAP
		sysctl -qw net.ipv4.conf.all.rp_filter=2 net.ipv4.conf.all.accept_local=1
		$asker -u $alice -r 'bash $BATS_TEST_TMPDIR/alices' $helper 4 tuntap up 10.7.0.1" \
		"$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *" of add"*" of del"* ]]
}

@test "who is frozen with the lock is killed, and what it does not come to harms nobody" {
	write_bobs
	# Each tenth step: those with the lock wait until it is taken from them.
	ask "$bob" -r "$(script '
		step=1 result=0
		while [ $result -eq 0 ]; do
			ip neighbour add proxy 10.7.0.60 dev up0 protocol 85
			ip neighbour add proxy 10.7.0.61 dev up0 protocol 85
			"$stepper" -a -u $alice -s $step -k 1000 -r "sh '"$BATS_TEST_TMPDIR"'/bobs add" \
				$helper 4 tuntap up 10.7.0.1 || result=$?
			[ $result -eq 0 ] || break
			test "$(ip neighbour show proxy | grep -c "dev up0 .*proto 85")" -eq 2
			sh '"$BATS_TEST_TMPDIR"'/bobs del
			step=$((step + 13))
		done
		test $result -eq 3
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *": held 2 of 2"* ]]
	[[ $output != *"cannot get the lock"* ]]
}

@test "the process that changes the host is in no group of the caller's" {
	grep -qw cgroup2 /proc/filesystems || skip "needs control groups: no cgroup2 in /proc/filesystems"
	# The lock holds the process.
	cat >"$BATS_TEST_TMPDIR/grouped.py" <<-'EOT'
		import fcntl, os, subprocess, sys, time
		helper, user, group, lock = sys.argv[1], int(sys.argv[2]), sys.argv[3], open("/run/uml_net.lock", "r+")
		fcntl.lockf(lock, fcntl.LOCK_EX)

		def join():
		    with open(group + "/cgroup.procs", "w", encoding="ascii") as file:
		        file.write("0")
		    os.setgroups([])
		    os.setresgid(user, user, user)
		    os.setresuid(user, user, user)

		def read(pid, name):
		    with open("/proc/%d/%s" % (pid, name), encoding="ascii") as file:
		        return file.read()

		child = subprocess.Popen([helper, "4", "tuntap", "up", "10.7.0.1"], preexec_fn=join,
		                         stdout=subprocess.PIPE)
		limit = time.monotonic() + 60
		waiting = None
		while not waiting:
		    assert time.monotonic() < limit
		    time.sleep(0.02)
		    workers = read(child.pid, "task/%d/children" % child.pid).split()
		    # In the system call for locks.
		    waiting = workers and read(int(workers[0]), "syscall").startswith("72 ") and workers[0]
		for pid in child.pid, int(waiting):
		    status = read(pid, "status")
		    print([line for line in (status + read(pid, "cgroup")).splitlines()
		           if line.startswith(("Uid", "CapPrm", "CapEff", "NSsid", "NoNewPrivs", "0::"))])
		fcntl.lockf(lock, fcntl.LOCK_UN)
		child.wait(60)
	EOT
	run_logged in_world sh -c 'mount -t cgroup2 cgroup /sys/fs/cgroup || exit
		group=/sys/fs/cgroup/umltest-$$
		mkdir "$group"
		/usr/bin/python3 "$1/grouped.py" "$2" "$3" "$group"
		result=$?
		rmdir "$group"
		exit $result' - "$BATS_TEST_TMPDIR" "$helper" "$alice"
	[ "$status" -eq 0 ]
	grep -E "Uid:.t$alice.t$alice.t$alice.t$alice.*CapPrm:.t0000000000000000.*0::/umltest" <<<"$output"
	grep -E "Uid:.t0.t0.t0.t0.*CapPrm:.t0000000000001000.*CapEff:.t0000000000000000.*NoNewPrivs:.t1.*0::/'" \
		<<<"$output"
}

@test "no process stays behind, whenever its caller is killed" {
	run_logged in_world sh -c 'step=1
		while "$1" -u "$2" -s $step "$3" 4 tuntap up 10.7.0.1; do
			step=$((step + 3))
		done' - "$stepper" "$alice" "$helper"
	wait_until 60 eval '[ -z "$(ip netns pids "$netns")" ]'
	[ -z "$(guest_traces)" ]
}
