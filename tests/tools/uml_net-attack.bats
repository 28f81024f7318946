#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_net, set-user-ID root, as an attacker calls it: an ordinary user in a network namespace.

# shellcheck disable=SC2154,SC2016 # the helpers set variables; words for another shell
load ../lib/common
load ../lib/tools
load ../lib/uml_net

setup() {
	guest_setup
	world_setup
	chmod a+rx "$BATS_TEST_TMPDIR"
	# Nothing new in this namespace may change what is compared.
	in_netns sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	before=$(host_state)
}

teardown() {
	netns_remove
}

unchanged() {
	diff <(printf '%s\n' "$before") <(host_state)
}

# as USER COMMAND...: runs it as that user in the world, without groups.
as() {
	local user=$1
	shift
	in_world setpriv --reuid "$user" --regid "$user" --clear-groups -- "$@"
}

# What an attacker writes in Python, with its words as arguments, as alice.
as_python() {
	cat >"$BATS_TEST_TMPDIR/attack.py"
	run_logged as "$alice" timeout -s KILL 120 /usr/bin/python3 "$BATS_TEST_TMPDIR/attack.py" "$@"
}

@test "interfaces, addresses and routes of another user" {
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		before=$(ip address; ip route; ip neighbour show proxy)
		for user in $bob $mallory 65533; do
			refused $user 4 add $TAP 10.7.0.3 255.255.255.0
			refused $user 4 add $TAP 10.7.0.2 255.255.255.0
			refused $user 4 del $TAP 10.7.0.2 255.255.255.0
			refused $user 4 tuntap down $TAP
		done
		test "$before" = "$(ip address; ip route; ip neighbour show proxy)"
		# The address of another one at an interface of his own.
		cat >'"$BATS_TEST_TMPDIR"'/bobs <<-"EOT"
			'"$asker"' -u '"$bob"' '"$helper"' 4 add $TAP 10.7.0.2 255.255.255.0
			'"$asker"' -u '"$bob"' '"$helper"' 4 del $TAP 10.7.0.2 255.255.255.0
			ip route | grep "^10.7.0.2 "
		EOT
		"$asker" -u $bob -r "sh '"$BATS_TEST_TMPDIR"'/bobs" $helper 4 tuntap up 10.7.0.1
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"the host has a route to it already"* ]]
	[[ $output == *"cannot remove 10.7.0.2: tap1 does not have it"* ]]
	[[ $output == *"10.7.0.2 dev tap0 "* ]]
	[ "$(guest_traces | wc -l)" -eq 1 ]
}

@test "interfaces that uml_net did not make, also the user's own" {
	# What an administrator made for alice, by name and owner as uml_net's.
	in_netns ip tuntap add dev tap3 mode tap user "$alice"
	in_netns ip tuntap add dev tap4 mode tun user "$alice"
	in_netns ip link add tap5 type veth peer name tap6
	in_netns ip link set tap5 alias "uml_net uid $alice"
	in_netns ip tuntap add dev mine mode tap user "$alice"
	in_netns ip link set mine alias "uml_net uid $alice"
	in_netns ip tuntap add dev tap7 mode tap user "$alice"
	in_netns ip link set tap7 alias "uml_net uid $alice "
	in_netns ip tuntap add dev tap8 mode tap user "$bob"
	in_netns ip link set tap8 alias "uml_net uid $alice"
	in_netns ip tuntap add dev tap9 mode tap user "$alice"
	in_netns ip link set tap9 alias "uml_net uid $bob"
	before=$(host_state)
	in_world sh -eu -c '
		asker=$1 user=$2 helper=$3
		shift 3
		for name; do
			for words in "tuntap down $name" "add $name 10.7.0.2 255.255.255.0" \
				"del $name 10.7.0.2 255.255.255.0"; do
				! "$asker" -u "$user" "$helper" 4 $words || exit 1
			done
		done' - "$asker" "$alice" "$helper" tap3 tap4 tap5 tap6 tap7 tap8 tap9 mine lo up0 up0far \
		tap0 tap99 tap tapX ../tap3 tap3/ tap3x tap-3 tap%d '*' eth0 all default
	unchanged
}

