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

# ---- what others put in the way -------------------------------------------------------------

# all_by_root IMAGE: each inode that is in use belongs to root.
all_by_root() {
	local count
	count=$(dumpe2fs -h "$1" 2>/dev/null | awk '/^Inode count:/ { all = $3 } /^Free inodes:/ { print all - $3 }')
	[ "$count" -gt 20 ]
	# mke2fs gives the numbers in their order.
	for ((i = 11; i <= count; i++)); do echo "stat <$i>"; done >"$BATS_TEST_TMPDIR/stats"
	run_logged bash -c 'debugfs -f "$1" "$2" 2>&1 | grep "User:" | sed "s/ *Project.*//" | sort | uniq -c' \
		sh "$BATS_TEST_TMPDIR/stats" "$1"
	[[ $output =~ ^\ *$((count - 10))\ User:\ +0\ +Group:\ +0$ ]]
}

@test "no name of a file keeps the caller's ids" {
	local odd=$guest_dir/odd name
	mkdir "$odd"
	for name in 'a"b' "a'b" $'a\nb' $'a\tb' 'a\b' ' a ' '-a' '-' '#a' '<12>' 'a*?[b]' 'täÛ€' $'\377\233' \
		$'a\nset_inode_field <2> uid 5' $'\001' 'a;b' '$(id)' '`id`' '~' '"' $'\\'; do
		mkdir "$odd/$name"
		echo inner >"$odd/$name/$name"
		ln -s -- "$name" "$odd/$name/link$name"
	done
	ln "$odd/a*?[b]/a*?[b]" "$odd/hard"
	mkfifo "$odd/"$'pi"pe'
	chmod -R a+rwX "$odd"
	[ -z "$guest_user" ] || chown -hR nobody:nogroup "$odd"
	mkroot --busybox --add "$odd:/odd" "$guest_dir/image"
	[ "$status" -eq 0 ]
	all_by_root "$guest_dir/image"
	run_logged e2fsck -fn "$guest_dir/image"
	[ "$status" -eq 0 ]
}

@test "a link under any name beside OUT is not followed; OUT itself is replaced where it is one" {
	local victim=$guest_dir/victim
	echo precious >"$victim"
	chmod a+rw "$victim"
	# A shell that becomes the tool keeps its number.
	run_logged as_user env TMPDIR="$guest_dir/tmp" sh -c 'ln -s "$1" "$2.new.$$" && shift &&
		exec "$2" -q --busybox "$1"' sh "$victim" "$guest_dir/image" "$UML_BUILD/rootfs/uml_mkroot"
	[ "$status" -eq 0 ]
	[ "$(cat "$victim")" = precious ]
	[ ! -L "$guest_dir/image" ]
	rm "$guest_dir"/image.new.*
	ln -sfn "$victim" "$guest_dir/image"
	mkroot -q --busybox "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"exists already; "* ]]
	mkroot -q --busybox -f "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ "$(cat "$victim")" = precious ]
	[ -f "$guest_dir/image" ] && [ ! -L "$guest_dir/image" ]
	ln -sfn "$guest_dir/nowhere" "$guest_dir/image"
	mkroot -q --busybox "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"exists and is not an ordinary file; "* ]]
	[ ! -e "$guest_dir/nowhere" ]
	rm "$guest_dir/image"
	nothing_left ! -name victim
}

# exchanging PROGRAM SCRIPT: makes a folder `bin` with a PROGRAM that runs SCRIPT first, as others would
# who wait for their moment; the real one is $real.
exchanging() {
	mkdir -p "$guest_dir/bin"
	printf '#!/bin/bash\nreal=%s dir=%s\n%s\n' "$(command -v "$1")" "$guest_dir" "$2" >"$guest_dir/bin/$1"
	chmod -R a+rx "$guest_dir/bin"
}

@test "a folder that is exchanged for a link while it works leads nobody astray" {
	mkdir -p "$guest_dir/victim" "$guest_dir/beside" "$guest_dir/away"
	echo precious >"$guest_dir/victim/image"
	chmod -R a+rwX "$guest_dir/victim" "$guest_dir/beside" "$guest_dir/away"
	[ -z "$guest_user" ] || chown -R nobody "$guest_dir/victim"
	chmod 700 "$guest_dir/victim"
	local swap='cd "$dir/beside" && for folder in .uml_mkroot.*; do
		mv "$folder" "$dir/away/" && ln -s "$dir/home/victim" "$folder"; done; cd "$OLDPWD"'
	# Between its making and its use.
	exchanging mktemp 'made=$("$real" "$@") || exit
		'"$swap"'
		echo "$made"'
	run_logged as_user env -u TMPDIR PATH="$guest_dir/bin:$PATH" "$UML_BUILD/rootfs/uml_mkroot" -q \
		--busybox "$guest_dir/beside/image"
	[ "$status" -eq 1 ]
	[[ $output == "uml_mkroot: "*"exchanged for another"* ]]
	[ "$(cat "$guest_dir/victim/image")" = precious ]
	rm -rf "$guest_dir/beside"/.uml_mkroot.* "$guest_dir/away"/.uml_mkroot.*
	# While it is used.
	rm "$guest_dir/bin/mktemp"
	exchanging mke2fs "$swap"'
		exec "$real" "$@"'
	run_logged as_user env -u TMPDIR PATH="$guest_dir/bin:$PATH" "$UML_BUILD/rootfs/uml_mkroot" -q \
		--busybox "$guest_dir/beside/image"
	[ "$(cat "$guest_dir/victim/image")" = precious ]
	[ "$(find "$guest_dir/victim" | wc -l)" -eq 2 ]
	[ "$status" -eq 0 ] && e2fsck -fn "$guest_dir/beside/image"
}

