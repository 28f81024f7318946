#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
# uml_mkroot: images made without root rights, its options, its errors.

# shellcheck disable=SC2016 # what is in single quotes is for other shells
load ../lib/common

# The ids that belong to the tests' ordinary user, nobody, in tests that give it some.
subids=nobody:200000:65536

mkroot() {
	run_logged as_user env TMPDIR="$guest_dir/tmp" "$UML_BUILD/rootfs/uml_mkroot" "$@"
}

# with_hidden FILE...: a command line that hides these files of the host.
with_hidden() {
	need_root "a mount namespace hides files of the host"
	local file script=
	for file; do
		script+="mount --bind /dev/null '$file' && "
	done
	hidden=(unshare -m sh -c "$script"'exec "$@"' sh)
}

# Runs uml_mkroot as the ordinary user where $hidden's files are not there.
mkroot_hidden() {
	run_logged "${hidden[@]}" setpriv --reuid=65534 --regid=65534 --clear-groups \
		--inh-caps=-all -- env TMPDIR="$guest_dir/tmp" "$UML_BUILD/rootfs/uml_mkroot" "$@"
}

# Fails if there is anything beside the image and the folders of each test.
nothing_left() {
	run_logged find "$guest_dir" -mindepth 1 -maxdepth 1 ! -name home ! -name tmp ! -name uml \
		! -name console "$@"
	[ -z "$output" ]
	guest_check_clean
}

setup() {
	guest_setup
	guest_as_user
	[ -x "$UML_BUILD/rootfs/uml_mkroot" ]
	command -v busybox mke2fs debugfs || skip "needs busybox-static and e2fsprogs"
}

# ---- busybox --------------------------------------------------------------------------------

@test "--busybox: an ordinary user makes a sound image in which all belongs to root" {
	mkroot -q --busybox "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run_logged e2fsck -fn "$guest_dir/image"
	[ "$status" -eq 0 ]
	for path in / /bin/busybox /etc/inittab /sbin/init /root /tmp; do
		run_logged debugfs -R "stat $path" "$guest_dir/image"
		[[ $output =~ User:\ +0\ +Group:\ +0 ]]
	done
	run_logged debugfs -R "stat /tmp" "$guest_dir/image"
	[[ $output == *"Mode:  01777"* ]]
	nothing_left ! -name image
}

@test "--size sets the size, the file is sparse; --hostname names the guest" {
	mkroot --busybox --size=512M --hostname box.example "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$guest_dir/image")" -eq $((512 << 20)) ]
	[ "$(du -k "$guest_dir/image" | cut -f1)" -lt $((64 << 10)) ]
	run_logged debugfs -R 'cat /etc/hostname' "$guest_dir/image"
	[[ $output == *box.example ]]
	mkroot --busybox -f -s $((80 << 20)) "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ "$(stat -c %s "$guest_dir/image")" -eq $((80 << 20)) ]
}

@test "--add copies files and folders, names with blanks too" {
	mkdir "$guest_dir/folder"
	echo inner >"$guest_dir/folder/a file"
	chmod -R a+rX "$guest_dir/folder"
	mkroot --busybox --add "$guest_dir/folder:/opt/x" -a /etc/hostname:/opt/name \
		"$guest_dir/image"
	[ "$status" -eq 0 ]
	run_logged debugfs -R 'cat "/opt/x/a file"' "$guest_dir/image"
	[[ $output == *inner* ]]
	run_logged debugfs -R 'stat "/opt/x/a file"' "$guest_dir/image"
	[[ $output =~ User:\ +0\ +Group:\ +0 ]]
	run_logged debugfs -R 'cat /opt/name' "$guest_dir/image"
	[[ $output == *"$(cat /etc/hostname)"* ]]
	# A folder that is read-only is no obstacle, neither on the way in nor to the cleaning up.
	chmod -R a-w "$guest_dir/folder"
	mkroot --busybox -f --add "$guest_dir/folder:/opt/x" "$guest_dir/image"
	[ "$status" -eq 0 ]
	guest_check_clean
}