@test "addresses outside of the ranges, the host's, a router's, and none" {
	in_netns ip route add 10.66.0.0/16 via 10.7.0.77
	before=$(host_state)
	run_logged in_world sh -c '
		asker=$1 user=$2 helper=$3
		shift 3
		for gate; do
			"$asker" -u "$user" "$helper" 4 tuntap up "$gate"
		done' - "$asker" "$alice" "$helper" 10.6.255.255 10.7.1.0 10.8.0.1 8.8.8.8 127.0.0.1 \
		0.0.0.0 224.0.0.1 255.255.255.255 10.7.0 10.7.0.1.1 0x0a070001 167837697 010.7.0.1 \
		'10.7.0.1 ' ' 10.7.0.1' 10.7.0.1/24 '10.7.0.1;id' '' ::1 up0 lo br0
	[ "$(grep -c '^status [12]' <<<"$output")" -eq 22 ]
	[ "$(grep -c '^text uml_net: ' <<<"$output")" -eq 22 ]
	[[ $output != *malformed* ]]
	unchanged
	ask "$alice" -r "$(script '
		before=$(ip address; ip route; ip neighbour show proxy)
		for address in 10.7.0.1 10.7.0.254 10.7.0.255 10.7.0.77 10.8.0.1 10.8.0.2 \
			10.6.255.255 10.7.1.0 8.8.8.8 0.0.0.0 127.0.0.1 255.255.255.255 224.0.0.1 x; do
			refused $alice 4 add $TAP $address 255.255.255.0
			refused $alice 4 del $TAP $address 255.255.255.0
		done
		for mask in 0.0.0.0 0.255.255.255 255.0.255.0 255.255.255.1 24 x ""; do
			refused $alice 4 add $TAP 10.7.0.2 "$mask"
		done
		test "$before" = "$(ip address; ip route; ip neighbour show proxy)"
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[ -z "$(guest_traces)" ]
}

@test "an end of one's own on the host that takes an address from others" {
	in_netns ip route add 10.66.0.0/16 via 10.7.0.77
	before=$(host_state)
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		before=$(ip address; ip route; ip neighbour show proxy)
		for gate in 10.7.0.2 10.7.0.77 10.7.0.255; do
			refused $bob 4 tuntap up $gate
			refused $alice 4 tuntap up $gate
		done
		test "$before" = "$(ip address; ip route; ip neighbour show proxy)"
		# An end that others have, and the host itself, may be shared.
		"$asker" -u $bob -r "ip address show \$TAP" $helper 4 tuntap up 10.7.0.1
		"$asker" -u $bob -r "ip address show \$TAP" $helper 4 tuntap up 10.7.0.254
		ip route get 10.7.0.254
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"cannot use 10.7.0.2: the host has a route to it already; take another one"* ]]
	[[ $output == *"cannot use 10.7.0.77: it is a router of the host"* ]]
	[[ $output == *"cannot use 10.7.0.255: it is a broadcast address of the host"* ]]
	[[ $output == *"inet 10.7.0.1/32"*"inet 10.7.0.254/32"*"local 10.7.0.254 dev lo"* ]]
	# The state without the entries that the next call removes.
	ask "$alice" "$helper" 4 tuntap up 10.7.0.1
	unchanged
}