@test "--add writes into the image alone: dots and links lead no further than its root" {
	local add=$guest_dir/add victim=$guest_dir/victim
	mkdir "$add" "$victim"
	echo inner >"$add/file"
	mkdir "$add/one" "$add/two" "$add/two/folder" "$add/links"
	echo two >"$add/two/file"
	echo two >"$add/two/folder/file"
	ln -s "$victim" "$add/links/out"
	ln -s "$victim/file" "$add/links/file"
	ln -s "../../../../../../../../../..$victim" "$add/links/up"
	ln -s "$victim" "$add/links/folder"
	ln -s loop "$add/links/loop"
	ln -s /opt "$add/links/inside"
	echo precious >"$victim/file"
	chmod -R a+rwX "$add" "$victim"
	in_image() {
		[ "$(debugfs -R "cat $1" "$guest_dir/image" 2>/dev/null)" = "$2" ]
	}
	mkroot -q --busybox --add "$add/file:/../../../../../../../..$guest_dir/escaped" \
		--add "$add/file:/a/../../../b" --add "$add/one:/../.." "$guest_dir/image"
	[ "$status" -eq 0 ]
	[ ! -e "$guest_dir/escaped" ]
	in_image "$guest_dir/escaped" inner
	in_image /b inner
	# Through links that another --add brought, as the guest would see them.
	mkroot -q --busybox -f --add "$add/links:/l" --add "$add/file:/l/out/new" --add "$add/file:/l/up/new2" \
		--add "$add/file:/l/inside/new3" --add "$add/file:/l/file" "$guest_dir/image"
	[ "$status" -eq 0 ]
	in_image "$victim/new" inner
	in_image "$victim/new2" inner
	in_image /opt/new3 inner
	in_image "$victim/file" inner
	# A folder over a folder with links: a file replaces a link, a folder does not.
	mkroot -q --busybox -f --add "$add/links:/l" --add "$add/two:/l" "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"$add/two: cannot be copied into the image: "*"folder"* ]]
	rm -r "$add/two/folder"
	mkroot -q --busybox -f --add "$add/links:/l" --add "$add/two:/l" "$guest_dir/image"
	[ "$status" -eq 0 ]
	in_image /l/file two
	mkroot -q --busybox -f --add "$add/links:/l" --add "$add/file:/l/loop/x" "$guest_dir/image"
	[ "$status" -eq 1 ]
	[[ $output == *"/l/loop: too many levels of symbolic links; "* ]]
	[ "$(cat "$victim/file")" = precious ]
	[ "$(find "$victim" | wc -l)" -eq 2 ]
}

@test "setting a Debian tree up writes into it alone, whatever links its packages brought" {
	local tree=$guest_dir/tree victim=$guest_dir/victim name
	mkdir -p "$tree/etc" "$tree/usr/sbin" "$tree/var" "$victim"
	touch "$tree/usr/sbin/sshd"
	echo 'root:*:1:' >"$tree/etc/shadow"
	for name in fstab hostname hosts resolv.conf machine-id .updated; do
		echo precious >"$victim/$name"
		ln -s "$victim/$name" "$tree/etc/$name"
	done
	mkdir "$victim/ssh"
	echo precious >"$victim/ssh/ssh_host_key"
	ln -s "$victim/ssh" "$tree/etc/ssh"
	ln -s "$victim" "$tree/etc/systemd"
	ln -s "$victim" "$tree/root"
	echo "ssh-rsa AAAA" >"$guest_dir/key"
	find "$victim" -printf '%p %s %t\n' | sort >"$BATS_TEST_TMPDIR/before"
	run_logged "$UML_SOURCE/rootfs/mkroot/debian-setup" "$tree" "$UML_SOURCE/rootfs/mkroot/debian" \
		some-uuid name yes "$guest_dir/key"
	[ "$status" -eq 0 ]
	find "$victim" -printf '%p %s %t\n' | sort | diff "$BATS_TEST_TMPDIR/before" -
	[ "$(cat "$tree/etc/hostname")" = name ] && [ ! -L "$tree/etc/hostname" ]
	[ -f "$tree$victim/.ssh/authorized_keys" ]
	[ -L "$tree$victim/system/ssh.service.wants/ssh-host-keys.service" ]
	[ "$(cat "$tree/etc/shadow")" = 'root::1:' ]
}

@test "names and messages of others do not reach the terminal as they are" {
	load ../lib/tools
	local effect
	for effect in "${terminal_effects[@]}"; do
		run_logged as_user env LC_ALL=C.UTF-8 TMPDIR="$guest_dir/tmp" "$UML_BUILD/rootfs/uml_mkroot" \
			-q --busybox --add "/no/such$effect:/x" "$guest_dir/image"
		[ "$status" -eq 1 ]
		has_no_effect "$output"
	done
	run_logged as_user env LC_ALL=C.UTF-8 "$UML_BUILD/rootfs/uml_mkroot" -q --busybox \
		"/no/käse/image"
	[[ $output == *"/no/käse is not a folder"* ]]
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