@test "mkdemo.sh makes the same from the source folder and replaces what is there" {
	echo old >"$guest_dir/image"
	chmod a+w "$guest_dir/image"
	run_logged as_user env TMPDIR="$guest_dir/tmp" "$UML_SOURCE/rootfs/mkdemo.sh" \
		-b "$(command -v busybox)" -s 48M -a /etc/hostname:/opt/name "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run_logged debugfs -R 'cat /opt/name' "$guest_dir/image"
	[[ $output == *"$(cat /etc/hostname)"* ]]
	nothing_left ! -name image
}

@test "installed under any prefix it finds its parts" {
	run_logged make -C "$UML_BUILD" install-binSCRIPTS install-rootfs prefix="$guest_dir/prefix"
	[ "$status" -eq 0 ]
	run_logged "$guest_dir/prefix/bin/uml_mkroot" -q --busybox "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ -x "$guest_dir/prefix/share/user-mode-linux/mkroot/debian-setup" ]
	run_logged make -C "$UML_BUILD" uninstall-binSCRIPTS uninstall-rootfs \
		prefix="$guest_dir/prefix"
	[ "$status" -eq 0 ]
	run_logged find "$guest_dir/prefix" -type f
	[ -z "$output" ]
}

# ---- errors ---------------------------------------------------------------------------------

@test "wrong usage exits 2 with one line and the usage; nothing is left behind" {
	wrong() {
		mkroot "$@"
		[ "$status" -eq 2 ]
		[[ ${lines[0]} == "uml_mkroot: "* && ${lines[1]} == "usage: uml_mkroot"* ]]
		[ ! -e "$guest_dir/image" ]
	}
	wrong
	wrong "$guest_dir/image"
	wrong --busybox
	wrong --busybox ''
	wrong --busybox "$guest_dir/image" more
	wrong --busybox --debian trixie "$guest_dir/image"
	wrong --busybox -x "$guest_dir/image"
	wrong --busybox --add nowhere "$guest_dir/image"
	wrong --busybox --include gcc "$guest_dir/image"
	wrong --busybox --no-password "$guest_dir/image"
	wrong --busybox --size
	wrong --busybox --size 4Q "$guest_dir/image"
	wrong --busybox --size -1 "$guest_dir/image"
	wrong --busybox --hostname 'a b' "$guest_dir/image"
	wrong --busybox --hostname -x "$guest_dir/image"
	wrong --debian 'trixie;id' "$guest_dir/image"
	wrong --debian "$guest_dir/image"
	wrong --debian trixie --include 'gcc,--option' "$guest_dir/image"
	wrong --debian trixie --mirror ftp://nowhere/debian "$guest_dir/image"
	wrong --debian trixie --program /bin/busybox "$guest_dir/image"
	nothing_left
}

@test "failures exit 1 with one line: cause and remedy; nothing is left behind" {
	fails() {
		local text=$1
		shift
		mkroot -q "$@"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "uml_mkroot: "*"$text"* ]]
	}
	fails "/no/such/file: no such file or folder" --busybox --add /no/such/file:/x \
		"$guest_dir/image"
	fails "1M is too small for " --busybox -s 1M "$guest_dir/image"
	fails "install the Debian package busybox-static" --busybox -b /no/busybox "$guest_dir/image"
	fails "is /bin/true a static busybox" --busybox -b /bin/true "$guest_dir/image"
	fails "/no/such is not a folder; " --busybox /no/such/image
	fails "exists and is not an ordinary file; " --busybox -f "$guest_dir/tmp"
	fails "no permission to write in /; " --busybox /image
	[ ! -e "$guest_dir/image" ]
	echo precious >"$guest_dir/there"
	fails "there: exists already; choose another name, or replace it by --force" --busybox \
		"$guest_dir/there"
	[ "$(cat "$guest_dir/there")" = precious ]
	fails "2M is too small for " --busybox -f -s 2M "$guest_dir/there"
	[ "$(cat "$guest_dir/there")" = precious ]
	nothing_left ! -name there
}