@test "of a guest and a host's end that want one address at a time one gets it at most" {
	cat >"$BATS_TEST_TMPDIR/look" <<-EOT
		left=3000
		until [ -e "$BATS_TEST_TMPDIR/added.\$1" ] || [ \$left -eq 0 ]; do
			sleep 0.01
			left=\$((left - 1))
		done
		if ip -4 -o address | grep ' 10.7.0.2/32' && ip -4 route | grep '^10.7.0.2 '; then
			echo BOTH
		fi
		echo looked
	EOT
	cat >"$BATS_TEST_TMPDIR/both" <<-EOT
		for round in \$(seq 12); do
			"$asker" -u $bob -r "sh $BATS_TEST_TMPDIR/look \$round" $helper 4 tuntap up 10.7.0.2 &
			"$asker" -u $alice $helper 4 add \$TAP 10.7.0.2 255.255.255.0
			touch "$BATS_TEST_TMPDIR/added.\$round"
			wait
			if ip -4 -o address | grep ' 10.7.0.2/32'; then
				echo STAYED
			fi
			"$asker" -u $alice $helper 4 del \$TAP 10.7.0.2 255.255.255.0
		done
		true
	EOT
	ask "$alice" -r "bash $BATS_TEST_TMPDIR/both" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output != *BOTH* ]]
	[[ $output != *STAYED* ]]
	[ "$(grep -c '^looked' <<<"$output")" -eq 12 ]
	# Each round has three answers; both who want it may lose, but not always.
	[ "$(grep -c '^status ' <<<"$output")" -eq 37 ]
	[ "$(grep -c '^status 0' <<<"$output")" -ge 3 ]
}

@test "a guest sends from its own addresses alone" {
	# Frames to the host's end, by the descriptor: echo requests from an address that was added,
	# from another one, and an advertisement of an IPv6 router.
	cat >"$BATS_TEST_TMPDIR/send.py" <<-'EOT'
		import os, select, struct, sys
		tap = int(os.environ["TAP_FD"])
		with open("/sys/class/net/%s/address" % os.environ["TAP"], encoding="ascii") as file:
		    host = bytes.fromhex(file.read().strip().replace(":", ""))
		guest = bytes.fromhex("020000000001")

		def checksum(data):
		    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
		    while total >> 16:
		        total = (total & 0xffff) + (total >> 16)
		    return total ^ 0xffff

		def frame(source):
		    echo = struct.pack("!BBHHH8s", 8, 0, 0, 7, 7, b"12345678")
		    echo = echo[:2] + struct.pack("!H", checksum(echo)) + echo[4:]
		    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(echo), 1, 0, 64, 1, 0,
		                       bytes(source), bytes([10, 7, 0, 1]))
		    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
		    return host + guest + b"\x08\x00" + head + echo

		def answered(source):
		    for _ in range(20):
		        os.write(tap, frame(source))
		        while select.select([tap], [], [], 0.2)[0]:
		            data = os.read(tap, 2000)
		            # A request for the guest's hardware address.
		            if data[12:14] == b"\x08\x06" and data[20:22] == b"\x00\x01":
		                os.write(tap, data[6:12] + guest + data[12:20] + b"\x00\x02" + guest +
		                         data[38:42] + data[22:32])
		            if data[12:14] == b"\x08\x00" and data[34] == 0 and data[30:34] == bytes(source):
		                return True
		        if source != [10, 7, 0, 2] and _ == 4:
		            return False
		    return False

		print("own", answered([10, 7, 0, 2]))
		for source in [10, 7, 0, 3], [10, 8, 0, 9], [10, 7, 0, 254], [8, 8, 8, 8]:
		    print("other", source, answered(source))
	EOT
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		/usr/bin/python3 '"$BATS_TEST_TMPDIR"'/send.py
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"own True"* ]]
	[ "$(grep -c 'other .* False' <<<"$output")" -eq 4 ]
}

@test "under every combination of the host's settings a guest sends from its own addresses alone" {
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		/usr/bin/python3 '"$UML_TESTS"'/lib/uml_net-frames.py guest
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"combinations 144"* ]]
	[[ $output != *TOOK* ]]
	[[ $output != *"BAD FRAME"* ]]
}

@test "on a bridge a guest sends nothing past the bridge" {
	in_netns ip link add br0 type bridge
	in_netns ip address add 10.7.0.9/24 dev br0
	in_netns ip link set br0 up
	ask "$alice" -r "/usr/bin/python3 $UML_TESTS/lib/uml_net-frames.py port" \
		"$helper" 4 tuntap up br0
	[ "$status" -eq 0 ]
	[[ $output == *"filtered ['filtered']"* ]]
	[[ $output == *"unfiltered ["*"past e"*"'unfiltered']"* ]]
}

@test "what the holder of a descriptor changes gives nobody rights" {
	# TUN lets the holder set the owner, and that the interface stays.
	cat >"$BATS_TEST_TMPDIR/change.py" <<-'EOT'
		import fcntl, os, sys
		tap = int(os.environ["TAP_FD"])
		fcntl.ioctl(tap, 0x400454cc, int(sys.argv[1]))
		fcntl.ioctl(tap, 0x400454cb, 1)
	EOT
	ask "$alice" -r "$(script '
		/usr/bin/python3 '"$BATS_TEST_TMPDIR"'/change.py $bob
		refused $bob 4 add $TAP 10.7.0.2 255.255.255.0
		refused $bob 4 tuntap down $TAP
		refused $alice 4 add $TAP 10.7.0.2 255.255.255.0
		/usr/bin/python3 '"$BATS_TEST_TMPDIR"'/change.py $alice
		ask $alice 4 tuntap down $TAP
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[ -z "$(guest_traces)" ]
}

@test "standard descriptors that are closed, no sockets, full or another's" {
	: >"$BATS_TEST_TMPDIR/file"
	chmod 666 "$BATS_TEST_TMPDIR/file"
	cat >"$BATS_TEST_TMPDIR/calls" <<-'EOT'
		for redirection in '<&-' '>&-' '2>&-' '<&- >&-' '>&- 2>&-' '<&- >&- 2>&-' '>/dev/null' \
			'>/dev/full' '</dev/zero >/dev/zero 2>/dev/zero' '>"$2"' '>>"$2" 2>&1' '3<>"$2" >&3'; do
			for words in 'tuntap up 10.7.0.1' 'add tap0 10.7.0.2 255.255.255.0' bogus; do
				timeout -s KILL 60 sh -c "\"\$1\" 4 $words $redirection" - "$1" "$2"
				echo "call $words $redirection: $?"
			done
		done
	EOT
	run_logged as "$alice" sh "$BATS_TEST_TMPDIR/calls" "$helper" "$BATS_TEST_TMPDIR/file"
	[ "$(grep -ac '^call ' <<<"$output")" -eq 36 ]
	[ "$(grep -ac '^call .*: [12]$' <<<"$output")" -eq 36 ]
	unchanged
	# A pipe that is full, and a socket that nobody reads: killed by its user, nothing stays.
	as_python "$helper" <<-'EOT'
		import os, signal, socket, subprocess, sys, time
		reader, writer = os.pipe()
		os.set_blocking(writer, False)
		try:
		    while True:
		        os.write(writer, bytes(4096))
		except BlockingIOError:
		    pass
		os.set_blocking(writer, True)
		full, _other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
		full.setblocking(False)
		try:
		    while True:
		        full.send(b"x")
		except BlockingIOError:
		    pass
		full.setblocking(True)
		for end in writer, full.fileno():
		    child = subprocess.Popen([sys.argv[1], "4", "tuntap", "up", "10.7.0.1"], stdout=end)
		    try:
		        child.wait(3)
		    except subprocess.TimeoutExpired:
		        child.terminate()
		    print("ended", child.wait(30))
	EOT
	[ "$(grep -c '^ended' <<<"$output")" -eq 2 ]
	unchanged
}