@test "the host's disk is full: an error that says where" {
	need_root "a small file system"
	run_logged unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1/tmp" &&
		exec env TMPDIR="$1/tmp" "$2" -q --busybox "$1/image"' sh "$guest_dir" \
		"$UML_BUILD/rootfs/uml_mkroot"
	[ "$status" -eq 1 ]
	[[ $output == "uml_mkroot: $guest_dir/image: no room left in $guest_dir/tmp or "*"TMPDIR" ]]
	# Room for the files, none for the image.
	run_logged unshare -m sh -c 'mount -t tmpfs -o size=1m none "$1/uml" &&
		exec env TMPDIR="$1/tmp" "$2" -q --busybox "$1/uml/image"' sh "$guest_dir" \
		"$UML_BUILD/rootfs/uml_mkroot"
	[ "$status" -eq 1 ]
	[[ $output == *": no room left in $guest_dir/tmp or $guest_dir/uml; free some"* ]]
	nothing_left
}

@test "a missing program is named with its package" {
	local row
	for row in mmdebstrap:mmdebstrap mke2fs:e2fsprogs newuidmap:uidmap unshare:util-linux; do
		with_hidden "$(command -v "${row%:*}")"
		mkroot_hidden --debian trixie "$guest_dir/image"
		[ "$status" -eq 1 ]
		[ "$output" = "uml_mkroot: ${row%:*} not found; install the Debian package ${row#*:}" ]
	done
	with_hidden "$(command -v debugfs)"
	mkroot_hidden --busybox "$guest_dir/image"
	[ "$status" -eq 1 ]
	[ "$output" = "uml_mkroot: debugfs not found; install the Debian package e2fsprogs" ]
	nothing_left
}

# ---- Debian, without a mirror ---------------------------------------------------------------

# Runs uml_mkroot as an ordinary user that has subordinate ids; $1 is a command before it.
mkroot_with_subids() {
	need_root "/etc/subuid of its own"
	local before=$1
	shift
	echo "$subids" >"$BATS_TEST_TMPDIR/subids"
	run_logged unshare -m sh -c "$before"' mount --bind "$1" /etc/subuid &&
		mount --bind "$1" /etc/subgid && shift && exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"' sh \
		"$BATS_TEST_TMPDIR/subids" env HOME="$guest_dir/home" TMPDIR="$guest_dir/tmp" \
		"$UML_BUILD/rootfs/uml_mkroot" "$@"
}

# A port of this host on which nobody listens.
closed_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

@test "--debian: no subordinate ids is an error with the command that gives some" {
	subids=somebody:100000:65536
	mkroot_with_subids '' --debian trixie "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == "uml_mkroot: no subordinate ids: /etc/subuid "*"usermod --add-subuids "* ]]
	subids=nobody:100000:1000
	mkroot_with_subids '' --debian trixie "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == "uml_mkroot: no subordinate ids: "* ]]
	nothing_left
}

@test "--debian: user namespaces that are switched off are an error with the setting" {
	need_root "a user namespace in which there can be no other"
	printf '%s\n' nobody:1000:65536 root:0:100000 >"$BATS_TEST_TMPDIR/subids"
	run_logged unshare --mount sh -c '
		mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid && shift &&
		exec unshare --user --map-users=0,0,100000 --map-groups=0,0,100000 sh -c "
			echo 0 >/proc/sys/user/max_user_namespaces && exec \"\$@\"" sh "$@"' sh \
		"$BATS_TEST_TMPDIR/subids" setpriv --reuid=65534 --regid=65534 --clear-groups -- \
		env HOME="$guest_dir/home" TMPDIR="$guest_dir/tmp" \
		"$UML_BUILD/rootfs/uml_mkroot" --debian trixie "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == "uml_mkroot: no user namespaces: user.max_user_namespaces is 0; "*"sysctl "* ]]
	nothing_left
}