@test "no argument at all, very many, very long ones" {
	as_python "$helper" <<-'EOT'
		import ctypes, os, subprocess, sys
		helper = sys.argv[1]
		libc = ctypes.CDLL(None, use_errno=True)

		def execve(arguments):
		    child = os.fork()
		    if not child:
		        os.close(0)
		        null = os.open("/dev/null", os.O_RDWR)
		        os.dup2(null, 1)
		        array = (ctypes.c_char_p * (len(arguments) + 1))(*arguments, None)
		        libc.execve(helper.encode(), array, (ctypes.c_char_p * 1)(None))
		        os._exit(99)
		    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

		long = b"A" * 131000
		for arguments in ([], [b""], [b"", b""], [None], [long], [b"uml_net", long],
		                  [b"uml_net", b"4", long], [b"uml_net", b"4", b"tuntap", b"up", long],
		                  [b"uml_net", b"4", b"add", long, long, long],
		                  [b"uml_net", b"4", b"add", b"tap0", long, b"255.255.255.0"],
		                  [b"uml_net", b"4", b"add", b"tap" + b"0" * 1000, b"10.7.0.2", long],
		                  [b"uml_net"] + [b"4"] * 100000, [b"uml_net", b"4"] + [long] * 10,
		                  [b"uml_net", b"4" * 1000, b"add"], [b"uml_net", b"--" + long],
		                  [b"uml_net", b"--config=" + long], [b"--check"],
		                  [b"uml_net", b"4", b"\xff\xfe\x1b[2J%n%s%n", b"%s%n%x"]):
		    status = execve(arguments)
		    print("status", status)
		    assert status in (1, 2), (arguments[:4], status)
	EOT
	[ "$status" -eq 0 ]
	[ "$(grep -c '^status' <<<"$output")" -eq 18 ]
	unchanged
}

@test "environment, folder, mask, limits and signals of the caller" {
	mkdir "$BATS_TEST_TMPDIR/path"
	for name in ip ifconfig route arp bash sh modprobe sysctl; do
		printf '#!/bin/sh\necho run >>"%s/ran"\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/path/$name"
	done
	chmod -R a+rx "$BATS_TEST_TMPDIR/path"
	: >"$BATS_TEST_TMPDIR/ran"
	chmod 666 "$BATS_TEST_TMPDIR/ran"
	as_python "$helper" "$BATS_TEST_TMPDIR/path" <<-'EOT'
		import os, resource, signal, socket, subprocess, sys
		helper, path = sys.argv[1:]
		environment = {"PATH": path, "LD_PRELOAD": path + "/evil.so", "LD_LIBRARY_PATH": path,
		               "IFS": "/", "ENV": path + "/sh", "BASH_ENV": path + "/sh", "TZ": "../../x",
		               "LOCALDOMAIN": "x", "MALLOC_CHECK_": "3", "GCONV_PATH": path,
		               "GLIBC_TUNABLES": "glibc.malloc.check=3", "LANGUAGE": "../../" + path,
		               "LC_ALL": "../../" + path, "UML_NET_POLICY": path, "A" * 1000: "b" * 60000}
		for name in "ASAN_OPTIONS",:
		    if name in os.environ:
		        environment[name] = os.environ[name]

		def limits():
		    os.umask(0)
		    for name, soft, hard in (("NOFILE", 4, descriptors), ("FSIZE", 0, 0), ("NPROC", 0, 0),
		                             ("MEMLOCK", 0, 0), ("MSGQUEUE", 0, 0), ("RTPRIO", 0, 0),
		                             ("SIGPENDING", 0, signals),
		                             ("CORE", 0, 0), ("NICE", 0, 0)):
		        resource.setrlimit(getattr(resource, "RLIMIT_" + name), (soft, hard))
		    for number in range(1, 65):
		        if number not in (9, 19, 32, 33):
		            signal.signal(number, signal.SIG_IGN)
		    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
		    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)

		def call(*words):
		    message = "tuntap" in words
		    ours, theirs = socket.socketpair(
		        socket.AF_UNIX, socket.SOCK_DGRAM if message else socket.SOCK_STREAM)
		    child = subprocess.Popen([helper, "4", *words], stdout=theirs, env=environment,
		                             preexec_fn=limits, cwd=path)
		    theirs.close()
		    status = child.wait(60)
		    ours.setblocking(False)
		    data, fds, _, _ = socket.recv_fds(ours, 4096, 4)
		    print(words, status, data, fds)
		    return status, data[:16].rstrip(b"\0").decode(errors="replace"), fds

		descriptors, signals = 64, 64
		status, name, fds = call("tuntap", "up", "10.7.0.1")
		assert status == 0 and fds, status
		assert call("add", name, "10.7.0.2", "255.255.255.0")[0] == 0
		with open("/proc/net/route", encoding="ascii") as file:
		    assert name in file.read()
		assert call("del", name, "10.7.0.2", "255.255.255.0")[0] == 0
		# Limits that only some hosts' root may raise: it succeeds, or fails in an orderly way.
		for descriptors, signals in (4, 64), (64, 0):
		    status, text, fds = call("tuntap", "up", "10.7.0.1")
		    assert status == 0 and fds or status == 1 and text.startswith("uml_net: "), status
	EOT
	[ "$status" -eq 0 ]
	[ ! -s "$BATS_TEST_TMPDIR/ran" ]
	[ -z "$(find "$BATS_TEST_TMPDIR" -newer "$BATS_TEST_TMPDIR/attack.py" -name 'core*')" ]
	unchanged
}

@test "it calls nothing that runs a program" {
	run_logged nm -D --undefined-only "$(tool uml_net)"
	[ "$status" -eq 0 ]
	[[ $output == *setresuid* ]]
	[ "$(grep -cE ' (exec[vl]|fexec|posix_spawn|system|popen|vfork|dlopen|wordexp)' \
		<<<"$output")" -eq 0 ]
}

@test "the process is the caller's, without capabilities, from before the first word on" {
	# A pipe that is full holds it at its answer; by then it has read its words and the policy.
	as_python "$helper" <<-'EOT'
		import os, subprocess, sys, time
		reader, writer = os.pipe()
		os.set_blocking(writer, False)
		try:
		    while True:
		        os.write(writer, bytes(4096))
		except BlockingIOError:
		    pass
		os.set_blocking(writer, True)
		child = subprocess.Popen([sys.argv[1], "4", "bogus"], stdout=writer)
		limit = time.monotonic() + 30
		status = ""
		while "State:\tS" not in status or "uml_net" not in status:
		    assert time.monotonic() < limit, status
		    time.sleep(0.02)
		    with open("/proc/%d/status" % child.pid, encoding="ascii") as file:
		        status = file.read()
		print(status)
		for path in "mem", "environ", "fd", "maps":
		    try:
		        os.listdir("/proc/%d/fd" % child.pid) if path == "fd" else \
		            open("/proc/%d/%s" % (child.pid, path), "rb").read(1)
		        print("readable", path)
		    except PermissionError:
		        pass
		child.kill()
		child.wait()
	EOT
	[ "$status" -eq 0 ]
	[[ $output != *readable* ]]
	grep -E "^Uid:.$alice.$alice.$alice.$alice$" <<<"$output"
	grep -E "^Gid:.$alice.$alice.$alice.$alice$" <<<"$output"
	grep -E '^CapPrm:.0000000000000000$' <<<"$output"
	grep -E '^CapEff:.0000000000000000$' <<<"$output"
	grep -E '^CapInh:.0000000000000000$' <<<"$output"
	grep -E '^CapAmb:.0000000000000000$' <<<"$output"
	grep -E '^NoNewPrivs:.1$' <<<"$output"
	grep -E '^SigBlk:.0000000000000000$' <<<"$output"
}

@test "--config and --check tell nothing that the caller may not read" {
	split as "$alice" "$helper" --config /etc/shadow --check
	[ "$status" -eq 2 ]
	[[ $err == "uml_net: --config is refused while uml_net runs with its file's rights"* ]]
	split as "$alice" "$helper" --config=/etc/shadow 4 tuntap up 10.7.0.1
	[ "$status" -eq 2 ]
	chmod 600 "$policy"
	echo "secret-word x" >>"$policy"
	split as "$alice" "$helper" --check
	[ "$status" -eq 1 ]
	[[ $err == *"Permission denied"* ]]
	# It reads it all the same, and tells the number of the line.
	ask "$alice" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 1 ]
	[[ $output == *"line 3: "* ]]
	[[ $output != *secret* ]]
	unchanged
}