@test "--debian: a mirror that cannot be reached is named, with the cause" {
	local port
	port=$(closed_port)
	mkroot_with_subids '' -q --debian trixie --mirror "http://127.0.0.1:$port/debian" \
		"$guest_dir/image"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "uml_mkroot: packages of trixie: cannot reach http://127.0.0.1:$port/debian: "* ]]
	[[ $output == *"Connection refused"*"; check the network, "* ]]
	nothing_left
}

# serve FOLDER: a web server on loopback; sets port.
serve() {
	python3 -u -m http.server --bind 127.0.0.1 --directory "$1" 0 \
		>"$BATS_TEST_TMPDIR/server" 2>&1 3>&- &
	started+=("$!")
	wait_until 20 grep -q 'port [0-9]' "$BATS_TEST_TMPDIR/server"
	port=$(sed -n 's/.* port \([0-9]*\) .*/\1/p' "$BATS_TEST_TMPDIR/server")
}

@test "--debian: a suite that the mirror does not have is named" {
	mkdir "$BATS_TEST_TMPDIR/empty"
	serve "$BATS_TEST_TMPDIR/empty"
	mkroot_with_subids '' -q --debian hamm --mirror "http://127.0.0.1:$port" "$guest_dir/image"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == *"http://127.0.0.1:$port has no suite hamm; "* ]]
	nothing_left
}

@test "--debian: interrupted while it waits for the mirror, it ends and leaves nothing" {
	need_root "/etc/subuid of its own"
	# A server that never answers.
	python3 -u -c 'import socket, time
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])
s.accept()
print("asked")
time.sleep(120)' >"$BATS_TEST_TMPDIR/server" 3>&- &
	started+=("$!")
	wait_until 20 test -s "$BATS_TEST_TMPDIR/server"
	port=$(head -n 1 "$BATS_TEST_TMPDIR/server")
	echo "$subids" >"$BATS_TEST_TMPDIR/subids"
	unshare -m sh -c 'mount --bind "$1" /etc/subuid && mount --bind "$1" /etc/subgid &&
		shift && exec "$@"' sh "$BATS_TEST_TMPDIR/subids" "$keeper" -t 100 \
		-p "$guest_dir/pid" setpriv --reuid=65534 --regid=65534 --clear-groups -- \
		env HOME="$guest_dir/home" TMPDIR="$guest_dir/tmp" \
		"$UML_BUILD/rootfs/uml_mkroot" --debian trixie --mirror "http://127.0.0.1:$port" \
		"$guest_dir/image" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	local pid=$!
	started+=("$pid")
	wait_until 60 grep -q asked "$BATS_TEST_TMPDIR/server"
	kill -TERM "$(cat "$guest_dir/pid")"
	wait_until 30 not_running "$pid"
	status=0
	wait "$pid" || status=$?
	log "$(cat "$BATS_TEST_TMPDIR/log") (status $status)"
	# The keeper gives 125 where processes are left.
	[ "$status" -eq 143 ]
	rm -f "$guest_dir/pid"
	nothing_left
}

@test "--ssh-key takes public keys only" {
	echo '-----BEGIN OPENSSH PRIVATE KEY-----' >"$guest_dir/key"
	mkroot --debian trixie --ssh-key "$guest_dir/key" "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"a private key, which must not leave this host; give $guest_dir/key.pub" ]]
	echo text >"$guest_dir/text"
	mkroot --debian trixie --ssh-key "$guest_dir/text" "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"text: has no public key; "* ]]
	mkroot --debian trixie --ssh-key /no/such "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"/no/such: cannot be read; "* ]]
}