@test "from a user namespace, and with rights that cannot grow" {
	run_logged as "$alice" unshare -Urn "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 1 ]
	run_logged as "$alice" setpriv --no-new-privs "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 1 ]
	[[ $output == *"uml_net must be set-user-ID root or have CAP_NET_ADMIN"* ]]
	unchanged
}

@test "killed at any moment it leaves nothing that the next call does not remove" {
	cat >"$BATS_TEST_TMPDIR/storm.py" <<-'EOT'
		import os, random, signal, subprocess, sys, time
		helper, tap = sys.argv[1], os.environ["TAP"]
		random.seed(int(sys.argv[2]))
		killed = ended = refused = 0

		def send(child, number):
		    # For a moment the process is nobody's but root's.
		    global refused
		    try:
		        child.send_signal(number)
		    except PermissionError:
		        refused += 1

		limit = time.monotonic() + 8
		while time.monotonic() < limit:
		    words = random.choice([["add", tap, "10.7.0.%d" % random.randrange(2, 20), "255.255.255.0"],
		                           ["del", tap, "10.7.0.%d" % random.randrange(2, 20), "255.255.255.0"],
		                           ["tuntap", "up", "10.7.0.1"]])
		    child = subprocess.Popen([helper, "4"] + words, stdout=subprocess.DEVNULL,
		                             stderr=subprocess.DEVNULL)
		    time.sleep(random.random() * 0.012)
		    send(child, random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP]))
		    status = None
		    while status is None:
		        send(child, signal.SIGKILL)
		        try:
		            status = child.wait(0.2)
		        except subprocess.TimeoutExpired:
		            assert time.monotonic() < limit + 30
		    if status < 0:
		        killed += 1
		    else:
		        ended += 1
		print("killed", killed, "ended", ended, "refused", refused)
	EOT
	ask "$alice" -r "$(script '
		setpriv --reuid $alice --regid $alice --clear-groups \
			/usr/bin/python3 '"$BATS_TEST_TMPDIR"'/storm.py $helper 1 &
		setpriv --reuid $alice --regid $alice --clear-groups \
			/usr/bin/python3 '"$BATS_TEST_TMPDIR"'/storm.py $helper 2
		wait
		# Orderly again: each address can be added and removed.
		for n in $(seq 2 19); do
			ask $alice 4 add $TAP 10.7.0.$n 255.255.255.0
			ask $alice 4 del $TAP 10.7.0.$n 255.255.255.0
		done
		test -z "$(ip neighbour show proxy)"
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[ "$(grep -c '^killed' <<<"$output")" -eq 2 ]
	ask "$alice" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	unchanged
}

@test "400 calls with random words change nothing" {
	as_python "$helper" "${UML_NET_CALLS:-400}" <<-'EOT'
		import os, random, subprocess, sys
		helper, calls = sys.argv[1], int(sys.argv[2])
		seed = random.randrange(1 << 32)
		print("seed", seed, flush=True)
		random.seed(seed)
		words = ["4", "tuntap", "up", "down", "add", "del", "tap0", "tap1", "lo", "up0", "eth0", "slip",
		         "ethertap", "10.7.0.1", "10.7.0.2", "10.7.0.254", "10.8.0.1", "0.0.0.0", "255.255.255.0",
		         "255.255.255.255", "br0", "--check", "--config", "--config=/etc/passwd", "--", "-", "",
		         "..", "/", "tap%d", "%s%n", "-1", "3", "99999999999999999999", "\n", "tap0\n", "A" * 300]

		def mutated(word):
		    data = bytearray(word.encode())
		    for _ in range(random.randrange(3)):
		        if data and random.random() < 0.5:
		            data[random.randrange(len(data))] = random.randrange(1, 256)
		        else:
		            data.insert(random.randrange(len(data) + 1), random.randrange(1, 256))
		    return bytes(data)

		statuses = {}
		for _ in range(calls):
		    first = [b"4"] if random.random() < 0.8 else []
		    arguments = first + [mutated(random.choice(words)) for _ in range(random.randrange(6))]
		    if b"--help" in arguments or b"--version" in arguments:
		        continue
		    status = subprocess.run([helper.encode()] + arguments, stdin=subprocess.DEVNULL, check=False,
		                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
		                            timeout=60).returncode
		    assert status in (0, 1, 2), (arguments, status)
		    statuses[status] = statuses.get(status, 0) + 1
		print(statuses)
	EOT
	[ "$status" -eq 0 ]
	unchanged
}

# ---- callers that stop themselves ----------------------------------------------------------------

@test "stopped at any step it removes no proxied neighbours that became another user's meanwhile" {
	cat >"$BATS_TEST_TMPDIR/bobs" <<-EOT
		for address in 10.7.0.60 10.7.0.61; do
			"$asker" -u $bob $helper 4 "\$1" \$TAP \$address 255.255.255.0
		done
	EOT
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
	cat >"$BATS_TEST_TMPDIR/bobs" <<-EOT
		for address in 10.7.0.60 10.7.0.61; do
			"$asker" -u $bob $helper 4 "\$1" \$TAP \$address 255.255.255.0
		done
	EOT
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

@test "more stale proxied neighbours than are looked at at a time are all removed" {
	in_netns ip neighbour add proxy 10.7.0.50 dev up0
	seq 3000 | sed 's/.*/neighbour add proxy 10.20.&.1 dev up0 protocol 85/' |
		awk '{ n = NR; sub(/10\.20\.[0-9]*\.1/, "10.20." int(n / 250) "." n % 250 + 1); print }' |
		in_netns ip -batch -
	[ "$(in_netns ip neighbour show proxy | wc -l)" -eq 3001 ]
	ask "$bob" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $(guest_traces) == "10.7.0.50 dev up0 "* ]]
	[ "$(guest_traces | wc -l)" -eq 1 ]
}

@test "the addresses of 80 guests are all answered for on the network" {
	echo "interfaces 100" >>"$policy"
	cat >"$BATS_TEST_TMPDIR/many" <<-EOT
		[ \$1 -le 80 ] || { ip neighbour show proxy; exit; }
		"$asker" -u $alice $helper 4 add \$TAP 10.7.0.\$((\$1 + 1)) 255.255.255.0 >&2
		"$asker" -u $alice -r "sh $BATS_TEST_TMPDIR/many \$((\$1 + 1))" $helper 4 tuntap up 10.7.0.1
	EOT
	ask "$alice" -r "sh $BATS_TEST_TMPDIR/many 1" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[ "$(grep -c '^10\.7\.0\..* dev up0 proxy' <<<"$output")" -eq 80 ]
	[ "$(grep -c '^10\.7\.0\..* proxy' <<<"$output")" -eq 80 ]
}

@test "a guest whose route the host lost does not send from an address that is another's now" {
	ask "$alice" -r "$(script '
		ask $alice 4 add $TAP 10.7.0.2 255.255.255.0
		sysctl -qw net.ipv4.conf.all.rp_filter=2
		frames="/usr/bin/python3 '"$UML_TESTS"'/lib/uml_net-frames.py address 10.7.0.2"
		$frames
		ip link set $TAP down
		ip link set $TAP up
		"$asker" -u $bob -r "$asker -u $bob $helper 4 add \$TAP 10.7.0.2 255.255.255.0
			TAP=$TAP TAP_FD=$TAP_FD $frames" $helper 4 tuntap up 10.7.0.1
	')" "$helper" 4 tuntap up 10.7.0.1
	[ "$status" -eq 0 ]
	[[ $output == *"from 10.7.0.2 taken"*"from 10.7.0.2 dropped"* ]]
}
